"""Facts of seats: status is chosen by the agent, state is observed by the engine."""

from dataclasses import dataclass

from hotline.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatStatusChosen(Fact):
    """An agent, a supervisor or a rule (RONA) chose a status."""

    seat: str
    account: str | None
    status: str
    """``offline``, ``ready`` or ``not_ready``."""
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatKindChosen(Fact):
    """The seat's agent talks by another means from now on, or somebody who sits down begins with the seat's own."""

    seat: str
    account: str | None
    kind: str
    """``nailed`` (browser, up all shift) or ``rung`` (desk phone, rung per call)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatStateObserved(Fact):
    """What the seat was seen doing changed."""

    seat: str
    state: str
    """``unreachable``, ``idle``, ``offered``, ``talking`` or ``wrap_up``."""
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAsked(Fact):
    """An agent asks a supervisor to be let go to rest; ``reason`` None: no longer."""

    seat: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestDecided(Fact):
    """A supervisor let the agent go to rest, once the work at hand is done, or did not."""

    seat: str
    reason: str
    granted: bool
