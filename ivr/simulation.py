"""A day of the hotline in virtual time: the real floor, made-up citizens, agents who answer after a moment.

Nothing of the distributor is imitated: every arrival, accept, hang-up and tick goes through ``Floor`` as on a real
day. Only the clock is ours, so a day takes seconds.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from heapq import heappop, heappush

from hotline.errors import RuleBroken
from hotline.facts.calls import CallConnected, CallOffered
from hotline.settings import Group, Seat, Strategy
from ivr.demand import LONGEST_WRAP_UP_SECONDS, Citizen
from ivr.estimate import plain_expected_wait
from ivr.figures import WINDOW, outcome_of
from ivr.floor import Floor
from ivr.kpi import CallOutcome, Kpi, kpi_of, tally
from ivr.orders import Connect, Step
from ivr.people import Call, SeatLeg
from ivr.views import CallState, SeatStatus

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
GROUP = "general"
_SETTLED = (CallState.TALKING, CallState.ENDED)


class _What(IntEnum):
    """What happens; of things at one instant the lesser first."""

    ACCEPT = 0
    HANG_UP = 1
    ARRIVE = 2
    GIVE_UP = 3
    END_WRAP_UP = 4


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a citizen was told on entering the line, and what came of it; seconds."""

    expected: float
    plain: float
    """By place × mean handle time / seats."""
    waited: float


@dataclass(slots=True)
class Replay:
    """What a simulated day was like."""

    kpi: Kpi
    outcomes: list[CallOutcome]
    estimates: list[Estimate]
    taken: dict[str, int]
    """Calls by seat."""
    occupancy: float | None
    steps: int
    """Events that went through the floor."""
    refused: int
    """Accepts that came second: the fence."""


@dataclass(slots=True)
class VirtualDay:
    """One group, ``seats`` seats ready all day."""

    citizens: Sequence[Citizen]
    seats: int
    strategy: Strategy = "longest_idle"
    accept_ms: int = 2000
    estimating: bool = True
    """Whether to tell citizens their expected wait, and to note what came of it."""
    floor: Floor = field(init=False)
    now: datetime = MIDNIGHT
    _agenda: list[tuple[datetime, _What, int, str]] = field(default_factory=list)
    _told: dict[str, tuple[float, float]] = field(default_factory=dict)
    _estimates: list[Estimate] = field(default_factory=list)
    _outcomes: list[CallOutcome] = field(default_factory=list)
    _numbers: dict[str, Citizen] = field(default_factory=dict)
    _steps: int = 0
    _refused: int = 0

    def __post_init__(self) -> None:
        group = Group(
            id=GROUP, name="综合", strategy=self.strategy, wrap_up_seconds=LONGEST_WRAP_UP_SECONDS, offer_seconds=20
        )
        seats = [Seat(id=str(1001 + number), groups=[GROUP]) for number in range(self.seats)]
        self.floor = Floor([group], seats, MIDNIGHT)

    def run(self) -> Replay:
        """Play the day to its last wrap-up."""
        for seat in self.floor.seats:
            self.floor.screen_opened(seat, f"agent{seat}", seat, self.now)
            self.floor.leg_parked(seat, SeatLeg(f"PJSIP/{seat}-1", f"leg-{seat}"), self.now)
            self.floor.status_chosen(seat, SeatStatus.READY, None, None, None, self.now)
        for citizen in self.citizens:
            self._numbers[f"call{citizen.number}"] = citizen
            self._plan(citizen.arrives_ms, _What.ARRIVE, f"call{citizen.number}", since=MIDNIGHT)
        while True:
            due = self.floor.next_due()
            if due is not None and (not self._agenda or due <= self._agenda[0][0]):
                self.now = max(self.now, due)
                self._take(self.floor.tick(self.now))
            elif self._agenda:
                self.now, what, number, name = heappop(self._agenda)
                self._happen(what, name, number)
            else:
                break
        taken = {seat.id: seat.calls_taken for seat in self.floor.seats.values()}
        kpi = kpi_of(tally(self._outcomes))
        occupancy = self.floor.seat_times.occupancy(self.now - WINDOW, self.now)
        return Replay(kpi, self._outcomes, self._estimates, taken, occupancy, self._steps, self._refused)

    def _plan(self, after_ms: int, what: _What, name: str, number: int = 0, *, since: datetime | None = None) -> None:
        at = (since or self.now) + timedelta(milliseconds=after_ms)
        heappush(self._agenda, (at, what, number, name))

    def _happen(self, what: _What, name: str, number: int) -> None:
        match what:
            case _What.ARRIVE:
                self._arrive(name)
            case _What.ACCEPT:
                self._accept(name, number)
            case _What.HANG_UP:
                self._leave(self.floor.calls[name])
            case _What.END_WRAP_UP:
                with suppress(RuleBroken):  # it ended by itself at its longest
                    self._take(self.floor.end_wrap_up(name, self.now))
            case _What.GIVE_UP:
                call = self.floor.calls.get(name)
                if call is not None and call.state not in _SETTLED:
                    self._leave(call)

    def _arrive(self, name: str) -> None:
        citizen = self._numbers[name]
        call = Call(
            call_id=name,
            caller=name,
            dialled="12345",
            line="12345",
            group=GROUP,
            channel=f"PJSIP/trunk-{citizen.number}",
            uniqueid=f"u{citizen.number}",
            arrived_at=self.now,
        )
        self._take(self.floor.call_arrived(call, self.now))
        self._take(self.floor.call_queued(name, self.now))
        if citizen.patience_ms is not None:
            self._plan(citizen.patience_ms, _What.GIVE_UP, name)
        if self.estimating and call.state is CallState.WAITING:
            self._note_estimate(name)

    def _note_estimate(self, name: str) -> None:
        expected = self.floor.expected_wait(name, self.now)
        handle = self.floor.recent_times[GROUP].handle
        plain = plain_expected_wait(self.floor.position(name), self.seats, handle)
        if expected is not None and plain is not None:
            self._told[name] = expected, plain
            self._take(self.floor.wait_forecast(name, expected, self.now))

    def _accept(self, seat: str, offer_id: int) -> None:
        try:
            step = self.floor.accept(seat, offer_id, f"agent{seat}", self.now)
        except RuleBroken:
            self._refused += 1
            return
        self._take(step)
        for order in step.orders:
            if isinstance(order, Connect):
                self._take(self.floor.connected(order.call_id, order.offer_id, order.seat, self.now))

    def _leave(self, call: Call) -> None:
        self._take(self.floor.call_gone(call.call_id, self.now))
        self._outcomes.append(outcome_of(call))
        if call.seat is not None:
            self._plan(self._numbers[call.call_id].wraps_ms, _What.END_WRAP_UP, call.seat)
        if call.connected_at is not None and (told := self._told.get(call.call_id)):
            self._estimates.append(Estimate(*told, call.waited(self.now)))

    def _take(self, step: Step) -> None:
        self._steps += 1
        for fact in step.facts:
            match fact:
                case CallOffered(seat=seat, offer_id=offer_id):
                    self._plan(self.accept_ms, _What.ACCEPT, seat, offer_id)
                case CallConnected(call_id=call_id):
                    self._plan(self._numbers[call_id].talks_ms, _What.HANG_UP, call_id)
                case _:
                    pass
