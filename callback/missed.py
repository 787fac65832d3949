"""Calls that nobody took are owed a call like return visits: in the same ledger, by the same table of states.

The ivr room keeps the citizen's place in the line, and rings when it is reached: a robot that asks questions would be
the wrong voice. Each of its steps moves a task of kind ``missed`` here, in the very transaction in which it is written
there. So the database itself keeps robot, line and people, on several engines too, from being on the phone with one
citizen at once; every missed call ends in a disposition; and who was not reached is on the list for people.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from callback.lifecycle import Disposition, Event, State, follow
from callback.port import MISSED, NOT_SENT, Row
from callback.tables import callback_attempts, callback_tasks
from callback.task_moves import TaskMoves, done_fact
from callback.tasks import CallbackTasks
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.facts.callbacks import CallbackAnswered, CallbackDialled

TITLES: Mapping[str, str] = {"abandoned": "排队未接通的来电", "requested": "来电时约定回电"}
"""Why the call is owed → what the lists call it."""
_OUTCOMES: Mapping[str, Event] = {
    "busy": Event.BUSY, "no_answer": Event.NO_ANSWER, "invalid": Event.INVALID, "hung_up": Event.HANG_UP,
}  # fmt: skip
"""How the ivr room calls an attempt's end → what that is here; every other word is a failure."""
_BY_LINE = "line"


class MissedCalls(TaskMoves):
    """What the ivr room tells. Fills its ``OwedLedger``; each method works in the caller's transaction."""

    def __init__(self, tasks: CallbackTasks, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        super().__init__(database, clock, zone)
        self._tasks = tasks

    async def owe(self, uow: UnitOfWork, owed: Mapping[str, Any]) -> None:
        """This citizen is to be phoned back."""
        await self._tasks.demand(
            uow, ticket_id=owed["id"], number="", phone=owed["phone"][:32], kind=MISSED,
            title=TITLES.get(owed["reason"], "未接来电"), at=owed["created_at"],
        )  # fmt: skip

    async def dial(self, uow: UnitOfWork, owed_id: str, channel_id: str) -> None:
        """The citizen is about to be rung. Raises IntegrityError while another of our calls has him, RuleBroken."""
        row = await self._open(uow, owed_id)
        if row is None:
            return
        now = self._clock.now()
        changes = {"fence": row["fence"] + 1, "attempt": row["attempt"] + 1, "channel_id": channel_id}
        row = await self._move(uow, row, changes | {"engine": _BY_LINE, "dialled_at": now}, Event.CLAIM, Event.DIAL)
        attempt = {"channel_id": channel_id, "task_id": row["id"], "attempt": row["attempt"], "dialled_at": now}
        await uow.execute(insert(callback_attempts).values(**attempt, phone=row["phone"], engine=_BY_LINE))
        named = {"task_id": row["id"], "ticket_id": row["ticket_id"]}
        uow.record(CallbackDialled(at=now, by=_BY_LINE, attempt=row["attempt"], channel_id=channel_id, **named))

    async def give_back(self, uow: UnitOfWork, owed_id: str) -> None:
        """Nothing was dialled after all; the attempt does not count."""
        row = await self._open(uow, owed_id)
        if row is None or row["state"] != State.DIALLING:
            return
        await self._end_attempt(uow, row, NOT_SENT, self._clock.now())
        await self._move(uow, row, {"attempt": row["attempt"] - 1}, Event.RELEASE)

    async def miss(self, uow: UnitOfWork, owed_id: str, outcome: str, again: datetime | None) -> None:
        """The attempt did not bring citizen and agent together: again then, or (None) by people."""
        row = await self._open(uow, owed_id)
        if row is None or row["state"] != State.DIALLING:
            return
        now = self._clock.now()
        event = _OUTCOMES.get(outcome, Event.FAIL)
        ended = follow(State.DIALLING, *([Event.ANSWER] if event is Event.HANG_UP else []), event)
        await self._end_attempt(uow, row, ended.value, now)
        events = [Event.ANSWER, event] if event is Event.HANG_UP else [event]
        if again is not None and event is not Event.INVALID:
            await self._move(uow, row, {"due_at": again}, *events, Event.RETRY)
        else:
            await self._hand_to_people(uow, row, {"disposition": ended.value}, now, *events, Event.GIVE_UP)

    async def keep(self, uow: UnitOfWork, owed_id: str, by: str) -> None:
        """An agent talked with the citizen: in the call we made, in a later one of his own, or by phoning himself."""
        row = await self._open(uow, owed_id)
        if row is None or row["state"] == State.BY_HAND:  # whoever phones him now writes down what came of it
            return
        now = self._clock.now()
        changes: Row = {"disposition": Disposition.CONNECTED.value, "done_at": now, "grounds": by[:200]}
        if row["state"] == State.DIALLING:
            named = {"task_id": row["id"], "ticket_id": row["ticket_id"]}
            uow.record(CallbackAnswered(at=now, by=_BY_LINE, **named))
            await self._end_attempt(uow, row, Disposition.CONNECTED.value, now)
            await self._move(uow, row, changes, Event.ANSWER, Event.CONNECT, Event.CLOSE)
        else:
            row = await self._move(uow, row, changes, Event.CLOSE)
            uow.record(done_fact(row, Disposition.CONNECTED.value, by, now))

    async def _open(self, uow: UnitOfWork, owed_id: str) -> Row | None:
        mine = (callback_tasks.c.ticket_id == owed_id, callback_tasks.c.state != State.CLOSED.value)
        found = (await uow.execute(select(callback_tasks).where(*mine).with_for_update())).mappings().first()
        return dict(found) if found is not None else None
