"""Tracks: which file holds whose voice, and how two of them lie beside each other in time. Pure.

MixMonitor writes ``<uniqueid>-in.wav`` (what the citizen says) and ``<uniqueid>-out.wav`` (what is played to the
citizen: the agent and the prompts). Both begin in the same instant, when the dialplan starts the recording, so
aligning them is padding the shorter one at its end: it stopped getting sound first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

RATE = 8000
"""Samples per second of a telephone line, and of all that we archive."""
SAMPLE_BYTES = 2
"""Signed 16 bit, little-endian, one channel."""


class Track(StrEnum):
    """One playable file of a recording."""

    MIX = "mix"
    CITIZEN = "citizen"
    AGENT = "agent"


_SIDES = {"in": Track.CITIZEN, "out": Track.AGENT}
_ENDINGS = {track: side for side, track in _SIDES.items()}
_SPOOLED = re.compile(r"(?P<uniqueid>[A-Za-z0-9][A-Za-z0-9._-]{0,63})-(?P<side>in|out)\.wav")


@dataclass(frozen=True, slots=True)
class SpoolName:
    """What a file's name in the spool tells."""

    uniqueid: str
    track: Track


def read_spool_name(name: str) -> SpoolName | None:
    """Whose voice the file holds, or None when the name is not one of ours."""
    if found := _SPOOLED.fullmatch(name):
        return SpoolName(found["uniqueid"], _SIDES[found["side"]])
    return None


def spool_name(uniqueid: str, track: Track) -> str:
    """The name that the dialplan gives this voice of this channel. The mix has none: it is made later."""
    return f"{uniqueid}-{_ENDINGS[track]}.wav"


FORMATS = ("wav", "opus", "mp3")


def archive_name(track: Track, form: str = "wav") -> str:
    """The file name of a track inside its recording's folder."""
    return f"{track}.{form}"


def uniqueids(names: Iterable[str]) -> tuple[str, ...]:
    """The channels that left files among ``names``, each once, in order."""
    found = (read_spool_name(name) for name in names)
    return tuple(sorted({name.uniqueid for name in found if name is not None}))


def paddings(frames: dict[Track, int]) -> dict[Track, int]:
    """How many frames of silence each track lacks at its end to be as long as the longest."""
    longest = max(frames.values(), default=0)
    return {track: longest - count for track, count in frames.items()}


def seconds_of(frames: int, rate: int = RATE) -> float:
    """The length of so many frames, in seconds, to the millisecond."""
    return round(frames / rate, 3)
