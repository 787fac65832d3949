"""The robot's harder ways: agents, strangers, "later", machines, dead trunks, wishes, pauses, robots that are gone."""

from datetime import timedelta
from typing import Any

import pytest

from callback.commands import prove_period
from callback.pacing import Pace
from callback.port import Engine
from callback.robot import LEASE_SECONDS
from hotline.database import Database, UnitOfWork
from hotline.errors import RuleBroken
from hotline.facts.callbacks import (
    CallbackBreakerClosed,
    CallbackBreakerOpened,
    CallbackDialled,
    CallbackDone,
    CallbackHanded,
    RobotChanged,
)
from telephony.fake import FakeCaller
from telephony.port import Result
from tests.integration.test_callback_robot import PHONE, START, ZONE, World, running, world

__all__ = ["world"]
TRUNK = f"PJSIP/{PHONE}@trunk"


async def test_every_answer_is_kept_and_free_words_have_a_place(world: World) -> None:
    world.phones.keys[PHONE] = ["2", "5", "4", "3", "2"]
    async with running(world.robot()):
        row = await world.until(await world.owe(), "closed")
    assert row["answers"] == {"solved": "2", "satisfied": "5", "manner": "4", "reason": "3"}
    assert (row["solved"], row["satisfaction"], row["manner"], row["reason"]) == (False, 5, 4, "3")
    (attempt,) = await world.tasks.attempts(row["id"])
    assert (attempt["outcome"], attempt["phone"], attempt["attempt"]) == ("surveyed", PHONE, 1)
    assert await world.tasks.funnel(START) == {"surveyed": 1}


async def test_a_dissatisfied_citizen_goes_to_an_agent_at_once(world: World) -> None:
    world.phones.keys[PHONE] = ["2", "5", "4", "3", "1"]
    callers: list[FakeCaller] = []
    robot = world.robot()

    async def pick_up(caller: FakeCaller) -> None:
        callers.append(caller)
        await robot.survey(caller)

    world.phones.pick_up = pick_up
    async with running(robot):
        row = await world.until(await world.owe(), "human")
    assert callers[0].variables == {"HOTLINE_PHONE": PHONE, "HOTLINE_AFTER": "agent"}
    assert (row["disposition"], row["satisfaction"], world.files.concluded) == ("surveyed", 5, [])
    (handed,) = await world.facts(CallbackHanded)
    assert handed.task_id == row["id"]
    await world.tasks.settle_by(row["id"], disposition="surveyed", solved=True, satisfaction=2, by="agent1")
    assert world.files.concluded == [("ticket_1", "已评价", True, 2)]


async def test_somebody_else_answers(world: World) -> None:
    world.phones.keys[PHONE] = ["7"]
    async with running(world.robot()):
        row = await world.until(await world.owe(), "human")
    assert (row["disposition"], row["answers"], world.files.concluded) == ("wrong_person", {}, [])


async def test_later_is_when_the_citizen_said(world: World) -> None:
    world.phones.keys[PHONE] = ["8", "3"]
    async with running(world.robot()):
        with world.bus.subscribe("test", CallbackDone) as done:
            task_id = await world.owe()
            fact = await anext(done)
        row = await world.tasks.get(task_id)
    assert isinstance(fact, CallbackDone)
    assert fact.disposition == "later"
    monday = START.astimezone(ZONE).replace(day=23, hour=9, minute=0)
    assert (row["state"], row["due_at"], row["postponed"]) == ("due", monday, 1)


async def test_in_english(world: World) -> None:
    world.phones.keys[PHONE] = ["9", "1", "2", "1"]
    async with running(world.robot()):
        row = await world.until(await world.owe(), "closed")
    assert (row["solved"], row["satisfaction"], row["manner"]) == (True, 2, 1)


