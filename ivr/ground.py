"""The ground of the floor: calls and seats, indexed, and readings of them. No I/O, ``now`` passed in.

The floor is built in four storeys, each a page: ``ground`` (state), ``moves`` (what may be done to it), ``settling``
(what follows from every change), and on top the events of citizens, offers and seats that ``floor`` brings together.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from hotline.errors import NotFound
from hotline.settings import Group
from hotline.settings import Seat as SeatSettings
from ivr.callbook import CallBook
from ivr.distributor import FreeSeat, Turn, WaitingCall, turn
from ivr.duty import DutyRoster
from ivr.estimate import Chance, Outlook, RecentTimes
from ivr.figures import RollingFigures
from ivr.occupancy import SeatTimes
from ivr.people import Call, Seat
from ivr.views import CallState, SeatKind, SeatState

UNWATCHED_GRACE = timedelta(seconds=12)
"""How long a seat keeps its leg and status after its last screen closed: a page reload, a network drop of 10 s."""


class Ground:
    """State of the floor."""

    def __init__(
        self,
        groups: Iterable[Group],
        seats: Iterable[SeatSettings],
        now: datetime,
        roster: DutyRoster | None = None,
        rest_minutes: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.groups = {group.id: group for group in groups}
        self.seats = {s.id: _seat_of(s, now, rest_minutes) for s in seats}
        self.calls = CallBook()
        self.figures = RollingFigures()
        self.seat_times = SeatTimes()
        self.recent_times = {group.id: RecentTimes(group.wrap_up_seconds) for group in self.groups.values()}
        self._roster = roster or DutyRoster()
        self._last_offer_id = 0
        self._asked_last: dict[str, str] = {}
        self._free: dict[str, FreeSeat] = {}
        self._dues_of_seats: dict[str, datetime] = {}
        self._neighbours = _groups_sharing_seats(self.groups, self.seats.values())
        self.take_stock(now)

    # -- readings -------------------------------------------------------------------------------------------------

    def seat(self, seat_id: str) -> Seat:
        """The seat of this id. Raises NotFound."""
        try:
            return self.seats[seat_id]
        except KeyError:
            raise NotFound(f"没有座席 {seat_id}", f"there is no seat {seat_id}") from None

    def waiting(self, group: str | None = None) -> list[Call]:
        """Citizens waiting or held out in an offer, the one served next first."""
        lined = [call for call in self.calls.lined.values() if group in (None, call.group)]
        return sorted(lined, key=self._turn)

    def longest_wait(self, now: datetime, group: str | None = None) -> float:
        """Seconds that the citizen who waits longest has waited so far; 0 when nobody waits."""
        begun = [c.queued_at for c in self.calls.lined.values() if c.queued_at and group in (None, c.group)]
        return (now - min(begun)).total_seconds() if begun else 0.0

    def position(self, call_id: str) -> int:
        """1 for the citizen served next in their group; 0 when not waiting."""
        call = self.calls.lined.get(call_id)
        if call is None:
            return 0
        mine = self._turn(call)
        ahead = (c for c in self.calls.lined.values() if c.group == call.group)
        return 1 + sum(self._turn(other) < mine for other in ahead)

    def expected_wait(self, call_id: str, now: datetime) -> float | None:
        """Seconds that this citizen can expect to wait from now on; None when nobody works for the group."""
        call = self.calls.lined.get(call_id)
        if call is None or call.state is CallState.OFFERED:
            return None if call is None else 0.0
        mine, rivals = self._turn(call), self._neighbours[call.group]
        ahead = (c for c in self.calls.lined.values() if c.state is CallState.WAITING and c.group in rivals)
        place = 1 + sum(self._turn(other) < mine for other in ahead)
        return self.outlook(call.group, now).wait(place)

    def expected_wait_of(self, group: str, now: datetime) -> float | None:
        """Seconds that somebody who joined this group's line now could expect; None when nobody works for it."""
        rivals = self._neighbours[group]
        ahead = sum(c.state is CallState.WAITING and c.group in rivals for c in self.calls.lined.values())
        return self.outlook(group, now).wait(ahead + 1)

    def expected_wait_since(self, group: str, since: datetime, also: Iterable[str], now: datetime) -> float | None:
        """Seconds that somebody who has waited for the group since then can expect to wait from now on.

        ``also``: the groups of others who are in no line and will be served first. None when nobody works.
        """
        rivals = self._neighbours[group]
        mine = turn("", since, False, self.groups[group].priority)
        ahead = (c for c in self.calls.lined.values() if c.state is CallState.WAITING and c.group in rivals)
        place = 1 + sum(self._turn(other) < mine for other in ahead)
        return self.outlook(group, now).wait(place + sum(one in rivals for one in also))

    def outlook(self, group: str, now: datetime) -> Outlook:
        """What the seats that work for the group, and for those who share seats with it, will do."""
        rivals = self._neighbours[group]
        serving = [s for s in self.seats.values() if s.staffed and not rivals.isdisjoint(s.groups)]
        chances = [None if seat.free else self._chance_of(seat, now) for seat in serving]
        return Outlook(chances, self.recent_times[group])

    def _chance_of(self, seat: Seat, now: datetime) -> Chance:
        call = self.calls.get(seat.call_id or (seat.offer.call_id if seat.offer else seat.last_call_id) or "")
        if call is None:
            return lambda seconds: 1.0
        recent = self.recent_times[call.group]
        if seat.talk_ended_at is not None:
            return recent.free_after_wrap_up((now - seat.talk_ended_at).total_seconds())
        return recent.free_after_talk(call.talked(now))

    # -- index ----------------------------------------------------------------------------------------------------

    def take_stock(self, now: datetime) -> None:
        """Look at every seat anew, after they were changed from outside (restored, say)."""
        for seat in self.seats.values():
            self._refresh(seat, now)

    def _refresh(self, seat: Seat, now: datetime) -> None:
        """Keep the index of free seats and of what time will do to seats."""
        if not seat.free:
            self._free.pop(seat.id, None)
        elif seat.id not in self._free:
            if seat.shown_state is not SeatState.OFFERED or seat.idle_since is None:
                seat.idle_since = now  # an offer that came to nothing does not cost the seat its turn
            self._free[seat.id] = FreeSeat(
                seat.id,
                seat.groups,
                seat.idle_since,
                self.figures.taken_by(seat.id),
                seat.account,
                seat.skills,
                seat.reserved_groups,
                seat.reserved_priority,
            )
        due = min(_dues(seat), default=None)
        if due is None:
            self._dues_of_seats.pop(seat.id, None)
        else:
            self._dues_of_seats[seat.id] = due

    def _turn(self, call: Call) -> Turn:
        """When it is the turn of a call in the line."""
        assert call.queued_at is not None
        return turn(call.call_id, call.queued_at, call.first, self._priority(call))

    def _priority(self, call: Call) -> int:
        return call.priority + self.groups[call.group].priority - call.handicap

    def _waiting_call(self, call: Call) -> WaitingCall:
        group = self.groups[call.group]
        assert call.queued_at is not None
        return WaitingCall(
            call.call_id,
            call.group,
            call.queued_at,
            call.first,
            self._priority(call),
            {**group.needs, **call.needs} if group.needs or call.needs else {},
            call.overflow,
            call.last_agent,
            bool(call.ringing),
        )


