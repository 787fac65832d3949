"""Seats whose desk phone is rung per call: the call centre's hands on a real database and a behaving telephone."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hotline.errors import RuleBroken
from hotline.facts.calls import CallAdopted, CallConnected, OfferEnded
from hotline.settings import Group, Line, Seat, Settings
from ivr.views import CallState, SeatKind, SeatState, SeatStatus
from telephony.fake import FakeCaller, FakeTelephony
from telephony.observations import LegGone, PhoneState
from tests.integration.test_call_centre import AGENT, Room, ends, opened

PHONE = "PJSIP/1001-sip"
SETTINGS = Settings(
    lines=[Line(number="12345", group="general")],
    groups=[Group(id="general", name="综合", wrap_up_seconds=0)],
    seats=[
        Seat(id="1001", groups=["general"], kind="rung"),
        Seat(id="1002", groups=["general"], kind="rung", rings="offered", desk=False),
    ],
)


async def ready(room: Room, seat: str = "1001") -> None:
    room.telephone.slow.add(f"PJSIP/{seat}-sip")
    room.telephone.phone(seat, PhoneState.FREE)
    room.centre.feed_opened(seat, AGENT)
    await room.centre.choose_status(seat, SeatStatus.READY, None, AGENT)
    await room.until(lambda: room.centre.seat(seat).state is not SeatState.UNREACHABLE)


async def accepted(room: Room) -> tuple[FakeCaller, str]:
    """A citizen is accepted; the phone rings."""
    caller, _ = room.calls("13800000001")
    call = await room.centre.accept("1001", await room.offer("1001"), AGENT)
    assert call.state is CallState.OFFERED
    await room.until(lambda: room.telephone.is_rung(PHONE))
    return caller, call.call_id


async def talking(room: Room) -> tuple[FakeCaller, str]:
    caller, call_id = await accepted(room)
    room.telephone.picks_up(PHONE)
    await room.until(lambda: room.centre.seat("1001").state is SeatState.TALKING)
    return caller, call_id


def phone_legs(room: Room) -> list[str]:
    return [leg.channel for leg in room.telephone.legs.values() if leg.channel.startswith(PHONE)]


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    async with opened(database_url, settings=SETTINGS) as room:
        room.telephone.come_up()
        yield room


async def test_accepting_rings_picking_up_connects_and_the_leg_goes_with_the_call(room: Room) -> None:
    await ready(room)
    caller, call_id = await talking(room)
    (dial,) = room.telephone.dialled
    assert (dial.endpoint, dial.caller_id) == (PHONE, "13800000001")
    room.telephone.drop(caller.channel)
    await room.until(lambda: room.centre.seat("1001").state is SeatState.IDLE and not phone_legs(room))
    kinds = await room.facts(call_id)
    assert (kinds.count(CallConnected), kinds.count(OfferEnded)) == (1, 1)
    assert room.telephone.queue_by_phone == {"1001"}


@pytest.mark.parametrize(("cause", "reason"), [(17, "话机占线"), (21, "话机拒接"), (19, "漏接"), (34, "话机不通")])
async def test_a_phone_that_is_not_picked_up(room: Room, cause: int, reason: str) -> None:
    await ready(room)
    _, call_id = await accepted(room)
    room.telephone.refuses(PHONE, cause)
    await room.until(lambda: room.centre.seat("1001").status is SeatStatus.NOT_READY)
    assert room.centre.seat("1001").reason == reason
    assert room.centre.floor.calls[call_id].first
    assert room.centre.floor.calls[call_id].state is CallState.WAITING


async def test_the_citizen_hangs_up_while_the_phone_rings(room: Room) -> None:
    await ready(room)
    caller, _ = await accepted(room)
    room.telephone.drop(caller.channel)
    caller.hangs_up()
    await room.until(lambda: not room.telephone.is_rung(PHONE))
    assert not phone_legs(room)
    assert room.centre.seat("1001").status is SeatStatus.READY


async def test_a_leg_that_rings_for_an_offer_that_is_over_is_hung_up(room: Room) -> None:
    """The offer was withdrawn while our dialling was under way: the phone begins to ring all the same."""
    await ready(room)
    leg = room.telephone.add_leg(f"{PHONE}-00000009", uniqueid="ring_1001_1", seat="1001")
    await room.until(lambda: leg.uniqueid not in room.telephone.legs)
    assert room.centre.seat("1001").state is SeatState.IDLE


async def test_a_link_that_is_cut_makes_no_phone_unreachable(room: Room) -> None:
    """The phone rings as soon as Asterisk can be asked again; its agent is still ready."""
    await ready(room)
    caller, _ = room.calls("13800000001")
    offer = await room.offer("1001")
    room.telephone.go_down()
    await room.centre.accept("1001", offer, AGENT)
    assert not room.telephone.dialled
    room.telephone.come_up()
    async with asyncio.timeout(5):
        while not room.telephone.is_rung(PHONE):  # noqa: ASYNC110  nothing is told when a phone begins to ring
            await asyncio.sleep(0.01)
    assert room.centre.seat("1001").status is SeatStatus.READY
    room.telephone.picks_up(PHONE)
    await room.until(lambda: room.centre.seat("1001").state is SeatState.TALKING)
    room.telephone.drop(caller.channel)


async def test_the_receiver_is_put_down(room: Room) -> None:
    await ready(room)
    caller, call_id = await talking(room)
    (leg,) = phone_legs(room)
    room.telephone.drop(leg, 16)
    await room.until(lambda: room.centre.floor.calls[call_id].state is CallState.ENDED)
    assert (await room.centre.find_call(call_id)).end_reason == "agent_hung_up"
    assert caller.uniqueid not in room.telephone.legs


async def test_the_citizen_comes_back_before_the_news_of_the_receiver_put_down(room: Room) -> None:
    await ready(room)
    caller, call_id = await talking(room)
    (leg,) = phone_legs(room)
    gone = room.telephone.forget(leg, 16)  # it is gone; nobody was told yet
    again = FakeCaller(caller.channel, caller.uniqueid)
    session = room.start(room.centre.citizen(again))
    await room.telephone.asked.wait()
    room.telephone.tell(gone)
    await ends(session)
    assert again.variables["HOTLINE_AFTER"] == "hangup"
    assert room.centre.floor.calls[call_id].ending_because == "agent_hung_up"


async def test_a_phone_that_is_lost_sends_the_citizen_to_the_front(room: Room) -> None:
    await ready(room)
    caller, call_id = await talking(room)
    (leg,) = phone_legs(room)
    room.telephone.phone("1001", PhoneState.ABSENT)
    room.telephone.drop(leg, 44)
    session = room.start(room.centre.citizen(FakeCaller(caller.channel, caller.uniqueid)))
    await room.until(lambda: room.centre.floor.calls[call_id].state is CallState.WAITING)
    assert room.centre.floor.calls[call_id].first
    assert room.centre.seat("1001").state is SeatState.UNREACHABLE
    session.cancel()


async def test_an_engine_killed_while_the_phone_rings(database_url: str) -> None:
    """The new one lets the phone stop ringing and fetches the citizen to the front of its own line."""
    telephone = FakeTelephony()
    async with opened(database_url, telephone, settings=SETTINGS) as room:
        telephone.come_up()
        await ready(room)
        caller, call_id = await accepted(room)
    async with opened(database_url, telephone, settings=SETTINGS) as room:
        assert phone_legs(room)
        with room.bus.subscribe("test", LegGone) as gone:
            telephone.come_up()
            seen = await anext(gone)
            assert isinstance(seen, LegGone)
            assert seen.channel.startswith(PHONE)
        async with asyncio.timeout(5):
            await telephone.was_redirected.wait()
        assert telephone.redirected == [(caller.uniqueid, "citizen", "again")]
        assert room.centre.floor.calls[call_id].first


async def test_an_engine_killed_while_they_talk(database_url: str) -> None:
    telephone = FakeTelephony()
    async with opened(database_url, telephone, settings=SETTINGS) as room:
        telephone.come_up()
        await ready(room)
        caller, call_id = await talking(room)
    async with opened(database_url, telephone, settings=SETTINGS) as room:
        telephone.come_up()
        await room.until(lambda: room.centre.seat("1001").state is SeatState.TALKING)
        assert phone_legs(room)
        telephone.drop(caller.channel)
        await room.until(lambda: not phone_legs(room))
        kinds = await room.facts(call_id)
        assert (kinds.count(CallAdopted), kinds.count(CallConnected)) == (1, 1)


async def test_the_kind_is_kept_over_a_restart(database_url: str) -> None:
    async with opened(database_url) as room:
        room.telephone.come_up()
        await room.ready("1001")
        assert (await room.centre.choose_kind("1001", SeatKind.RUNG, AGENT)).kind is SeatKind.RUNG
        await room.until(lambda: "PJSIP/1001-0001" not in [leg.channel for leg in room.telephone.legs.values()])
        with pytest.raises(RuleBroken):
            await room.centre.choose_kind("1001", SeatKind.NAILED, type(AGENT)("xiaowang", "小王"))
    async with opened(database_url) as room:
        assert room.centre.seat("1001").kind is SeatKind.RUNG
        assert room.centre.seat("1002").kind is SeatKind.NAILED


async def test_a_seat_without_a_desk_is_told_how_its_keys_went(room: Room) -> None:
    room.telephone.slow.add("PJSIP/1002-sip")
    room.telephone.phone("1002", PhoneState.FREE)
    phone = FakeCaller("PJSIP/1002-sip-1", "1700000000.99")
    phone.variables["HOTLINE_SEAT"] = "1002"
    phone.query = {"status": "ready"}
    await room.centre.status_by_phone(phone)
    assert phone.heard == ["hotline/seat-ready"]
    assert room.centre.floor.seat("1002").free
    room.calls("13800000002")
    await room.until(lambda: room.telephone.is_rung("PJSIP/1002-sip"))
    room.telephone.picks_up("PJSIP/1002-sip")
    await room.until(lambda: room.centre.seat("1002").state is SeatState.TALKING)
    stranger = FakeCaller("PJSIP/1009-sip-1", "1700000000.98")
    await room.centre.status_by_phone(stranger)
    assert stranger.heard == ["hotline/seat-refused"]
