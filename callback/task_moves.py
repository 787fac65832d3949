"""How a task moves: one conditional UPDATE on state and fence, and what is written with it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from callback.answers import read_answers
from callback.lifecycle import Event, State, follow
from callback.port import CampaignGate, Conclusions, GivenUp, Row
from callback.tables import callback_attempts, callback_tasks
from callback.task_readings import TaskReadings, label
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts import Fact
from hotline.facts.callbacks import CallbackDone, CallbackHanded


class TaskMoves(TaskReadings):
    """Moves in the caller's unit of work."""

    def __init__(self, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        super().__init__(database, clock, zone)
        self.conclusions: dict[str, Conclusions] = {}
        """Kind of task → who is told how it ended."""
        self.given_up: GivenUp | None = None
        self.gate: CampaignGate | None = None
        """Asked before a campaign's task is claimed; None: always open."""

    async def tell(self, fact: Fact) -> None:
        """Write down what happened to the robot itself."""
        async with self._database.unit_of_work() as uow:
            uow.record(fact)

    async def _locked(self, uow: UnitOfWork, task_id: str) -> Row:
        """A task as it stands in this unit of work. Raises ``NotFound``."""
        query = select(callback_tasks).where(callback_tasks.c.id == task_id).with_for_update()
        found = (await uow.execute(query)).mappings().first()
        if found is None:
            raise NotFound("没有这个回访任务", f"there is no return visit {task_id[:40]}")
        return dict(found)

    async def _hand_to_people(self, uow: UnitOfWork, row: Row, changes: Row, now: datetime, *events: Event) -> Row:
        row = await self._move(uow, row, changes | {"handed_at": now}, *events)
        self._say_handed(uow, row, now)
        if self.given_up is not None:
            await self.given_up.given_up(uow, row, now)
        return row

    def _say_handed(self, uow: UnitOfWork, row: Row, now: datetime) -> None:
        named = {"task_id": row["id"], "ticket_id": row["ticket_id"], "disposition": row["disposition"]}
        uow.record(CallbackHanded(at=now, by="robot", **named))

    async def _move(self, uow: UnitOfWork, row: Row, changes: Row, *events: Event) -> Row:
        to = follow(State(row["state"]), *events)
        return await self._change(uow, row, {**changes, "state": to.value, "updated_at": self._clock.now()})

    async def _change(self, uow: UnitOfWork, row: Row, changes: Row) -> Row:
        held = (callback_tasks.c.id == row["id"], callback_tasks.c.fence == row["fence"])
        done = await uow.execute(
            update(callback_tasks).where(*held, callback_tasks.c.state == row["state"]).values(changes)
        )
        if done.rowcount != 1:
            raise RuleBroken("回访任务已被他人处理", "this return visit has moved on", code="conflict")
        return row | changes

    async def _end_attempt(self, uow: UnitOfWork, row: Row, outcome: str, now: datetime) -> None:
        of_channel = callback_attempts.c.channel_id == row["channel_id"]
        await uow.execute(update(callback_attempts).where(of_channel).values(ended_at=now, outcome=outcome))
        uow.record(done_fact(row, outcome, "robot", now))

    async def _conclude(self, uow: UnitOfWork, row: Row, by: str) -> None:
        room = self.conclusions.get(row["kind"])
        if room is None:
            return
        heard = read_answers(row["answers"])  # by the robot; a person may have written down something else since
        first = (heard.solved, heard.satisfaction)
        differs = first not in ((None, None), (row["solved"], row["satisfaction"]))
        said = {name: row[name] for name in ("solved", "satisfaction", "manner")} | {
            "first": first if differs else None
        }
        await room.conclude(uow, row["ticket_id"], disposition=label(row["disposition"]), by=by, **said)


def done_fact(row: Row, outcome: str, by: str, now: datetime) -> CallbackDone:
    """An attempt, or the whole task, has ended so."""
    named = {name: row[name] for name in ("ticket_id", "kind", "campaign_id", "answers", "solved", "satisfaction")}
    return CallbackDone(at=now, by=by, disposition=outcome, task_id=row["id"], **named)
