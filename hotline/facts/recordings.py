"""Facts of recordings."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPurged(Fact):
    """The audio was deleted because the site's period of keeping is over."""

    call_id: str
    recording_id: str
    retention_days: int
