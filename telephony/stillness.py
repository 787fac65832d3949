"""Which legs are known to stand still in the seats' parking loop, so that they can be bridged without asking again.

A leg on its way out of a bridge may be lost to the next one (``Leg.in_transit``), so who is taken into a bridge is
asked about first. That is spared when an answer has shown the leg in its loop already, its question was sent after we
moved the leg last, and nothing has been heard of the leg since it was sent: out of its loop no leg goes by itself.
"""

from telephony.legs import Leg


class Stillness:
    """Counts what stirs legs, and remembers what was shown since."""

    def __init__(self) -> None:
        self.moment = 0
        """Note it when a question is sent."""
        self._stirred: dict[str, int] = {}
        self._still: set[str] = set()

    def stir(self, uniqueid: str) -> None:
        """We are about to move the leg, or something was heard of it."""
        self.moment += 1
        self._stirred[uniqueid] = self.moment
        self._still.discard(uniqueid)

    def show(self, leg: Leg, asked: int) -> None:
        """Asterisk has shown the leg, being asked at this moment."""
        if leg.parked and not leg.in_transit and self._stirred.get(leg.uniqueid, 0) <= asked:
            self._still.add(leg.uniqueid)
        else:
            self._still.discard(leg.uniqueid)

    def holds(self, uniqueid: str) -> bool:
        """True when the leg stands still, for all that is known."""
        return uniqueid in self._still

    def forget(self, uniqueid: str) -> None:
        """The leg is gone."""
        self._stirred.pop(uniqueid, None)
        self._still.discard(uniqueid)

    def clear(self) -> None:
        """Something may have been missed."""
        self._still.clear()
