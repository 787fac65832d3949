"""Keeping what calls leave in the spool, and what a dead engine missed.

Everything here may be repeated: a recording is named by its channel's uniqueid, and each step looks at what is
already done. The order is what makes a crash harmless: archive, then row and ledger, then the spool is cleared.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from hotline import ledger
from hotline.bus import SubscriberTooSlow
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.facts.calls import CallEnded
from hotline.ids import new_id
from recordings.archive import Archive, folder_name
from recordings.disk import DiskAlarm
from recordings.legs import LEG_FACTS, Legs, legs_of
from recordings.repair import NotAudio
from recordings.retention import kind_of, retry_delay
from recordings.spool import Left, Spool
from recordings.store import Recording, Store
from recordings.tables import State
from recordings.workshop import Workshop

_log = structlog.get_logger()

UNFINISHED_IS_DEAD_AFTER = 30.0
"""Seconds without a write after which an unfinished file of no live call is taken as cut off by a crash."""
FINAL_IS_LEFT_AFTER = 5.0
"""Seconds that the call's own end has to come for a finished file before the sweep takes it."""
LANES = 4
"""Calls whose files are looked at at a time: in a rush of calls their recordings wait, not the next citizens."""


class LiveCalls(Protocol):
    """What this room asks of whoever knows the calls."""

    def is_live(self, uniqueid: str) -> bool:
        """Whether the channel still exists as far as anybody knows; its files are then left alone."""
        ...

    def is_call_live(self, call_id: str) -> bool:
        """Whether the call goes on: then the files of those who have left it wait for its end."""
        ...

    async def call_of(self, uniqueid: str) -> str | None:
        """The call to which a citizen's channel belongs or belonged; None when the engine never saw it."""
        ...


class NobodysCalls:
    """For commands that work on the archive and never on the spool: every channel is left alone."""

    def is_live(self, uniqueid: str) -> bool:
        """Leave its files alone."""
        return True

    def is_call_live(self, call_id: str) -> bool:
        """Leave them alone."""
        return True

    async def call_of(self, uniqueid: str) -> str | None:
        """Unknown."""
        return None


