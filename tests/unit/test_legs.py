"""Legs as pure state: what each event may do, and that a snapshot always wins."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.beliefs import Step, diff, hear, reconcile, settle, strangers
from telephony.claims import Claim
from telephony.legs import Leg, Legs, LegState, Snapshot
from telephony.messages import CHANNEL_KEYS, AmiMessage
from telephony.observations import (
    CitizenFellBack,
    GoneReason,
    LegAnswered,
    LegBridged,
    LegGone,
    LegUnbridged,
    NewLeg,
    Observation,
    SeatParked,
)

CITIZEN = Leg("1.1", "PJSIP/trunk-1", state=LegState.UP, context="citizen", exten="s", application="AGI")
SEAT = Leg("1.2", "PJSIP/1001-2", state=LegState.UP, context="seat-loop", exten="parked", seat="1001")


def event(name: str, leg: Leg, **more: str) -> AmiMessage:
    states = {LegState.UP: "6", LegState.RINGING: "5", LegState.DOWN: "0"}
    values = {
        "Channel": leg.channel,
        "ChannelState": states[leg.state],
        "Uniqueid": leg.uniqueid,
        "Context": leg.context,
        "Exten": leg.exten,
    }
    return AmiMessage(
        (("Event", name), *[(key, values.get(key, "")) for key in CHANNEL_KEYS], *more.items()),
    )


def known(*legs: Leg) -> Legs:
    return {leg.uniqueid: leg for leg in legs}


def kinds(observed: Sequence[Observation]) -> list[object]:
    return [type(one) for one in observed]


def test_a_new_leg_is_believed_and_moves_nothing() -> None:
    step = hear({}, event("Newchannel", replace(CITIZEN, state=LegState.DOWN)))
    assert kinds(step.observed) == [NewLeg]
    assert step.claim is None
    assert set(step.legs) == {"1.1"}


@pytest.mark.parametrize("name", ["Hangup", "BridgeEnter", "BridgeLeave"])
def test_what_ends_or_moves_a_leg_is_only_a_claim(name: str) -> None:
    step = hear(known(CITIZEN), event(name, CITIZEN, BridgeUniqueid="b", Cause="16"))
    assert step.legs == known(CITIZEN)
    assert step.observed == ()
    assert step.claim is not None
    assert step.claim.event == name


@pytest.mark.parametrize("name", ["Hangup", "BridgeLeave", "Rename", "Shutdown", ""])
def test_events_about_unknown_legs_that_matter_to_nobody_are_ignored(name: str) -> None:
    assert hear({}, event(name, CITIZEN)) == Step({})


def test_ringing_is_not_asked_about_and_answering_is() -> None:
    ringing = replace(CITIZEN, state=LegState.RINGING)
    assert hear(known(ringing), event("Newstate", ringing)).claim is None
    assert hear(known(ringing), event("Newstate", CITIZEN)).claim is None, "he came by himself: nobody waits for it"
    dialled = replace(ringing, uniqueid="party_1")
    answered = hear(known(dialled), event("Newstate", replace(dialled, state=LegState.UP)))
    assert answered.claim == Claim("Newstate", "party_1")


def test_a_hang_up_borne_out_ends_the_leg_with_its_cause() -> None:
    step = settle(known(CITIZEN), None, [Claim("Hangup", "1.1", cause=17)])
    (gone,) = step.observed
    assert isinstance(gone, LegGone)
    assert (gone.reason, gone.cause, step.legs) == (GoneReason.HUNG_UP, 17, {})


def test_a_hang_up_not_borne_out_changes_nothing() -> None:
    claim = Claim("Hangup", "1.1", cause=16)
    assert not claim.holds(CITIZEN)
    assert settle(known(CITIZEN), CITIZEN, [claim]) == Step(known(CITIZEN))


def test_a_leg_gone_while_its_bridge_is_asked_about_waits_for_its_hang_up() -> None:
    bridged = replace(CITIZEN, bridge_id="b")
    assert settle(known(bridged), None, [Claim("BridgeLeave", "1.1", "b")]) == Step(known(bridged))


def test_a_bridge_is_seen_from_both_sides() -> None:
    step = settle(known(CITIZEN, SEAT), replace(CITIZEN, bridge_id="b"), [Claim("BridgeEnter", "1.1", "b")])
    step = settle(step.legs, replace(SEAT, bridge_id="b"), [Claim("BridgeEnter", "1.2", "b")])
    (second,) = step.observed
    assert isinstance(second, LegBridged)
    assert second.others == ("1.1",)


def test_a_seat_whose_bridge_ends_is_parked_again() -> None:
    step = settle(known(replace(SEAT, bridge_id="b")), SEAT, [Claim("BridgeLeave", "1.2", "b")])
    unbridged, parked = step.observed
    assert isinstance(unbridged, LegUnbridged)
    assert isinstance(parked, SeatParked)


def test_only_a_seats_own_leg_in_its_loop_is_parked() -> None:
    assert SEAT.parked
    assert replace(SEAT, channel="PJSIP/1001-sip-3").parked
    for other in (
        replace(SEAT, bridge_id="b"),
        replace(SEAT, state=LegState.RINGING),
        replace(SEAT, channel="PJSIP/trunk-9"),
        replace(SEAT, exten="seat"),
        CITIZEN,
    ):
        assert not other.parked


def test_falling_back_is_seen_only_of_a_leg_that_stands_there() -> None:
    claim = Claim("UserEvent", "1.1", said="CallFellBack")
    assert CitizenFellBack not in kinds(settle(known(CITIZEN), CITIZEN, [claim]).observed)
    there = replace(CITIZEN, application="Queue", call="call_1")
    (fell,) = settle(known(CITIZEN), there, [claim]).observed
    assert isinstance(fell, CitizenFellBack)
    assert fell.call == "call_1"


def test_a_snapshot_shows_what_was_missed() -> None:
    bridged = replace(SEAT, bridge_id="b")
    observed = diff(known(CITIZEN, bridged), Snapshot(known(SEAT)))
    assert kinds(observed) == [LegGone, LegUnbridged, SeatParked]
    assert isinstance(observed[0], LegGone)
    assert observed[0].reason is GoneReason.MISSING


def test_another_asterisk_has_none_of_our_legs_even_with_the_same_ids() -> None:
    step = reconcile(known(CITIZEN), Snapshot(known(CITIZEN)), restarted=True)
    assert kinds(step.observed) == [LegGone, NewLeg, LegAnswered]
    assert isinstance(step.observed[0], LegGone)
    assert step.observed[0].reason is GoneReason.ASTERISK_RESTARTED


@pytest.mark.parametrize("restarted", [True, False])
def test_of_legs_gone_together_the_citizens_go_first(restarted: bool) -> None:
    """Else the seat's end would come first, and its agent wait for a citizen who is gone."""
    step = reconcile(known(SEAT, CITIZEN), Snapshot({}), restarted=restarted)
    assert [one.uniqueid for one in step.observed if isinstance(one, LegGone)] == ["1.1", "1.2"]


