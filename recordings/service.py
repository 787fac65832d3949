"""The room's use cases: keep what a call left in the spool, take up what a dead engine missed, play, purge.

Everything here may be repeated: a recording is named by its channel's uniqueid, and each step looks at what is
already done. The order is what makes a crash harmless: archive, then row and ledger, then the spool is cleared.
"""

import asyncio
import shutil
import tempfile
import wave
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog

from hotline import ledger
from hotline.bus import SubscriberTooSlow
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError, NotFound, RuleBroken, Unavailable
from hotline.facts.calls import CallEnded
from hotline.ids import new_id
from recordings.archive import Archive, Stored, folder_name
from recordings.disk import DiskAlarm
from recordings.encoding import CannotEncode, decode, encode
from recordings.legs import LEG_FACTS, Legs, legs_of
from recordings.mixdown import Mixed, Take, mix_down
from recordings.repair import NotAudio, examine
from recordings.retention import Kept, expired, kind_of, retry_delay
from recordings.sealing import OPEN, SUFFIX, Keyring, Sealed
from recordings.spool import Left, Patience, Spool
from recordings.store import Recording, Store
from recordings.tables import State
from recordings.tracks import Track, Voice, archive_name
from recordings.watermark import mark_copy
from recordings.waveform import peaks_of

_log = structlog.get_logger()

UNFINISHED_IS_DEAD_AFTER = 30.0
"""Seconds without a write after which an unfinished file of no live call is taken as cut off by a crash."""
FINAL_IS_LEFT_AFTER = 5.0
"""Seconds that the call's own end has to come for a finished file before the sweep takes it."""


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


@dataclass(frozen=True, slots=True)
class Playable:
    """A track that can be played."""

    path: Path
    call_id: str


@dataclass(frozen=True, slots=True)
class Folders:
    """Where Asterisk writes and where we keep."""

    spool: Path
    archive: Path

    @classmethod
    def below(cls, storage: Path) -> "Folders":
        """The folders of a site whose data lies in ``storage``."""
        return cls(storage / "spool" / "monitor", storage / "recordings")


