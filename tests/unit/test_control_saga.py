"""The saga of call control: by example, and by chance against a small world that moves legs as Asterisk does."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.errors import RuleBroken
from hotline.facts.control import CallHeld, CallResumed, CallTransferred, PartyCalled, PartyJoined, PartyLeft
from ivr.control.parts import (
    Add,
    Cancel,
    CitizenBack,
    CitizenGone,
    CitizenReturned,
    Complete,
    Consult,
    Event,
    Hold,
    Leave,
    Merge,
    Order,
    Park,
    Party,
    PartyAnswered,
    PartyFailed,
    PartyGone,
    PartyKind,
    PartyTried,
    PickUp,
    Rejoin,
    Resume,
    Saga,
    SeatGone,
    Send,
    SendBack,
    SendToFlow,
    Stage,
    Swap,
)
from ivr.control.saga import HELD_STAGES, MOVES, RUNG_MOVES, SEAT_MOVES, apply
from ivr.control.takeup import Seen, events_seen, orders_owed, stray_seats
from telephony.legs import Leg
from tests.make_call_control_page import PAGE, page

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PHONE = Party(party_id="party_1", kind=PartyKind.PHONE, target="6001", name="住建局", uniqueid="party_1")
DESK_PHONE = Party(party_id="party_3", kind=PartyKind.RUNG, target="1003", name="1003", uniqueid="asked_3")
SEAT = Party(party_id="party_2", kind=PartyKind.SEAT, target="1002", name="1002", uniqueid="1.2")
TALK = Saga(call_id="call_1", citizen="1.0", seat="1001", seat_leg="1.1")


def go(*events: Event, saga: Saga = TALK) -> tuple[Saga, list[str]]:
    told: list[str] = []
    for event in events:
        outcome = apply(saga, event)
        saga = outcome.saga
        told += [type(fact).__name__ for fact in outcome.facts]
    return saga, told


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_warm_transfer_tells_its_story() -> None:
    saga, told = go(Consult(at=NOW, party=PHONE), PartyAnswered(at=at(5)), Complete(at=at(20)), PartyGone(at=at(60)))
    assert saga.stage is Stage.OVER
    assert told == [
        "CallHeld", "PartyCalled", "PartyJoined", "CallResumed", "SeatLeftCall", "CallTransferred", "PartyLeft",
    ]  # fmt: skip
    (left,) = [f for f in apply(replace(TALK, stage=Stage.TOGETHER, party=replace(PHONE, joined_at=at(5))),
                                PartyGone(at=at(60))).facts if isinstance(f, PartyLeft)]  # fmt: skip
    assert left.talked_seconds == 55


@pytest.mark.parametrize("why", ["busy", "no_answer", "rejected"])
def test_a_party_that_does_not_come_brings_the_citizen_back(why: str) -> None:
    calling, _ = go(Consult(at=NOW, party=PHONE))
    outcome = apply(calling, PartyFailed(at=at(3), why=why))
    assert outcome.orders == (Order.CITIZEN_TO_SEAT,)
    assert [type(fact).__name__ for fact in outcome.facts] == ["PartyLeft", "CallResumed"]
    assert {getattr(fact, "reason", "") for fact in outcome.facts} == {why}


def test_another_seat_takes_the_call_over() -> None:
    asked = apply(TALK, Consult(at=NOW, party=SEAT))
    assert (asked.saga.stage, [type(f) for f in asked.facts]) == (
        Stage.CONSULTING,
        [CallHeld, PartyCalled, PartyJoined],
    )
    given = apply(asked.saga, Complete(at=at(9)))
    assert given.orders == (Order.CITIZEN_TO_PARTY, Order.HAND_OVER)
    assert [f.how for f in given.facts if isinstance(f, CallTransferred)] == ["warm"]


def test_a_parked_citizen_is_whose_who_picks_up_first() -> None:
    parked = apply(TALK, Park(at=NOW, by="agent1001"))
    assert parked.orders == (Order.PARK_CITIZEN, Order.SEAT_LEFT)
    assert [type(fact).__name__ for fact in parked.facts] == ["CallHeld", "SeatLeftCall"]
    picked = apply(parked.saga, PickUp(at=at(7), party=SEAT))
    assert picked.orders == (Order.CITIZEN_TO_PARTY, Order.HAND_OVER)
    (resumed,) = picked.facts
    assert isinstance(resumed, CallResumed)
    assert resumed.reason == "picked_up"
    with pytest.raises(RuleBroken):
        apply(picked.saga, PickUp(at=at(8), party=SEAT))


def test_a_citizen_passed_on_to_a_flow_is_out_of_the_seats_hands() -> None:
    sent = apply(TALK, SendToFlow(at=NOW, place="full-menu/main"))
    assert (sent.saga.stage, sent.orders, sent.details["place"]) == (Stage.OVER, (Order.ENTER_FLOW,), "full-menu/main")
    assert [fact.to for fact in sent.facts if isinstance(fact, CallTransferred)] == ["flow:full-menu/main"]


def test_the_next_number_of_a_department_is_told() -> None:
    calling, _ = go(Consult(at=NOW, party=PHONE))
    tried = apply(calling, PartyTried(at=at(25), number="6002"))
    assert tried.saga.party is not None
    assert (tried.saga.stage, tried.saga.party.target) == (Stage.CALLING, "6002")
    assert [(f.target, f.why) for f in tried.facts if isinstance(f, PartyCalled)] == [("6002", "consult")]


def test_three_may_be_two_and_one_who_waits() -> None:
    three, _ = go(Add(at=NOW, party=PHONE), PartyAnswered(at=at(3)))
    apart = apply(three, Swap(at=at(5)))
    assert (apart.saga.stage, apart.orders) == (Stage.SWAPPED, (Order.HOLD_PARTY,))
    assert apart.saga.party == three.party


def test_another_seat_whose_desk_phone_is_rung_first_takes_the_call_over() -> None:
    asked = apply(TALK, Consult(at=NOW, party=DESK_PHONE))
    assert asked.orders == (Order.RESERVE_SEAT, Order.HOLD_CITIZEN, Order.DIAL_FOR_SEAT)
    missed = apply(asked.saga, PartyFailed(at=at(9), why="no_answer"))
    assert missed.orders == (Order.CITIZEN_TO_SEAT,)
    given = apply(apply(asked.saga, PartyAnswered(at=at(3))).saga, Complete(at=at(9)))
    assert given.orders == (Order.CITIZEN_TO_PARTY, Order.HAND_OVER)
    sent = apply(TALK, Send(at=NOW, party=DESK_PHONE))
    assert sent.saga.stage is Stage.SENDING
    taken = apply(sent.saga, PartyAnswered(at=at(4)))
    assert (taken.saga.stage, taken.orders) == (Stage.OVER, (Order.CITIZEN_TO_PARTY, Order.HAND_OVER))
    assert [type(fact) for fact in taken.facts] == [PartyJoined, PartyLeft, CallResumed, CallTransferred]
    assert {fact.reason for fact in taken.facts if isinstance(fact, PartyLeft)} == {"took_over"}


def test_wishes_out_of_place_are_refused_and_late_observations_ignored() -> None:
    for wish in (Resume, Complete, Cancel, Swap, Merge, Leave, Rejoin):
        with pytest.raises(RuleBroken):
            apply(TALK, wish(at=NOW))
    held, _ = go(Hold(at=NOW))
    assert apply(held, PartyGone(at=NOW)).saga == held
    assert apply(held, PartyAnswered(at=NOW)).orders == ()


def test_every_stage_knows_how_everybody_leaves() -> None:
    for stage in set(Stage) - {Stage.TALKING, Stage.OVER, Stage.PARKED}:
        assert {CitizenGone, CitizenReturned} <= MOVES[stage].keys()
        if stage is not Stage.HELD:
            assert PartyGone in MOVES[stage]
        if stage not in (Stage.SENDING, Stage.TOGETHER):  # there the seat is out of it
            assert SeatGone in MOVES[stage]
    assert SEAT_MOVES.keys() <= MOVES.keys()
    assert RUNG_MOVES.keys() <= MOVES.keys()


# -- by chance ----------------------------------------------------------------------------------------------------


@dataclass
class World:
    """Legs as Asterisk keeps them: who is alive, in which conversation, and what the dialplan does with the rest."""

    alive: set[str] = field(default_factory=lambda: {"citizen", "seat"})
    room: set[str] = field(default_factory=lambda: {"citizen", "seat"})
    """The conversation of the citizen."""
    aside: set[str] = field(default_factory=set)
    """A conversation without the citizen."""
    held: bool = False
    in_line: bool = False
    ringing: str = ""
    handed_over: bool = False
    """The call is the other seat's: this operation's story is over."""
    parked: bool = False
    """Held for nobody: a seat that dies changes nothing."""

    def settle(self) -> bool:
        """Asterisk's own doing: a conversation of one ends; a citizen alone comes to the line. True when he did now."""
        self.room &= self.alive
        self.aside &= self.alive
        if len(self.aside) < 2:
            self.aside = set()
        if len(self.room) < 2:
            self.room = set()
        lost = "citizen" in self.alive and "citizen" not in self.room and not self.held and not self.in_line
        if self.held and not self.parked and "seat" not in self.alive:
            lost, self.held = True, False
        if lost:
            self.in_line = True
        return lost

    def obey(self, order: Order) -> None:
        here = "citizen" in self.alive
        match order:
            case Order.HOLD_CITIZEN if here:
                self.room.discard("citizen")
                self.room, self.held = set(), True
            case Order.CITIZEN_TO_SEAT if here:
                self._pair("seat")
            case Order.CITIZEN_TO_PARTY if here:
                self._pair("party")
            case Order.ADD_CITIZEN if here:
                self.held = False
                self.room, self.aside = ({"citizen", *self.aside} if self.aside else set()), set()
            case Order.PARK_CITIZEN if here:
                self.room, self.held, self.parked = set(), True, True
            case Order.RETURN_CITIZEN | Order.ENTER_FLOW if here:
                self.room, self.held, self.in_line = set(), False, True
            case Order.DIAL_FOR_SEAT | Order.DIAL_FOR_ALL | Order.DIAL_AND_WAIT:
                self.ringing = order.value
            case Order.HOLD_PARTY:
                self.aside = set()
            case Order.PARTY_TO_SEAT:
                self.aside = {"seat", "party"} & self.alive
            case Order.ADD_PARTY if "party" in self.alive and self.room:
                self.room.add("party")
            case Order.DISMISS_PARTY:
                self.alive.discard("party")
                self.ringing = ""
            case Order.HAND_OVER:
                self.handed_over = True
            case Order.PARK_SEAT:
                self.room.discard("seat")
                self.aside.discard("seat")
            case Order.ADD_SEAT if "seat" in self.alive and self.room:
                self.room.add("seat")
            case _:
                pass

    def answer(self) -> None:
        self.alive.add("party")
        if self.ringing == Order.DIAL_FOR_SEAT and "seat" in self.alive:
            self.aside = {"seat", "party"}
        elif self.ringing == Order.DIAL_FOR_ALL and self.room:
            self.room.add("party")
        self.ringing = ""

    def _pair(self, other: str) -> None:
        self.held = self.parked = False
        self.aside.discard(other)
        self.room = {"citizen", other} if other in self.alive else set()

    def seen(self) -> Seen:
        def both(*names: str) -> bool:
            return set(names) <= self.room or set(names) <= self.aside

        return Seen(
            citizen="citizen" in self.alive, seat="seat" in self.alive,
            party="party" in self.alive or bool(self.ringing), party_up="party" in self.alive,
            citizen_held=self.held, citizen_parked=self.parked,
            citizen_with_seat=both("citizen", "seat"), citizen_with_party=both("citizen", "party"),
            seat_with_party=both("seat", "party"),
        )  # fmt: skip


