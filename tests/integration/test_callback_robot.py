"""The robot against a telephone with behaviour and a real database: dispositions, retries, crashes, no doubles."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callback.calls import DiallingRules
from callback.lifecycle import Event
from callback.pacing import Pace
from callback.port import Engine
from callback.robot import CallbackRobot
from callback.tasks import CallbackTasks
from hotline.bus import Bus
from hotline.clock import FakeClock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken, Unavailable
from hotline.facts.callbacks import CallbackAnswered, CallbackDialled, CallbackDone, CallbackDue, CallbackKeyed
from hotline.facts.calls import CallEnded
from hotline.facts.speech import UtteranceHeard
from hotline.ledger import read
from ivr.flow.book import FlowBook
from ivr.interview import Interviewer
from telephony.fake import FakeCaller, FakeTelephony
from telephony.observations import LegAnswered
from telephony.port import Dial, OriginateOutcome, Result
from telephony.verbs import outside_line
from tests.integration.databases import on_sqlite

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday, 10:00 in Shanghai
PHONE = "13800000001"
INTERVIEWER = Interviewer(FlowBook.open(None))


@dataclass
class Files:
    """Work orders that remember how their return visits ended."""

    concluded: list[tuple[str, str, bool | None, int | None]] = field(default_factory=list)

    async def conclude(
        self,
        uow: UnitOfWork,
        ticket_id: str,
        *,
        disposition: str,
        solved: bool | None,
        satisfaction: int | None,
        manner: int | None = None,
        by: str = "robot",
        first: tuple[bool | None, int | None] | None = None,
    ) -> None:
        self.concluded.append((ticket_id, disposition, solved, satisfaction))


class Citizens(FakeTelephony):
    """Phones in homes: who picks up presses the ``keys`` of that number, then the leg ends."""

    def __init__(self, publish: Callable[[Any], None]) -> None:
        super().__init__(publish)
        self.keys: dict[str, list[str]] = {}
        self.silent: set[str] = set()
        """Numbers whose leg never reaches the survey."""
        self.pick_up: Callable[[FakeCaller], Awaitable[None]] | None = None
        self.hang_up_after: dict[str, int] = {}
        """Number → how many keys are pressed before the citizen hangs up."""
        self.most_at_once = 0
        self._talks: set[asyncio.Task[None]] = set()

    async def originate(self, dial: Dial) -> OriginateOutcome:
        outcome = await super().originate(dial)
        self.most_at_once = max(self.most_at_once, len(self.legs))
        number = dial.endpoint.removeprefix("PJSIP/").partition("@")[0]
        if outcome.result is Result.ANSWERED and number not in self.silent:
            talk = asyncio.get_running_loop().create_task(self._talk(number, dial, outcome))
            self._talks.add(talk)
            talk.add_done_callback(self._talks.discard)
        return outcome

    async def _talk(self, number: str, dial: Dial, outcome: OriginateOutcome) -> None:
        caller = Impatient(outcome.channel, dial.channel_id, self.keys.get(number, ["1", "1"]))
        caller.patience = self.hang_up_after.get(number)
        caller.query = {"task": dial.variables["HOTLINE_TASK"]}
        assert self.pick_up is not None
        await self.pick_up(caller)
        if dial.channel_id in self.legs:
            self.drop(dial.channel_id)


class Impatient(FakeCaller):
    """A citizen who hangs up once ``patience`` keys were pressed."""

    patience: int | None = None

    async def play(self, prompt: str, escape_digits: str = "") -> str | None:
        if self.patience == 0:
            self.hangs_up()
        key = await super().play(prompt, escape_digits)
        if key is not None and self.patience is not None:
            self.patience -= 1
        return key


@dataclass
class World:
    database: Database
    bus: Bus
    clock: FakeClock
    tasks: CallbackTasks
    files: Files
    phones: Citizens
    on_the_line: set[str] = field(default_factory=set)

    def robot(self, engine: Engine = Engine(), **changes: Any) -> CallbackRobot:
        pace: dict[str, Any] = {
            "zone": ZONE,
            "windows": [(time(8), time(18))],
            "works": lambda day: day.weekday() < 5,
            "lines": 3,
        }
        plan = {"calls_per_second": 1000.0, "retry_minutes": [30]}
        rules = DiallingRules(lambda phone: outside_line("trunk", phone), "12345", 30.0)
        made = CallbackRobot(
            self.tasks, self.files, self.phones, self.bus, self.clock, Pace(**(pace | plan | changes)), rules,
            self.on_the_line.__contains__, INTERVIEWER, engine=engine, folder=Path("/nowhere"),
        )  # fmt: skip
        self.phones.pick_up = made.survey
        return made

    async def owe(self, ticket_id: str = "ticket_1", phone: str = PHONE) -> str:
        async with self.database.unit_of_work() as uow:
            named = {"ticket_id": ticket_id, "number": "261120100000000001", "title": "路灯", "phone": phone}
            return await self.tasks.demand(uow, **named, at=self.clock.now())

    async def facts(self, *kinds: type) -> list[Any]:
        return [entry.fact async for entry in read(self.database, kinds=kinds)]

    async def until(self, task_id: str, *states: str) -> dict[str, Any]:
        """The task once it is in one of ``states``; woken by the room's own facts."""
        with self.bus.subscribe("test", CallbackDone, CallbackDialled, CallbackAnswered) as news:
            async with asyncio.timeout(10):
                while (row := await self.tasks.get(task_id))["state"] not in states:
                    await anext(news)
        return row