class Recordings:
    """The service. ``run`` works until cancelled; everything else may be called beside it, or without it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        folders: Folders,
        *,
        calls: LiveCalls,
        zone: ZoneInfo,
        patience: Patience | None = None,
        sweep_seconds: float = 30.0,
        form: str = "wav",
        disk: DiskAlarm | None = None,
        keys: Keyring = OPEN,
    ) -> None:
        self._database = database
        self._clock = clock
        self._calls = calls
        self._zone = zone
        self._sweep_seconds = sweep_seconds
        self._format = form
        self._disk = disk
        self._keys = keys
        self._spool = Spool(folders.spool, patience)
        self._archive = Archive(folders.archive)
        self._store = Store(database)
        self._one_at_a_time = asyncio.Lock()  # mixing is for the quiet core, not for both

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

    async def of_call(self, call_id: str) -> Sequence[dict[str, Any]]:
        """The playable recordings of a call in the API's shape, oldest first."""
        ready = [recording for recording in await self._store.of_call(call_id) if recording.state is State.READY]
        ids = [recording.id for recording in ready]
        hashes, speakers = await self._store.tracks_of(ids), await self._store.speakers_of(ids)
        return [_shape(recording, hashes[recording.id], speakers[recording.id]) for recording in ready]

    async def track(self, recording_id: str, track: str) -> Playable:
        """Where a track lies. Raises NotFound; Unavailable while it is owed or when its file is gone.

        Who may listen is asked, and that somebody did is written down, by the desk.
        """
        recording = await self._store.find(recording_id=recording_id)
        if recording is None or recording.state in (State.SILENT, State.PURGED) or track not in list(Track):
            raise NotFound("没有这条录音,或已超过保存期限", "there is no such recording, or its keeping time is over")
        path = self._archive.file(recording.folder, Track(track))
        if recording.state is not State.READY:
            raise Unavailable("录音正在处理,请稍后再试", "the recording is still being prepared; try again soon")
        if not await asyncio.to_thread(path.is_file):
            known = (await self._store.tracks_of([recording_id]))[recording_id]
            if Track(track) not in known:
                raise NotFound("这条录音没有该声道", "the recording has no such track")
            raise Unavailable("录音文件缺失,请联系管理员", "the recording's file is missing; tell the administrator")
        return Playable(path, recording.call_id)

    @asynccontextmanager
    async def sound(self, recording_id: str, track: str) -> AsyncIterator[Path]:
        """A track as an 8 kHz mono WAV, for whoever reads samples. Raises what ``track`` raises, and OSError."""
        path = (await self.track(recording_id, track)).path
        if path.suffix == ".wav":
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="hotline-sound-") as folder:
            yield await asyncio.to_thread(self._readable, path, Path(folder))

    def sealed(self, path: Path) -> Sealed:
        """A sealed track, to be played from any point. Raises Unavailable when it cannot be opened."""
        try:
            return self._keys.open(path)
        except OSError as failure:
            raise Unavailable("录音无法解密,请联系管理员", f"the recording cannot be unsealed: {failure}") from failure

    async def peaks(self, recording_id: str, buckets: int) -> dict[str, Any]:
        """How loud each party was over the length of the recording. Raises what ``track`` raises."""
        recording = await self._store.find(recording_id=recording_id)
        if recording is None:
            raise NotFound("没有这条录音", "there is no such recording")
        tracks = (await self._store.tracks_of([recording_id]))[recording_id]
        mix: list[Track] = [Track.MIX]
        parties = [track for track in tracks if track not in mix] or mix
        pictures: dict[str, list[int]] = {}
        for track in parties:
            try:
                async with self.sound(recording_id, track) as path:
                    pictures[str(track)] = await asyncio.to_thread(peaks_of, path, buckets)
            except (OSError, wave.Error, EOFError) as failure:
                raise Unavailable("录音文件无法读取", f"the recording cannot be read: {failure}") from failure
        return {"recording_id": recording_id, "seconds": recording.seconds, "peaks": pictures}

    async def export(self, recording_id: str, track: str, listener: str) -> Path:
        """A copy of a track as WAV, whose watermark names ``listener`` and the time; the caller deletes its folder."""
        words = f"{listener} {self._clock.now():%Y-%m-%dT%H:%MZ} {recording_id}"
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="hotline-export-"))
        try:
            async with self.sound(recording_id, track) as path:
                await asyncio.to_thread(mark_copy, path, folder / "copy.wav", words)
        except BaseException as failure:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            if isinstance(failure, OSError | wave.Error | EOFError):
                raise Unavailable("录音文件无法读取", f"the recording cannot be read: {failure}") from failure
            raise
        return folder / "copy.wav"

    async def hold(self, recording_id: str, held: bool, reason: str, by: str) -> dict[str, Any]:
        """Set a legal hold or lift it: a held recording is never deleted. Raises NotFound, RuleBroken."""
        recording = await self._store.find(recording_id=recording_id)
        if recording is None or recording.state is State.PURGED:
            raise NotFound("没有这条录音,或已超过保存期限", "there is no such recording, or its keeping time is over")
        if not reason.strip():
            raise RuleBroken("请填写保全或解除的理由", "a hold, or its end, needs a reason", code="no_reason")
        await self._store.mark_held(recording, held, reason.strip(), self._clock.now(), by)
        (shape,) = [one for one in await self.of_call(recording.call_id) if one["id"] == recording_id]
        return shape

    async def purge(self, days_of: Callable[[str], int], *, dry_run: bool = False, by: str = "system") -> list[Kept]:
        """Delete what has been kept for the whole period of its kind; returns it. ``dry_run`` only tells."""
        ready = await self._store.in_state(State.READY)
        now = self._clock.now()
        kept_all = (Kept(r.id, r.call_id, r.ended_at, r.kind, r.held_by is not None) for r in ready)
        over = expired(kept_all, now, days_of)
        folders = {recording.id: recording.folder for recording in ready}
        for kept in [] if dry_run else over:
            # The files go first: a crash in between leaves a row that the next purge finishes, never audio unseen.
            await asyncio.to_thread(self._archive.remove, folders[kept.recording_id])
            await self._store.mark_purged(kept, days_of(kept.kind), now, by)
        return over

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
        await asyncio.sleep(self._spool.patience.begin)
        try:
            await self.keep_call(fact.call_id, fact.at)
        except (HotlineError, OSError) as failure:  # the spool still has it: the sweep tries again
            _log.warning("recording not kept yet", call_id=fact.call_id, error=str(failure))

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
            made = await asyncio.to_thread(self._make, recording, legs)
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

    def _make(self, recording: Recording, legs: Legs) -> tuple[Mixed, Sequence[Stored], Sequence[Voice]] | None:
        """On a thread: mix into a fresh folder and move that into the archive. None when there is no sound."""
        voices = [voice for voice in legs.voices if self._spool.voice(voice.uniqueid) is not None]
        apart = any(voice.uniqueid == legs.main for voice in voices)  # somebody's leg without the citizen's
        sources = {} if apart else self._spool.find(legs.main)
        files = {voice: path for voice in voices if (path := self._spool.voice(voice.uniqueid)) is not None}
        if not any(examine(path).frames for path in (*sources.values(), *files.values())):
            return None
        began = min(map(_began, sources.values() or files.values()))
        takes = [Take(voice.track, path, _began(path) - began) for voice, path in files.items()]
        prepared = self._archive.prepare(recording.id)
        try:
            mixed = mix_down(sources, prepared, takes)
            self._encode(prepared, mixed.tracks)
            self._seal(prepared)
            stored = self._archive.put(prepared, recording.folder, mixed.tracks)
            return replace(mixed, began=datetime.fromtimestamp(began, UTC)), stored, voices
        except BaseException:
            self._archive.discard(prepared)
            raise

    def _readable(self, path: Path, folder: Path) -> Path:
        """On a thread: a plain wav of a track that is sealed, encoded or both. Raises OSError."""
        if path.suffix == SUFFIX:
            plain = folder / path.name.removesuffix(SUFFIX)
            self._keys.unseal(path, plain)
            path = plain
        if path.suffix != ".wav":
            decode(path, folder / "sound.wav")
            path = folder / "sound.wav"
        return path

    def _seal(self, prepared: Path) -> None:
        """On a thread: only sealed files are moved to the archive. One that cannot be sealed is tried again."""
        for path in list(prepared.iterdir()) if self._keys.seals else ():
            self._keys.seal(path, path.with_name(path.name + SUFFIX))
            path.unlink()

    def _encode(self, prepared: Path, tracks: Sequence[Track]) -> None:
        if self._format == "wav":
            return
        try:
            for track in tracks:
                encode(prepared / archive_name(track), prepared / archive_name(track, self._format))
        except CannotEncode as failure:  # WAV is kept: a recording is never lost for its format
            _log.error("recordings stay WAV", wanted=self._format, error=str(failure))
            for path in prepared.glob(f"*.{self._format}"):
                path.unlink()
            return
        for track in tracks:
            (prepared / archive_name(track)).unlink()

    async def _clear_spool(self, recording: Recording) -> None:
        """A run died between the ledger's row and the clearing: clear now, if the archive really has it."""
        known = (await self._store.tracks_of([recording.id]))[recording.id]
        if await asyncio.to_thread(self._archive.holds, recording.folder, known):
            await asyncio.to_thread(self._spool.remove, recording.uniqueid, *recording.parts.split())
        else:
            _log.error("the archive is damaged; the spool files are kept", recording_id=recording.id)


def _began(path: Path) -> float:
    """When the file's first sample was spoken, in seconds since 1970: the last write is the last sample."""
    shape = examine(path)
    return path.stat().st_mtime - shape.frames / shape.rate


def _shape(recording: Recording, hashes: Mapping[Track, str], speakers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": recording.id,
        "call_id": recording.call_id,
        "seconds": recording.seconds,
        "sha256": hashes[Track.MIX],
        "tracks": [str(track) for track in hashes],
        "speakers": dict(speakers),
        "created_at": recording.ready_at,
        "started_at": recording.started_at,
        "held": recording.held_by is not None,
    }
