"""Which legs are known to stand still in the seats' parking loop, so that they can be bridged without asking again.

A leg on its way out of a bridge may be lost to the next one (``Leg.in_transit``), so who is taken into a bridge is
asked about first. That is spared when the leg has said itself that it is in its loop, or an answer has shown it there
whose question was sent after we moved the leg last, and nothing has been heard of it since: out of its loop no leg goes
by itself. A forged word could do no more than spare a question; where a leg is, is believed of answers only.
"""

from collections.abc import Callable

from telephony.legs import Leg


class Stillness:
    """Counts what stirs legs, and remembers what was shown since."""

    def __init__(self) -> None:
        self.moment = 0
        """Note it when a question is sent."""
        self._stirred: dict[str, int] = {}
        self._still: set[str] = set()
        self._moved: set[str] = set()
        """By us, and nothing but their own word was heard of them since: it may be older than the move."""
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def stir(self, uniqueid: str) -> None:
        """Something was heard of the leg."""
        self.moment += 1
        self._stirred[uniqueid] = self.moment
        self._still.discard(uniqueid)
        self._moved.discard(uniqueid)

    def move(self, uniqueid: str) -> None:
        """We are about to move the leg."""
        self.stir(uniqueid)
        self._moved.add(uniqueid)

    def show(self, leg: Leg, asked: int) -> None:
        """Asterisk has shown the leg, being asked at this moment."""
        if leg.parked and not leg.in_transit and self._stirred.get(leg.uniqueid, 0) <= asked:
            self._stands(leg.uniqueid)
        else:
            self._still.discard(leg.uniqueid)

    def hear(self, uniqueid: str) -> None:
        """The leg says that it is in its loop."""
        if uniqueid not in self._moved:
            self._stands(uniqueid)

    def holds(self, uniqueid: str) -> bool:
        """True when the leg stands still, for all that is known."""
        return uniqueid in self._still

    def when_still(self, uniqueid: str, do: Callable[[], None]) -> None:
        """Do it as soon as the leg stands still: now, perhaps."""
        if self.holds(uniqueid):
            do()
        else:
            self._waiting.setdefault(uniqueid, []).append(do)

    def no_more(self, uniqueid: str, do: Callable[[], None]) -> None:
        """It need not be done any more."""
        if do in (waiting := self._waiting.get(uniqueid, [])):
            waiting.remove(do)
            if not waiting:
                del self._waiting[uniqueid]

    def forget(self, uniqueid: str) -> None:
        """The leg is gone."""
        self._stirred.pop(uniqueid, None)
        self._moved.discard(uniqueid)
        self._still.discard(uniqueid)

    def clear(self) -> None:
        """Something may have been missed."""
        self._still.clear()

    def _stands(self, uniqueid: str) -> None:
        self._still.add(uniqueid)
        for do in self._waiting.pop(uniqueid, []):
            if self.holds(uniqueid):  # the one before may have moved it
                do()
            else:
                self._waiting.setdefault(uniqueid, []).append(do)
