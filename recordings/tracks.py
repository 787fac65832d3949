"""Tracks: which file holds whose voice, and whose voices there are. Pure.

MixMonitor writes ``<uniqueid>-in.wav`` (what the leg says) and ``<uniqueid>-out.wav`` (what is played to it). Both
begin in the same instant. Of a citizen's leg, ``in`` is the citizen and ``out`` is the agent, with prompts and music,
and with whoever else is in the talk: so where agents' and parties' own voices were recorded, those are their tracks.
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
    AGENT2 = "agent2"
    AGENT3 = "agent3"
    AGENT4 = "agent4"
    PARTY = "party"
    PARTY2 = "party2"
    PARTY3 = "party3"
    PARTY4 = "party4"
    PARTY5 = "party5"
    PARTY6 = "party6"


AGENTS = (Track.AGENT, Track.AGENT2, Track.AGENT3, Track.AGENT4)
"""Seats in the order in which they came into the call; a fifth shares the last track."""
PARTIES = (Track.PARTY, Track.PARTY2, Track.PARTY3, Track.PARTY4, Track.PARTY5, Track.PARTY6)
"""Departments, interpreters and whoever else was dialled; a seventh shares the last track."""
_SIDES = {"in": Track.CITIZEN, "out": Track.AGENT}
_ENDINGS = {track: side for side, track in _SIDES.items()}
_SPOOLED = re.compile(r"(?P<uniqueid>[A-Za-z0-9][A-Za-z0-9._-]{0,63})-(?P<side>in|out)\.wav")


@dataclass(frozen=True, slots=True)
class SpoolName:
    """What a file's name in the spool tells."""

    uniqueid: str
    track: Track


@dataclass(frozen=True, slots=True)
class Voice:
    """A leg of a call besides the citizen's, or a stretch of a seat's talk; its file in the spool bears its name."""

    uniqueid: str
    track: Track
    speaker: str
    """Who speaks, as people read it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody who came into a call, as the ledger tells it."""

    uniqueid: str
    is_seat: bool
    who: str
    """The seat, or the party's id: one track each."""
    name: str


def voices_of(heard: Iterable[Heard]) -> list[Voice]:
    """Give everybody a track of his own, in the order of coming."""
    tracks: dict[str, Track] = {}
    voices: list[Voice] = []
    for one in heard:
        if any(voice.uniqueid == one.uniqueid for voice in voices):  # a second number of the same party was tried
            continue
        kinds = AGENTS if one.is_seat else PARTIES
        taken = sum(track in kinds for track in tracks.values())
        track = tracks.setdefault(one.who, kinds[min(taken, len(kinds) - 1)])
        voices.append(Voice(one.uniqueid, track, one.name))
    return voices


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


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a recording, in frames from its beginning."""

    starts: int
    ends: int


def uncovered(frames: int, covered: Iterable[Span]) -> list[Span]:
    """What of ``frames`` no span covers, in order."""
    left, at = [], 0
    for span in sorted(covered, key=lambda span: span.starts):
        if span.starts > at:
            left.append(Span(at, min(span.starts, frames)))
        at = max(at, span.ends)
    if at < frames:
        left.append(Span(at, frames))
    return [span for span in left if span.starts < span.ends]


def seconds_of(frames: int, rate: int = RATE) -> float:
    """The length of so many frames, in seconds, to the millisecond."""
    return round(frames / rate, 3)