@pytest.mark.parametrize(
    ("found", "state", "outcome"),
    [("MACHINE-LONGGREETING", "due", "voicemail"), ("MACHINE-INITIALSILENCE", "closed", "surveyed")],
)
async def test_a_machine_is_tried_again_and_a_silent_citizen_is_asked(
    world: World, found: str, state: str, outcome: str
) -> None:
    robot = world.robot()

    async def pick_up(caller: FakeCaller) -> None:
        caller.query = {**caller.query, "found": found}
        await robot.survey(caller)

    world.phones.pick_up = pick_up
    async with running(robot):
        with world.bus.subscribe("test", CallbackDone) as done:
            task_id = await world.owe()
            fact = await anext(done)
        row = await world.tasks.get(task_id)
    assert isinstance(fact, CallbackDone)
    assert (fact.disposition, row["state"]) == (outcome, state)


@pytest.mark.parametrize(("cause", "state", "outcome"), [(1, "human", "invalid_number"), (21, "due", "failed")])
async def test_what_a_refusal_means(world: World, cause: int, state: str, outcome: str) -> None:
    world.phones.outcomes[TRUNK], world.phones.causes[TRUNK] = Result.REJECTED, cause
    async with running(world.robot()):
        with world.bus.subscribe("test", CallbackDone) as done:
            task_id = await world.owe()
            fact = await anext(done)
        row = await world.tasks.get(task_id)
    assert isinstance(fact, CallbackDone)
    assert (fact.disposition, row["state"]) == (outcome, state)


async def test_a_dead_trunk_costs_no_citizen_an_attempt_and_is_tried_again_by_itself(world: World) -> None:
    numbers = [f"1390000{n:04}" for n in range(12)]
    for number in numbers:
        endpoint = f"PJSIP/{number}@trunk"
        world.phones.outcomes[endpoint], world.phones.causes[endpoint] = Result.REJECTED, 34
    robot = world.robot()
    with world.bus.subscribe("test", CallbackBreakerOpened, CallbackBreakerClosed) as news:
        ids = [await world.owe(f"ticket_{n}", number) for n, number in enumerate(numbers)]
        async with running(robot):
            assert isinstance(await anext(news), CallbackBreakerOpened)
            assert robot.status().breaker == "open"
            world.phones.outcomes.clear()
            dialled = len(world.phones.dialled)
            assert dialled < len(numbers)  # those behind it were left alone
            world.clock.advance(16)
            robot.wake()
            assert isinstance(await anext(news), CallbackBreakerClosed)
            world.clock.advance(8)  # less than the lease in all: a clock that jumps past it stops a robot, rightly
            robot.wake()
            rows = [await world.until(task_id, "closed") for task_id in ids]
    assert {row["attempt"] for row in rows} == {1}
    assert robot.status().in_use == 0


async def test_a_citizens_own_hours_put_a_call_off(world: World) -> None:
    async with world.database.unit_of_work() as uow:
        await world.tasks.wish(uow, PHONE, "15:00-16:00", "agent1")
    robot = world.robot()
    async with running(robot):
        task_id = await world.owe()
        other = await world.owe("ticket_2", "13900000002")
        await world.until(other, "closed")
        assert (await world.tasks.get(task_id))["due_at"] == START + timedelta(hours=5)
        world.clock.advance(5 * 3600)
        robot.wake()
        await world.until(task_id, "closed")
    assert [dial.endpoint for dial in world.phones.dialled] == ["PJSIP/13900000002@trunk", TRUNK]


async def test_paused_by_a_person_and_resumed(world: World) -> None:
    robot = world.robot()
    await robot.pause("supervisor", "演练")
    async with running(robot):
        with world.bus.subscribe("test", RobotChanged) as changed:
            task_id = await world.owe()
            await robot.pause("supervisor", "演练")  # twice is harmless
            while not robot.status().paused:
                await anext(changed)
            assert world.phones.dialled == []
            await robot.resume("supervisor")
            await world.until(task_id, "closed")
    assert not robot.status().paused


async def test_a_persons_call_keeps_the_robot_away(world: World) -> None:
    task_id = await world.owe(phone="")
    second = await world.owe("ticket_2")
    await world.tasks.take_up(task_id, "agent1")
    with pytest.raises(RuleBroken):
        await world.tasks.take_up(task_id, "agent2")
    await world.tasks.put_down(task_id, "agent1")
    assert (await world.tasks.get(task_id))["state"] == "human"
    await world.tasks.settle_by(second, disposition="surveyed", solved=True, satisfaction=1, by="sms")  # still due
    claimed = await world.tasks.due(START, 9)
    assert claimed == []