def test_a_leg_that_cannot_be_read_is_kept_as_it_was() -> None:
    assert reconcile(known(CITIZEN, SEAT), Snapshot({}, frozenset({"1.1"}))).legs == known(CITIZEN)


LEGS = st.builds(
    Leg,
    uniqueid=st.sampled_from(["1.1", "1.2", "1.3"]),
    channel=st.sampled_from(["PJSIP/trunk-1", "PJSIP/1001-2"]),
    state=st.sampled_from(LegState),
    exten=st.sampled_from(["s", "parked"]),
    application=st.sampled_from(["AGI", "Queue"]),
    bridge_id=st.sampled_from([None, "a", "b"]),
    seat=st.sampled_from([None, "1001"]),
)
NAMES = ["Newchannel", "Newstate", "Hangup", "BridgeEnter", "BridgeLeave", "UserEvent", "Rename", "Nonsense", ""]
SAID = st.sampled_from(["SeatParked", "CallFellBack", "x"])
EVENTS = st.builds(
    lambda name, leg, bridge, cause, said: event(name, leg, BridgeUniqueid=bridge, Cause=cause, UserEvent=said),
    st.sampled_from(NAMES),
    LEGS,
    st.sampled_from(["a", "b", ""]),
    st.sampled_from(["16", "", "-1", "x"]),
    SAID,
)
WORLDS = st.lists(LEGS, max_size=3, unique_by=lambda leg: leg.uniqueid).map(lambda legs: known(*legs))