WISHES = (Hold, Resume, Complete, Cancel, Swap, Merge, Leave, Rejoin, Park)
HAPPENINGS = (
    "consult add send answer busy next_number flow pick_up nobody_picks_up citizen seat party crash crash_before_acting"
)
STEPS = st.lists(st.sampled_from([*(kind.__name__ for kind in WISHES), *HAPPENINGS.split()]), max_size=14)


class Player:
    """Plays one story: every wish and mishap in any order, orders lost in a crash, observations late."""

    def __init__(self, other: Party = PHONE) -> None:
        self.world, self.saga, self.other = World(), TALK, other

    def hear(self, event: Event, *, lost: bool = False) -> None:
        if self.saga.stage is Stage.TALKING and not isinstance(event, Hold | Consult | Add | Send | Park | SendToFlow):
            return
        try:
            outcome = apply(self.saga, event)
        except RuleBroken:
            return
        self.saga = TALK if outcome.saga.stage is Stage.OVER else outcome.saga
        for order in outcome.orders if not lost else ():
            self.world.obey(order)
        self.settle()

    def settle(self) -> None:
        if self.world.settle():
            self.hear(CitizenReturned(at=NOW))

    def take_up(self) -> None:
        for event in (events := events_seen(self.saga, self.world.seen(), NOW)):
            self.hear(event)
        if not events and self.saga.stage is not Stage.TALKING:
            for order in orders_owed(self.saga, self.world.seen()):
                self.world.obey(order)
        if self.saga.stage is Stage.TALKING and self.world.held:  # nobody's operation: ``takeup.way_back``
            to_seat = "seat" in self.world.alive and not self.world.parked
            self.world.obey(Order.CITIZEN_TO_SEAT if to_seat else Order.RETURN_CITIZEN)
        self.settle()

    def play(self, step: str) -> None:
        if "citizen" not in self.world.alive or self.world.in_line or self.world.handed_over:
            return
        match step:
            case "consult" | "add" | "send":
                self.wish({"consult": Consult, "add": Add, "send": Send}[step](at=NOW, party=self.other))
            case "flow":
                self.wish(SendToFlow(at=NOW, place="full-menu/main"))
            case "pick_up" if self.world.parked:
                self.world.alive.add("party")
                self.hear(PickUp(at=NOW, party=SEAT))
            case "nobody_picks_up" if self.world.parked:
                self.world.held = self.world.parked = False
                self.settle()
            case "next_number" if self.world.ringing:
                self.hear(PartyTried(at=NOW, number="6002"))
            case "answer" if self.world.ringing:
                self.world.answer()
                self.hear(PartyAnswered(at=NOW))
            case "busy" if self.world.ringing:
                self.world.ringing = ""
                self.hear(PartyFailed(at=NOW, why="busy"))
            case "citizen" | "seat" | "party" if step in self.world.alive:
                self.world.alive.discard(step)
                self.settle()
                self.hear({"citizen": CitizenGone, "seat": SeatGone, "party": PartyGone}[step](at=NOW))
            case "crash":
                self.take_up()
            case "crash_before_acting":
                self.hear(Consult(at=NOW, party=self.other), lost=True)
                self.take_up()
            case _:
                kind = next((kind for kind in WISHES if kind.__name__ == step), None)
                if kind is not None:
                    self.wish(kind(at=NOW))

    def wish(self, event: Event) -> None:
        if "seat" in self.world.alive:
            self.hear(event)