class Keeping:
    """Takes recordings in. ``run`` works until cancelled; everything else may be called beside it, or without it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        spool: Spool,
        archive: Archive,
        workshop: Workshop,
        calls: LiveCalls,
        zone: ZoneInfo,
        sweep_seconds: float,
        disk: DiskAlarm | None,
    ) -> None:
        self._database, self._clock, self._zone = database, clock, zone
        self._spool, self._archive, self._workshop = spool, archive, workshop
        self._calls, self._disk = calls, disk
        self._sweep_seconds = sweep_seconds
        self._store = Store(database)
        self._one_at_a_time = asyncio.Lock()  # mixing is for the quiet core, not for both
        self._lanes = asyncio.Semaphore(LANES)
        self._in_line: set[str] = set()
        """Calls that have ended and are kept as soon as it is their turn; the sweep leaves them alone."""

    async def run(self) -> None:
        """Keep the recording of every call that ends, and sweep the spool at the start and regularly."""
        await asyncio.to_thread(self._archive.sweep)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sweep_regularly())
            tasks.create_task(self._listen(tasks))

    async def keep_call(self, call_id: str, ended_at: datetime) -> None:
        """Keep what the channel of an ended call left, as soon as Asterisk has closed it. Raises HotlineError."""
        legs = await self._legs_of(call_id)
        names = await asyncio.to_thread(self._spool.those_of, legs.names)
        files = await asyncio.gather(*map(self._spool.settle, names))
        if legs.main and any(files):
            await self._keep(legs, call_id, ended_at)

    async def adopt_orphans(self) -> int:
        """Keep what lies in the spool and belongs to no living call; returns how many channels were looked at."""
        orphans = [left for left in await asyncio.to_thread(self._spool.left) if self._is_orphan(left)]
        for left in orphans:
            call_id = await self._calls.call_of(left.uniqueid) or f"unseen-{left.uniqueid}"[:40]
            if call_id in self._in_line:
                continue
            if self._calls.is_call_live(call_id):  # a party who has left: the mix at the call's end has that voice too
                continue
            legs = await self._legs_of(call_id)
            if left.uniqueid not in legs.names:
                legs = Legs(left.uniqueid)
            elif await self._is_late(left.uniqueid, legs):
                legs = Legs(left.uniqueid, tuple(voice for voice in legs.voices if voice.uniqueid == left.uniqueid))
            await self._keep(legs, call_id, datetime.fromtimestamp(left.written_at, UTC))
        return len(orphans)

    async def _legs_of(self, call_id: str) -> Legs:
        return legs_of([entry.fact async for entry in ledger.read(self._database, call_id=call_id, kinds=LEG_FACTS)])

    async def _is_late(self, uniqueid: str, legs: Legs) -> bool:
        """Whether the call was mixed without this file: the party's leg outlived the citizen's."""
        known = await self._store.find(uniqueid=legs.main)
        mixed = known is not None and known.state in (State.READY, State.PURGED, State.SILENT)
        return mixed and uniqueid != legs.main and known is not None and uniqueid not in known.parts.split()

    async def _listen(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            with self._database.bus.subscribe("recordings", CallEnded) as ended:
                try:
                    async for fact in ended:
                        if isinstance(fact, CallEnded):
                            tasks.create_task(self._keep_logged(fact))
                    return
                except SubscriberTooSlow:
                    continue  # what was missed is found by the next sweep

    async def _keep_logged(self, fact: CallEnded) -> None:
        self._in_line.add(fact.call_id)
        try:
            await asyncio.sleep(self._spool.patience.begin)
            async with self._lanes:
                await self.keep_call(fact.call_id, fact.at)
        except (HotlineError, OSError) as failure:  # the spool still has it: the sweep tries again
            _log.warning("recording not kept yet", call_id=fact.call_id, error=str(failure))
        finally:
            self._in_line.discard(fact.call_id)

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

    async def _keep(self, legs: Legs, call_id: str, ended_at: datetime) -> None:
        async with self._one_at_a_time:
            if not await asyncio.to_thread(self._spool.those_of, legs.names):
                return
            recording = await self._owed(legs.main, call_id, ended_at)
            if recording.state is State.READY:
                await self._clear_spool(recording)
            elif recording.state in (State.PENDING, State.FAILED) and self._is_due(recording):
                await self._mix_and_archive(recording, legs)

    async def _owed(self, uniqueid: str, call_id: str, ended_at: datetime) -> Recording:
        if (known := await self._store.find(uniqueid=uniqueid)) is not None:
            return known
        fresh = Recording(
            id=new_id("rec"),
            call_id=call_id,
            uniqueid=uniqueid,
            state=State.PENDING,
            folder=folder_name(call_id, ended_at, self._zone, await self._store.count_of(call_id)),
            ended_at=ended_at,
            seconds=None,
            started_at=None,
            ready_at=None,
            tries=0,
            retry_at=None,
            error=None,
            kind=kind_of(call_id),
        )
        await self._store.add(fresh)
        return fresh

    def _is_due(self, recording: Recording) -> bool:
        return recording.retry_at is None or recording.retry_at <= self._clock.now()

    async def _mix_and_archive(self, recording: Recording, legs: Legs) -> None:
        try:
            made = await asyncio.to_thread(self._workshop.make, recording, legs)
        except (OSError, NotAudio) as failure:
            retry_at = self._clock.now() + timedelta(seconds=retry_delay(recording.tries))
            await self._store.mark_failed(recording, str(failure), retry_at)
            _log.error("mixdown failed; the spool files are kept", recording_id=recording.id, error=str(failure))
            return
        if made is None:
            await self._store.mark_silent(recording)
            _log.warning("the call left no sound", recording_id=recording.id, call_id=recording.call_id)
            return
        mixed, stored, voices = made
        await self._store.mark_ready(recording, mixed, stored, self._clock.now(), voices)
        await asyncio.to_thread(self._spool.remove, recording.uniqueid, *(voice.uniqueid for voice in voices))
        _log.info("recording ready", recording_id=recording.id, call_id=recording.call_id, seconds=mixed.seconds)

    async def _clear_spool(self, recording: Recording) -> None:
        """A run died between the ledger's row and the clearing: clear now, if the archive really has it."""
        known = (await self._store.tracks_of([recording.id]))[recording.id]
        if await asyncio.to_thread(self._archive.holds, recording.folder, known):
            await asyncio.to_thread(self._spool.remove, recording.uniqueid, *recording.parts.split())
        else:
            _log.error("the archive is damaged; the spool files are kept", recording_id=recording.id)
