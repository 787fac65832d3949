"""When playing a recording counts as listening anew: a player fetches one file in dozens of ranges."""

from collections import OrderedDict

from hotline.clock import Clock

ANEW_AFTER = 600.0
"""Seconds after which the same session playing the same track is written down again."""
_REMEMBERED = 10_000


class Listening:
    """Remembers who lately began to listen to what. Forgetting early only means one more line in the trail."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def is_new(self, listener: tuple[str, str, str]) -> bool:
        """Whether (session, recording, track) must be written down; remembers that it was asked."""
        now = self._clock.monotonic()
        begun = self._begun.get(listener)
        if begun is not None and now - begun < ANEW_AFTER:
            return False
        self._begun[listener] = now
        self._begun.move_to_end(listener)
        while len(self._begun) > _REMEMBERED:
            self._begun.popitem(last=False)
        return True