def _seat_of(settings: SeatSettings, now: datetime, rest_minutes: Mapping[str, int]) -> Seat:
    reserved = settings.reserved
    return Seat(
        id=settings.id,
        name=settings.name or settings.id,
        groups=tuple(settings.groups),
        since=now,
        kind=SeatKind(settings.kind),
        default_kind=SeatKind(settings.kind),
        rings_at_offer=settings.rings == "offered",
        needs_desk=settings.desk,
        skills=settings.skills,
        reserved_groups=tuple(reserved.groups) if reserved else (),
        reserved_priority=reserved.priority if reserved else None,
        rest_minutes=rest_minutes,
    )


def _dues(seat: Seat) -> list[datetime]:
    dues = [due for due in (seat.wrap_up_until, seat.break_until) if due is not None]
    if seat.offer is not None:
        dues.append(seat.offer.expires_at)
    if seat.returning_until is not None:
        dues.append(seat.returning_until)
    if seat.unwatched_since is not None:
        dues.append(seat.unwatched_since + UNWATCHED_GRACE)
    return dues


def _groups_sharing_seats(groups: Mapping[str, Group], seats: Iterable[Seat]) -> dict[str, frozenset[str]]:
    """Each group's rivals for seats, itself included."""
    found = {group: {group} for group in groups}
    for seat in seats:
        for group in seat.groups:
            found[group].update(seat.groups)
    return {group: frozenset(rivals) for group, rivals in found.items()}