@pytest.fixture
def world(database: Database) -> World:
    bus, clock = database.bus, FakeClock(START)
    return World(database, bus, clock, CallbackTasks(database, clock, ZONE), Files(), Citizens(bus.publish))


@asynccontextmanager
async def running(robot: CallbackRobot) -> AsyncIterator[None]:
    work = asyncio.create_task(robot.run())
    yield
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_a_citizen_is_phoned_and_every_key_is_in_the_ledger(world: World) -> None:
    async with running(world.robot()):
        task_id = await world.owe()
        row = await world.until(task_id, "closed")
    assert (row["disposition"], row["solved"], row["satisfaction"], row["attempt"]) == ("surveyed", True, 1, 1)
    assert world.files.concluded == [("ticket_1", "已评价", True, 1)]
    dial = world.phones.dialled[0]
    assert (dial.endpoint, dial.context, dial.exten, dial.caller_id) == (f"PJSIP/{PHONE}@trunk", "survey", "s", "12345")
    assert dial.channel_id == row["channel_id"]
    kinds = [type(fact).__name__ for fact in await world.facts()]
    assert kinds == [
        "CallbackDue", "CallbackDialled", "CallbackAnswered", "CallbackKeyed", "CallbackKeyed", "CallbackDone",
    ]  # fmt: skip
    assert [(f.question, f.key) for f in await world.facts(CallbackKeyed)] == [("solved", "1"), ("satisfied", "1")]
    visits = await world.tasks.of_ticket("ticket_1")
    assert (visits[0]["state_zh"], visits[0]["phone_masked"]) == ("已完成", "138****0001")
    assert await world.tasks.page(state="closed", page=1, size=10) == {"items": visits, "total": 1}


@pytest.mark.parametrize(
    ("keys", "patience", "disposition", "solved", "satisfaction"),
    [
        (["2", "5"], None, "surveyed", False, 5),
        (["9", "2", "", "4"], None, "surveyed", False, 4),
        (["1"], 1, "surveyed", True, None),
        (["1", "3"], 2, "surveyed", True, 3),
        ([], 0, "refused", None, None),
        (["", "", ""], None, "refused", None, None),
    ],
)
async def test_how_conversations_end(
    world: World,
    keys: list[str],
    patience: int | None,
    disposition: str,
    solved: bool | None,
    satisfaction: int | None,
) -> None:
    world.phones.keys[PHONE] = keys
    if patience is not None:
        world.phones.hang_up_after[PHONE] = patience
    async with running(world.robot()):
        row = await world.until(await world.owe(), "closed")
    assert (row["disposition"], row["solved"], row["satisfaction"]) == (disposition, solved, satisfaction)
    assert len(world.files.concluded) == len(world.phones.dialled) == 1


async def test_nobody_answers_then_a_person_takes_over(world: World) -> None:
    world.phones.outcomes[f"PJSIP/{PHONE}@trunk"] = Result.NO_ANSWER
    robot = world.robot()
    async with running(robot):
        with world.bus.subscribe("test", CallbackDone) as done:
            task_id = await world.owe()
            await asyncio.wait_for(anext(done), 10)
            row = await world.tasks.get(task_id)
            assert (row["state"], row["due_at"]) == ("due", START + timedelta(minutes=30))
            world.clock.advance(29 * 60)
            robot.wake()
            await asyncio.sleep(0.05)  # time in which it must not dial
            assert len(world.phones.dialled) == 1
            world.clock.advance(61)
            robot.wake()
            row = await world.until(task_id, "human")
    assert (row["attempt"], row["disposition"], world.files.concluded) == (2, "no_answer", [])
    await world.tasks.record_human(
        task_id, world.files, disposition="人工回访", solved=True, satisfaction=2, by="agent1"
    )
    assert (await world.tasks.get(task_id))["state"] == "closed"
    assert world.files.concluded == [("ticket_1", "人工回访", True, 2)]
    with pytest.raises(RuleBroken):
        await world.tasks.record_human(task_id, world.files, disposition="x", solved=None, satisfaction=None, by="a")


