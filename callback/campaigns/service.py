"""Campaigns at work: made, listed, begun and ended by people; fed to the robot a few entries at a time.

An entry becomes a callback task of kind ``campaign`` in the transaction that takes it off the list, so it is asked once
however often an engine dies. How many are with the robot at once is ``quotas``' to say: what is open counts as if it
were answered, so no quota is overshot and nothing has to be called back. The task's closing transaction tells us the
answers (``conclude``).
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import insert, select

from callback.campaigns import lifecycle, quotas
from callback.campaigns.lifecycle import Action, State
from callback.campaigns.lists import Listed
from callback.campaigns.outline import Outline
from callback.campaigns.store import WITHDRAWN, CampaignStore
from callback.campaigns.tables import campaigns
from callback.port import CAMPAIGN, Row
from callback.tables import callback_tasks
from hotline.bus import Bus, SubscriberTooSlow
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import HotlineError, RuleBroken
from hotline.facts.outreach import CampaignChanged, CampaignEntryDone, CampaignMoved
from hotline.ids import new_id
from hotline.outreach import Campaigns as Rules
from hotline.security import Deed, append_deed

_log = structlog.get_logger()
_LOOK_AGAIN_SECONDS = 60.0


class Tasks(Protocol):
    """The robot's ledger."""

    async def demand(
        self, uow: UnitOfWork, *, ticket_id: str, number: str, title: str, phone: str, at: datetime, kind: str,
        unit: str, flow: str, campaign_id: str | None, hours: str,
    ) -> str: ...  # fmt: skip
    async def withdraw(self, uow: UnitOfWork, campaign_id: str, by: str) -> int: ...


