"""Integrity: does the archive still hold, bit for bit, what the ledger says was recorded?

The mix is compared with the ledger, which nobody can edit; the tracks with the room's table; and the table with
the ledger, so that changing a file *and* its row is noticed too.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hotline import ledger
from hotline.database import Database
from hotline.facts.recordings import RecordingPurged, RecordingReady
from recordings.archive import Archive, hash_file
from recordings.chain import broken_links
from recordings.rows import Recording
from recordings.sealing import OPEN, SUFFIX, CannotUnseal, Keyring
from recordings.store import Store
from recordings.tables import State
from recordings.tracks import Track


class Fault(StrEnum):
    """What is wrong with a track."""

    MISSING = "missing"
    ALTERED = "altered"
    UNREADABLE = "unreadable"
    LEDGER_DIFFERS = "ledger_differs"
    """The table names another hash than the ledger, or the ledger does not know the recording."""
    CHAIN_BROKEN = "chain_broken"
    """The ledger's fact does not name the recording before it: a fact was removed, altered or slipped in."""
    LOCKED = "locked"
    """The file is as it was sealed, but with a key that this site does not have: nobody can play it."""
    ROW_GONE = "row_gone"
    """The ledger knows the recording, was never told of its deletion, and the table has it no more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault."""

    recording_id: str
    call_id: str
    track: Track
    fault: Fault


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a check of the whole archive."""

    recordings: int
    tracks: int
    findings: tuple[Finding, ...]


async def verify(database: Database, archive: Path, keys: Keyring = OPEN) -> Verdict:
    """Hash every track of every recording that should be there. Reads the whole archive: minutes for a big one."""
    store = Store(database)
    ready = await store.in_state(State.READY)
    hashes = await store.tracks_of([recording.id for recording in ready])
    facts = [entry.fact async for entry in ledger.read(database, kinds=[RecordingReady, RecordingPurged])]
    said_ready = [fact for fact in facts if isinstance(fact, RecordingReady)]
    purged = {fact.recording_id for fact in facts if isinstance(fact, RecordingPurged)}
    witnessed = {fact.recording_id: fact.sha256 for fact in said_ready}
    there = {recording.id for recording in ready}
    findings = [_of_fact(fact, Fault.CHAIN_BROKEN) for fact in broken_links(said_ready)]
    findings += [_of_fact(fact, Fault.ROW_GONE) for fact in said_ready if fact.recording_id not in there | purged]
    for recording in ready:
        tracks = hashes[recording.id]
        if tracks.get(Track.MIX) != witnessed.get(recording.id, ""):
            findings.append(Finding(recording.id, recording.call_id, Track.MIX, Fault.LEDGER_DIFFERS))
        findings += await asyncio.to_thread(_check, Archive(archive), recording, tracks, keys)
    return Verdict(len(ready), sum(len(tracks) for tracks in hashes.values()), tuple(findings))


def _of_fact(fact: RecordingReady, fault: Fault) -> Finding:
    return Finding(fact.recording_id, fact.call_id, Track.MIX, fault)


def _check(archive: Archive, recording: Recording, tracks: dict[Track, str], keys: Keyring) -> list[Finding]:
    found = ((track, _fault(archive.file(recording.folder, track), sha256, keys)) for track, sha256 in tracks.items())
    return [Finding(recording.id, recording.call_id, track, fault) for track, fault in found if fault is not None]


def _fault(path: Path, sha256: str, keys: Keyring) -> Fault | None:
    try:
        if hash_file(path) != sha256:
            return Fault.ALTERED
        if path.suffix == SUFFIX:
            keys.open(path)
        return None
    except CannotUnseal:
        return Fault.LOCKED
    except FileNotFoundError:
        return Fault.MISSING
    except OSError:
        return Fault.UNREADABLE
