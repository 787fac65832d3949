"""The room's use cases: recordings kept (``keeping.py``), shown, played, exported, held, purged."""

import asyncio
import shutil
import tempfile
import wave
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken, Unavailable
from recordings.archive import Archive
from recordings.calls import LiveCalls
from recordings.disk import DiskAlarm
from recordings.keeping import Keeping
from recordings.making import Apart, OnThread
from recordings.retention import Kept, expired
from recordings.rows import Recording
from recordings.sealing import OPEN, Keyring, Sealed
from recordings.spool import Patience, Spool
from recordings.store import Store
from recordings.tables import State
from recordings.tracks import Track
from recordings.watermark import mark_copy
from recordings.waveform import peaks_of
from recordings.workshop import Workshop


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
        apart: bool = False,
    ) -> None:
        """``apart``: recordings are made in a process of their own, which ends with ``run``."""
        self._clock, self._keys = clock, keys
        self._archive = Archive(folders.archive)
        self._store = Store(database)
        spool = Spool(folders.spool, patience)
        self._workshop = Workshop(spool, self._archive, form, keys)
        self._keeping = Keeping(
            database, clock, spool=spool, archive=self._archive, making=(Apart if apart else OnThread)(self._workshop),
            calls=calls, zone=zone, sweep_seconds=sweep_seconds, disk=disk,
        )  # fmt: skip

    async def run(self) -> None:
        """Keep the recording of every call that ends, and sweep the spool at the start and regularly."""
        await self._keeping.run()

    async def keep_call(self, call_id: str, ended_at: datetime) -> None:
        """Keep what the channel of an ended call left, as soon as Asterisk has closed it. Raises HotlineError."""
        await self._keeping.keep_call(call_id, ended_at)

    async def adopt_orphans(self) -> int:
        """Keep what lies in the spool and belongs to no living call; returns how many channels were looked at."""
        return await self._keeping.adopt_orphans()

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
            yield await asyncio.to_thread(self._workshop.readable, path, Path(folder))

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
