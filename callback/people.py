"""What people do with return visits: take one up, settle it, withdraw a campaign's, pause the robot, note a wish."""

from sqlalchemy import delete, insert, update

from callback.lifecycle import Disposition, Event, State, follow
from callback.pacing import read_hours
from callback.port import Conclusions, Row
from callback.tables import callback_pauses, callback_tasks, callback_wishes
from callback.task_moves import TaskMoves, done_fact
from hotline.database import UnitOfWork
from hotline.errors import RuleBroken
from hotline.facts.callbacks import RobotPaused, RobotResumed
from hotline.security import Deed, append_deed


class PeoplesTasks(TaskMoves):
    """The ledger of return visits, with what people may do to it."""

    async def take_up(self, task_id: str, by: str, uow: UnitOfWork | None = None) -> Row:
        """Somebody is about to phone the citizen himself: nobody else does meanwhile.

        Raises ``RuleBroken``; IntegrityError while another of our calls has the citizen.
        """
        return await self._by_hand(task_id, Event.TAKE_UP, {"grounds": by[:200]}, uow)

    async def put_down(self, task_id: str, by: str) -> Row:
        """Nothing came of it: back on the list. Raises ``RuleBroken``."""
        return await self._by_hand(task_id, Event.PUT_DOWN, {"grounds": ""})

    async def settle_by(
        self, task_id: str, *, disposition: str, solved: bool | None = None, satisfaction: int | None = None,
        manner: int | None = None, reason: str = "", words: str = "", grounds: str = "", by: str,
        uow: UnitOfWork | None = None,
    ) -> Row:  # fmt: skip
        """What a person found out by phoning himself, or the citizen wrote. Raises ``NotFound``, ``RuleBroken``."""
        for grade in (satisfaction, manner):
            if grade is not None and grade not in range(1, 6):
                raise RuleBroken("满意度只能是 1 至 5", "satisfaction is 1 to 5", code="bad_field")
        said: Row = {
            "solved": solved, "satisfaction": satisfaction, "manner": manner, "disposition": disposition[:20],
            "reason": reason[:40], "words": words[:5000], "grounds": grounds[:200], "done_at": self._clock.now(),
        }  # fmt: skip
        if uow is not None:
            return await self._settle(uow, task_id, said, by)
        async with self._database.unit_of_work() as own:
            return await self._settle(own, task_id, said, by)

    async def record_human(
        self, task_id: str, conclusions: Conclusions, *, disposition: str, solved: bool | None,
        satisfaction: int | None, by: str,
    ) -> None:  # fmt: skip
        """As ``settle_by``, where ``conclusions`` is told."""
        self.conclusions.setdefault("visit", conclusions)
        await self.settle_by(task_id, disposition=disposition, solved=solved, satisfaction=satisfaction, by=by)

    async def withdraw(self, uow: UnitOfWork, campaign_id: str, by: str) -> int:
        """Nobody wants to know any more: tasks that wait are closed, calls that are up go on. How many were closed."""
        follow(State.DUE, Event.CLOSE)
        now = self._clock.now()
        waiting = (callback_tasks.c.campaign_id == campaign_id, callback_tasks.c.state == State.DUE.value)
        closed = {"state": State.CLOSED.value, "disposition": Disposition.WITHDRAWN.value, "grounds": by[:200]}
        done = await uow.execute(update(callback_tasks).where(*waiting).values(**closed, done_at=now, updated_at=now))
        return done.rowcount

    async def pause(self, scope: str, by: str, note: str = "", deed: Deed | None = None) -> None:
        """Dial nothing any more, or nothing of one campaign; calls that are up go on. Harmless twice."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            await uow.execute(delete(callback_pauses).where(callback_pauses.c.scope == scope))
            await uow.execute(insert(callback_pauses).values(scope=scope, by=by, at=now, note=note[:200]))
            uow.record(RobotPaused(at=now, by=by, scope=scope, reason=note[:200]))
            await append_deed(uow, deed, now)

    async def resume(self, scope: str, by: str, deed: Deed | None = None) -> None:
        """Dial again. Harmless twice."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            gone = await uow.execute(delete(callback_pauses).where(callback_pauses.c.scope == scope))
            if gone.rowcount:
                uow.record(RobotResumed(at=now, by=by, scope=scope))
            await append_deed(uow, deed, now)

    async def wish(self, uow: UnitOfWork, phone: str, hours: str, by: str) -> None:
        """When a citizen wants to be phoned (``09:00-11:30``), every time; empty: no wish. Raises ``RuleBroken``."""
        read_hours(hours)
        await uow.execute(delete(callback_wishes).where(callback_wishes.c.phone == phone))
        if hours:
            now = self._clock.now()
            await uow.execute(insert(callback_wishes).values(phone=phone, hours=hours, by=by[:64], updated_at=now))

    async def _settle(self, uow: UnitOfWork, task_id: str, said: Row, by: str) -> Row:
        row = await self._locked(uow, task_id)
        if State(row["state"]) not in (State.DUE, State.HUMAN, State.BY_HAND):
            raise RuleBroken("回访任务已被他人处理", "this return visit has moved on", code="conflict")
        row = await self._move(uow, row, said, Event.CLOSE)
        uow.record(done_fact(row, row["disposition"], by, row["done_at"]))
        await self._conclude(uow, row, by)
        return row

    async def _by_hand(self, task_id: str, event: Event, changes: Row, uow: UnitOfWork | None = None) -> Row:
        if uow is not None:
            return await self._move(uow, await self._locked(uow, task_id), changes, event)
        async with self._database.unit_of_work() as own:
            return await self._move(own, await self._locked(own, task_id), changes, event)