@given(st.lists(st.tuples(EVENTS, st.none() | LEGS), max_size=30), WORLDS)
def test_events_in_any_order_never_raise_and_a_snapshot_converges(
    history: list[tuple[AmiMessage, Leg | None]], world: Legs
) -> None:
    legs: Legs = {}
    told: dict[str, int] = {}
    for heard, answer in history:
        step = hear(legs, heard)
        for observed in step.observed:
            _count(told, observed)
        legs = step.legs
        if step.claim is not None:
            found = replace(answer, uniqueid=step.claim.uniqueid) if answer is not None else None
            step = settle(legs, found, [step.claim])
            for observed in step.observed:
                _count(told, observed)
            legs = step.legs
    assert {uniqueid for uniqueid, balance in told.items() if balance} == set(legs)
    step = reconcile(legs, Snapshot(world))
    assert step.legs == world
    assert diff(step.legs, Snapshot(world)) == ()


def _count(told: dict[str, int], observed: Observation) -> None:
    """Every leg is born once, then gone once."""
    if isinstance(observed, NewLeg):
        told[observed.uniqueid] = told.get(observed.uniqueid, 0) + 1
    if isinstance(observed, LegGone):
        told[observed.uniqueid] = told.get(observed.uniqueid, 0) - 1
    assert set(told.values()) <= {0, 1}


PARTY = Leg("party_1", "PJSIP/trunk-3", context="party", exten="talk")
COURSE = (
    ("Newchannel", PARTY),
    ("Newstate", replace(PARTY, state=LegState.RINGING)),
    ("Newstate", replace(PARTY, state=LegState.UP)),
    ("BridgeEnter", replace(PARTY, state=LegState.UP, bridge_id="a")),
    ("BridgeLeave", replace(PARTY, state=LegState.UP)),
    ("Hangup", None),
)
"""What a party's leg lives through, and how each step is told."""


@given(st.data(), st.integers(3, len(COURSE)))
def test_who_has_answered_is_seen_answered_whatever_overtakes_what(data: st.DataObject, lived: int) -> None:
    """Asterisk goes on while it is asked: an answer shows any instant between its question and its coming."""
    legs: Legs = {}
    seen: list[Observation] = []
    happened, read, shown = 0, 0, 0
    waiting: list[Claim] = []
    questions: list[tuple[list[Claim], int]] = []

    def believe(step: Step) -> None:
        nonlocal legs
        legs = step.legs
        seen.extend(step.observed)

    while happened < lived or read < lived or waiting or questions:
        possible = [
            ("live", happened < lived),
            ("hear", read < happened),
            ("ask", bool(waiting)),
            ("", bool(questions)),
        ]
        match data.draw(st.sampled_from([what for what, can in possible if can])):
            case "live":
                happened += 1
            case "hear":
                name, leg = COURSE[read]
                read += 1
                asked = {PARTY.uniqueid} if waiting or questions else set()
                step = hear(legs, event(name, leg or PARTY, BridgeUniqueid="a"), asked)
                believe(step)
                if step.claim is not None:
                    waiting.append(step.claim)
            case "ask":  # one question for all that was claimed before it is sent
                questions.append((waiting, happened))
                waiting = []
            case _:
                claims, at_least = questions.pop(0)
                shown = data.draw(st.integers(max(at_least, shown), happened))
                believe(settle(legs, COURSE[shown - 1][1] if shown else None, claims))
    told = kinds(seen)
    assert told.count(NewLeg) <= 1
    ended = lived == len(COURSE)
    assert told.count(LegAnswered) == 1 or (ended and told.count(LegGone) == told.count(NewLeg))
    assert legs == ({} if ended else known(COURSE[lived - 1][1] or PARTY))


