"""The ledger of return visits: what is owed, who has it, how it ended. Every move is one conditional UPDATE.

A claim raises the task's fence; whoever acts later must name the fence it holds, so a robot that was thought dead can
change nothing any more.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from callback.answers import read_answers
from callback.lifecycle import Event, State, follow
from callback.pacing import Pace
from callback.people import PeoplesTasks
from callback.port import CAMPAIGN, NOT_SENT, VISIT, Row
from callback.tables import callback_attempts, callback_engines, callback_pauses, callback_tasks
from hotline.database import UnitOfWork
from hotline.errors import RuleBroken
from hotline.facts.callbacks import CallbackAnswered, CallbackDialled, CallbackDue, CallbackKeyed
from hotline.ids import new_id


class CallbackTasks(PeoplesTasks):
    """Return visits owed and done. Fills the desk's ``CallbackTasks`` and the tickets room's ``ReturnVisits``."""

    async def demand(
        self, uow: UnitOfWork, *, ticket_id: str, number: str, title: str, phone: str, at: datetime,
        kind: str = VISIT, unit: str = "", flow: str = "", campaign_id: str | None = None, hours: str = "",
        language: str = "zh",
    ) -> str:  # fmt: skip
        """Owe a citizen a return visit, in the caller's transaction. A withheld number goes to a person at once."""
        task_id = new_id("callback")
        state = State.DUE if phone else State.HUMAN
        row: Row = {
            "id": task_id, "ticket_id": ticket_id, "number": number, "title": title, "phone": phone, "kind": kind,
            "unit": unit, "flow": flow, "campaign_id": campaign_id, "hours": hours, "language": language,
            "due_at": at, "created_at": at, "updated_at": at, "state": state.value, "fence": 0, "attempt": 0,
            "answers": {}, "handed_at": None if phone else at,
        }  # fmt: skip
        await uow.execute(insert(callback_tasks).values(**row))
        uow.record(CallbackDue(at=at, task_id=task_id, ticket_id=ticket_id))
        if not phone and self.given_up is not None:
            await self.given_up.given_up(uow, row, at)
        return task_id

    async def demand_many(self, uow: UnitOfWork, rows: Sequence[Mapping[str, object]]) -> list[str]:
        """As ``demand``, for each of these keywords."""
        return [await self.demand(uow, **row) for row in rows]  # type: ignore[arg-type]

    # ── what the robot does ─────────────────────────────────────────────────────────────────────────────────────
    async def keep_lease(self, engine: str, asterisk: str, until: datetime) -> None:
        """Say that this robot lives until then."""
        values = {"asterisk": asterisk, "alive_until": until}
        async with self._database.unit_of_work() as uow:
            mine = callback_engines.c.id == engine
            if (await uow.execute(update(callback_engines).where(mine).values(values))).rowcount == 0:
                await uow.execute(insert(callback_engines).values(id=engine, **values))

    async def claim(self, row: Row, engine: str = "") -> Row | None:
        """Take a due task for dialling.

        None when another robot, or another task of this citizen, was faster, or somebody paused it on any engine.
        """
        try:
            async with self._database.unit_of_work() as uow:
                if await self._is_paused(uow, row):
                    return None
                changes = {"fence": row["fence"] + 1, "channel_id": new_id("callback"), "engine": engine}
                return await self._move(uow, row, changes, Event.CLAIM)
        except (RuleBroken, IntegrityError):
            return None

    async def _is_paused(self, uow: UnitOfWork, row: Row) -> bool:
        """Asked where it is decided: what an engine remembers of another's screens is some seconds old."""
        campaign = row["campaign_id"]
        scopes = callback_pauses.c.scope.in_(["", campaign] if campaign else [""])
        if (await uow.execute(select(callback_pauses.c.scope).where(scopes).limit(1))).first() is not None:
            return True
        return bool(campaign) and self.gate is not None and not await self.gate.runs(uow, campaign)

    async def adopt(self, row: Row, engine: str) -> Row | None:
        """Take over what a robot that is gone had on the phone: it can change nothing any more. None: it moved on."""
        try:
            async with self._database.unit_of_work() as uow:
                return await self._change(uow, row, {"fence": row["fence"] + 1, "engine": engine})
        except RuleBroken:
            return None

    async def defer(self, row: Row, due_at: datetime) -> None:
        """Not before then: a due task whose citizen has hours of his own. Whoever moved it meanwhile wins."""
        held = (callback_tasks.c.id == row["id"], callback_tasks.c.fence == row["fence"])
        async with self._database.unit_of_work() as uow:
            await uow.execute(
                update(callback_tasks).where(*held, callback_tasks.c.state == State.DUE.value).values(due_at=due_at)
            )

    async def release(self, row: Row, due_at: datetime, cause: int | None = None) -> Row:
        """Give a task back whose citizen's telephone certainly did not ring; the attempt does not count."""
        async with self._database.unit_of_work() as uow:
            attempt = row["attempt"] - (row["state"] == State.DIALLING)
            of_channel = callback_attempts.c.channel_id == row["channel_id"]
            ended = {"outcome": NOT_SENT, "ended_at": self._clock.now(), "cause": cause}
            await uow.execute(update(callback_attempts).where(of_channel).values(ended))
            return await self._move(uow, row, {"due_at": due_at, "attempt": attempt}, Event.RELEASE)

    async def dial(self, row: Row) -> Row:
        """Write down that the number is about to be dialled. To be committed before Asterisk hears of it."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self._move(uow, row, {"attempt": row["attempt"] + 1, "dialled_at": now}, Event.DIAL)
            attempt = {"channel_id": row["channel_id"], "task_id": row["id"], "attempt": row["attempt"]}
            more = {"dialled_at": now, "phone": row["phone"], "engine": row["engine"]}
            await uow.execute(insert(callback_attempts).values(**attempt, **more))
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

    async def keep(self, row: Row, name: str, key: str) -> Row:
        """Keep an answer at once, whatever happens next."""
        answers = row["answers"] | {name: key}
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self._change(uow, row, {**read_answers(answers).columns, "answers": answers, "updated_at": now})
            named = {"task_id": row["id"], "ticket_id": row["ticket_id"], "question": name, "key": key}
            uow.record(CallbackKeyed(at=now, by="citizen", **named))
        return row

    async def note_words(self, row: Row, words: str) -> Row:
        """Keep what was said in free words; what was said before stays."""
        async with self._database.unit_of_work() as uow:
            return await self._change(uow, row, {"words": f"{row['words']}{words}"[:5000]})

    async def fail(self, row: Row, event: Event, pace: Pace, *, at: datetime | None = None) -> Row:
        """The attempt came to nothing: due again by the plan, or ``at`` when the citizen said so, or a person's."""
        now = self._clock.now()
        later = event is Event.POSTPONE
        again = pace.again_at(event, row["attempt"], row["postponed"] + later, now, at)
        outcome = follow(State(row["state"]), event)
        changes: Row = {"disposition": outcome.value, "postponed": row["postponed"] + later}
        async with self._database.unit_of_work() as uow:
            await self._end_attempt(uow, row, outcome.value, now)
            if again is not None:
                changes = {"due_at": again, "postponed": changes["postponed"]}
                return await self._move(uow, row, changes, event, Event.RETRY)
            if row["kind"] == CAMPAIGN:  # nobody phones by hand for a poll
                row = await self._move(uow, row, changes | {"done_at": now}, event, Event.GIVE_UP, Event.CLOSE)
                await self._conclude(uow, row, "robot")
                return row
            return await self._hand_to_people(uow, row, changes, now, event, Event.GIVE_UP)

    async def finish(self, row: Row, event: Event) -> Row:
        """The conversation is over: the disposition and what becomes of the work order are one transaction."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            outcome = follow(State(row["state"]), event)
            await self._end_attempt(uow, row, outcome.value, now)
            row = await self._move(uow, row, {"disposition": outcome.value, "done_at": now}, event, Event.CLOSE)
            await self._conclude(uow, row, "robot")
        return row

    async def hand_over(self, row: Row) -> Row:
        """A dissatisfied citizen goes to a live agent at once; the task stays a person's until he settles it."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            outcome = follow(State(row["state"]), Event.SURVEY)
            await self._end_attempt(uow, row, outcome.value, now)
            changes = {"disposition": outcome.value, "handed_at": now}
            row = await self._move(uow, row, changes, Event.SURVEY, Event.HAND_OVER)
            self._say_handed(uow, row, now)
        return row