class CampaignService:
    """All campaigns of a site. Fills the robot's ``CampaignGate`` and ``Conclusions``."""

    def __init__(
        self, database: Database, bus: Bus, clock: Clock, zone: ZoneInfo, tasks: Tasks, rules: Rules,
        flows: Callable[[], Sequence[str]],
    ) -> None:  # fmt: skip
        self._database = database
        self._bus = bus
        self._clock = clock
        self._zone = zone
        self._tasks = tasks
        self.rules = rules
        self.flows = flows
        self.store = CampaignStore(database)
        self.wake: Callable[[], None] = lambda: None
        """Told when the gate may have opened: the robot looks again."""
        self._open: dict[str, Row] = {}
        """Campaigns that have begun and not ended, for the gate."""
        self._woken = asyncio.Event()

    # -- what people do -------------------------------------------------------------------------------------------

    async def make(self, outline: Outline, by: str, deed: Deed | None = None) -> Row:
        """A draft."""
        self._demand_flow(outline.flow)
        now = self._clock.now()
        row = outline.columns | {"id": new_id("campaign"), "state": State.DRAFT.value, "version": 1}
        row |= {"created_at": now, "updated_at": now, "created_by": by}
        async with self._database.unit_of_work() as uow:
            await uow.execute(insert(campaigns).values(row))
            uow.record(_moved(row, "make", "", State.DRAFT, by, now))
            await append_deed(uow, deed and replace(deed, whom=row["id"]), now)
        return await self.store.get(row["id"])

    async def edit(self, campaign_id: str, outline: Outline, by: str, deed: Deed | None = None) -> Row:
        """Change a draft. Raises NotFound, RuleBroken."""
        self._demand_flow(outline.flow)
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self.store.locked(uow, campaign_id)
            lifecycle.demand_draft(State(row["state"]))
            row = await self.store.change(uow, row, outline.columns | {"updated_at": now})
            uow.record(_moved(row, "edit", State.DRAFT, State.DRAFT, by, now))
            await append_deed(uow, deed, now)
        return row

    async def demand_draft(self, campaign_id: str) -> None:
        """Raises NotFound; RuleBroken once it has begun."""
        lifecycle.demand_draft(State((await self.store.get(campaign_id))["state"]))

    async def set_list(
        self, campaign_id: str, listed: Sequence[Listed], by: str, source: str, deed: Deed | None = None
    ) -> Row:
        """Whom a draft asks, in place of whom it asked. Raises NotFound, RuleBroken."""
        if not listed:
            raise RuleBroken("名单里没有号码", "there is nobody in the list", code="empty_list")
        if len(listed) > self.rules.largest_list:
            raise RuleBroken(f"名单最多 {self.rules.largest_list} 条", "the list is too long", code="too_many")
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self.store.locked(uow, campaign_id)
            lifecycle.demand_draft(State(row["state"]))
            await self.store.replace_list(uow, campaign_id, listed)
            row = await self.store.change(uow, row, {"updated_at": now})
            detail = {"entries": str(len(listed)), "source": source}
            uow.record(_moved(row, "list", State.DRAFT, State.DRAFT, by, now, detail))
            await append_deed(uow, deed, now)
        self._tell(campaign_id)
        return row

    async def act(self, campaign_id: str, action: Action, by: str, deed: Deed | None = None) -> Row:
        """Start, pause, resume or stop it. Raises NotFound, RuleBroken."""
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            row = await self.store.locked(uow, campaign_id)
            before = State(row["state"])
            to = lifecycle.follow(before, action)
            changes: Row = {"state": to.value, "updated_at": now}
            if action is Action.START:
                await self._demand_ready(uow, row)
                changes["started_at"] = now
            if action is Action.STOP:
                changes["ended_at"] = now
                await self._withdraw(uow, campaign_id, by, now)
            row = await self.store.change(uow, row, changes)
            uow.record(_moved(row, action, before, to, by, now))
            await append_deed(uow, deed, now)
        self._note(row)
        self._tell(campaign_id)
        self._woken.set()
        self.wake()
        return row

    # -- what the robot asks and tells ----------------------------------------------------------------------------

    def is_open(self, campaign_id: str, now: datetime) -> bool:
        """Whether anybody may be dialled for it now; from memory."""
        row = self._open.get(campaign_id)
        return row is not None and lifecycle.is_on(
            State(row["state"]), row["begins_on"], row["ends_on"], now, self._zone
        )

    async def runs(self, uow: UnitOfWork, campaign_id: str) -> bool:
        """Whether nobody has paused or stopped it, on any engine."""
        query = select(campaigns.c.state).where(campaigns.c.id == campaign_id)
        return (await uow.execute(query)).scalar() == State.RUNNING

    async def conclude(
        self, uow: UnitOfWork, ticket_id: str, *, disposition: str, solved: bool | None, satisfaction: int | None,
        manner: int | None = None, by: str = "robot", first: tuple[bool | None, int | None] | None = None,
    ) -> None:  # fmt: skip
        """An entry's task closes. ``ticket_id`` is the entry's."""
        query = select(callback_tasks).where(callback_tasks.c.ticket_id == ticket_id)
        query = query.order_by(callback_tasks.c.created_at.desc()).limit(1)
        task = (await uow.execute(query)).mappings().one_or_none()
        if task is None:
            return
        now = self._clock.now()
        said = {"answers": dict(task["answers"]), "words": str(task["words"])[:1000]}
        campaign_id = await self.store.done(uow, ticket_id, said | {"disposition": task["disposition"], "done_at": now})
        if campaign_id is not None:
            named = {"campaign_id": campaign_id, "entry_id": ticket_id}
            uow.record(CampaignEntryDone(at=now, by=by, disposition=task["disposition"], **named))

    # -- feeding --------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Which campaigns are on, for the gate."""
        for row in await self.store.in_state(State.RUNNING, State.PAUSED):
            self._note(row)

    async def run(self) -> None:
        """Feed the robot until cancelled."""
        with self._bus.subscribe("campaigns", CampaignEntryDone, CampaignMoved, capacity=100_000) as done:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(done))
                while True:
                    self._woken.clear()
                    try:
                        await self.feed()
                    except HotlineError as failure:
                        _log.warning("campaigns wait", why=failure.en)
                    await self._sleep()

    async def feed(self) -> None:
        """Hand over what there is room for, of every campaign that runs; end those that have all they wanted."""
        now = self._clock.now()
        begun = await self.store.in_state(State.RUNNING, State.PAUSED)
        self._open = {row["id"]: row for row in begun}  # as other engines' screens left them
        for row in begun:
            if self.is_open(row["id"], now):
                try:
                    await self._feed_one(row["id"], now)
                except RuleBroken as failure:  # stopped in this very moment, or another engine feeds it
                    _log.info("a campaign is fed later", campaign=row["id"], why=failure.en)

    async def _feed_one(self, campaign_id: str, now: datetime) -> None:
        async with self._database.unit_of_work() as uow:
            row = await self.store.locked(uow, campaign_id)
            if row["state"] != State.RUNNING:
                return
            standings = await self.store.standings(campaign_id, uow)
            if quotas.is_finished(standings, row["quotas"]):
                await self._finish(uow, row, now)
                return
            for group, most in quotas.room_of(standings, row["quotas"], self.rules.ahead).items():
                for entry in await self.store.next_of(uow, campaign_id, group, most):
                    task = await self._tasks.demand(
                        uow, ticket_id=entry["id"], number="", title=row["name"], phone=entry["phone"], at=now,
                        kind=CAMPAIGN, unit=campaign_id, flow=row["flow"], campaign_id=campaign_id, hours=row["hours"],
                    )  # fmt: skip
                    await self.store.hand_over(uow, entry["id"], task)

    async def _finish(self, uow: UnitOfWork, row: Row, now: datetime) -> None:
        await self._withdraw(uow, row["id"], "system", now)  # of full groups; nobody of them is with the robot
        before = State(row["state"])
        to = lifecycle.follow(before, Action.FINISH)
        row = await self.store.change(uow, row, {"state": to.value, "updated_at": now, "ended_at": now})
        uow.record(_moved(row, Action.FINISH, before, to, "system", now))
        self._open.pop(row["id"], None)

    async def _withdraw(self, uow: UnitOfWork, campaign_id: str, by: str, now: datetime) -> None:
        await self._tasks.withdraw(uow, campaign_id, by)
        closed = (callback_tasks.c.campaign_id == campaign_id, callback_tasks.c.disposition == WITHDRAWN)
        await self.store.withdraw(uow, campaign_id, select(callback_tasks.c.id).where(*closed), now)

    # -- inside ---------------------------------------------------------------------------------------------------

    async def _demand_ready(self, uow: UnitOfWork, row: Row) -> None:
        standings = await self.store.standings(row["id"], uow)
        if not standings:
            raise RuleBroken("请先导入名单", "give it a list first", code="empty_list")
        if strange := quotas.check(row["quotas"], standings):
            names = "、".join(strange)
            raise RuleBroken(f"名单中没有分组:{names}", f"no entry is in group {names}", code="bad_field")
        self._demand_flow(row["flow"])

    def _demand_flow(self, flow: str) -> None:
        if flow not in self.flows():
            raise RuleBroken(f"没有语音流程“{flow}”", f"there is no flow {flow!r}", code="unknown_flow")

    def _note(self, row: Row) -> None:
        if row["state"] in (State.RUNNING, State.PAUSED):
            self._open[row["id"]] = row
        else:
            self._open.pop(row["id"], None)

    def _tell(self, campaign_id: str) -> None:
        self._bus.publish(CampaignChanged(campaign_id=campaign_id))

    async def _listen(self, done: Any) -> None:
        while True:
            try:
                async for message in done:
                    self._tell(message.campaign_id)
                    self._woken.set()
                return
            except SubscriberTooSlow:
                done = self._bus.subscribe("campaigns", CampaignEntryDone, CampaignMoved, capacity=100_000)
                self._woken.set()

    async def _sleep(self) -> None:
        """Until something happened; a day may have begun meanwhile."""
        try:
            async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass


def _moved(
    row: Row, action: str, before: str, to: str, by: str, now: datetime, detail: dict[str, str] | None = None
) -> CampaignMoved:
    return CampaignMoved(
        at=now, by=by, campaign_id=row["id"], name=row["name"], action=str(action), from_state=str(before),
        to_state=str(to), detail=detail or {},
    )  # fmt: skip
