"""Rows of recordings: reading and writing the room's own tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.database import Database, UnitOfWork
from hotline.facts.recordings import RecordingHeld, RecordingPurged, RecordingReady
from hotline.ledger import fact_of, ledger
from recordings.archive import Stored
from recordings.chain import link_of
from recordings.mixdown import Mixed
from recordings.retention import Kept
from recordings.tables import State, recording_tracks, recordings
from recordings.tracks import Track, Voice


@dataclass(frozen=True, slots=True)
class Recording:
    """One row."""

    id: str
    call_id: str
    uniqueid: str
    state: State
    folder: str
    ended_at: datetime
    seconds: float | None
    started_at: datetime | None
    ready_at: datetime | None
    tries: int
    retry_at: datetime | None
    error: str | None
    kind: str = "call"
    held_by: str | None = None
    held_reason: str | None = None
    parts: str = ""
    """Names of the spool files of others than the citizen that went into it, separated by spaces."""


def recording_of(row: RowMapping) -> Recording:
    """The dataclass of a row."""
    values = {name: row[name] for name in Recording.__dataclass_fields__}
    return Recording(**(values | {"state": State(row["state"])}))


class Store:
    """The tables ``recordings`` and ``recording_tracks``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, *, recording_id: str | None = None, uniqueid: str | None = None) -> Recording | None:
        """One recording by either of its names."""
        if recording_id is not None:
            rows = await self._all(recordings.c.id == recording_id)
        else:
            rows = await self._all(recordings.c.uniqueid == uniqueid)
        return rows[0] if rows else None

    async def of_call(self, call_id: str) -> Sequence[Recording]:
        """All recordings of a call, oldest first."""
        return await self._all(recordings.c.call_id == call_id)

    async def in_state(self, state: State) -> Sequence[Recording]:
        """All recordings in a state, oldest first."""
        return await self._all(recordings.c.state == state)

    async def add(self, recording: Recording) -> None:
        """Note that a recording is owed."""
        async with self._database.unit_of_work() as uow:
            await uow.execute(
                insert(recordings).values({name: getattr(recording, name) for name in Recording.__dataclass_fields__})
            )

    async def count_of(self, call_id: str) -> int:
        """How many recordings the call has so far."""
        async with self._database.reading() as connection:
            query = select(func.count()).select_from(recordings).where(recordings.c.call_id == call_id)
            return int((await connection.execute(query)).scalar_one())

    async def mark_ready(
        self,
        recording: Recording,
        mixed: Mixed,
        stored: Sequence[Stored],
        now: datetime,
        voices: Sequence[Voice] = (),
    ) -> None:
        """The archive has it: row, hashes and the ledger's fact in one unit of work."""
        speakers = {voice.track: voice.speaker for voice in voices}
        hashes = {track.track: track for track in stored}
        async with self._database.unit_of_work() as uow:
            done = await self._change(
                uow,
                recording,
                State.READY,
                seconds=mixed.seconds,
                started_at=mixed.began,
                ready_at=now,
                error=None,
                retry_at=None,
                parts=" ".join(voice.uniqueid for voice in voices),
            )
            if not done:  # another try was quicker
                return
            await uow.execute(
                insert(recording_tracks),
                [
                    {
                        "recording_id": recording.id,
                        "track": s.track,
                        "speaker": speakers.get(s.track, "")[:80],
                        "sha256": s.sha256,
                        "size": s.size,
                        "format": s.format,
                    }
                    for s in stored
                ],
            )
            uow.record(
                RecordingReady(
                    at=now,
                    call_id=recording.call_id,
                    recording_id=recording.id,
                    sha256=hashes[Track.MIX].sha256,
                    seconds=mixed.seconds,
                    tracks=tuple(str(track) for track in mixed.tracks),
                    started_at=mixed.began,
                    previous=await _last_link(uow),
                )
            )

    async def mark_failed(self, recording: Recording, error: str, retry_at: datetime) -> None:
        """The try failed; it is owed again at ``retry_at``."""
        async with self._database.unit_of_work() as uow:
            await self._change(uow, recording, State.FAILED, error=error, retry_at=retry_at, tries=recording.tries + 1)

    async def mark_silent(self, recording: Recording) -> None:
        """There is no sound to keep."""
        async with self._database.unit_of_work() as uow:
            await self._change(uow, recording, State.SILENT, seconds=0.0, error=None, retry_at=None)

    async def mark_purged(self, kept: Kept, retention_days: int, now: datetime, by: str) -> None:
        """The audio is gone; the row and the ledger say so."""
        async with self._database.unit_of_work() as uow:
            changed = await uow.execute(
                update(recordings)
                .where(
                    recordings.c.id == kept.recording_id,
                    recordings.c.state == State.READY,
                    recordings.c.held_by.is_(None),
                )
                .values(state=State.PURGED, purged_at=now)
            )
            if changed.rowcount:
                uow.record(
                    RecordingPurged(
                        at=now,
                        by=by,
                        call_id=kept.call_id,
                        recording_id=kept.recording_id,
                        retention_days=retention_days,
                    )
                )

    async def mark_held(self, recording: Recording, held: bool, reason: str, now: datetime, by: str) -> None:
        """Set or lift the legal hold; row and ledger in one."""
        values = {"held_by": by, "held_reason": reason} if held else {"held_by": None, "held_reason": None}
        async with self._database.unit_of_work() as uow:
            await uow.execute(update(recordings).where(recordings.c.id == recording.id).values(**values))
            uow.record(
                RecordingHeld(
                    at=now, by=by, call_id=recording.call_id, recording_id=recording.id, held=held, reason=reason
                )
            )

    async def tracks_of(self, recording_ids: Sequence[str]) -> dict[str, dict[Track, str]]:
        """The sha256 of every track of these recordings, the mix first."""
        found: dict[str, dict[Track, str]] = {recording_id: {} for recording_id in recording_ids}
        async with self._database.reading() as connection:
            for row in await _tracks(connection, recording_ids):
                found[row["recording_id"]][Track(row["track"])] = row["sha256"]
        order = list(Track)
        return {
            name: dict(sorted(hashes.items(), key=lambda item: order.index(item[0]))) for name, hashes in found.items()
        }

    async def speakers_of(self, recording_ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Whose voice each track has, where that is known by name."""
        found: dict[str, dict[str, str]] = {recording_id: {} for recording_id in recording_ids}
        async with self._database.reading() as connection:
            for row in await _tracks(connection, recording_ids):
                if row["speaker"]:
                    found[row["recording_id"]][row["track"]] = row["speaker"]
        return found

    async def _change(self, uow: UnitOfWork, recording: Recording, state: State, **values: Any) -> bool:
        owed = recordings.c.state.in_([State.PENDING, State.FAILED])
        statement = update(recordings).where(recordings.c.id == recording.id, owed)
        return bool((await uow.execute(statement.values(state=state, **values))).rowcount)

    async def _all(self, condition: Any) -> list[Recording]:
        query = select(recordings).where(condition).order_by(recordings.c.ended_at, recordings.c.id)
        async with self._database.reading() as connection:
            return [recording_of(row) for row in (await connection.execute(query)).mappings()]


async def _last_link(uow: UnitOfWork) -> str:
    """The link of the recording that the ledger names last; nobody else adds one before we end."""
    await uow.alone("the chain of recordings")
    query = select(ledger.c.body).where(ledger.c.kind == RecordingReady.__name__).order_by(ledger.c.seq.desc()).limit(1)
    body = (await uow.execute(query)).scalar_one_or_none()
    last = fact_of(RecordingReady.__name__, body) if body is not None else None
    return link_of(last) if isinstance(last, RecordingReady) else ""


async def _tracks(connection: AsyncConnection, recording_ids: Sequence[str]) -> Sequence[RowMapping]:
    found: list[RowMapping] = []
    for start in range(0, len(recording_ids), 500):  # bound parameters are limited
        some = recording_ids[start : start + 500]
        query = select(recording_tracks).where(recording_tracks.c.recording_id.in_(some))
        found.extend((await connection.execute(query)).mappings().all())
    return found