@given(WORLDS, WORLDS)
def test_what_a_snapshot_says_adds_up_to_the_snapshot(before: Legs, after: Legs) -> None:
    bridges = {uniqueid: leg.bridge_id for uniqueid, leg in before.items()}
    for observed in diff(before, Snapshot(after)):
        match observed:
            case NewLeg():
                bridges[observed.uniqueid] = None
            case LegGone():
                del bridges[observed.uniqueid]
            case LegBridged():
                bridges[observed.uniqueid] = observed.bridge_id
            case LegUnbridged():
                assert bridges[observed.uniqueid] == observed.bridge_id
                bridges[observed.uniqueid] = None
    assert bridges == {uniqueid: leg.bridge_id for uniqueid, leg in after.items()}


def test_a_snapshot_changes_nothing_of_legs_heard_of_since_it_was_asked_for() -> None:
    """It may be older than what was heard: a leg that has ended meanwhile does not come back, one born does not go."""
    ended, born = CITIZEN, replace(CITIZEN, uniqueid="1.3")
    bridged = replace(SEAT, bridge_id="b")
    step = reconcile(known(bridged, born), Snapshot(known(ended, SEAT)), heard_of={"1.1", "1.2", "1.3"})
    assert step == Step(known(bridged, born))
    assert strangers(step.legs, Snapshot(known(ended, SEAT)), {"1.1", "1.2", "1.3"}) == ["1.1"], "asked about singly"


@given(WORLDS, WORLDS, st.sets(st.sampled_from(["1.1", "1.2", "1.3"])))
def test_a_snapshot_is_believed_of_every_other_leg(before: Legs, world: Legs, heard_of: set[str]) -> None:
    after = reconcile(before, Snapshot(world), heard_of=heard_of).legs
    for uniqueid in ("1.1", "1.2", "1.3"):
        assert after.get(uniqueid) == (before if uniqueid in heard_of else world).get(uniqueid)


@given(st.data(), st.integers(3, len(COURSE)))
def test_a_snapshot_beside_events_ends_in_the_truth(data: st.DataObject, lived: int) -> None:
    """A party's course with one snapshot taken somewhere in it, whatever overtakes what; then what is asked is true."""
    legs: Legs = known(PARTY)
    happened, read = 1, 1
    questions: list[Claim] = []
    heard_of: set[str] | None = None
    world: Legs = {}
    shown = False
    while happened < lived or read < lived or questions or not shown:
        possible = [
            ("live", happened < lived), ("hear", read < happened), ("answer", bool(questions)),
            ("ask for all", heard_of is None), ("believe all", heard_of is not None and not shown),
        ]  # fmt: skip
        match data.draw(st.sampled_from([what for what, can in possible if can])):
            case "live":
                happened += 1
            case "hear":
                name, leg = COURSE[read]
                read += 1
                step = hear(legs, event(name, leg or PARTY, BridgeUniqueid="a"), {c.uniqueid for c in questions})
                legs = step.legs
                questions += [step.claim] if step.claim is not None else []
                if heard_of is not None:
                    heard_of.add(PARTY.uniqueid)
            case "answer":  # all that is open is asked about by one question, which is answered at once
                now = _course_at(happened)
                legs = settle(legs, now.get(PARTY.uniqueid), questions).legs
                questions = []
            case "ask for all":
                heard_of = {claim.uniqueid for claim in questions}
                world = _course_at(happened)
            case _:
                shown = True
                snapshot = Snapshot(world)
                legs = reconcile(legs, snapshot, heard_of=heard_of or set()).legs
                questions += [Claim("Seen", uniqueid) for uniqueid in strangers(legs, snapshot, heard_of or set())]
    assert legs == _course_at(happened)


def _course_at(happened: int) -> Legs:
    leg = COURSE[happened - 1][1]
    return known(leg) if leg is not None else {}


BRIDGED = replace(SEAT, bridge_id="b")


@pytest.mark.parametrize(("before", "found", "is_true"), [
    (BRIDGED, SEAT, True), (SEAT, BRIDGED, True), (replace(SEAT, bridge_id="a"), BRIDGED, True),
    (BRIDGED, BRIDGED, False), (None, BRIDGED, False), (SEAT, replace(SEAT, exten="seat"), False),
])  # fmt: skip
def test_a_seat_that_was_given_its_next_citizen_told_no_lie(before: Leg | None, found: Leg, is_true: bool) -> None:
    """It had parked; the answer was older than that, and shows the next bridge."""
    assert Claim("UserEvent", "1.2", said="SeatParked").holds(found, before) is is_true
