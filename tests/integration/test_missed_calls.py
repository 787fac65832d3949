"""Calls that nobody took stand in the ledger of return visits: one table of states, one telephone per citizen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callback.by_hand.results import HandResult
from callback.by_hand.service import HandList
from callback.commands import prove_period
from callback.lifecycle import Event
from callback.missed import MissedCalls
from callback.port import MISSED
from callback.tasks import CallbackTasks
from hotline.clock import SystemClock
from hotline.errors import RuleBroken
from hotline.outreach import ByHand
from hotline.security import Person, Role
from ivr.outbound import Outbound
from ivr.owed_calls import BY_HAND, DIALLING, WAITING
from ivr.services import Services
from telephony.fake import FakeTelephony
from telephony.port import Result
from tests.integration.test_call_centre import AGENT, SETTINGS
from tests.integration.test_owed_calls import gives_up
from tests.integration.test_promise_dialler import CITIZEN, Lost, Town, town
from tests.integration.visits_given_up import ONCE, ZONE

LI = Person(account="xiaoli", name="小李", roles=frozenset({Role.AGENT}), seat="1001")
ENDPOINT = f"PJSIP/{CITIZEN}@trunk"


class Ledger:
    """A town whose missed calls are tasks."""

    def __init__(self, made: Town) -> None:
        database, clock = made.room.database, SystemClock()
        self.made, self.room = made, made.room
        self.tasks = CallbackTasks(database, clock, ZONE)
        made.room.centre.provide(Services(owed=MissedCalls(self.tasks, database, clock, ZONE)))
        self.tasks.conclusions[MISSED] = made.room.centre.owed

    async def task(self) -> dict[str, Any]:
        """The only task."""
        found = await self.tasks.page(state=None, page=1, size=9, kind=MISSED)
        assert found["total"] == 1
        return await self.tasks.get(found["items"][0]["task_id"])

    async def visit(self, ticket: str = "ticket_1") -> dict[str, Any]:
        """The same citizen is owed a return visit about a work order too."""
        async with self.room.database.unit_of_work() as uow:
            task_id = await self.tasks.demand(
                uow, ticket_id=ticket, number="1", title="路灯", phone=CITIZEN, at=SystemClock().now()
            )
        return await self.tasks.get(task_id)

    async def holes(self) -> list[str]:
        """What the proof finds wrong."""
        day, now = timedelta(days=1), datetime.now(UTC)
        proof = await prove_period(self.room.database, now - day, now + day, [], [], ONCE)
        return [hole.en for hole in proof.holes]


@asynccontextmanager
async def ledger(url: str, telephone: FakeTelephony | None = None, **rules: Any) -> AsyncIterator[Ledger]:
    async with town(url, telephone, **rules) as made:
        yield Ledger(made)


async def test_a_missed_call_is_a_task_that_ends_when_an_agent_has_the_citizen(database_url: str) -> None:
    async with ledger(database_url) as kept:
        await gives_up(kept.room)
        await gives_up(kept.room)  # one open per citizen
        task = await kept.task()
        assert (task["state"], task["phone"], task["title"]) == ("due", CITIZEN, "排队未接通的来电")
        assert await kept.tasks.due(SystemClock().now(), 9) == []  # not the robot's to dial
        assert await kept.tasks.next_due(datetime(2000, 1, 1, tzinfo=UTC)) is None
        await kept.room.ready("1001")
        await kept.made.due_now()
        dial = await kept.made.dialled()
        task = await kept.task()
        assert (task["state"], task["attempt"], task["channel_id"]) == ("dialling", 1, dial.channel_id)
        assert await kept.tasks.unsettled("robot", SystemClock().now()) == []  # nor the robot's to settle
        kept.made.picks_up(dial)
        await kept.room.centre.accept("1001", await kept.room.offer("1001"), AGENT)
        task = await kept.task()
        assert (task["state"], task["disposition"]) == ("closed", "connected")
        (attempt,) = await kept.tasks.attempts(task["id"])
        assert (attempt["outcome"], attempt["phone"]) == ("connected", CITIZEN)
        assert await kept.holes() == []


async def test_who_calls_again_and_is_answered_is_not_rung(database_url: str) -> None:
    async with ledger(database_url) as kept:
        await gives_up(kept.room)
        await kept.room.ready("1001")
        kept.room.calls(CITIZEN)
        await kept.room.centre.accept("1001", await kept.room.offer("1001"), AGENT)
        task = await kept.task()
        assert (task["state"], task["disposition"], task["attempt"]) == ("closed", "connected", 0)


@pytest.mark.parametrize("by_list", [True, False], ids=["from the list for people", "from the promises"])
async def test_who_is_not_reached_goes_to_people_who_write_down_what_came_of_it(
    database_url: str, by_list: bool
) -> None:
    telephone = FakeTelephony()
    telephone.outcomes[ENDPOINT] = Result.BUSY
    async with ledger(database_url, telephone, retry_minutes=[10]) as kept:
        room, clock = kept.room, SystemClock()
        await gives_up(room)
        await room.ready("1001")
        await kept.made.due_now()
        await kept.made.one(stage=WAITING, attempt=1)
        assert (await kept.task())["state"] == "due"
        await kept.made.due_now()
        owed = await kept.made.one(stage=BY_HAND, attempt=2)
        task = await kept.task()
        assert (task["state"], task["disposition"], task["attempt"]) == ("human", "busy", 2)
        assert [one["outcome"] for one in await kept.tasks.attempts(task["id"])] == ["busy", "busy"]
        if by_list:
            outbound = Outbound(SETTINGS, room.bus, clock, room.telephone, room.centre)
            people = HandList(room.database, room.bus, clock, kept.tasks, ByHand(), outbound)
            await people.take(task["id"], LI)
            with pytest.raises(RuleBroken):  # nothing was asked that could be graded
                await people.record(task["id"], HandResult(disposition="surveyed", solved=True, satisfaction=1), LI)
            await people.record(task["id"], HandResult(disposition="connected"), LI)
        else:
            await room.centre.owed.keep(owed["id"], "xiaoli")
        assert await room.centre.owed.open() == []
        task = await kept.task()
        assert (task["state"], task["disposition"]) == ("closed", "connected")
        assert await kept.holes() == []


async def test_robot_and_line_never_ring_one_citizen_at_once(database_url: str) -> None:
    async with ledger(database_url, Lost()) as kept:
        await gives_up(kept.room)
        visit = await kept.tasks.claim(await kept.visit(), "another engine's robot")
        assert visit is not None
        await kept.room.ready("1001")
        await kept.made.due_now()
        async with asyncio.timeout(5):
            while (await kept.made.one(stage=WAITING))["due_at"] < SystemClock().now():  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # put off: nothing is told of that
        assert kept.room.telephone.dialled == []
        visit = await kept.tasks.dial(visit)
        await kept.tasks.fail(visit, Event.NO_ANSWER, ONCE)
        await kept.made.due_now()
        await kept.made.dialled()
        await kept.made.one(stage=DIALLING)
        assert await kept.tasks.claim(await kept.visit("ticket_2")) is None  # and the other way round


async def test_a_citizen_who_leaves_before_an_agent_comes_and_a_leg_that_died_with_the_engine(
    database_url: str,
) -> None:
    telephone = Lost()
    async with ledger(database_url, telephone) as kept:
        await gives_up(kept.room)
        await kept.room.ready("1001")
        await kept.made.due_now()
        dial = await kept.made.dialled()
        await kept.made.one(stage=DIALLING)
    del telephone._legs[dial.channel_id]
    async with ledger(database_url, telephone) as kept:
        await kept.made.one(stage=WAITING, attempt=1)
        task = await kept.task()
        assert (task["state"], task["attempt"]) == ("due", 1)
        assert [one["outcome"] for one in await kept.tasks.attempts(task["id"])] == ["failed"]
        assert len(telephone.dialled) == 1
