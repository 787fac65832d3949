"""Keeping what calls leave in the spool, and what a dead engine missed.

Everything here may be repeated: a recording is named by its channel's uniqueid, and each step looks at what is
already done. The order is what makes a crash harmless: archive, then row and ledger, then the spool is cleared. Nothing
is written about a recording before it is made or its making has failed: until then the spool itself says what is owed.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog

from hotline.bus import SubscriberTooSlow
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.facts.calls import CallEnded
from recordings.archive import Archive
from recordings.calls import LiveCalls
from recordings.disk import DiskAlarm
from recordings.intake import Intake, Owed
from recordings.legs import Legs
from recordings.line import Line, Waiting
from recordings.making import Making
from recordings.rows import Standing
from recordings.spool import Left, Spool
from recordings.store import Store
from recordings.tables import State

_log = structlog.get_logger()

UNFINISHED_IS_DEAD_AFTER = 30.0
"""Seconds without a write after which an unfinished file of no live call is taken as cut off by a crash."""
FINAL_IS_LEFT_AFTER = 5.0
"""Seconds that the call's own end has to come for a finished file before the sweep takes it."""


class Keeping:
    """Takes recordings in. ``run`` works until cancelled; everything else may be called beside it, or without it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        spool: Spool,
        archive: Archive,
        making: Making,
        calls: LiveCalls,
        zone: ZoneInfo,
        sweep_seconds: float,
        disk: DiskAlarm | None,
    ) -> None:
        self._bus, self._clock = database.bus, clock
        self._spool, self._archive, self._making = spool, archive, making
        self._calls, self._disk = calls, disk
        self._sweep_seconds = sweep_seconds
        self._store = Store(database)
        self._intake = Intake(self._store, clock, spool=spool, archive=archive, making=making, zone=zone)
        self._one_at_a_time = asyncio.Lock()
        """From the reading of what there is to the clearing of the spool: nobody makes what another is making."""
        self._line = Line()
        self._joined = asyncio.Event()

    async def run(self) -> None:
        """Keep the recording of every call that ends, and sweep the spool at the start and regularly."""
        await asyncio.to_thread(self._archive.sweep)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sweep_regularly())
                tasks.create_task(self._listen())
                tasks.create_task(self._keep_the_line())
        finally:
            await self._making.end()

    async def keep_call(self, call_id: str, ended_at: datetime) -> None:
        """Keep what the channel of an ended call left, as soon as Asterisk has closed it. Raises HotlineError."""
        now = time.monotonic()
        left = await self._keep_ended([Waiting(call_id, ended_at, now, now)])
        while left:
            await asyncio.sleep(self._spool.patience.poll)
            left = await self._keep_ended(left)

    async def adopt_orphans(self) -> int:
        """Keep what lies in the spool and belongs to no living call; returns how many channels were looked at."""
        orphans = [left for left in await asyncio.to_thread(self._spool.left) if self._is_orphan(left)]
        for left in orphans:
            call_id = await self._calls.call_of(left.uniqueid) or f"unseen-{left.uniqueid}"[:40]
            if call_id in self._line:
                continue
            if self._calls.is_call_live(call_id):  # a party who has left: the mix at the call's end has that voice too
                continue
            async with self._one_at_a_time:
                standing = await self._store.standing([call_id], [left.uniqueid])
                legs = _legs_for(left.uniqueid, standing.legs[call_id], standing)
                await self._intake.keep([Owed(call_id, legs, datetime.fromtimestamp(left.written_at, UTC))], standing)
        return len(orphans)

    async def _listen(self) -> None:
        while True:
            with self._bus.subscribe("recordings", CallEnded) as ended:
                try:
                    async for fact in ended:
                        if isinstance(fact, CallEnded):
                            self._line.join(fact.call_id, fact.at, time.monotonic())
                            self._joined.set()
                    return
                except SubscriberTooSlow:
                    continue  # what was missed is found by the next sweep

    async def _keep_the_line(self) -> None:
        patience = self._spool.patience
        while True:
            await self._joined.wait()
            await asyncio.sleep(max(patience.begin, patience.poll))
            self._joined.clear()
            await self._keep_a_round()
            if len(self._line):
                self._joined.set()

    async def _keep_a_round(self) -> None:
        again: list[Waiting] = []
        some = self._line.first()
        try:
            again = await self._keep_ended(some)
        except (HotlineError, OSError) as failure:  # the spool still has it: the sweep tries again
            _log.warning("recordings not kept yet", calls=[one.call_id for one in some], error=str(failure))
        finally:
            self._line.leave(some, again)

    async def _keep_ended(self, ended: Sequence[Waiting]) -> list[Waiting]:
        """One round; those whose files are not finished yet."""
        async with self._one_at_a_time:
            standing = await self._store.standing([one.call_id for one in ended])
            owed = [Owed(one.call_id, standing.legs[one.call_id], one.ended_at, one.as_they_are) for one in ended]
            sizes = await self._intake.keep([one for one in owed if one.legs.main], standing)
        again = [one for one in ended if one.call_id in sizes]
        for one in again:
            one.seen(sizes[one.call_id], time.monotonic(), self._spool.patience)
        return again

    async def _sweep_regularly(self) -> None:
        while True:
            if self._disk is not None:
                await asyncio.to_thread(self._disk.look)
            try:
                await self.adopt_orphans()
            except (HotlineError, OSError) as failure:
                _log.warning("sweep of the spool failed", error=str(failure))
            await asyncio.sleep(self._sweep_seconds)

    def _is_orphan(self, left: Left) -> bool:
        age = self._clock.now().timestamp() - left.written_at
        return not self._calls.is_live(left.uniqueid) and age >= (
            FINAL_IS_LEFT_AFTER if left.is_final else UNFINISHED_IS_DEAD_AFTER
        )


def _legs_for(uniqueid: str, legs: Legs, standing: Standing) -> Legs:
    """Whose files are kept with an orphan's: the whole call's, unless it is none of them or too late for the mix."""
    if uniqueid not in legs.names:
        return Legs(uniqueid)
    known = standing.row_of(legs.main)
    mixed = known is not None and known.state in (State.READY, State.PURGED, State.SILENT)
    if mixed and uniqueid != legs.main and known is not None and uniqueid not in known.parts.split():
        return Legs(uniqueid, tuple(voice for voice in legs.voices if voice.uniqueid == uniqueid))
    return legs
