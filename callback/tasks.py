"""The ledger of return visits: what is owed, who has it, how it ended. Every move is one conditional UPDATE.

A claim raises the task's fence; whoever acts later must name the fence it holds, so a robot that was thought dead can
change nothing any more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from callback.lifecycle import ON_THE_PHONE, STATE_ZH, Event, State, follow
from callback.pacing import Pace
from callback.survey import Question
from callback.tables import callback_attempts, callback_tasks
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.callbacks import CallbackAnswered, CallbackDialled, CallbackDone, CallbackDue, CallbackKeyed
from hotline.ids import new_id
from hotline.logs import mask_phone

Row = dict[str, Any]
_STATES = frozenset(state.value for state in State)


class Conclusions(Protocol):
    """Where the result of a return visit goes: the work order, in the same transaction."""

    async def conclude(
        self,
        uow: UnitOfWork,
        ticket_id: str,
        *,
        disposition: str,
        solved: bool | None,
        satisfaction: int | None,
        by: str = "robot",
    ) -> None:
        """Close the work order, or have it redone."""
        ...


class CallbackTasks:
    """Return visits owed and done. Fills the desk's ``CallbackTasks`` and the tickets room's ``ReturnVisits``."""

    def __init__(self, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone

    async def demand(
        self, uow: UnitOfWork, *, ticket_id: str, number: str, title: str, phone: str, at: datetime
    ) -> str:
        """Owe a citizen a return visit, in the caller's transaction. A withheld number goes to a person at once."""
        task_id = new_id("callback")
        state = State.DUE if phone else State.HUMAN
        row = {"id": task_id, "ticket_id": ticket_id, "number": number, "title": title, "phone": phone}
        times = {"due_at": at, "created_at": at, "updated_at": at}
        await uow.execute(insert(callback_tasks).values(**row, **times, state=state.value, fence=0, attempt=0))
        uow.record(CallbackDue(at=at, task_id=task_id, ticket_id=ticket_id))
        return task_id

    # ── what the robot does ─────────────────────────────────────────────────────────────────────────────────────
    async def due(self, now: datetime, limit: int) -> list[Row]:
        """Tasks to dial now, longest due first."""
        query = select(callback_tasks).where(callback_tasks.c.state == State.DUE.value, callback_tasks.c.due_at <= now)
        return await self._rows(query.order_by(callback_tasks.c.due_at, callback_tasks.c.id).limit(limit))

    async def next_due(self, after: datetime) -> datetime | None:
        """When the next task falls due later than ``after``."""
        query = select(func.min(callback_tasks.c.due_at))
        query = query.where(callback_tasks.c.state == State.DUE.value, callback_tasks.c.due_at > after)
        async with self._database.reading() as connection:
            found: datetime | None = await connection.scalar(query)
        return found

    async def unsettled(self) -> list[Row]:
        """Tasks that were on the phone when somebody last wrote them down."""
        states = [state.value for state in ON_THE_PHONE]
        return await self._rows(select(callback_tasks).where(callback_tasks.c.state.in_(states)))

    async def claim(self, row: Row) -> Row | None:
        """Take a due task for dialling. None when another robot, or another task of this citizen, was faster."""
        try:
            async with self._database.unit_of_work() as uow:
                changes = {"fence": row["fence"] + 1, "channel_id": new_id("callback")}
                return await self._move(uow, row, changes, Event.CLAIM)
        except (RuleBroken, IntegrityError):
            return None

    async def release(self, row: Row, due_at: datetime) -> Row:
        """Give a task back that was certainly not dialled; the attempt does not count."""
        async with self._database.unit_of_work() as uow:
            attempt = row["attempt"] - (row["state"] == State.DIALLING)
            of_channel = callback_attempts.c.channel_id == row["channel_id"]
            await uow.execute(update(callback_attempts).where(of_channel).values(outcome="not_sent"))
            return await self._move(uow, row, {"due_at": due_at, "attempt": attempt}, Event.RELEASE)

    async def dial(self, row: Row) -> Row:
        """Write down that the number is about to be dialled. To be committed before Asterisk hears of it."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self._move(uow, row, {"attempt": row["attempt"] + 1, "dialled_at": now}, Event.DIAL)
            attempt = {"channel_id": row["channel_id"], "task_id": row["id"], "attempt": row["attempt"]}
            await uow.execute(insert(callback_attempts).values(**attempt, dialled_at=now))
            named = {"task_id": row["id"], "ticket_id": row["ticket_id"]}
            uow.record(
                CallbackDialled(at=now, by="robot", attempt=row["attempt"], channel_id=row["channel_id"], **named)
            )
        return row

    async def answer(self, row: Row) -> Row:
        """The citizen picked up."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self._move(uow, row, {"answered_at": now}, Event.ANSWER)
            uow.record(CallbackAnswered(at=now, by="robot", task_id=row["id"], ticket_id=row["ticket_id"]))
        return row

    async def key(self, row: Row, question: Question, key: str) -> Row:
        """Keep an answer at once, whatever happens next."""
        said = {"solved": key == "1"} if question is Question.SOLVED else {"satisfaction": int(key)}
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self._change(uow, row, {**said, "updated_at": now})
            named = {"task_id": row["id"], "ticket_id": row["ticket_id"], "question": question.value, "key": key}
            uow.record(CallbackKeyed(at=now, by="citizen", **named))
        return row

    async def fail(self, row: Row, event: Event, pace: Pace) -> Row:
        """The attempt reached nobody: due again by the plan, or a person's."""
        now = self._clock.now()
        again = pace.retry_at(event, row["attempt"], now)
        async with self._database.unit_of_work() as uow:
            outcome = follow(State(row["state"]), event)
            await self._end_attempt(uow, row, outcome, now)
            if again is None:
                row = await self._move(uow, row, {"disposition": outcome.value}, event, Event.GIVE_UP)
            else:
                row = await self._move(uow, row, {"due_at": again}, event, Event.RETRY)
        return row

    async def finish(self, row: Row, event: Event, conclusions: Conclusions) -> Row:
        """The conversation is over: the disposition and what becomes of the work order are one transaction."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            outcome = follow(State(row["state"]), event)
            await self._end_attempt(uow, row, outcome, now)
            row = await self._move(uow, row, {"disposition": outcome.value, "done_at": now}, event, Event.CLOSE)
            await self._conclude(uow, row, outcome.value, conclusions, "robot")
        return row

    async def record_human(
        self, task_id: str, conclusions: Conclusions, *, disposition: str, solved: bool | None,
        satisfaction: int | None, by: str,
    ) -> None:  # fmt: skip
        """What a person found out by phoning himself. Raises ``NotFound``, ``RuleBroken``."""
        if satisfaction is not None and satisfaction not in range(1, 6):
            raise RuleBroken("满意度只能是 1 至 5", "satisfaction is 1 to 5", code="bad_field")
        row = await self.get(task_id)
        now = self._clock.now()
        answers: Row = {"solved": solved, "satisfaction": satisfaction}
        async with self._database.unit_of_work() as uow:
            row = await self._move(uow, row, {**answers, "disposition": disposition, "done_at": now}, Event.CLOSE)
            named: Row = {"task_id": row["id"], "ticket_id": row["ticket_id"]}
            uow.record(CallbackDone(at=now, by=by, disposition=disposition, **named, **answers))
            await self._conclude(uow, row, disposition, conclusions, by)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def get(self, task_id: str) -> Row:
        """One task. Raises ``NotFound``."""
        rows = await self._rows(select(callback_tasks).where(callback_tasks.c.id == task_id))
        if not rows:
            raise NotFound("没有这个回访任务", f"there is no return visit {task_id[:40]}")
        return rows[0]

    async def of_ticket(self, ticket_id: str) -> Sequence[Row]:
        """The return visits of a work order, oldest first, in the API's shape."""
        query = select(callback_tasks).where(callback_tasks.c.ticket_id == ticket_id)
        return [self._shape(row) for row in await self._rows(query.order_by(callback_tasks.c.created_at))]

    async def page(self, *, state: str | None, page: int, size: int) -> Row:
        """{items, total}, what moved last first."""
        page, size = max(page, 1), min(max(size, 1), 200)
        conditions = [callback_tasks.c.state == state] if state else []
        query = (
            select(callback_tasks).where(*conditions).order_by(callback_tasks.c.updated_at.desc(), callback_tasks.c.id)
        )
        rows = await self._rows(query.limit(size).offset((page - 1) * size))
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(callback_tasks).where(*conditions))
        return {"items": [self._shape(row) for row in rows], "total": total or 0}

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
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

    async def _end_attempt(self, uow: UnitOfWork, row: Row, outcome: State, now: datetime) -> None:
        of_channel = callback_attempts.c.channel_id == row["channel_id"]
        await uow.execute(update(callback_attempts).where(of_channel).values(ended_at=now, outcome=outcome.value))
        said = {"solved": row["solved"], "satisfaction": row["satisfaction"]}
        named = {"task_id": row["id"], "ticket_id": row["ticket_id"]}
        uow.record(CallbackDone(at=now, by="robot", disposition=outcome.value, **named, **said))

    async def _conclude(self, uow: UnitOfWork, row: Row, disposition: str, conclusions: Conclusions, by: str) -> None:
        said = {"solved": row["solved"], "satisfaction": row["satisfaction"]}
        label = STATE_ZH[State(disposition)] if disposition in _STATES else disposition
        await conclusions.conclude(uow, row["ticket_id"], disposition=label, by=by, **said)

    async def _rows(self, query: Any) -> list[Row]:
        async with self._database.reading() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    def _shape(self, row: Row) -> Row:
        plain = {name: row[name] for name in ("ticket_id", "number", "title", "state", "attempt", "disposition")}
        at = row["done_at"] or row["answered_at"] or row["dialled_at"] or row["due_at"]
        return plain | {
            "task_id": row["id"],
            "state_zh": STATE_ZH[State(row["state"])],
            "phone_masked": mask_phone(row["phone"]),
            "solved": row["solved"],
            "satisfaction": row["satisfaction"],
            "due_at": row["due_at"].astimezone(self._zone).isoformat(timespec="seconds"),
            "at": at.astimezone(self._zone).isoformat(timespec="seconds"),
        }
