"""Taking in: what is owed is made, then written down, then cleared out of the spool.

The order is what makes a crash harmless, see ``recordings.keeping``. Never twice at a time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from hotline.clock import Clock
from hotline.ids import new_id
from recordings.archive import Archive, folder_name
from recordings.legs import Legs
from recordings.making import Making
from recordings.retention import kind_of, retry_delay
from recordings.rows import Recording, Settled, Standing
from recordings.spool import Spool
from recordings.store import Store
from recordings.tables import OWED, State
from recordings.workshop import Failed, Gone, Made, Order, Outcome, Silent, Unfinished

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be kept."""

    call_id: str
    legs: Legs
    ended_at: datetime
    as_they_are: bool = True
    """Take files too that were never finished."""


class Intake:
    """See the module's docstring."""

    def __init__(
        self, store: Store, clock: Clock, *, spool: Spool, archive: Archive, making: Making, zone: ZoneInfo
    ) -> None:
        self._store, self._clock, self._zone = store, clock, zone
        self._spool, self._archive, self._making = spool, archive, making

    async def keep(self, owed: Sequence[Owed], standing: Standing) -> dict[str, int]:
        """Make what is due; of calls whose files are not finished yet, how big they are. Raises HotlineError."""
        due: dict[str, tuple[Owed, Recording]] = {}
        sizes: dict[str, int] = {}
        for one in owed:
            recording = standing.row_of(one.legs.main) or self._fresh(one, standing.count_of(one.call_id))
            if recording.state is State.READY:
                await self._clear_again(recording, one.legs)
            elif recording.uniqueid in due:  # two calls of one channel: the second sees what became of the first
                sizes[one.call_id] = 0
            elif recording.state in OWED and self._is_due(recording):
                due[recording.uniqueid] = one, recording
        orders = [Order(made.id, made.folder, one.legs, one.as_they_are) for one, made in due.values()]
        outcomes = await self._making.make(orders) if orders else ()
        sizes |= {
            one.call_id: outcome.size
            for (one, _), outcome in zip(due.values(), outcomes, strict=True)
            if isinstance(outcome, Unfinished)
        }
        settled = [self._settled(*made) for made in zip((row for _, row in due.values()), outcomes, strict=True)]
        await self._write_down([one for one in settled if one is not None])
        return sizes

    async def _write_down(self, settled: Sequence[Settled]) -> None:
        written = await self._store.settle(settled) if settled else ()
        ready = [one for one in written if one.recording.state is State.READY]
        if ready:
            names = [name for one in ready for name in (one.recording.uniqueid, *one.recording.parts.split())]
            await asyncio.to_thread(self._spool.remove, *names)
        for one in written:
            _tell(one.recording)

    def _fresh(self, owed: Owed, serial: int) -> Recording:
        return Recording(
            id=new_id("rec"),
            call_id=owed.call_id,
            uniqueid=owed.legs.main,
            state=State.PENDING,
            folder=folder_name(owed.call_id, owed.ended_at, self._zone, serial),
            ended_at=owed.ended_at,
            seconds=None,
            started_at=None,
            ready_at=None,
            tries=0,
            retry_at=None,
            error=None,
            kind=kind_of(owed.call_id),
        )

    def _is_due(self, recording: Recording) -> bool:
        return recording.retry_at is None or recording.retry_at <= self._clock.now()

    def _settled(self, recording: Recording, outcome: Outcome) -> Settled | None:
        """The row as it is now; None while nothing has become of it."""
        now, good = self._clock.now(), replace(recording, error=None, retry_at=None)
        match outcome:
            case Made():
                if outcome.flaw:
                    _log.error("recording stays WAV", recording_id=recording.id, error=outcome.flaw)
                parts = " ".join(voice.uniqueid for voice in outcome.voices)
                return Settled(
                    replace(
                        good,
                        state=State.READY,
                        seconds=outcome.seconds,
                        started_at=outcome.began,
                        ready_at=now,
                        parts=parts,
                    ),
                    outcome.stored,
                    outcome.voices,
                )
            case Silent():
                return Settled(replace(good, state=State.SILENT, seconds=0.0))
            case Failed(error):
                retry_at = now + timedelta(seconds=retry_delay(recording.tries))
                tries = recording.tries + 1
                return Settled(replace(recording, state=State.FAILED, error=error, retry_at=retry_at, tries=tries))
            case Unfinished() | Gone():
                return None

    async def _clear_again(self, recording: Recording, legs: Legs) -> None:
        """A run died between the ledger's row and the clearing: clear now, if the archive really has it."""
        if not await asyncio.to_thread(self._spool.has_any_of, legs.names):
            return
        known = (await self._store.tracks_of([recording.id]))[recording.id]
        if await asyncio.to_thread(self._archive.holds, recording.folder, known):
            await asyncio.to_thread(self._spool.remove, recording.uniqueid, *recording.parts.split())
        else:
            _log.error("the archive is damaged; the spool files are kept", recording_id=recording.id)


def _tell(recording: Recording) -> None:
    names = {"recording_id": recording.id, "call_id": recording.call_id}
    match recording.state:
        case State.READY:
            _log.info("recording ready", **names, seconds=recording.seconds)
        case State.SILENT:
            _log.warning("the call left no sound", **names)
        case _:
            _log.error("mixdown failed; the spool files are kept", **names, error=recording.error)
