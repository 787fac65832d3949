"""How often somebody who is not signed in may ask. Pure: ``now`` in seconds is passed in."""

from collections import OrderedDict


class Throttle:
    """``most`` times in ``seconds`` for each name, in memory; the names that were quiet longest are forgotten."""

    def __init__(self, most: int, seconds: float, names: int = 10_000) -> None:
        self._most = most
        self._seconds = seconds
        self._names = names
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Name → how much of the allowance is used, and as of when; it flows back evenly."""

    def allows(self, name: str, now: float) -> bool:
        """Count one more; False when it is too much, which is not counted."""
        used, at = self._used.pop(name, (0.0, now))
        used = max(0.0, used - (now - at) * self._most / self._seconds)
        fits = used + 1 <= self._most
        self._used[name] = (used + fits, now)
        while len(self._used) > self._names:
            self._used.popitem(last=False)
        return fits
