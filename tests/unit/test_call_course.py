"""The course of a call, read from its facts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hotline.facts import Fact
from hotline.facts.calls import CallArrived, CallConnected, CallEnded, CallOffered
from hotline.facts.control import (
    CallHeld,
    CallResumed,
    PartyCalled,
    PartyJoined,
    PartyLeft,
    SeatLeftCall,
    SeatRejoined,
    SeatSupervised,
)
from ivr.control.course import course_of


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 28, 10, tzinfo=UTC) + timedelta(seconds=seconds)


def connected(seconds: float, seat: str) -> CallConnected:
    names: dict[str, Any] = dict.fromkeys(("citizen_channel", "citizen_uniqueid", "seat_channel", "seat_uniqueid"), "x")
    return CallConnected(at=at(seconds), call_id="call_1", seat=seat, account=f"agent{seat}", **names)


ARRIVED = CallArrived(
    at=at(0), by="citizen", call_id="call_1", caller="13800000001", dialled="12345", line="市民热线", channel="x",
    uniqueid="1.1",
)  # fmt: skip


def called(seconds: float, target: str) -> PartyCalled:
    return PartyCalled(
        at=at(seconds), call_id="call_1", party_id="party_1", uniqueid="party_1", kind="phone", target=target,
        name="住建局", why="consult",
    )  # fmt: skip


def test_who_was_in_it_from_when_to_when_and_why_they_left() -> None:
    facts: list[Fact] = [
        ARRIVED,
        connected(5, "1001"),
        CallHeld(at=at(60), call_id="call_1", seat="1001"),
        called(60, "6001"),
        called(85, "6002"),  # the first number did not answer
        PartyJoined(at=at(95), call_id="call_1", party_id="party_1"),
        CallResumed(at=at(120), call_id="call_1", seat="1001", reason="swapped", held_seconds=60.0),
        SeatSupervised(
            at=at(125), by="chief", call_id="call_1", seat="1001", supervisor_seat="1003", mode="listen", reason=""
        ),
        SeatSupervised(
            at=at(130), by="chief", call_id="call_1", seat="1001", supervisor_seat="1003", mode="barge", reason=""
        ),
        SeatSupervised(
            at=at(150), by="chief", call_id="call_1", seat="1001", supervisor_seat="1003", mode="ended", reason=""
        ),
        SeatLeftCall(at=at(160), call_id="call_1", seat="1001", reason="left"),
        SeatLeftCall(at=at(161), call_id="call_1", seat="1001", reason="leg_lost"),  # late: he is out already
        SeatRejoined(at=at(170), by="agent1001", call_id="call_1", seat="1001"),
        PartyLeft(at=at(200), call_id="call_1", party_id="party_1", reason="hung_up", talked_seconds=105.0),
        CallEnded(at=at(210), call_id="call_1", reason="citizen_hung_up", waited_seconds=5.0, talked_seconds=205.0),
    ]
    legs = course_of(facts)
    assert [(leg.kind, leg.who, leg.purpose, leg.why, leg.talked_seconds) for leg in legs] == [
        ("citizen", "13800000001", "", "citizen_hung_up", 145.0),  # neither waiting nor music is talk
        ("seat", "1001", "", "left", 155.0),
        ("party", "6002", "consult", "hung_up", 105.0),
        ("supervisor", "1003", "barge", "ended", 25.0),
        ("seat", "1001", "", "call_ended", 40.0),
    ]
    assert legs[0].held_seconds == 60.0
    assert (legs[2].since, legs[2].joined_at, legs[2].left_at) == (at(60), at(95), at(200))


def test_music_ends_with_the_line_at_the_latest_and_what_is_still_on_at_the_end_counts() -> None:
    offered = CallOffered(at=at(40), call_id="call_1", seat="1002", offer_id=2, reason="")
    ended = CallEnded(at=at(95), call_id="call_1", reason="citizen_hung_up", waited_seconds=5.0, talked_seconds=80.0)
    facts: list[Fact] = [
        ARRIVED,
        connected(5, "1001"),
        CallHeld(at=at(20), call_id="call_1", seat="1001"),
        SeatLeftCall(at=at(20), call_id="call_1", seat="1001", reason="parked"),
        offered,  # nobody picked up
        connected(50, "1002"),
        CallHeld(at=at(90), call_id="call_1", seat="1002"),
        ended,
    ]
    citizen = course_of(facts)[0]
    assert (citizen.held_seconds, citizen.talked_seconds, citizen.joined_at) == (25.0, 55.0, at(5))


def test_a_call_that_goes_on_has_nobody_who_left() -> None:
    (citizen, seat) = course_of([ARRIVED, connected(5, "1001")])
    assert (citizen.left_at, seat.left_at, seat.joined_at) == (None, None, at(5))


def test_a_party_who_never_answered_did_not_talk() -> None:
    left = PartyLeft(at=at(80), call_id="call_1", party_id="party_1", reason="no_answer", talked_seconds=0.0)
    (_, party) = course_of([ARRIVED, called(60, "6001"), left])
    assert (party.joined_at, party.why, party.talked_seconds) == (None, "no_answer", 0.0)
