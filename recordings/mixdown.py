"""Mixdown: both voices of a call in one mono track, beside the tracks themselves.

pydub does the sums, half a minute at a time: a day-long call needs no more memory than a short one, and the
interpreter's lock is given back between the pieces. Blocking: call it on a thread.
"""

import wave
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydub import AudioSegment

from recordings.repair import Shape, examine, read_frames
from recordings.tracks import RATE, SAMPLE_BYTES, Track, archive_name, paddings, seconds_of

_PIECE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Mixed:
    """What a mixdown wrote into its folder."""

    seconds: float
    tracks: tuple[Track, ...]
    """The mix first, then those parties of whom there was a sound file."""
    began: datetime | None = None
    """When the first sample was spoken, as far as the files tell."""


def mix_down(sources: Mapping[Track, Path], folder: Path) -> Mixed:
    """Write mix.wav and each party's own track, all equally long, into ``folder``.

    A source that is missing is left out; one whose header is unfinished is read as far as it goes.
    Raises OSError (disk full, unreadable), NotAudio.
    """
    shapes = {track: examine(path) for track, path in sources.items()}
    frames = {track: _frames_at_our_rate(shape) for track, shape in shapes.items()}
    lacking = paddings(frames)
    with ExitStack() as stack:
        mix = stack.enter_context(_writer(folder / archive_name(Track.MIX)))
        own = {track: stack.enter_context(_writer(folder / archive_name(track))) for track in sources}
        voices = {track: _pieces(sources[track], shapes[track], frames[track] + lacking[track]) for track in sources}
        while pieces := {track: piece for track, voice in voices.items() if (piece := next(voice, None)) is not None}:
            for track, piece in pieces.items():
                own[track].writeframes(piece.raw_data)
            mix.writeframes(_together(list(pieces.values())).raw_data)
    return Mixed(seconds_of(max(frames.values(), default=0)), (Track.MIX, *sorted(sources)))


def _frames_at_our_rate(shape: Shape) -> int:
    return shape.frames * RATE // shape.rate


def _pieces(path: Path, shape: Shape, frames: int) -> Iterator[AudioSegment]:
    """The track in pieces of equal length, mono, at our rate, silence at its end until ``frames`` are full."""
    voice = read_frames(path, shape, _PIECE_SECONDS * shape.rate)
    while frames > 0:
        wanted = min(frames, _PIECE_SECONDS * RATE)
        yield _segment(next(voice, b""), shape, wanted)
        frames -= wanted


def _segment(samples: bytes, shape: Shape, frames: int) -> AudioSegment:
    segment = AudioSegment(data=samples, sample_width=SAMPLE_BYTES, frame_rate=shape.rate, channels=shape.channels)
    sound = segment.set_channels(1).set_frame_rate(RATE).raw_data[: frames * SAMPLE_BYTES]
    whole = sound.ljust(frames * SAMPLE_BYTES, b"\0")
    return AudioSegment(data=whole, sample_width=SAMPLE_BYTES, frame_rate=RATE, channels=1)


def _together(pieces: list[AudioSegment]) -> AudioSegment:
    first, *others = pieces
    for other in others:
        first = first.overlay(other)
    return first


def _writer(path: Path) -> wave.Wave_write:
    writer = wave.open(str(path), "wb")  # noqa: SIM115 (the caller's stack closes it)
    writer.setnchannels(1)
    writer.setsampwidth(SAMPLE_BYTES)
    writer.setframerate(RATE)
    return writer
