"""Rows of recordings: reading and writing the room's own tables."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from hotline.database import Database, UnitOfWork
from hotline.facts import Fact
from hotline.facts.recordings import RecordingHeld, RecordingPurged, RecordingReady
from hotline.ledger import fact_of, ledger
from recordings.chain import link_of
from recordings.legs import LEG_FACTS, legs_of
from recordings.retention import Kept
from recordings.rows import Recording, Settled, Standing, recording_of
from recordings.tables import OWED, State, recording_tracks, recordings
from recordings.tracks import Track


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

    async def standing(self, call_ids: Sequence[str], uniqueids: Sequence[str] = ()) -> Standing:
        """What there is of these calls, and of further channels, in one reading."""
        of_calls = ledger.c.call_id.in_(call_ids), ledger.c.kind.in_([kind.__name__ for kind in LEG_FACTS])
        facts: dict[str, list[Fact]] = {call_id: [] for call_id in call_ids}
        async with self._database.reading() as connection:
            query = select(ledger.c.call_id, ledger.c.kind, ledger.c.body).where(*of_calls).order_by(ledger.c.seq)
            for call_id, kind, body in await connection.execute(query):
                facts[call_id].append(fact_of(kind, body))
            legs = {call_id: legs_of(some) for call_id, some in facts.items()}
            names = {*uniqueids, *(one.main for one in legs.values())}
            kept = or_(recordings.c.call_id.in_(call_ids), recordings.c.uniqueid.in_(sorted(names)))
            rows = (await connection.execute(select(recordings).where(kept))).mappings().all()
        return Standing(legs, [recording_of(row) for row in rows])

    async def settle(self, settled: Sequence[Settled]) -> list[Settled]:
        """Rows, hashes and the ledger's facts in one unit of work; those that were written.

        What another try has settled before stays as it is: whose row is there first has made the recording.
        """
        rows = [one.row() for one in sorted(settled, key=lambda one: one.recording.uniqueid)]
        async with self._database.unit_of_work() as uow:
            written = await uow.execute(_upsert_owed(self._database.dialect), rows)
            ids: dict[str, str] = {row.uniqueid: row.id for row in written}
            done = [one.named(ids[one.recording.uniqueid]) for one in settled if one.recording.uniqueid in ids]
            if ready := [one for one in done if one.recording.state is State.READY]:
                await uow.execute(insert(recording_tracks), [row for one in ready for row in one.track_rows()])
                link = await _last_link(uow)
                for one in ready:
                    uow.record(fact := one.fact(link))
                    link = link_of(fact)
        return done

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

    async def _all(self, condition: Any) -> list[Recording]:
        query = select(recordings).where(condition).order_by(recordings.c.ended_at, recordings.c.id)
        async with self._database.reading() as connection:
            return [recording_of(row) for row in (await connection.execute(query)).mappings()]


@cache
def _upsert_owed(dialect: str) -> ReturningInsert[tuple[str, str]]:
    """Insert, or overwrite what is still owed; gives the channel and the row's id of those written."""
    made = postgresql.insert(recordings) if dialect == "postgresql" else sqlite.insert(recordings)
    changed = ("state", "folder", "seconds", "started_at", "ready_at", "tries", "retry_at", "error", "parts")
    return made.on_conflict_do_update(
        index_elements=[recordings.c.uniqueid],
        set_={name: made.excluded[name] for name in changed},
        where=or_(*(recordings.c.state == state for state in OWED)),  # with many rows at once there can be no IN
    ).returning(recordings.c.uniqueid, recordings.c.id)


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
