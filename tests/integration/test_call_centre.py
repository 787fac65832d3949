"""The call centre's hands on a real database and a behaving telephone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import MISSING, dataclass, fields
from typing import Any

import pytest

from agent_desk.ports import Rooms
from agent_desk.watching import show_control, show_own_control
from hotline import ledger
from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.errors import RuleBroken
from hotline.facts import Fact
from hotline.facts.calls import (
    CallAdopted,
    CallArrived,
    CallConnected,
    CallEnded,
    CallFellBack,
    CallOffered,
    CallQueued,
    OfferEnded,
)
from hotline.facts.control import SeatLeftCall
from hotline.facts.screens import OfferMade, WaitingChanged
from hotline.settings import Group, Line, Seat, Settings
from ivr.control.echo import EchoTest
from ivr.control.service import CallControl
from ivr.control.supervision import Supervision
from ivr.orders import Step
from ivr.service import CallCentre
from ivr.views import CallState, SeatState, SeatStatus
from telephony.fake import FakeCaller, FakeTelephony
from tests.integration.databases import fill_disk, free_disk

SETTINGS = Settings(
    lines=[Line(number="12345", group="general")],
    groups=[Group(id="general", name="综合", wrap_up_seconds=0)],
    seats=[Seat(id="1001", groups=["general"]), Seat(id="1002", groups=["general"])],
)


@dataclass(frozen=True)
class Agent:
    account: str = "xiaoli"
    name: str = "小李"


AGENT = Agent()


class Room:
    """One engine's call centre with its telephone."""

    def __init__(self, database: Database, bus: Bus, telephone: FakeTelephony, settings: Settings) -> None:
        self.bus, self.telephone, self.database = bus, telephone, database
        self.centre = CallCentre(settings, database, bus, telephone, SystemClock())
        self._sessions: set[asyncio.Task[None]] = set()

    def start(self, session: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(session)
        self._sessions.add(task)
        return task

    async def ready(self, seat: str) -> None:
        self.telephone.add_leg(f"PJSIP/{seat}-0001", seat=seat)
        self.centre.feed_opened(seat, AGENT)
        await self.centre.choose_status(seat, SeatStatus.READY, None, AGENT)
        await self.until(lambda: self.centre.seat(seat).state is not SeatState.UNREACHABLE)

    def calls(self, number: str) -> tuple[FakeCaller, "asyncio.Task[None]"]:
        leg = self.telephone.add_leg(f"PJSIP/trunk-{number}", caller=number)
        caller = FakeCaller(leg.channel, leg.uniqueid, callerid=number, dnid="12345")
        return caller, self.start(self.centre.citizen(caller))

    async def until(self, true: Callable[[], object]) -> None:
        """Wait for a change on the bus that makes it true."""
        with self.bus.subscribe("test") as seen:
            async with asyncio.timeout(5):
                while not true():
                    await anext(seen)

    async def offer(self, seat: str) -> int:
        await self.until(lambda: self.centre.offer_for(seat))
        offer = self.centre.offer_for(seat)
        assert offer is not None
        return offer.offer_id

    async def facts(self, call_id: str) -> list[type[Fact]]:
        """What the ledger has of a call once all is written that the floor has done: it is ahead of the ledger."""
        await self.all_written()
        return await self.written(call_id)

    async def all_written(self) -> None:
        """Until the ledger has all that the floor has done by now."""
        await self.centre.journal.write(Step(signals=[WaitingChanged(group="general")]), [], [])

    async def written(self, call_id: str) -> list[type[Fact]]:
        """What the ledger has of a call now."""
        return [type(entry.fact) async for entry in ledger.read(self.database, call_id=call_id)]


@asynccontextmanager
async def opened(
    url: str, telephone: FakeTelephony | None = None, settings: Settings = SETTINGS
) -> AsyncIterator[Room]:
    bus = Bus()
    telephone = telephone or FakeTelephony()
    telephone._publish = bus.publish
    database = await Database.open(url, bus)
    room = Room(database, bus, telephone, settings)
    await room.centre.load()
    task = asyncio.create_task(room.centre.run())
    try:
        yield room
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await database.close()


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    async with opened(database_url) as room:
        yield room


async def ends(work: Awaitable[None]) -> None:
    async with asyncio.timeout(5):
        await work


async def test_a_site_may_want_rests_to_be_asked_for(room: Room) -> None:
    room.centre._settings = SETTINGS.model_copy(update={"rest_approval": True})
    await room.ready("1001")
    with pytest.raises(RuleBroken, match="申请"):
        await room.centre.choose_status("1001", SeatStatus.NOT_READY, "小休", AGENT)
    with pytest.raises(RuleBroken, match="没有"):
        await room.centre.ask_rest("1001", "钓鱼", AGENT)
    await room.centre.ask_rest("1001", "小休", AGENT)
    seat = await room.centre.decide_rest("1001", True, Agent("banzhang", "班长"))
    assert (seat.status, seat.reason) == (SeatStatus.NOT_READY, "小休")
    assert seat.rest_until is not None


class HangsUpInThatInstant(FakeTelephony):
    """The first citizen to be connected hangs up just before; the news of it has not come yet."""

    async def bridge(self, citizen_channel: str, seat_channel: str) -> None:
        if not self._broken:
            self.forget(citizen_channel)
        await super().bridge(citizen_channel, seat_channel)


async def test_a_citizen_who_hangs_up_while_being_connected_is_no_fault_of_the_seat(database_url: str) -> None:
    settings = SETTINGS.model_copy(
        update={"groups": [Group(id="general", name="综合", answer="auto", wrap_up_seconds=0)]}
    )
    async with opened(database_url, HangsUpInThatInstant(), settings) as room:
        await room.ready("1001")
        room.calls("13800000001")
        await room.until(lambda: any(call.state is CallState.ENDED for call in room.centre.floor.calls.values()))
        (gone,) = room.centre.floor.calls.values()
        assert gone.end_reason == "abandoned"
        assert room.centre.seat("1001").status is SeatStatus.READY
        room.calls("13800000002")
        await room.until(lambda: room.centre.seat("1001").state is SeatState.TALKING)


async def test_an_idle_seat_hears_itself_for_a_while_and_a_citizen_ends_it(room: Room) -> None:
    echo = EchoTest(room.telephone, room.centre, longest=0.05)
    with pytest.raises(RuleBroken):
        await echo.start("1001", AGENT)  # no leg yet
    await room.ready("1001")
    leg = room.centre.floor.seats["1001"].leg
    assert leg is not None
    await echo.start("1001", AGENT)
    assert room.telephone.redirected == [(leg.uniqueid, "seat-loop", "echo")]
    async with asyncio.timeout(5):
        while len(room.telephone.redirected) < 2:  # noqa: ASYNC110  nothing is told: nobody's screen changes
            await asyncio.sleep(0.01)
    assert room.telephone.redirected[1] == (leg.uniqueid, "seat-loop", "parked")
    await echo.start("1001", AGENT)
    _, session = room.calls("13800000001")
    await room.centre.accept("1001", await room.offer("1001"), AGENT)
    await ends(session)
    done = len(room.telephone.redirected)
    await echo.stop("1001", AGENT)
    assert len(room.telephone.redirected) == done  # who talks is not parked
    with pytest.raises(RuleBroken):
        await echo.start("1001", AGENT)


async def test_a_reloaded_page_gets_its_citizen_back(room: Room) -> None:
    await room.ready("1001")
    await room.ready("1002")
    caller, session = room.calls("13800000001")
    await room.until(lambda: any(room.centre.offer_for(seat) for seat in ("1001", "1002")))
    seat = next(seat for seat in ("1001", "1002") if room.centre.offer_for(seat))
    call = await room.centre.accept(seat, await room.offer(seat), AGENT)
    await ends(session)
    old = room.centre.floor.seats[seat].leg
    assert old is not None
    await room.telephone.hang_up(old.channel)
    again = asyncio.create_task(room.centre.citizen(FakeCaller(caller.channel, caller.uniqueid, dnid="12345")))
    fresh = room.telephone.add_leg(f"PJSIP/{seat}-0002", seat=seat)
    await room.until(lambda: room.centre.floor.calls[call.call_id].seat_uniqueid == fresh.uniqueid)
    await ends(again)
    assert room.centre.call_for(seat) is not None
    assert (room.centre.floor.calls[call.call_id].seat, room.centre.seat(seat).state) == (seat, SeatState.TALKING)
    with room.bus.subscribe("ended", CallEnded) as ended:  # told when it is written
        await room.centre.hang_up(seat, call.call_id, AGENT)
        async with asyncio.timeout(5):
            await anext(ended)
    assert (await room.facts(call.call_id)).count(CallConnected) == 2


NOT_ASKED: Any = dict.fromkeys(field.name for field in fields(Rooms) if field.default is MISSING)
"""Rooms that a test of supervision does without."""


def supervision_of(room: Room) -> Supervision:
    """A supervisors' room beside the call centre."""
    control = CallControl(SETTINGS, room.database, room.bus, room.telephone, SystemClock(), room.centre)
    return Supervision(room.database, room.bus, room.telephone, SystemClock(), room.centre, control)


async def test_a_raised_hand_outlives_the_engine_and_is_lowered_with_its_call(room: Room) -> None:
    supervision = supervision_of(room)
    running = asyncio.create_task(supervision.run())
    await room.ready("1001")
    _, session = room.calls("13800000001")
    call = await room.centre.accept("1001", await room.offer("1001"), AGENT)
    await ends(session)
    await supervision.raise_hand("1001", True, "市民情绪激动", AGENT)
    restarted = supervision_of(room)
    await restarted.load()
    assert restarted.hands_up == supervision.hands_up
    assert restarted.hands_up["1001"].note == "市民情绪激动"
    await room.centre.hang_up("1001", call.call_id, AGENT)
    await room.until(lambda: not supervision.hands_up)
    again = supervision_of(room)
    await again.load()
    assert again.hands_up == {}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_whether_agents_see_a_supervisor_at_their_call_is_the_sites_choice(room: Room) -> None:
    supervision = supervision_of(room)
    await room.ready("1001")
    await room.ready("1002")
    _, session = room.calls("13800000001")
    await room.until(lambda: any(room.centre.offer_for(seat) for seat in ("1001", "1002")))
    seat = next(seat for seat in ("1001", "1002") if room.centre.offer_for(seat))
    await room.centre.accept(seat, await room.offer(seat), AGENT)
    await ends(session)
    own = "1002" if seat == "1001" else "1001"
    await supervision.join(seat, "listen", own, "", Agent("banzhang", "班长"))
    control = CallControl(SETTINGS, room.database, room.bus, room.telephone, SystemClock(), room.centre)
    for visible, seen in ((True, ["listen"]), (False, [])):
        rooms = Rooms(**NOT_ASKED, control=control, supervision=supervision, watching_visible=visible)
        assert show_own_control(rooms, seat).watched == seen
        assert show_control(rooms, seat).watched == ["listen"]
        watching = show_own_control(rooms, own).watching
        assert watching is not None
        assert (watching.seat, watching.mode) == (seat, "listen")


@dataclass
class PassingOn:
    """Call control that has just bridged the citizen with another seat and has not yet said so."""

    room: Room
    seat: str

    def keeps(self, call_id: str) -> bool:
        return False

    def returned(self, call_id: str) -> None:
        pass

    async def take_up(self) -> None:
        pass

    async def at_rest(self, call_id: str) -> None:
        await self.room.centre.do(self.room.centre.floor.hand_over(call_id, self.seat, SystemClock().now()))


async def test_a_citizen_who_is_passed_on_is_not_taken_for_the_queues_gift(room: Room) -> None:
    room.telephone.come_up()
    await room.ready("1001")
    caller, session = room.calls("13800000001")
    call = await room.centre.accept("1001", await room.offer("1001"), AGENT)
    await ends(session)
    await room.ready("1002")
    room.centre.control = PassingOn(room, "1002")
    await room.telephone.bridge(caller.channel, "PJSIP/1002-0001")
    await room.until(lambda: room.centre.seat("1002").call_id == call.call_id)
    await room.all_written()
    facts = [entry.fact async for entry in ledger.read(room.database, call_id=call.call_id)]
    assert [fact.seat for fact in facts if isinstance(fact, CallConnected)] == ["1001", "1002"]
    assert not [fact for fact in facts if isinstance(fact, SeatLeftCall)]  # call control tells why it left


async def test_the_way_of_one_call(room: Room) -> None:
    await room.ready("1001")
    caller, session = room.calls("13800000001")
    offer = await room.offer("1001")
    call = await room.centre.accept("1001", offer, AGENT)
    await ends(session)
    assert caller.heard == ["hotline/welcome"]
    assert caller.released
    assert (call.state, call.seat) == (CallState.TALKING, "1001")
    await room.centre.hang_up("1001", call.call_id, AGENT)
    await room.until(lambda: room.centre.seat("1001").state is SeatState.IDLE)
    kinds = await room.facts(call.call_id)
    for kind in (CallQueued, CallOffered, CallConnected, CallEnded):
        assert kinds.count(kind) == 1
    view = await room.centre.find_call(call.call_id)
    assert view.end_reason == "agent_hung_up"


async def test_two_tabs_accept_and_one_bridge_is_made(room: Room) -> None:
    await room.ready("1001")
    room.calls("13800000001")
    offer = await room.offer("1001")
    results = await asyncio.gather(
        *(room.centre.accept("1001", offer, AGENT) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, RuleBroken) for result in results) == 4


async def test_the_citizen_hangs_up_while_the_agent_accepts(room: Room) -> None:
    await room.ready("1001")
    caller, session = room.calls("13800000001")
    offer = await room.offer("1001")
    room.telephone.drop(caller.channel)
    caller.hangs_up()
    with pytest.raises(RuleBroken):
        await room.centre.accept("1001", offer, AGENT)
    await ends(session)
    await room.until(lambda: room.centre.seat("1001").state is SeatState.IDLE)


async def test_an_offer_is_in_the_ledger_before_the_screen_is_told(room: Room) -> None:
    await room.ready("1001")
    with room.bus.subscribe("screen", OfferMade) as screen:
        room.calls("13800000001")
        async with asyncio.timeout(5):
            await anext(screen)
    view = room.centre.offer_for("1001")
    assert view is not None
    assert CallOffered in await room.written(view.call_id)


async def test_a_killed_engine_finds_the_talk_again(database_url: str) -> None:
    telephone = FakeTelephony()
    async with opened(database_url, telephone) as room:
        await room.ready("1001")
        room.calls("13800000001")
        call = await room.centre.accept("1001", await room.offer("1001"), AGENT)
    async with opened(database_url, telephone) as room:
        telephone.come_up()
        await room.until(lambda: room.centre.seat("1001").call_id == call.call_id)
        assert room.centre.seat("1001").state is SeatState.UNREACHABLE  # until her page is heard of again
        room.centre.feed_opened("1001", AGENT)
        assert room.centre.seat("1001").state is SeatState.TALKING
        assert room.centre.seat("1001").status is SeatStatus.READY
        await room.until(lambda: True)
        telephone.drop("PJSIP/trunk-13800000001")
        await room.until(lambda: room.centre.seat("1001").call_id is None)
        kinds = await room.facts(call.call_id)
        assert (kinds.count(CallAdopted), kinds.count(CallConnected)) == (1, 1)


async def test_an_offer_that_died_with_the_engine_is_ended(database_url: str) -> None:
    telephone = FakeTelephony()
    async with opened(database_url, telephone) as room:
        await room.ready("1001")
        room.calls("13800000001")
        await room.offer("1001")
        call_id = room.centre.floor.waiting()[0].call_id
    async with opened(database_url, telephone) as room:
        with room.bus.subscribe("test", CallAdopted) as seen:
            telephone.come_up()
            async with asyncio.timeout(5):
                await anext(seen)
        kinds = await room.facts(call_id)
        assert (kinds.count(CallOffered), kinds.count(OfferEnded), kinds.count(CallFellBack)) == (1, 1, 1)


async def test_a_killed_engine_fetches_its_waiting_citizen_and_closes_who_left(database_url: str) -> None:
    telephone = FakeTelephony()
    async with opened(database_url, telephone) as room:
        stays, _ = room.calls("13800000001")
        leaves, _ = room.calls("13800000002")
        await room.until(lambda: len(room.centre.live().waiting) == 2)
    telephone.drop(leaves.channel)
    async with opened(database_url, telephone) as room:
        telephone.come_up()
        await room.until(lambda: telephone.redirected)
        assert [(leg, where) for leg, *where in telephone.redirected] == [(stays.uniqueid, ["citizen", "again"])]
        gone = await room.centre.call_of(leaves.uniqueid)
        assert gone is not None
        await room.until(lambda: room.centre.call(gone).state is CallState.ENDED)  # type: ignore[union-attr]
        assert (await room.centre.find_call(gone)).end_reason == "ended_unseen"


async def test_a_citizen_who_went_past_us_is_written_down_and_fetched(room: Room) -> None:
    room.telephone.come_up()
    leg = room.telephone.add_leg("PJSIP/trunk-1", caller="13800000001")
    with room.bus.subscribe("test", CallAdopted) as seen:
        room.telephone.fall_back(leg.uniqueid)
        async with asyncio.timeout(5):
            await anext(seen)
    call_id = await room.centre.call_of(leg.uniqueid)
    assert call_id is not None
    kinds = await room.facts(call_id)
    assert [kinds.count(kind) for kind in (CallArrived, CallFellBack, CallAdopted)] == [1, 1, 1]


async def test_a_citizen_whom_asterisk_s_queue_gives_to_a_free_seat_is_left_to_it(room: Room) -> None:
    room.telephone.come_up()
    await room.ready("1001")
    leg = room.telephone.add_leg("PJSIP/trunk-1", caller="13800000001")
    room.telephone.fall_back(leg.uniqueid)
    await room.until(lambda: room.centre.floor.by_uniqueid(leg.uniqueid))
    await room.telephone.bridge(leg.channel, "PJSIP/1001-0001")
    await room.until(lambda: room.centre.seat("1001").state is SeatState.TALKING)
    assert not room.telephone.redirected


async def test_asterisk_restarts_under_us(room: Room) -> None:
    await room.ready("1001")
    room.calls("13800000001")
    call = await room.centre.accept("1001", await room.offer("1001"), AGENT)
    room.telephone.go_down()
    room.telephone.come_up(restarted=True)
    await room.until(lambda: room.centre.seat("1001").state is SeatState.UNREACHABLE)
    assert (await room.centre.find_call(call.call_id)).end_reason == "asterisk_restarted"
    room.telephone.add_leg("PJSIP/1001-0002", seat="1001")
    await room.until(lambda: room.centre.seat("1001").state is SeatState.IDLE)


async def test_a_full_disk_stops_no_call(room: Room) -> None:
    await room.ready("1001")
    await fill_disk(room.database)
    room.calls("13800000001")
    call = await room.centre.accept("1001", await room.offer("1001"), AGENT)
    assert call.state is CallState.TALKING
    assert room.centre.journal.failing
    await free_disk(room.database)
    await room.centre.hang_up("1001", call.call_id, AGENT)
    await room.until(lambda: room.centre.seat("1001").state is SeatState.IDLE)
    assert CallConnected in await room.facts(call.call_id)


async def test_somebody_else_at_the_seat_is_refused(room: Room) -> None:
    await room.ready("1001")
    room.calls("13800000001")
    offer = await room.offer("1001")
    other = Agent("xiaowang", "小王")
    for act in (
        room.centre.accept("1001", offer, other),
        room.centre.reject("1001", offer, other),
        room.centre.choose_status("1001", SeatStatus.NOT_READY, None, other),
    ):
        with pytest.raises(RuleBroken, match="somebody else"):
            await act
    assert (await room.centre.accept("1001", offer, AGENT)).seat == "1001"