ROADS: dict[Stage, tuple[str, ...]] = {
    Stage.TALKING: (),
    Stage.HELD: ("Hold",),
    Stage.CALLING: ("consult",),
    Stage.CONSULTING: ("consult", "answer"),
    Stage.SWAPPED: ("consult", "answer", "Swap"),
    Stage.ADDING: ("add",),
    Stage.CONFERENCE: ("add", "answer"),
    Stage.SENDING: ("send",),
    Stage.TOGETHER: ("add", "answer", "Leave"),
    Stage.PARKED: ("Park",),
}
DEATHS = [
    (stage, kind, done)
    for stage, moves in MOVES.items()
    for kind, move in moves.items()
    for done in range(len(move.orders) + 1)
    if kind not in (CitizenReturned, CitizenBack, CitizenGone, PartyTried)
]


def event_of(kind: type[Event]) -> Event:
    if kind in (Consult, Add, Send):
        return kind(at=NOW, party=PHONE)
    if kind is PickUp:
        return PickUp(at=NOW, party=SEAT)
    if kind is PartyFailed:
        return PartyFailed(at=NOW, why="busy")
    if kind is SendToFlow:
        return SendToFlow(at=NOW, place="full-menu/main")
    return SendBack(at=NOW, group="general") if kind is SendBack else kind(at=NOW)


