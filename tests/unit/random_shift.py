"""A shift in which anything may happen at any time, and what must be true whatever happens.

``test_floor_random.py`` lets hypothesis choose (and shrink) what happens; the long run draws ten thousand shifts.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from hotline.errors import HotlineError
from hotline.facts import Fact
from hotline.settings import DutySession, Group, Overflow, Reserved, Seat
from ivr.distributor import FreeSeat, WaitingCall, fits
from ivr.duty import DutyRoster
from ivr.figures import WINDOW, outcome_of
from ivr.floor import Floor
from ivr.floor_phones import RingEnd
from ivr.floor_returns import RETURN_GRACE
from ivr.kpi import CallOutcome, kpi_of, tally
from ivr.occupancy import SeatTimes
from ivr.orders import Connect, HangUp, Ring, Step
from ivr.people import Call, SeatLeg
from ivr.views import CallState, SeatKind, SeatState, SeatStatus
from telephony.observations import PhoneState

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GROUPS = [
    Group(id="general", name="综合", strategy="last_agent", wrap_up_seconds=15, offer_seconds=10, break_after_calls=2),
    Group(
        id="traffic",
        name="交通",
        strategy="skill_level_first",
        needs={"交通": 2},
        priority=5,
        wrap_up_seconds=0,
        overflow=[Overflow(to="general", after_seconds=20)],
    ),
    Group(
        id="all",
        name="齐振",
        strategy="ring_all",
        offer_seconds=12,
        wrap_up_seconds=5,
        overflow=[Overflow(to="traffic", expected_wait_over=30)],
    ),
]
SEATS = [
    Seat(id="1001", groups=["general", "all"]),
    Seat(id="1002", groups=["general", "traffic"], skills={"交通": 3}),
    Seat(id="1003", groups=["all", "traffic"], skills={"交通": 1}, kind="rung", rings="offered", desk=False),
    Seat(id="1004", groups=["general", "all", "traffic"], skills={"交通": 5}, reserved=Reserved(priority=3)),
]
DUTY = DutySession(
    name="局长接听", group="general", seat="1002", dates=[date(2026, 11, 23)], window=(time(12), time(12, 5))
)
NAMES = [seat.id for seat in SEATS]
MOST_CALLS = 8


class RandomShift:
    """The floor, a telephone that answers late, and everything that people and wires can do."""

    def __init__(self) -> None:
        self.now = NOON
        self.floor = Floor(GROUPS, SEATS, NOON, DutyRoster([DUTY]))
        self.connecting: list[Connect] = []
        self.facts: list[Fact] = []
        self.connects: set[int] = set()
        self.rings: list[Ring] = []
        """Every phone that was ever rung: it may be picked up much too late."""
        self.hung_up: set[str] = set()
        self.ended: set[str] = set()
        """Legs that rang and are gone by themselves, or were picked up."""
        self.parked = 0
        self.calls: dict[str, Call] = {}

    def did(self, step: Step) -> None:
        self.facts += step.facts
        for order in step.orders:
            if isinstance(order, Connect):
                assert order.offer_id not in self.connects, "one offer, two connections"
                self.connects.add(order.offer_id)
                self.connecting.append(order)
            elif isinstance(order, Ring):
                assert order.ring_id not in [ring.ring_id for ring in self.rings], "one offer, two rings"
                self.rings.append(order)
            elif isinstance(order, HangUp):
                self.hung_up.add(order.channel)

    def _call(self, number: int) -> str:
        return f"call{number % max(1, len(self.calls)) + 1}"

    def _offered_seat(self, number: int) -> str:
        """Mostly one that has an offer."""
        offered = [seat.id for seat in self.floor.seats.values() if seat.offer and not seat.offer.taken]
        return offered[number % len(offered)] if offered and number % 8 else _seat(number)

    # -- what can happen ------------------------------------------------------------------------------------------

    def arrives(self, group: int, priority: int) -> None:
        """Three of four go straight on to the waiting room."""
        number = len(self.calls) + 1
        if number <= MOST_CALLS:
            call = Call(
                call_id=f"call{number}",
                caller=f"1380000{number:04d}",
                dialled="12345",
                line="12345",
                group=GROUPS[group % 3].id,
                channel=f"PJSIP/trunk-{number}",
                uniqueid=f"u{number}",
                arrived_at=self.now,
                priority=priority % 5,
                last_agent=f"agent{NAMES[priority % 4]}",
            )
            self.calls[call.call_id] = call
            self.did(self.floor.call_arrived(call, self.now))
            if priority % 4:
                self.did(self.floor.call_queued(call.call_id, self.now))

    def queued(self, call: int, _: int) -> None:
        self.did(self.floor.call_queued(self._call(call), self.now))

    def falls_back(self, call: int, _: int) -> None:
        self.did(self.floor.call_fell_back(self._call(call), self.now))

    def comes_back(self, call: int, _: int) -> None:
        self.did(self.floor.call_returned(self._call(call), self.now))

    def gone(self, call: int, _: int) -> None:
        self.did(self.floor.call_gone(self._call(call), self.now))

    def ready(self, seat: int, _: int) -> None:
        name = _seat(seat)
        self.did(self.floor.screen_opened(name, f"agent{name}", "小李", self.now))
        if self.floor.seats[name].kind is SeatKind.RUNG:
            self.did(self.floor.phone_seen(name, PhoneState.FREE, self.now))
        elif self.floor.seats[name].leg is None:
            self.parked += 1
            self.did(self.floor.leg_parked(name, SeatLeg(f"PJSIP/{name}-{self.parked}", f"leg{self.parked}"), self.now))
        self.did(self.floor.status_chosen(name, SeatStatus.READY, None, f"agent{name}", "小李", self.now))

    def not_ready(self, seat: int, _: int) -> None:
        self.did(self.floor.status_chosen(_seat(seat), SeatStatus.NOT_READY, "小休", None, None, self.now))

    def screen(self, seat: int, opened: int) -> None:
        name = _seat(seat)
        if opened % 2:
            self.did(self.floor.screen_opened(name, f"agent{name if opened % 3 else 'other'}", "小李", self.now))
        else:
            self.did(self.floor.screen_closed(name, self.now))

    def leg_gone(self, seat: int, put_down: int) -> None:
        leg = self.floor.seats[_seat(seat)].leg
        uniqueid = leg.uniqueid if leg else "nobody's"
        self.did(self.floor.leg_gone(uniqueid, self.now, put_down=bool(put_down % 2)))

    def hang_up_done(self, _: int, __: int) -> None:
        """What was to be hung up is gone."""
        for seat in self.floor.seats.values():
            if seat.leg is not None and seat.leg.channel in self.hung_up:
                self.did(self.floor.leg_gone(seat.leg.uniqueid, self.now))

    def picked_up(self, which: int, late: int) -> None:
        """Mostly the phone that was rung last; now and then one whose offer is long over."""
        if self.rings:
            ring = self.rings[-1] if late % 4 else self.rings[which % len(self.rings)]
            leg = SeatLeg(f"PJSIP/{ring.seat}-sip-{ring.ring_id}", ring.ring_id)
            offer = self.floor.seats[ring.seat].offer
            wanted = offer is not None and offer.ring_id == ring.ring_id
            before = len(self.connects)
            self.ended.add(ring.ring_id)
            self.did(self.floor.leg_parked(ring.seat, leg, self.now))
            assert len(self.connects) == before or wanted, "a phone picked up too late was given a citizen"

    def not_picked_up(self, which: int, why: int) -> None:
        if self.rings:
            ring = self.rings[-1] if which % 4 else self.rings[which % len(self.rings)]
            self.ended.add(ring.ring_id)
            self.did(self.floor.ring_ended(ring.ring_id, list(RingEnd)[why % 4], self.now))

    def phone(self, seat: int, state: int) -> None:
        self.did(self.floor.phone_seen(_seat(seat), list(PhoneState)[state % 3], self.now))

    def moves_over(self, seat: int, kind: int) -> None:
        self.did(self.floor.kind_chosen(_seat(seat), list(SeatKind)[kind % 2], "agent", self.now))

    def second_leg(self, seat: int, _: int) -> None:
        self.parked += 1
        name = _seat(seat)
        self.did(self.floor.leg_parked(name, SeatLeg(f"PJSIP/{name}-{self.parked}", f"leg{self.parked}"), self.now))

    def accepts(self, seat: int, late: int) -> None:
        name = self._offered_seat(seat)
        offer = self.floor.seats[name].offer
        self.did(self.floor.accept(name, (offer.offer_id if offer else 1) - late % 8 // 7, "agent", self.now))

    def rejects(self, seat: int, _: int) -> None:
        name = self._offered_seat(seat)
        offer = self.floor.seats[name].offer
        self.did(self.floor.reject(name, offer.offer_id if offer else 1, self.now))

    def bridge_answers(self, which: int, works: int) -> None:
        if self.connecting:
            order = self.connecting[which % len(self.connecting)]
            if works % 8:  # else it will be told twice
                self.connecting.remove(order)
            report = self.floor.connected if works % 7 else self.floor.connect_failed
            self.did(report(order.call_id, order.offer_id, order.seat, self.now))

    def joined(self, call: int, seat: int) -> None:
        known = self.floor.calls.get(self._call(call))
        if known is not None and known.state is not CallState.ENDED:
            self.did(self.floor.join(known, self.floor.seats[_seat(seat)], self.now))

    def moved(self, call: int, seat: int) -> None:
        """By a supervisor's hand, mostly to a seat."""
        if seat % 4:
            self.did(self.floor.move_to_seat(self._call(call), _seat(seat), "chief", "", self.now))
        else:
            self.did(self.floor.move_to_group(self._call(call), GROUPS[seat % 3].id, "chief", "", self.now))

    def hangs_up(self, seat: int, _: int) -> None:
        self.did(self.floor.hang_up(_seat(seat), self.floor.seats[_seat(seat)].call_id or "", self.now))

    def ends_wrap_up(self, seat: int, _: int) -> None:
        self.did(self.floor.end_wrap_up(_seat(seat), self.now))

    def rests(self, seat: int, seconds: int) -> None:
        self.did(self.floor.force_break(_seat(seat), 10 + seconds % 60, self.now, "supervisor"))

    def asks_rest(self, seat: int, which: int) -> None:
        self.did(self.floor.ask_rest(_seat(seat), "小休" if which % 3 else None, self.now))

    def rest_decided(self, seat: int, which: int) -> None:
        self.did(self.floor.decide_rest(_seat(seat), bool(which % 4), "supervisor", self.now))

    def rest_ends(self, seat: int, _: int) -> None:
        self.did(self.floor.end_break(_seat(seat), self.now, "supervisor"))

    def time_passes(self, seconds: int, often: int) -> None:
        end = self.now + timedelta(seconds=seconds % 30)
        while (due := self.floor.next_due()) is not None and due <= end:
            assert due > self.now - timedelta(seconds=1) or due <= self.now, "a due in the past"
            self.now = max(self.now, due)
            self.did(self.floor.tick(self.now))
            after = self.floor.next_due()
            assert after is None or after > self.now, "time stands still"
        self.now = end
        self.did(self.floor.tick(self.now))

    def happen(self, name: str, first: int, second: int) -> None:
        """Let one thing happen. What the rules refuse has not happened."""
        event: Callable[[int, int], None] = getattr(self, name)
        with suppress(HotlineError):
            event(first, second)

    # -- what must be true ----------------------------------------------------------------------------------------

    def check(self) -> None:
        self._no_seat_two_calls_no_call_two_seats()
        self._nobody_waits_while_a_fit_seat_is_free()
        self._states_agree()
        self._indexes_agree()
        self._no_phone_is_left_off_the_hook()

    def _no_seat_two_calls_no_call_two_seats(self) -> None:
        seats = self.floor.seats.values()
        talking = [seat.call_id for seat in seats if seat.call_id]
        assert len(talking) == len(set(talking))
        taken = [seat.offer.call_id for seat in seats if seat.offer and seat.offer.taken]
        assert len(taken) == len(set(taken))
        assert not any(seat.offer and seat.call_id for seat in seats)
        offered = [seat.offer.call_id for seat in seats if seat.offer]
        assert not set(talking) & set(offered)
        for call_id in set(offered):
            by_hand = any(seat.offer.by_hand for seat in seats if seat.offer and seat.offer.call_id == call_id)
            if self.floor.calls[call_id].group != "all" or call_id in taken or by_hand:
                assert offered.count(call_id) == 1

    def _nobody_waits_while_a_fit_seat_is_free(self) -> None:
        free = [seat for seat in self.floor.seats.values() if seat.free]
        for call in self.floor.calls.values():
            if (
                call.returns_to is not None
            ):  # kept for the agent whose leg was lost in the talk, for so long and no longer
                seat = self.floor.seats[call.returns_to]
                assert seat.returning == call.call_id
                assert seat.returning_until is not None
                assert self.now < seat.returning_until <= self.now + RETURN_GRACE
            elif call.state is CallState.WAITING and call.queued_at is not None and call.ending_because is None:
                group = self.floor.groups[call.group]
                wanted = WaitingCall(
                    call.call_id,
                    call.group,
                    call.queued_at,
                    priority=call.priority + group.priority,
                    needs={**group.needs, **call.needs},
                )
                for seat in free:
                    if {call.group, *call.overflow} & set(seat.groups):
                        shown = FreeSeat(
                            seat.id,
                            seat.groups,
                            self.now,
                            0,
                            seat.account,
                            seat.skills,
                            seat.reserved_groups,
                            seat.reserved_priority,
                        )
                        assert not fits(shown, wanted), f"{call.call_id} waits, {seat.id} is free"

    def _states_agree(self) -> None:
        for seat in self.floor.seats.values():
            if seat.call_id:
                assert self.floor.calls[seat.call_id].state is CallState.TALKING
                assert self.floor.calls[seat.call_id].seat == seat.id
            if seat.offer:
                assert self.floor.calls[seat.offer.call_id].state is CallState.OFFERED
            assert seat.shown_state is seat.state
        for call in self.calls.values():
            ringing = {s.id for s in self.floor.seats.values() if s.offer and s.offer.call_id == call.call_id}
            assert call.ringing == ringing
            assert (call.state is CallState.OFFERED) is bool(ringing)
            if call.state is CallState.TALKING:
                assert any(seat.call_id == call.call_id for seat in self.floor.seats.values())

    def _no_phone_is_left_off_the_hook(self) -> None:
        for seat in self.floor.seats.values():
            if seat.kind is SeatKind.RUNG and seat.leg is not None and seat.call_id is None:
                on_its_way = seat.offer is not None and seat.offer.answered
                assert on_its_way or seat.leg.channel in self.hung_up
        wanted = {seat.offer.ring_id for seat in self.floor.seats.values() if seat.offer} | {None}
        for ring in self.rings[-4:]:
            picked_up = any(seat.leg and seat.leg.uniqueid == ring.ring_id for seat in self.floor.seats.values())
            known = ring.ring_id in wanted or picked_up or ring.ring_id in self.hung_up
            assert known or ring.ring_id in self.ended, "a phone rings for nobody"

    def _indexes_agree(self) -> None:
        floor = self.floor
        assert set(floor._free) == {seat.id for seat in floor.seats.values() if seat.free}
        lined = (CallState.WAITING, CallState.OFFERED)
        assert set(floor.calls.lined) == {c.call_id for c in self.calls.values() if c.state in lined and c.queued_at}
        assert set(floor.calls.live) == {c.call_id for c in self.calls.values() if c.state is not CallState.ENDED}

    def end(self) -> None:
        """From wherever we are the room can be emptied, its figures are right, and it works again."""
        self._figures_agree()
        for call in list(self.calls.values()):
            self.did(self.floor.call_gone(call.call_id, self.now))
        for name in NAMES:
            self.did(self.floor.screen_closed(name, self.now))
            self.did(self.floor.phone_seen(name, PhoneState.ABSENT, self.now))
        self.hang_up_done(0, 0)
        for _ in range(25):
            self.time_passes(29, 0)
        self.check()
        assert not self.floor.calls.lined
        assert not self.floor.calls.live
        assert all(seat.state is SeatState.UNREACHABLE and seat.offer is None for seat in self.floor.seats.values())
        assert self.floor.next_due() is None
        for index in range(4):
            self.happen("ready", index, 0)
        assert all(seat.free for seat in self.floor.seats.values()), "somebody cannot work again"
        self._figures_agree()

    def _figures_agree(self) -> None:
        known = {outcome.call_id: outcome for outcome in self.floor.figures._calls.values()}
        hand: list[CallOutcome] = [outcome_of(call) for call in self.calls.values()]
        assert [known[o.call_id].connected_at for o in hand] == [o.connected_at for o in hand]
        assert self.floor.figures.over(WINDOW, self.now) == kpi_of(tally(hand))
        past = SeatTimes()
        past.note(self.facts)
        begins = NOON - timedelta(hours=1)
        assert past.occupancy(begins, self.now) == self.floor.seat_times.occupancy(begins, self.now)


EVENTS = (
    *("arrives", "arrives", "arrives", "arrives", "queued", "falls_back", "comes_back", "gone"),
    *("ready", "ready", "ready", "ready", "ready", "ready", "not_ready", "screen", "leg_gone", "second_leg"),
    *("accepts",) * 6,
    *("bridge_answers",) * 6,
    *("rejects", "joined", "moved", "moved"),
    *("hangs_up", "ends_wrap_up", "rests", "asks_rest", "rest_decided", "rest_ends", "time_passes", "time_passes"),
    *("picked_up",) * 4,
    *("not_picked_up", "phone", "moves_over", "hang_up_done", "hang_up_done"),
)


def play_shift(seed: int, steps: int) -> None:
    """One shift of random events; whatever fails names its seed."""
    random = Random(seed)
    shift = RandomShift()
    for _ in range(steps):
        shift.happen(random.choice(EVENTS), random.randrange(64), random.randrange(64))
        shift.check()
    shift.end()


def _seat(number: int) -> str:
    return NAMES[number % len(NAMES)]
