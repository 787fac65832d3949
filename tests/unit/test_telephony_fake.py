"""The shipped in-memory telephone behaves as the real line does, and both fill the port (mypy holds the types)."""

import asyncio

import pytest

from hotline.errors import Unavailable
from telephony.agi_session import AgiSession
from telephony.fake import FakeCaller, FakeTelephony
from telephony.observations import (
    AsteriskRestarted,
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
from telephony.port import CallerGone, CallerSession, Dial, LegMissing, Result, Telephony
from telephony.verbs import Telephone


def fills_the_port(real: Telephone, fake: FakeTelephony, session: AgiSession, caller: FakeCaller) -> None:
    telephones: list[Telephony] = [real, fake]
    sessions: list[CallerSession] = [session, caller]
    assert len(telephones) == len(sessions)


def kinds(seen: list[Observation]) -> list[object]:
    taken: list[object] = [type(one) for one in seen]
    seen.clear()
    return taken


async def test_a_call_is_bridged_and_ends() -> None:
    seen: list[Observation] = []
    telephony = FakeTelephony(seen.append)
    seat = telephony.add_leg("PJSIP/1001-1", seat="1001")
    citizen = telephony.add_leg("PJSIP/trunk-2", caller="13800000001")
    assert kinds(seen) == [NewLeg, LegAnswered, SeatParked, NewLeg, LegAnswered]
    await telephony.bridge(citizen.channel, seat.uniqueid)
    assert kinds(seen) == [LegBridged, LegBridged]
    telephony.drop(citizen.channel)
    assert kinds(seen) == [LegGone, LegUnbridged, SeatParked]
    with pytest.raises(LegMissing):
        await telephony.bridge(citizen.channel, seat.channel)
    assert await telephony.hang_up(citizen.channel) is False


async def test_the_link_goes_and_comes() -> None:
    seen: list[Observation] = []
    telephony = FakeTelephony(seen.append)
    telephony.add_leg("PJSIP/1001-1", seat="1001")
    kinds(seen)
    telephony.go_down()
    with pytest.raises(Unavailable):
        await telephony.queue_ready("1001", True)
    telephony.come_up(restarted=True)
    assert kinds(seen) == [LinkDown, AsteriskRestarted, LegGone, LinkUp]
    assert telephony.legs == {}


async def test_dialling_ends_as_told() -> None:
    telephony = FakeTelephony()
    telephony.outcomes["PJSIP/1@trunk"] = Result.BUSY
    for endpoint, result in (("PJSIP/1@trunk", Result.BUSY), ("PJSIP/2@trunk", Result.ANSWERED)):
        outcome = await telephony.originate(Dial(endpoint, "survey", "s", f"leg_{endpoint}", "12345"))
        assert outcome.result is result
        assert (f"leg_{endpoint}" in telephony.legs) is (result is Result.ANSWERED)


async def test_a_caller_presses_and_hangs_up() -> None:
    caller = FakeCaller("PJSIP/trunk-1", "1.1", ["1", "", "5"], callerid="138")
    assert caller.environment["agi_callerid"] == "138"
    assert await caller.play_many(["a", "b"], "12") == "1"
    assert caller.heard == ["a"]
    assert [await caller.wait_key(1) for _ in range(3)] == [None, "5", None]
    waiting = asyncio.create_task(caller.until_gone())
    caller.hangs_up()
    await waiting
    with pytest.raises(CallerGone):
        await caller.play("c")
