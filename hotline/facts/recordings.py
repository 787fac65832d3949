"""Facts of recordings."""

from dataclasses import dataclass
from datetime import datetime

from hotline.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingReady(Fact):
    """The call's audio lies in the archive, mixed and hashed."""

    call_id: str
    recording_id: str
    sha256: str
    """Of the mix, in hex."""
    seconds: float
    tracks: tuple[str, ...]
    started_at: datetime | None = None
    """When the first sample was spoken; None in facts older than this field."""
    previous: str = ""
    """The link of the recording before this one (``recordings.chain``): what vanished leaves a broken link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingHeld(Fact):
    """Somebody set or lifted a legal hold: a held recording is never deleted."""

    call_id: str
    recording_id: str
    held: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPaused(Fact):
    """The recording of a live call was paused (card numbers are said), or goes on again."""

    call_id: str
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPurged(Fact):
    """The audio was deleted because the site's period of keeping is over."""

    call_id: str
    recording_id: str
    retention_days: int
