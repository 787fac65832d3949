"""What the room's rows say, as data: a recording, what has become of one, what there is of some calls. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import RowMapping

from hotline.facts.recordings import RecordingReady
from recordings.archive import Stored
from recordings.legs import Legs
from recordings.tables import State
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


@dataclass(frozen=True, slots=True)
class Settled:
    """What has become of a recording that was owed. The tracks and voices are of one that is READY."""

    recording: Recording
    stored: Sequence[Stored] = ()
    voices: Sequence[Voice] = ()

    def named(self, recording_id: str) -> "Settled":
        """The same under the id of the row that is there."""
        return replace(self, recording=replace(self.recording, id=recording_id))

    def row(self) -> dict[str, Any]:
        """The row of ``recordings``."""
        return {name: getattr(self.recording, name) for name in Recording.__dataclass_fields__}

    def track_rows(self) -> list[dict[str, Any]]:
        """The rows of ``recording_tracks``."""
        speakers = {voice.track: voice.speaker[:80] for voice in self.voices}
        return [
            {"recording_id": self.recording.id, "track": one.track, "speaker": speakers.get(one.track, "")}
            | {"sha256": one.sha256, "size": one.size, "format": one.format}
            for one in self.stored
        ]

    def fact(self, previous: str) -> RecordingReady:
        """What the ledger says of it."""
        recording = self.recording
        assert recording.ready_at is not None
        assert recording.seconds is not None
        return RecordingReady(
            at=recording.ready_at,
            call_id=recording.call_id,
            recording_id=recording.id,
            sha256=next(one.sha256 for one in self.stored if one.track is Track.MIX),
            seconds=recording.seconds,
            tracks=tuple(str(one.track) for one in self.stored),
            started_at=recording.started_at,
            previous=previous,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is of some calls before their recordings are made."""

    legs: Mapping[str, Legs]
    """By call, as the ledger tells."""
    rows: Sequence[Recording]

    def row_of(self, uniqueid: str) -> Recording | None:
        """The recording that bears this channel's name."""
        return next((row for row in self.rows if row.uniqueid == uniqueid), None)

    def count_of(self, call_id: str) -> int:
        """How many recordings the call has so far."""
        return sum(row.call_id == call_id for row in self.rows)