@pytest.mark.parametrize("phone", ["", "abc"])
async def test_what_cannot_be_dialled_goes_to_a_person(world: World, phone: str) -> None:
    async with running(world.robot()):
        row = await world.until(await world.owe(phone=phone), "human")
    assert world.phones.dialled == []
    assert row["attempt"] == 0


async def test_lines_are_never_exceeded_and_one_citizen_is_on_one_call(world: World) -> None:
    async with running(world.robot()):
        ids = [await world.owe(f"ticket_{n}", f"1390000{n // 2:04}") for n in range(30)]
        for task_id in ids:
            await world.until(task_id, "closed")
    assert len(world.phones.dialled) == len(world.files.concluded) == 30
    assert 1 <= world.phones.most_at_once <= 3
    channels = {dial.channel_id for dial in world.phones.dialled}
    assert len(channels) == 30


class Slowly(CallbackTasks):
    """A ledger that remembers when tasks were claimed, and takes its time for it."""

    claims: list[float]
    clock: FakeClock
    takes: float = 0.0

    async def claim(self, row: dict[str, Any], engine: str = "") -> dict[str, Any] | None:
        self.claims.append(asyncio.get_running_loop().time())
        self.clock.advance(self.takes)
        return await super().claim(row, engine)


def slowly(world: World, takes: float) -> Slowly:
    tasks = Slowly(world.database, world.clock, ZONE)
    tasks.claims, tasks.clock, tasks.takes = [], world.clock, takes
    world.tasks = tasks
    return tasks


@on_sqlite
async def test_a_robot_too_slow_to_fill_its_lines_keeps_its_lease(world: World) -> None:
    slowly(world, takes=12.0)
    async with running(world.robot(lines=30)):
        ids = [await world.owe(f"ticket_{n}", f"1390000{n:04}") for n in range(6)]
        for task_id in ids:
            await world.until(task_id, "closed")
    outcomes = [one["outcome"] for task_id in ids for one in await world.tasks.attempts(task_id)]
    assert outcomes == ["surveyed"] * 6  # none was given back unsent


@on_sqlite
async def test_never_more_than_so_many_a_second(world: World) -> None:
    tasks = slowly(world, takes=0.0)
    async with running(world.robot(lines=30, calls_per_second=20.0)):
        for task_id in [await world.owe(f"ticket_{n}", f"1390000{n:04}") for n in range(6)]:
            await world.until(task_id, "closed")
    assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(tasks.claims))


async def test_outside_the_window_it_waits(world: World) -> None:
    world.clock.advance(9 * 3600)  # 19:00
    robot = world.robot()
    async with running(robot):
        task_id = await world.owe()
        await asyncio.sleep(0.05)  # time in which it must not dial
        assert world.phones.dialled == []
        world.clock.advance(61 * 3600)  # Monday 08:00
        robot.wake()
        await world.until(task_id, "closed")


async def test_nobody_is_phoned_while_on_the_line(world: World) -> None:
    world.on_the_line.add(PHONE)
    async with running(world.robot()):
        task_id = await world.owe()
        await asyncio.sleep(0.05)  # time in which it must not dial
        assert world.phones.dialled == []
        world.on_the_line.clear()
        ended = CallEnded(at=START, call_id="call_9", reason="abandoned", waited_seconds=1.0, talked_seconds=0.0)
        world.bus.publish(ended)
        await world.until(task_id, "closed")


async def test_of_two_robots_one_dials(world: World) -> None:
    first, second = world.robot(Engine("one", "here")), world.robot(Engine("two", "there"))
    async with running(first), running(second):
        for task_id in [await world.owe(f"ticket_{n}", f"1390000{n:04}") for n in range(10)]:
            await world.until(task_id, "closed")
    assert len(world.phones.dialled) == 10


