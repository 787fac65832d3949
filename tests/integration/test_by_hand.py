"""Return visits by people: whose task it is, the call from the desk, what a crash leaves, the result."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from callback.by_hand.results import HandResult
from callback.by_hand.service import HandList
from callback.tasks import CallbackTasks
from hotline.clock import FakeClock, SystemClock
from hotline.errors import Forbidden, RuleBroken
from hotline.facts.calls import CallConnected
from hotline.facts.outreach import HandCallChanged, HandCallEnded, HandCallMade, HandListChanged
from hotline.ledger import read
from hotline.outreach import ByHand
from hotline.security import Person, Role
from ivr.outbound import Outbound
from ivr.views import SeatState
from telephony.fake import FakeCaller, FakeTelephony
from telephony.port import Result
from tests.integration.databases import on_sqlite
from tests.integration.desk_fakes import NOON
from tests.integration.test_call_centre import SETTINGS, Room, opened
from tests.integration.visits_given_up import ZONE, given_up

CITIZEN = "13800000001"
LINE = f"PJSIP/{CITIZEN}@trunk"
LI = Person(account="xiaoli", name="小李", roles=frozenset({Role.AGENT}), seat="1001")
WANG = Person(account="xiaowang", name="小王", roles=frozenset({Role.AGENT}), seat="1002")
BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
SOLVED = HandResult(disposition="surveyed", solved=True, satisfaction=1)
WAIT = 10


@dataclass
class Desk:
    """A call centre whose agents phone citizens back."""

    room: Room
    tasks: CallbackTasks
    hand_list: HandList

    async def owed(self, **task: str) -> str:
        return str((await given_up(self.room.database, self.tasks, SystemClock(), **task))["id"])  # type: ignore[arg-type]

    def citizen_is_here(self, channel_id: str) -> "tuple[FakeCaller, asyncio.Task[None]]":
        """The dialplan brings who has picked up to the engine."""
        leg = self.room.telephone.legs[channel_id]
        caller = FakeCaller(leg.channel, leg.uniqueid, callerid=CITIZEN)
        return caller, self.room.start(self.room.centre.citizen(caller))

    async def channel(self) -> str:
        (call,) = await self.hand_list.readings.open_calls()
        return str(call["channel_id"])

    async def stage(self, stage: str) -> None:
        with self.room.bus.subscribe("test", HandCallChanged) as seen:
            async with asyncio.timeout(WAIT):
                async for message in seen:
                    if isinstance(message, HandCallChanged) and message.stage == stage:
                        return

    async def until_human(self, task_id: str) -> None:
        with self.room.bus.subscribe("test", HandListChanged) as seen:
            async with asyncio.timeout(WAIT):
                while (await self.tasks.get(task_id))["state"] != "human":
                    await anext(seen)

    async def talk(self, task_id: str) -> str:
        """Agent 1001 has the citizen; returns the channel."""
        await self.hand_list.take(task_id, LI)
        talking = asyncio.ensure_future(self.stage("talking"))
        await asyncio.sleep(0)
        await self.hand_list.dial(task_id, LI)
        channel = await self.channel()
        await self.room.until(lambda: channel in self.room.telephone.legs)
        self.citizen_is_here(channel)
        await talking
        await self.room.until(lambda: self.room.centre.floor.by_uniqueid(channel).seat == "1001")  # type: ignore[union-attr]
        return channel


@asynccontextmanager
async def desk_on(url: str, telephone: FakeTelephony | None = None) -> AsyncIterator[Desk]:
    async with opened(url, telephone) as room:
        clock = SystemClock()
        outbound = room.centre.outbound = Outbound(SETTINGS, room.bus, clock, room.telephone, room.centre)
        tasks = CallbackTasks(room.database, clock, ZONE)
        hand_list = HandList(room.database, room.bus, clock, tasks, ByHand(), outbound)
        work = [asyncio.create_task(outbound.run()), asyncio.create_task(hand_list.run())]
        try:
            yield Desk(room, tasks, hand_list)
        finally:
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_on(database_url) as opened:
        yield opened


async def test_an_agent_phones_a_citizen_and_writes_down_what_came_of_it(desk: Desk) -> None:
    await desk.room.ready("1001")
    task_id = await desk.owed()
    channel = await desk.talk(task_id)
    assert (await desk.tasks.get(task_id))["state"] == "by_hand"
    (dial,) = desk.room.telephone.dialled
    assert (dial.endpoint, dial.context, dial.channel_id) == (LINE, "by-hand", channel)
    assert dial.variables == {"HOTLINE_PHONE": CITIZEN}
    seat = desk.room.telephone.legs[next(leg.uniqueid for leg in desk.room.telephone.legs.values() if leg.seat)]
    assert seat.bridge_id == desk.room.telephone.legs[channel].bridge_id is not None

    over = asyncio.ensure_future(desk.stage("over"))
    await asyncio.sleep(0)
    call = desk.room.centre.call_for("1001")
    assert call is not None
    await desk.room.centre.hang_up("1001", call.call_id, LI)
    await over
    assert (await desk.tasks.get(task_id))["state"] == "human"  # the citizen is off the line, the result is owed
    row = await desk.hand_list.record(task_id, SOLVED, LI)
    assert (row["state"], row["disposition"], row["satisfaction"]) == ("closed", "surveyed", 1)
    facts = [entry.fact async for entry in read(desk.room.database, kinds=[HandCallMade, HandCallEnded, CallConnected])]
    assert [type(fact) for fact in facts] == [HandCallMade, CallConnected, HandCallEnded]
    ended = facts[-1]
    assert isinstance(ended, HandCallEnded)
    assert (ended.outcome, ended.call_id) == ("talked", call.call_id)


@on_sqlite
async def test_while_it_rings_the_seat_is_nobody_elses(desk: Desk) -> None:
    await desk.room.ready("1001")
    task_id = await desk.owed()
    desk.room.telephone.slow.add(LINE)
    await desk.hand_list.take(task_id, LI)
    await desk.hand_list.dial(task_id, LI)
    await desk.room.until(lambda: desk.room.telephone.is_rung(LINE))
    assert desk.room.centre.seat("1001").state is SeatState.TALKING
    desk.room.calls("13800000009")
    await desk.room.until(lambda: desk.room.centre.live().waiting)
    assert desk.room.centre.offer_for("1001") is None
    with pytest.raises(RuleBroken, match="通话中"):
        await desk.hand_list.dial(task_id, LI)
    gone = asyncio.ensure_future(desk.stage("rejected"))
    await asyncio.sleep(0)
    await desk.hand_list.stop(task_id, LI)
    await gone
    await desk.room.offer("1001")  # who waited is offered at once
    assert (await desk.tasks.get(task_id))["state"] == "human"


@pytest.mark.parametrize("outcome", [Result.BUSY, Result.NO_ANSWER, Result.REJECTED])
@on_sqlite
async def test_nobody_there_is_an_attempt_and_the_task_stays_mine(desk: Desk, outcome: Result) -> None:
    await desk.room.ready("1001")
    task_id = await desk.owed()
    desk.room.telephone.outcomes[LINE] = outcome
    await desk.hand_list.take(task_id, LI)
    missed = asyncio.ensure_future(desk.stage(outcome.value))
    await asyncio.sleep(0)
    await desk.hand_list.dial(task_id, LI)
    await missed
    assert (await desk.tasks.get(task_id))["state"] == "human"
    assert desk.room.centre.seat("1001").state is SeatState.IDLE
    (shown,) = (await desk.hand_list.readings.page(LI, whose="mine", page=1, size=10))["items"]
    assert shown["phone"] == CITIZEN
    row = await desk.hand_list.record(task_id, HandResult(disposition="unreachable", ground="no_answer"), LI)
    assert (row["disposition"], row["grounds"]) == ("unreachable", "多次无人接听")


@on_sqlite
async def test_who_is_on_the_line_or_rung_by_the_robot_is_not_dialled(desk: Desk) -> None:
    await desk.room.ready("1001")
    task_id, other = await desk.owed(), await desk.owed(ticket_id="ticket_2", phone="13800000002")
    await desk.hand_list.take(task_id, LI)
    caller, _ = desk.room.calls(CITIZEN)
    await desk.room.until(lambda: desk.room.centre.is_on_the_line(CITIZEN))
    with pytest.raises(RuleBroken, match="通话中"):
        await desk.hand_list.dial(task_id, LI)
    caller.hangs_up()

    await desk.hand_list.take(other, LI)
    async with desk.room.database.unit_of_work() as uow:  # another matter of the same citizen, on the robot's phone
        second = await desk.tasks.demand(
            uow, ticket_id="ticket_3", number="", title="", phone="13800000002", at=SystemClock().now()
        )
    assert await desk.tasks.claim(await desk.tasks.get(second)) is not None
    with pytest.raises(RuleBroken):
        await desk.hand_list.dial(other, LI)
    assert desk.room.telephone.dialled == []
    assert await desk.hand_list.readings.open_calls() == []


async def test_while_an_agent_phones_the_robot_cannot(desk: Desk) -> None:
    await desk.room.ready("1001")
    await desk.talk(await desk.owed())
    async with desk.room.database.unit_of_work() as uow:
        second = await desk.tasks.demand(
            uow, ticket_id="ticket_2", number="", title="", phone=CITIZEN, at=SystemClock().now()
        )
    assert await desk.tasks.claim(await desk.tasks.get(second)) is None


@on_sqlite
async def test_a_citizen_whose_seat_is_lost_meanwhile_waits_for_another(desk: Desk) -> None:
    await desk.room.ready("1001")
    await desk.room.ready("1002")
    task_id = await desk.owed()
    desk.room.telephone.slow.add(LINE)
    await desk.hand_list.take(task_id, LI)
    await desk.hand_list.dial(task_id, LI)
    await desk.room.until(lambda: desk.room.telephone.is_rung(LINE))
    leg = desk.room.centre.floor.seat("1001").leg
    assert leg is not None
    desk.room.telephone.drop(leg.channel)
    await desk.room.until(lambda: desk.room.centre.floor.seat("1001").leg is None)
    channel = await desk.channel()
    desk.room.telephone.picks_up(LINE)
    await desk.room.until(lambda: channel in desk.room.telephone.legs)
    desk.citizen_is_here(channel)
    await desk.room.offer("1002")


# ── whose task it is ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_task_is_one_persons(desk: Desk) -> None:
    task_id = await desk.owed()
    told = await asyncio.gather(
        *(desk.hand_list.take(task_id, person) for person in (LI, WANG)), return_exceptions=True
    )
    assert [isinstance(one, RuleBroken) for one in told].count(True) == 1
    mine, other = (LI, WANG) if told[0] is None else (WANG, LI)
    await desk.hand_list.take(task_id, mine)  # again: harmless
    with pytest.raises(RuleBroken, match=mine.name):
        await desk.hand_list.record(task_id, SOLVED, other)
    with pytest.raises(Forbidden):
        await desk.hand_list.release(task_id, other)
    shown = (await desk.hand_list.readings.page(other, whose="all", page=1, size=10))["items"][0]
    assert (shown["claim"]["name"], shown["mine"], shown["phone"]) == (mine.name, False, None)
    assert (await desk.hand_list.readings.page(other, whose="free", page=1, size=10))["total"] == 0
    await desk.hand_list.release(task_id, BOSS)
    await desk.hand_list.take(task_id, other)
    await desk.hand_list.record(task_id, HandResult(disposition="refused"), other)
    with pytest.raises(RuleBroken):
        await desk.hand_list.take(task_id, mine)


@on_sqlite
async def test_a_claim_runs_out(database_url: str) -> None:
    async with opened(database_url) as room:
        clock = FakeClock(NOON)
        tasks = CallbackTasks(room.database, clock, ZONE)
        outbound = Outbound(SETTINGS, room.bus, clock, room.telephone, room.centre)
        hand_list = HandList(room.database, room.bus, clock, tasks, ByHand(claim_minutes=30), outbound)
        task_id = (await given_up(room.database, tasks, clock))["id"]
        await hand_list.take(task_id, LI)
        clock.advance(29 * 60)
        with pytest.raises(RuleBroken, match="小李"):
            await hand_list.take(task_id, WANG)
        clock.advance(60)
        await hand_list.take(task_id, WANG)
        with pytest.raises(RuleBroken, match="小王"):
            await hand_list.record(task_id, SOLVED, LI)


@on_sqlite
async def test_nobody_dials_what_is_not_his(desk: Desk) -> None:
    await desk.room.ready("1001")
    task_id = await desk.owed()
    with pytest.raises(RuleBroken, match="领取"):
        await desk.hand_list.dial(task_id, LI)
    with pytest.raises(Forbidden, match="座席"):
        await desk.hand_list.dial(task_id, BOSS)
    withheld = await desk.owed(ticket_id="ticket_2", phone="")
    await desk.hand_list.take(withheld, LI)
    with pytest.raises(RuleBroken, match="没有留下电话"):
        await desk.hand_list.dial(withheld, LI)
    row = await desk.hand_list.record(withheld, HandResult(disposition="unreachable", ground="withheld"), LI)
    assert row["disposition"] == "unreachable"


# ── the engine dies ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("alive", [True, False])
async def test_after_a_crash_asterisk_is_asked_and_nobody_is_dialled_again(database_url: str, alive: bool) -> None:
    telephone = FakeTelephony()
    async with desk_on(database_url, telephone) as desk:
        await desk.room.ready("1001")
        task_id = await desk.owed()
        channel = await desk.talk(task_id)
    telephone.asked.clear()
    if not alive:
        telephone.drop(channel)
    async with desk_on(database_url, telephone) as desk:
        if alive:
            async with asyncio.timeout(WAIT):
                await telephone.asked.wait()
            assert (await desk.tasks.get(task_id))["state"] == "by_hand"
            telephone.drop(channel)
        await desk.until_human(task_id)
        assert await desk.hand_list.readings.open_calls() == []
        assert len(telephone.dialled) == 1
        await desk.hand_list.record(task_id, SOLVED, LI)  # it is still hers
