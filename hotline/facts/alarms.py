"""Facts of the limits that supervisors set on the room's figures."""

from dataclasses import dataclass

from hotline.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Fact):
    """A figure crossed its limit."""

    name: str
    figure: str
    group: str | None
    value: float
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared(Fact):
    """The figure is back within its limit, or there is nothing to measure any more."""

    name: str
    figure: str
    group: str | None
    value: float | None
    threshold: float