async def test_a_claim_is_won_once(world: World) -> None:
    await world.owe()
    await world.owe("ticket_2")
    rows = await world.tasks.due(START, 10)
    claims = await asyncio.gather(*(world.tasks.claim(row) for row in rows * 10))
    assert len([claim for claim in claims if claim]) == 1  # one citizen, one call: the second task waits too


async def test_a_robot_thought_dead_can_change_nothing(world: World) -> None:
    await world.owe()
    stale = await world.tasks.claim((await world.tasks.due(START, 1))[0])
    assert stale is not None
    await world.tasks.release(stale, START)
    fresh = await world.tasks.claim((await world.tasks.due(START, 1))[0])
    assert fresh is not None
    with pytest.raises(RuleBroken):
        await world.tasks.dial(stale)
    assert (await world.tasks.dial(fresh))["attempt"] == 1


async def test_after_a_crash_a_claimed_task_is_dialled_once(world: World) -> None:
    await world.owe()
    claimed = await world.tasks.claim((await world.tasks.due(START, 1))[0])
    assert claimed is not None
    async with running(world.robot()):
        row = await world.until(claimed["id"], "closed")
    assert (len(world.phones.dialled), row["attempt"]) == (1, 1)


async def test_after_a_crash_a_dialled_task_is_asked_about_before_it_is_dialled_again(world: World) -> None:
    await world.owe()
    claimed = await world.tasks.claim((await world.tasks.due(START, 1))[0])
    assert claimed is not None
    await world.tasks.dial(claimed)
    async with running(world.robot()):
        with world.bus.subscribe("test", CallbackDone) as done:
            while (row := await world.tasks.get(claimed["id"]))["state"] == "dialling":
                await asyncio.wait_for(anext(done), 10)
    assert (row["state"], row["due_at"], world.phones.dialled) == ("due", START + timedelta(minutes=30), [])


async def test_after_a_crash_a_leg_that_lives_is_taken_up(world: World) -> None:
    await world.owe()
    claimed = await world.tasks.claim((await world.tasks.due(START, 1))[0])
    assert claimed is not None
    row = await world.tasks.answer(await world.tasks.dial(claimed))
    leg = world.phones.add_leg("PJSIP/trunk-1", uniqueid=row["channel_id"])
    robot = world.robot()
    async with running(robot):
        caller = FakeCaller(leg.channel, leg.uniqueid, ["2", "5"])
        caller.query = {"task": row["id"]}
        await robot.survey(caller)
        row = await world.until(row["id"], "closed")
    assert (row["solved"], row["satisfaction"], world.phones.dialled) == (False, 5, [])


@pytest.mark.parametrize(("keyed", "state", "solved"), [(True, "closed", True), (False, "due", None)])
async def test_a_crash_in_mid_survey_keeps_what_was_said(
    world: World, keyed: bool, state: str, solved: bool | None
) -> None:
    await world.owe()
    claimed = await world.tasks.claim((await world.tasks.due(START, 1))[0])
    assert claimed is not None
    row = await world.tasks.answer(await world.tasks.dial(claimed))
    if keyed:
        row = await world.tasks.keep(row, "solved", "1")
    async with running(world.robot()):
        with world.bus.subscribe("test", CallbackDone) as done:
            while (row := await world.tasks.get(row["id"]))["state"] == "answered":
                await asyncio.wait_for(anext(done), 10)
    assert (row["state"], row["solved"], world.phones.dialled) == (state, solved, [])


async def test_picked_up_but_never_surveyed_counts_as_no_answer(world: World) -> None:
    world.phones.silent.add(PHONE)
    async with running(world.robot()):
        with world.bus.subscribe("legs", LegAnswered) as answered, world.bus.subscribe("test", CallbackDone) as done:
            task_id = await world.owe()
            await asyncio.wait_for(anext(answered), 10)
            world.phones.drop(next(iter(world.phones.legs)))
            ended = await asyncio.wait_for(anext(done), 10)
    assert isinstance(ended, CallbackDone)
    assert ended.disposition == "no_answer"
    assert (await world.tasks.get(task_id))["state"] == "due"


async def test_a_lost_link_loses_nothing(world: World) -> None:
    world.phones.go_down()
    async with running(world.robot()):
        task_id = await world.owe()
        await asyncio.sleep(0.05)  # time in which it must not dial
        assert (world.phones.dialled, (await world.tasks.get(task_id))["attempt"]) == ([], 0)
        world.phones.come_up()
        assert (await world.until(task_id, "closed"))["attempt"] == 1


