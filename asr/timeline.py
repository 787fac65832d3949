"""When was it said? Two pure clocks of one stream of voice.

AudioSocket frames carry no times, and a leg that says nothing sends nothing: ``ArrivalClock`` puts what arrived on
the wall clock. The recogniser counts seconds of the voice that it was *given*, without the silence that was gated
away: ``FedClock`` turns its word times back into instants.
"""

from datetime import datetime, timedelta

_HAIR = 0.03


class ArrivalClock:
    """Stamps stretches of voice. Jitter does not tear a stretch apart; a real gap does."""

    def __init__(self, tolerance: float = 0.2) -> None:
        self._tolerance = timedelta(seconds=tolerance)
        self._end: datetime | None = None

    def stamp(self, seconds: float, arrived: datetime) -> datetime:
        """The instant at which ``seconds`` of voice began whose last sample arrived at ``arrived``.

        Voice that piled up (while we or TCP stalled) comes in one stretch and so leaves no false gap.
        """
        length = timedelta(seconds=seconds)
        latest = arrived - length
        start = latest if self._end is None or latest - self._end > self._tolerance else self._end
        self._end = start + length
        return start


class FedClock:
    """Maps seconds of voice given to the recogniser to instants. Remembers an anchor for each gap since ``forget``."""

    def __init__(self) -> None:
        self._fed = 0.0
        self._anchors: list[tuple[float, datetime]] = []

    def feed(self, seconds: float, at: datetime) -> None:
        """``seconds`` of voice that began at ``at`` are given to the recogniser."""
        if not self._anchors or abs(at - self.instant(self._fed)) > timedelta(milliseconds=5):
            self._anchors.append((self._fed, at))
        self._fed += seconds

    def instant(self, fed: float, *, ends: bool = False) -> datetime:
        """When the sound at ``fed`` seconds was heard: where a word begins, or where it ``ends``. Needs a ``feed``.

        Word times are rounded; what begins within a hair of a gap begins after it, what ends there ends before.
        """
        hair = -_HAIR if ends else _HAIR
        start, at = next((anchor for anchor in reversed(self._anchors) if anchor[0] <= fed + hair), self._anchors[0])
        return at + timedelta(seconds=fed - start)

    def forget(self) -> None:
        """Everything so far is settled: later words belong to what is fed from now on."""
        self._anchors.clear()