async def test_a_robot_that_is_gone_loses_its_tasks_but_nobody_is_dialled_twice(world: World) -> None:
    gone = Engine("gone", "elsewhere")
    await world.tasks.keep_lease(gone.id, gone.asterisk, START + timedelta(seconds=LEASE_SECONDS))
    await world.owe("ticket_1", "13900000001")
    await world.owe("ticket_2", "13900000002")
    rows = await world.tasks.due(START, 9)
    claimed, dialled = [await world.tasks.claim(row, gone.id) for row in rows]
    assert claimed is not None
    assert dialled is not None
    dialled = await world.tasks.dial(dialled)
    robot = world.robot(Engine("here", "here"))
    async with running(robot):
        with world.bus.subscribe("test", CallbackDialled, CallbackDone) as news:
            third = await world.owe("ticket_3", "13900000003")
            await world.until(third, "closed")
            assert (await world.tasks.get(claimed["id"]))["state"] == "claimed"  # its robot lives, as far as we know
            world.clock.advance(LEASE_SECONDS + 1)
            robot.wake()
            await world.until(claimed["id"], "closed")  # certainly not dialled before: dialled now
            assert (await world.tasks.get(dialled["id"]))[
                "state"
            ] == "dialling"  # it may be talking on the other Asterisk
            world.clock.advance(400)
            robot.wake()
            while (row := await world.tasks.get(dialled["id"]))["state"] == "dialling":
                await anext(news)
    assert (row["state"], row["attempt"]) == ("due", 1)
    with pytest.raises(RuleBroken):
        await world.tasks.answer(dialled)  # the other robot comes back: it holds an old fence
    assert len({dial.endpoint for dial in world.phones.dialled}) == len(world.phones.dialled) == 2


async def test_a_campaigns_unreachable_item_ends_and_is_nobodys_work(world: World) -> None:
    class Campaigns:
        ended: list[tuple[str, str]] = []

        async def conclude(self, uow: UnitOfWork, ticket_id: str, *, disposition: str, **_: Any) -> None:
            self.ended.append((ticket_id, disposition))

    campaigns = Campaigns()
    world.tasks.conclusions["campaign"] = campaigns
    world.phones.outcomes[TRUNK] = Result.BUSY
    async with world.database.unit_of_work() as uow:
        row = {"ticket_id": "item_1", "number": "", "title": "", "phone": PHONE, "at": START, "kind": "campaign"}
        (task_id,) = await world.tasks.demand_many(uow, [row | {"campaign_id": "poll_1", "unit": "poll_1"}])
    async with running(world.robot(retry_minutes=[])):
        done = await world.until(task_id, "closed")
    assert (done["disposition"], campaigns.ended) == ("busy", [("item_1", "占线")])


async def test_who_could_not_be_reached_is_told_to_whoever_writes_to_them(world: World) -> None:
    class Outbox:
        rows: list[str] = []

        async def given_up(self, uow: UnitOfWork, row: dict[str, Any], now: Any) -> None:
            self.rows.append(row["id"])

    world.tasks.given_up = outbox = Outbox()
    world.phones.outcomes[TRUNK] = Result.NO_ANSWER
    async with running(world.robot(retry_minutes=[])):
        task_id = await world.owe()
        await world.until(task_id, "human")
    assert outbox.rows == [task_id]


async def test_the_proof_over_the_tables(world: World, database: Database) -> None:
    pace = Pace(ZONE, [], lambda _: True, 1, 1.0, ())
    async with running(world.robot()):
        await world.until(await world.owe(), "closed")
    orders = [{"id": "ticket_1", "number": "1", "disposition": "已评价"}]
    day = timedelta(days=1)
    proof = await prove_period(database, START - day, START + day, orders, [], pace)
    assert [hole.en for hole in proof.holes] == [f"dialled at a bad hour, {START}"]  # this site has no window at all
    assert (proof.tasks, proof.attempts, proof.outcomes) == (1, 1, {"surveyed": 1})