async def test_a_link_lost_before_sending_does_not_count(world: World) -> None:
    refused = asyncio.Event()

    class Breaking(Citizens):
        async def originate(self, dial: Dial) -> OriginateOutcome:
            if not refused.is_set():
                refused.set()
                raise Unavailable("话务平台连接中断", "the link to Asterisk is down")
            return await super().originate(dial)

    world.phones = Breaking(world.bus.publish)
    async with running(world.robot()):
        task_id = await world.owe()
        await asyncio.wait_for(refused.wait(), 10)
        world.clock.advance(21)
        row = await world.until(task_id, "closed")
    assert (row["attempt"], row["fence"], len(world.phones.dialled)) == (1, 2, 1)


async def test_a_stranger_on_the_survey_extension_is_hung_up(world: World) -> None:
    robot = world.robot()
    task_id = await world.owe()
    for task in ("", "callback_none", task_id):
        caller = FakeCaller("PJSIP/evil-1", "1.1", ["1", "1"])
        caller.query = {"task": task}
        await robot.survey(caller)
        assert caller.heard == []
    assert (await world.tasks.get(task_id))["state"] == "due"
    with pytest.raises(NotFound):
        await world.tasks.get("callback_none")


async def test_a_work_order_that_cannot_be_concluded_keeps_the_task_open(world: World) -> None:
    class Stuck(Files):
        async def conclude(self, uow: UnitOfWork, ticket_id: str, **said: Any) -> None:
            raise RuleBroken("工单刚被他人处理", "moved", code="conflict")

    await world.owe()
    claimed = await world.tasks.claim((await world.tasks.due(START, 1))[0])
    assert claimed is not None
    row = await world.tasks.answer(await world.tasks.dial(claimed))
    world.tasks.conclusions["visit"] = Stuck()
    with pytest.raises(RuleBroken):
        await world.tasks.finish(row, Event.REFUSE)
    assert (await world.tasks.get(row["id"]))["state"] == "answered"
    assert await world.facts(CallbackDone) == []
    assert [type(fact) for fact in await world.facts(CallbackDue)] == [CallbackDue]


class Talker(FakeCaller):
    """A citizen who says the answers; (words, confidence), a key when it is given as one sign."""

    def __init__(self, world: World, caller: FakeCaller, said: list[tuple[str, float]]) -> None:
        super().__init__(caller.channel, caller.uniqueid)
        self.query = caller.query
        self.world, self.said = world, said.copy()

    async def wait_key(self, seconds: float) -> str | None:
        words, confidence = self.said.pop(0)
        if words.isdigit():
            return words
        at = self.world.clock.now()
        said: dict[str, Any] = {"text": words, "started_at": at, "seconds": 1.0, "confidence": confidence}
        self.world.bus.publish(UtteranceHeard(at=at, call_id=self.uniqueid, who="citizen", **said))
        for _ in range(20):  # the answer comes as a key, or not at all
            await asyncio.sleep(0)
            for uniqueid, key in self.world.phones.pressed_for:
                if uniqueid == self.uniqueid:
                    self.world.phones.pressed_for.clear()
                    return key
        return None


@dataclass
class Ears:
    """Which legs are followed."""

    following: set[str] = field(default_factory=set)
    followed: int = 0

    def listen(self, call_id: str, uniqueid: str) -> None:
        self.following.add(uniqueid)
        self.followed += 1

    async def last_words(self, call_id: str, seconds: float) -> None:
        pass

    def end(self, call_id: str) -> None:
        self.following.discard(call_id)


@pytest.mark.parametrize(
    ("said", "solved", "satisfaction"),
    [
        ([("解决了", 0.9), ("非常满意", 0.8)], True, 1),
        ([("没有", 0.9), ("非常不满意", 0.9)], False, 5),
        ([("解决了", 0.3), ("1", 1.0), ("今天天气不错", 0.9), ("满意", 0.9)], True, 2),
        ([("那个什么来着", 0.9), ("2", 1.0), ("4", 1.0)], False, 4),
    ],
)
async def test_answers_may_be_spoken_and_fall_back_to_keys(
    world: World, said: list[tuple[str, float]], solved: bool, satisfaction: int
) -> None:
    ears, robot = Ears(), world.robot()
    robot.hear(ears, world.phones)

    async def talk(caller: FakeCaller) -> None:
        await robot.survey(Talker(world, caller, said))

    world.phones.pick_up = talk
    world.phones.keys[PHONE] = []
    async with running(robot):
        row = await world.until(await world.owe(), "closed")
    assert (row["solved"], row["satisfaction"]) == (solved, satisfaction)
    assert (ears.followed, ears.following) == (1, set())