@pytest.mark.parametrize(("stage", "kind", "done"), DEATHS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_an_engine_that_dies_between_two_orders_loses_nobody(stage: Stage, kind: type[Event], done: int) -> None:
    """For every row of the table: dead after each of its orders, and a new engine takes it up or undoes it."""
    player = Player()
    for step in ROADS[stage]:
        player.play(step)
    assert player.saga.stage is stage
    world = player.world
    match kind.__name__:
        case "PartyAnswered":
            world.answer()
        case "PartyFailed":
            world.ringing = ""
        case "PartyGone":
            world.ringing = ""
            world.alive.discard("party")
        case "SeatGone":
            world.alive.discard("seat")
        case "PickUp":
            world.alive.add("party")
    outcome = apply(player.saga, event_of(kind))
    player.saga = TALK if outcome.saga.stage is Stage.OVER else outcome.saga
    for order in outcome.orders[:done]:
        world.obey(order)
    player.settle()
    player.take_up()
    player.take_up()  # what the first one moved is where it belongs now
    assert len(world.room) >= 2 or world.in_line or (world.held and player.saga.stage in HELD_STAGES), world


@given(STEPS, st.sampled_from([PHONE, DESK_PHONE]))
def test_nobody_is_lost_whatever_happens(steps: list[str], other: Party) -> None:
    player = Player(other)
    for step in steps:
        player.play(step)
        world, saga = player.world, player.saga
        if "citizen" not in world.alive:
            assert saga.stage is Stage.TALKING
            assert "party" not in world.alive or not world.room
            return
        cared_for = len(world.room) >= 2 or world.in_line or world.held
        assert cared_for, (steps, step, saga.stage, world)
        if world.held:  # music alone is not enough: somebody must be about to take him back
            assert saga.stage in HELD_STAGES, (steps, saga.stage)
        if world.in_line or world.handed_over:
            assert saga.stage is Stage.TALKING


def test_seats_left_in_talk_with_one_another_are_seen() -> None:
    """The engine died after it had given the consultation up, and before it gave the citizen to the seat asked."""
    first = Leg("1.1", "PJSIP/1001-00000001", bridge_id="b", seat="1001")
    asked = Leg("1.2", "PJSIP/1002-00000002", bridge_id="b", seat="1002")
    alone = Leg("1.3", "PJSIP/1003-00000003", seat="1003")
    citizen = Leg("1.0", "PJSIP/trunk-00000000", bridge_id="b")
    queue_half = Leg("1.4", "Local/1002@fallback-seat-0;2", bridge_id="b", seat="1002")
    assert stray_seats([first, asked, alone], ()) == [first, asked]
    assert stray_seats([first, asked], {"1.1"}) == []  # they consult
    for other in (citizen, queue_half):
        assert stray_seats([first, asked, other], ()) == []


def test_the_page_of_the_documentation_is_made_from_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/make_call_control_page.py"
