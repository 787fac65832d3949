"""The whole line against the fake Asterisk: what is believed, what is asked, and what a lost link costs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TypeVar

import pytest

from hotline.bus import Bus, Subscription
from hotline.errors import ConfigurationError, RuleBroken, Unavailable
from hotline.facts import Message
from telephony.ami import AmiAddress, Patience
from telephony.line import TelephonyLine
from telephony.observations import (
    AsteriskRestarted,
    CitizenFellBack,
    GoneReason,
    LegAnswered,
    LegBridged,
    LegGone,
    LegUnbridged,
    LinkDown,
    LinkUp,
    NewLeg,
    Observation,
    SeatParked,
)
from telephony.port import Dial, LegMissing, Refused, Result
from telephony.verbs import OUT_OF_ORDER, outside_line
from tests.integration.fake_ami import FakeAmi, FakeChannel, wire

PATIENCE = Patience(action=1.0, ping_every=60.0, first_pause=0.01, longest_pause=0.05)
Kind = TypeVar("Kind", bound=Observation)


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as server:
        yield server


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def seen(bus: Bus) -> Subscription:
    return bus.subscribe("test", Observation)


def make_line(address: AmiAddress, bus: Bus, **options: float) -> TelephonyLine:
    return TelephonyLine(
        address,
        bus.publish,
        agi_port=0,
        patience=PATIENCE,
        reconcile_seconds=options.get("reconcile_seconds", 60.0),
        connect_seconds=options.get("connect_seconds", 5.0),
        heartbeat_seconds=0.01,
    )


@pytest.fixture
async def line(ami: FakeAmi, bus: Bus, seen: Subscription) -> AsyncIterator[TelephonyLine]:
    async with make_line(ami.address, bus) as line:
        assert isinstance(await anext(seen), LinkUp)
        yield line


async def the_next(seen: Subscription, kind: type[Kind]) -> Kind:
    """The next observation, which must be of this kind."""
    async with asyncio.timeout(5):
        observed = await anext(seen)
    assert isinstance(observed, kind), observed
    return observed


def citizen() -> FakeChannel:
    return FakeChannel("PJSIP/trunk-1", "1.1", variables={"HOTLINE_CALL": "call_1"})


def seat() -> FakeChannel:
    return FakeChannel("PJSIP/1001-2", "1.2", context="seat-loop", exten="parked", variables={"HOTLINE_SEAT": "1001"})


async def test_legs_that_live_already_are_reported_before_the_link_is_called_up(
    ami: FakeAmi, bus: Bus, seen: Subscription
) -> None:
    ami.channels = {"1.1": citizen(), "1.2": seat()}
    async with make_line(ami.address, bus) as line:
        new = await the_next(seen, NewLeg)
        assert (new.uniqueid, new.call, new.seat) == ("1.1", "call_1", None)
        await the_next(seen, LegAnswered)
        await the_next(seen, NewLeg)
        await the_next(seen, LegAnswered)
        assert (await the_next(seen, SeatParked)).seat == "1001"
        await the_next(seen, LinkUp)
        assert set(line.telephone.legs) == {"1.1", "1.2"}


async def test_a_call_from_birth_to_hang_up(ami: FakeAmi, line: TelephonyLine, seen: Subscription) -> None:
    one, two = ami.add(citizen()), ami.add(seat())
    await the_next(seen, NewLeg)
    await the_next(seen, NewLeg)
    ami.channel_event("UserEvent", two, ("UserEvent", "SeatParked"), ("Seat", "1001"))
    await the_next(seen, LegAnswered)
    await the_next(seen, SeatParked)
    await line.telephone.bridge("1.1", "1.2")
    for channel in (one, two):
        channel.bridge_id = "b"
        ami.channel_event("BridgeEnter", channel, ("BridgeUniqueid", "b"))
    await the_next(seen, LegAnswered)
    assert (await the_next(seen, LegBridged)).uniqueid == "1.1"
    assert (await the_next(seen, LegBridged)).others == ("1.1",)
    two.bridge_id = ""
    ami.channel_event("BridgeLeave", two, ("BridgeUniqueid", "b"))
    await the_next(seen, LegUnbridged)
    await the_next(seen, SeatParked)
    ami.hang_up(one, 16)
    gone = await the_next(seen, LegGone)
    assert (gone.uniqueid, gone.reason, gone.cause, gone.call) == ("1.1", GoneReason.HUNG_UP, 16, "call_1")


async def test_one_question_waits_for_no_other_and_answers_keep_their_order(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription
) -> None:
    calls = [ami.add(FakeChannel(f"PJSIP/trunk-{number}", f"1.{number}", state="4")) for number in range(1, 21)]
    for call in calls:
        assert (await the_next(seen, NewLeg)).uniqueid == call.uniqueid
    ami.held = {"Status"}
    for call in calls:
        ami.hang_up(call)
    await ami.received("Status", 1 + len(calls))  # all are asked though none is answered
    assert len(line.telephone.legs) == len(calls), "and nothing is believed yet"
    ami.let_go()
    assert [(await the_next(seen, LegGone)).uniqueid for _ in calls] == [call.uniqueid for call in calls]


async def test_a_leg_that_ends_while_it_is_asked_about_does_not_stay(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription
) -> None:
    """An answer older than the hang-up makes the leg known; the hang-up must not have been thrown away as late."""
    call = citizen()
    ami.channels["1.1"] = call  # we never heard of its birth
    ami.held = {"Status"}
    ami.channel_event("BridgeEnter", call, ("BridgeUniqueid", "b"))
    await ami.received("Status", 2)
    ami.hang_up(call)
    await ami.received("Status", 3)
    ami.let_go()
    await the_next(seen, NewLeg)
    await the_next(seen, LegAnswered)
    assert (await the_next(seen, LegGone)).reason is GoneReason.HUNG_UP
    assert line.telephone.legs == {}


async def test_forged_events_end_move_and_free_nothing(ami: FakeAmi, line: TelephonyLine, seen: Subscription) -> None:
    one, two = citizen(), seat()
    one.bridge_id = two.bridge_id = "b"
    for channel in (one, two):
        ami.add(channel)
        await the_next(seen, NewLeg)
        ami.channel_event("BridgeEnter", channel, ("BridgeUniqueid", "b"))
        await the_next(seen, LegAnswered)
        await the_next(seen, LegBridged)
    ami.channel_event("Hangup", one, ("Cause", "16"))
    ami.channel_event("BridgeLeave", two, ("BridgeUniqueid", "b"))
    ami.channel_event("UserEvent", two, ("UserEvent", "SeatParked"), ("Seat", "1001"))
    ami.channel_event("UserEvent", one, ("UserEvent", "CallFellBack"))
    ami.event("Shutdown", ("Shutdown", "Cleanly"))
    ami.event("OriginateResponse", ("Response", "Success"), ("Uniqueid", "1.9"))
    await ami.received("Status", 1 + 2 + 2 * 4)  # the snapshot, the bridge, and each leg's two claims four times
    assert set(line.telephone.legs) == {"1.1", "1.2"}
    ami.hang_up(one)
    assert (await the_next(seen, LegGone)).uniqueid == "1.1"  # nothing was observed in between
    assert line.reconciler.counts["claims_refuted"] == 4


async def test_one_question_answers_all_that_is_claimed_of_a_leg_before_it_is_sent(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription
) -> None:
    one, two = ami.add(citizen()), ami.add(seat())
    for channel in (one, two):
        channel.bridge_id = "b"
        ami.channel_event("BridgeEnter", channel, ("BridgeUniqueid", "b"))
    for kind in (NewLeg, NewLeg, LegAnswered, LegBridged, LegAnswered, LegBridged):
        await the_next(seen, kind)
    before = ami.names().count("Status")
    two.bridge_id = ""
    for channel in (one, two):
        ami.channel_event("BridgeLeave", channel, ("BridgeUniqueid", "b"))
    ami.channel_event("UserEvent", two, ("UserEvent", "SeatParked"), ("Seat", "1001"))
    ami.hang_up(one)
    told = {type(await anext(seen)) for _ in range(3)}
    assert told == {LegUnbridged, SeatParked, LegGone}
    assert ami.names().count("Status") - before == 2


async def test_a_leg_that_we_have_hung_up_is_gone_when_asterisk_says_so(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription
) -> None:
    one = ami.add(citizen())
    await the_next(seen, NewLeg)
    assert await line.telephone.hang_up(one.channel)
    ami.hang_up(one)
    assert (await the_next(seen, LegGone)).uniqueid == "1.1"
    assert ami.names().count("Status") == 1, "only the first snapshot: the answer to our hang-up was enough"


async def test_events_are_handled_while_a_snapshot_is_taken(ami: FakeAmi, bus: Bus, seen: Subscription) -> None:
    async with make_line(ami.address, bus, reconcile_seconds=0.05) as line:
        await the_next(seen, LinkUp)
        one, two = ami.add(citizen()), ami.add(FakeChannel("PJSIP/trunk-2", "1.2"))
        for _ in (one, two):
            await the_next(seen, NewLeg)
        ami.held_snapshots = True
        await ami.received("Status", ami.names().count("Status") + 1)
        ami.hang_up(one)
        assert (await the_next(seen, LegGone)).reason is GoneReason.HUNG_UP
        ami.let_go()  # it shows the citizen who has gone, for it was asked for before
        assert (await the_next(seen, LegAnswered)).uniqueid == "1.2", "of whom nothing was heard: believed"
        assert set(line.telephone.legs) == {"1.2"}


async def a_citizen_and_a_parked_seat(ami: FakeAmi, seen: Subscription) -> tuple[FakeChannel, FakeChannel]:
    one, two = ami.add(citizen()), ami.add(replace(seat(), application="Wait"))
    ami.channel_event("UserEvent", two, ("UserEvent", "SeatParked"), ("Seat", "1001"))
    for kind in (NewLeg, NewLeg, LegAnswered, SeatParked):
        await the_next(seen, kind)
    return one, two


async def test_a_seat_that_stands_still_is_not_asked_about_again(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription
) -> None:
    one, two = await a_citizen_and_a_parked_seat(ami, seen)
    asked = ami.names().count("Status")
    await line.telephone.bridge(one.channel, two.channel)
    assert ami.names().count("Status") == asked
    await line.telephone.bridge(one.channel, two.channel)
    assert ami.names().count("Status") == asked + 1, "we have moved it since: it may be on its way"


async def test_what_is_read_is_told_in_the_turn_in_which_it_was_read(line: TelephonyLine, bus: Bus) -> None:
    """A task that is woken stands behind all that are ready; a citizen waits for this."""
    told: list[Message] = []
    manager = line.link._manager
    assert manager is not None
    with bus.subscribe("floor", NewLeg) as floor:
        attending = asyncio.create_task(floor.attend(told.append))
        await asyncio.sleep(0)
        manager.protocol.data_received(wire([("Event", "Newchannel"), *replace(citizen(), state="0").lines()]))
        assert len(told) == 1
    await attending


async def test_a_bridge_is_sent_before_anybody_awaits_it_and_as_soon_as_the_seat_says_that_it_parks(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription
) -> None:
    one, two = await a_citizen_and_a_parked_seat(ami, seen)
    bridged = line.telephone.bridge(one.channel, two.channel)
    await ami.received("Bridge")
    await bridged
    two.bridge_id = "b"
    ami.channel_event("BridgeEnter", two, ("BridgeUniqueid", "b"))
    await the_next(seen, LegBridged)
    ami.held = {"Status"}  # its word is quicker than any answer
    again = asyncio.ensure_future(line.telephone.bridge(one.channel, two.channel))
    two.bridge_id = ""
    ami.channel_event("BridgeLeave", two, ("BridgeUniqueid", "b"))
    ami.channel_event("UserEvent", two, ("UserEvent", "SeatParked"), ("Seat", "1001"))
    await ami.received("Bridge", 2)
    ami.let_go()
    await again


async def test_a_leave_told_a_moment_too_early_is_asked_about_again(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription
) -> None:
    two = seat()
    two.bridge_id = "b"
    ami.add(two)
    ami.channel_event("BridgeEnter", two, ("BridgeUniqueid", "b"))
    for kind in (NewLeg, LegAnswered, LegBridged):
        await the_next(seen, kind)
    ami.channel_event("BridgeLeave", two, ("BridgeUniqueid", "b"))
    await ami.received("Status", 3)
    two.bridge_id = ""
    await the_next(seen, LegUnbridged)
    await the_next(seen, SeatParked)


async def test_falling_back_is_reported(ami: FakeAmi, line: TelephonyLine, seen: Subscription) -> None:
    one = ami.add(citizen())
    one.application = "Queue"
    ami.channel_event("UserEvent", one, ("UserEvent", "CallFellBack"), ("Call", ""))
    for kind in (NewLeg, LegAnswered):
        await the_next(seen, kind)
    assert (await the_next(seen, CitizenFellBack)).call == "call_1"


async def test_what_happened_while_the_link_was_down_is_reported(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription
) -> None:
    one = ami.add(citizen())
    await the_next(seen, NewLeg)
    await ami.stop()
    await the_next(seen, LinkDown)
    with pytest.raises(Unavailable):
        await line.telephone.bridge("1.1", "1.2")
    del ami.channels[one.uniqueid]
    ami.channels["1.2"] = seat()
    await ami.listen()
    gone = await the_next(seen, LegGone)
    assert (gone.uniqueid, gone.reason) == ("1.1", GoneReason.MISSING)
    for kind in (NewLeg, LegAnswered, SeatParked, LinkUp):
        await the_next(seen, kind)


async def test_another_asterisk_process_ends_every_leg(ami: FakeAmi, line: TelephonyLine, seen: Subscription) -> None:
    ami.add(citizen())
    await the_next(seen, NewLeg)
    ami.started = "11:11:11"
    ami.drop()
    for kind in (LinkDown, AsteriskRestarted):
        await the_next(seen, kind)
    assert (await the_next(seen, LegGone)).reason is GoneReason.ASTERISK_RESTARTED


async def test_a_missed_event_is_made_good_by_the_next_snapshot(ami: FakeAmi, bus: Bus, seen: Subscription) -> None:
    async with make_line(ami.address, bus, reconcile_seconds=0.05):
        await the_next(seen, LinkUp)
        ami.channels["1.1"] = citizen()
        await the_next(seen, NewLeg)
        await the_next(seen, LegAnswered)
        del ami.channels["1.1"]
        assert (await the_next(seen, LegGone)).reason is GoneReason.MISSING


async def test_the_heart_beats_while_watched_and_is_stopped_at_the_end(ami: FakeAmi, bus: Bus) -> None:
    async with make_line(ami.address, bus) as line:
        assert "HOTLINE_HEARTBEAT" not in ami.globals
        watching = asyncio.create_task(line.watch())
        await ami.received("Setvar", 3)
        assert int(ami.globals["HOTLINE_HEARTBEAT"]) > 1_700_000_000
        watching.cancel()
    assert ami.globals["HOTLINE_HEARTBEAT"] == "0"


async def test_an_engine_that_cannot_see_any_more_stops(ami: FakeAmi) -> None:
    def fail(_: Observation) -> None:
        raise ZeroDivisionError

    line = TelephonyLine(ami.address, fail, agi_port=0, patience=PATIENCE, connect_seconds=0.1)
    async with line, asyncio.timeout(5):
        with pytest.raises(ZeroDivisionError):
            await line.watch()


async def test_a_wrong_password_stops_the_start(ami: FakeAmi, bus: Bus) -> None:
    wrong = AmiAddress(ami.address.host, ami.address.port, "hotline", "falsch")
    with pytest.raises(ConfigurationError):
        async with make_line(wrong, bus):
            raise AssertionError("it started")


async def test_without_asterisk_the_line_starts_and_is_down(bus: Bus, seen: Subscription) -> None:
    ami = FakeAmi()
    await ami.listen()
    await ami.stop()
    async with make_line(ami.address, bus, connect_seconds=0.05) as line:
        assert not line.telephone.up
        await ami.listen()
        await the_next(seen, LinkUp)
        assert line.telephone.up
    await ami.stop()


async def test_only_a_key_is_pressed_for_somebody(line: TelephonyLine) -> None:
    with pytest.raises(RuleBroken):
        await line.telephone.press_for("PJSIP/trunk-1", "1\r\nAction: Hangup")


async def test_verbs_on_a_leg_that_is_gone(ami: FakeAmi, line: TelephonyLine) -> None:
    with pytest.raises(LegMissing):
        await line.telephone.bridge("nobody", "nobody")
    with pytest.raises(LegMissing):
        await line.telephone.redirect("nobody", "seat-loop", "parked")
    assert await line.telephone.hang_up("nobody") is False
    assert await line.telephone.ask_leg("nobody") is None


async def test_queue_readiness_may_be_said_twice(ami: FakeAmi, line: TelephonyLine) -> None:
    for ready in (True, True, False, False):
        await line.telephone.queue_ready("1001", ready)
        assert ami.members == ({"Local/1001@fallback-seat/n"} if ready else set())
    ami.answers["QueueAdd"] = lambda _: [[("Response", "Error"), ("Message", "Unable to add interface to queue")]]
    with pytest.raises(Refused):
        await line.telephone.queue_ready("1001", True)


def dial(**changes: str) -> Dial:
    variables = {"HOTLINE_TASK": changes.get("task", "task_1")}
    return Dial(outside_line("trunk", "13800000001"), "survey", "s", "leg_1", "12345", 0.3, variables)


@pytest.mark.parametrize(
    ("response", "reason", "result"),
    [
        ("Success", "4", Result.ANSWERED),
        ("Failure", "5", Result.BUSY),
        ("Failure", "3", Result.NO_ANSWER),
        ("Failure", "8", Result.REJECTED),
        ("Failure", "0", Result.REJECTED),
    ],
)
async def test_dialling_tells_its_outcome(
    ami: FakeAmi, line: TelephonyLine, response: str, reason: str, result: Result
) -> None:
    ami.answers["Originate"] = lambda _: [
        [("Response", "Success"), ("Message", "Originate successfully queued")],
        [("Event", "OriginateResponse"), ("Response", response), ("Reason", reason), ("Channel", "PJSIP/trunk-9")],
    ]
    outcome = await line.telephone.originate(dial())
    assert (outcome.result, outcome.channel_id, outcome.channel) == (result, "leg_1", "PJSIP/trunk-9")
    (sent,) = await ami.received("Originate")
    assert sent["Channel"] == ["PJSIP/13800000001@trunk"]
    assert (sent["ChannelId"], sent["Async"], sent["Timeout"]) == (["leg_1"], ["true"], ["300"])
    assert sent["Variable"] == ["HOTLINE_TASK=task_1"]


@pytest.mark.parametrize(("status", "rings", "cause"), [
    ("Unreachable", False, OUT_OF_ORDER), ("Unreachable", True, 0), ("NonQualified", False, 0),
])  # fmt: skip
async def test_a_silent_gateway_is_told_from_a_citizen_who_does_not_answer(
    ami: FakeAmi, line: TelephonyLine, seen: Subscription, status: str, rings: bool, cause: int
) -> None:
    contact = [("Event", "ContactStatusDetail"), ("AOR", "trunk"), ("Status", status)]
    ami.answers["PJSIPShowEndpoint"] = lambda _: [
        [("Response", "Success"), ("EventList", "start")], contact,
        [("Event", "EndpointDetailComplete"), ("EventList", "Complete"), ("ListItems", "1")],
    ]  # fmt: skip
    ami.answers["Originate"] = lambda _: [[("Response", "Success"), ("Message", "Originate successfully queued")]]
    dialling = asyncio.create_task(line.telephone.originate(dial()))
    (sent,) = await ami.received("Originate")
    leg = ami.add(FakeChannel("PJSIP/trunk-9", "leg_1", state="0"))
    await the_next(seen, NewLeg)
    if rings:
        ami.channels["leg_1"] = replace(leg, state="5")
        ami.channel_event("Newstate", ami.channels["leg_1"])
        ami.add(FakeChannel("PJSIP/trunk-10", "another"))  # seen after it
        await the_next(seen, NewLeg)
    number = ("ActionID", sent["ActionID"][0])
    ami.event("OriginateResponse", number, ("Response", "Failure"), ("Reason", "3"))
    outcome = await dialling
    assert (outcome.cause, outcome.result is Result.REJECTED) == (cause, cause == OUT_OF_ORDER)


@pytest.mark.parametrize(("alive", "result"), [(True, Result.ANSWERED), (False, Result.UNKNOWN)])
async def test_a_link_lost_while_dialling_is_asked_about_by_channel_id(
    ami: FakeAmi, line: TelephonyLine, alive: bool, result: Result
) -> None:
    asked = asyncio.create_task(line.telephone.originate(dial()))
    await ami.received("Originate")
    if alive:
        ami.channels["leg_1"] = FakeChannel("PJSIP/trunk-9", "leg_1")
    ami.drop()
    assert (await asked).result is result
    assert ami.names().count("Originate") == 1


@pytest.mark.parametrize("task", ["a,B=1", 'a"', "a\r\nAction: Hangup"])
async def test_what_could_add_variables_or_actions_is_not_dialled(ami: FakeAmi, line: TelephonyLine, task: str) -> None:
    with pytest.raises(RuleBroken):
        await line.telephone.originate(dial(task=task))
    assert "Originate" not in ami.names()


@pytest.mark.parametrize("number", ["", "138 0000", "138@evil", "1" * 33, "138,1", "١٣٨"])
def test_only_numbers_are_dialled_outside(number: str) -> None:
    with pytest.raises(RuleBroken):
        outside_line("trunk", number)


async def test_a_spy_listens_to_one_leg(ami: FakeAmi, line: TelephonyLine) -> None:
    ami.answers["Originate"] = lambda _: [[("Event", "OriginateResponse"), ("Response", "Success"), ("Reason", "4")]]
    spy = await line.telephone.spy_audio("1.1", "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
    (sent,) = await ami.received("Originate")
    assert sent["Channel"] == ["AudioSocket/127.0.0.1:9092/6ba7b810-9dad-11d1-80b4-00c04fd430c8/c(slin)"]
    assert (sent["Application"], sent["Data"], sent["ChannelId"]) == (["ChanSpy"], ["1.1,uqoEl"], [spy])
    with pytest.raises(RuleBroken):
        await line.telephone.spy_audio("1.1,SHELL(id)", "x")
    await line.telephone.stop_spy(spy)


async def test_variables_and_globals(ami: FakeAmi, line: TelephonyLine) -> None:
    await line.telephone.set_global("A", "1")
    assert await line.telephone.get_global("A") == "1"
    await line.telephone.set_variable("1.1", "B", "2")
    assert await line.telephone.get_variable("1.1", "B") == "2"
