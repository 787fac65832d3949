"""Mixdown: all voices of a call in one mono track, beside the tracks themselves, each silent while its party is.

What the citizen heard holds everybody else who was in the talk, and prompts, and music. Where agents' and parties' own
voices were recorded, the mix takes those, and what the citizen heard only while none of them runs: so everybody is in
the mix once, also what agent and department said while the citizen was on hold.

Half a minute at a time: a day-long call needs no more memory than a short one. Most tracks are one file of our own
rate, which is copied as it is; pydub changes rates and channels. Blocking.
"""

import audioop
import wave
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pydub import AudioSegment

from recordings.repair import Shape, Sound
from recordings.tracks import AGENTS, RATE, SAMPLE_BYTES, Span, Track, archive_name, seconds_of, uncovered

_PIECE = 30 * RATE
"""Frames that are worked on at once."""


@dataclass(frozen=True, slots=True)
class Take:
    """A file with one voice: somebody else's than the citizen's, who came in later."""

    track: Track
    sound: Sound
    starts: float
    """Seconds after the citizen's recording began."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """What a mixdown wrote into its folder."""

    seconds: float
    tracks: tuple[Track, ...]
    """The mix first, then those parties of whom there was a sound file."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A file and where in the recording it lies. ``only``: the stretches in which it counts; None means all."""

    path: Path
    shape: Shape
    starts: int
    only: tuple[Span, ...] | None = None

    @property
    def frames(self) -> int:
        return self.shape.frames * RATE // self.shape.rate

    @property
    def span(self) -> Span:
        return Span(self.starts, self.starts + self.frames)


_Lane = tuple[_Placed, ...]


def mix_down(sources: Mapping[Track, Sound], folder: Path, others: Sequence[Take] = ()) -> Mixed:
    """Write mix.wav and each party's own track, all equally long, into ``folder``.

    ``sources`` are the citizen's leg: what the citizen said (CITIZEN) and heard (AGENT). A source that is missing is
    left out; one whose header is unfinished is read as far as it goes. Raises OSError (disk full).
    """
    placed = {track: _Placed(sound.path, sound.shape, 0) for track, sound in sources.items()}
    takes = [
        (one.track, _Placed(one.sound.path, one.sound.shape, round(max(0.0, one.starts) * RATE))) for one in others
    ]
    frames = max([*(one.span.ends for one in placed.values()), *(one.span.ends for _, one in takes)], default=0)
    lanes, mix = _lanes(placed, takes, frames)
    with ExitStack() as stack:
        writers = {
            track: stack.enter_context(_writer(folder / archive_name(track), frames))
            for track in (Track.MIX, *sorted(lanes))
        }
        for piece in _pieces(frames):
            for track, lane in lanes.items():
                writers[track].writeframesraw(_sum(lane, piece))
            writers[Track.MIX].writeframesraw(_sum(mix, piece))
    return Mixed(seconds_of(frames), (Track.MIX, *sorted(lanes)))


def _lanes(
    placed: Mapping[Track, _Placed], takes: Sequence[tuple[Track, _Placed]], frames: int
) -> tuple[dict[Track, _Lane], _Lane]:
    """What each track is made of, and the mix."""
    lanes: dict[Track, _Lane] = {track: (one,) for track, one in placed.items()}
    heard = placed.get(Track.AGENT)
    if any(track in AGENTS for track, _ in takes):
        lanes.pop(Track.AGENT, None)
    elif heard is not None:  # nobody's own voice but the citizen's: the agent is what the citizen heard
        heard = None
    for track, one in takes:
        lanes[track] = (*lanes.get(track, ()), one)
    mix = tuple(one for lane in lanes.values() for one in lane)
    if heard is not None:
        alone = tuple(uncovered(frames, (one.span for _, one in takes)))
        mix = (*mix, _Placed(heard.path, heard.shape, heard.starts, alone))
    return lanes, mix


def _pieces(frames: int) -> Iterator[Span]:
    for at in range(0, frames, _PIECE):
        yield Span(at, min(at + _PIECE, frames))


def _sum(lane: _Lane, piece: Span) -> bytes:
    """Everything of the lane that lies in the piece, loud peaks cut off; silence where nothing does."""
    layers = (_padded(sound, starts, piece) for one in lane for starts, sound in _parts(one, piece))
    whole = next(layers, None)
    if whole is None:
        return bytes((piece.ends - piece.starts) * SAMPLE_BYTES)
    for layer in layers:
        whole = audioop.add(whole, layer, SAMPLE_BYTES)
    return whole


def _padded(sound: bytes, starts: int, piece: Span) -> bytes:
    """The sound in its place in the piece, silence around it."""
    return (bytes((starts - piece.starts) * SAMPLE_BYTES) + sound).ljust(
        (piece.ends - piece.starts) * SAMPLE_BYTES, b"\0"
    )


def _parts(one: _Placed, piece: Span) -> Iterator[tuple[int, bytes]]:
    for span in one.only if one.only is not None else (piece,):
        starts = max(piece.starts, span.starts, one.span.starts)
        ends = min(piece.ends, span.ends, one.span.ends)
        if starts < ends:
            yield starts, _read(one, starts - one.starts, ends - starts)


def _read(one: _Placed, at: int, frames: int) -> bytes:
    """So many frames of a file from a place on: mono, at our rate, whatever its own."""
    shape, width = one.shape, SAMPLE_BYTES * one.shape.channels
    with one.path.open("rb") as file:
        file.seek(shape.start + at * shape.rate // RATE * width)
        samples = file.read(-(-frames * shape.rate // RATE) * width)
    samples = samples[: len(samples) // width * width]
    if (shape.rate, shape.channels) != (RATE, 1):
        sound = AudioSegment(data=samples, sample_width=SAMPLE_BYTES, frame_rate=shape.rate, channels=shape.channels)
        samples = sound.set_channels(1).set_frame_rate(RATE).raw_data
    return samples[: frames * SAMPLE_BYTES].ljust(frames * SAMPLE_BYTES, b"\0")


def _writer(path: Path, frames: int) -> wave.Wave_write:
    writer = wave.open(str(path), "wb")  # noqa: SIM115 (the caller's stack closes it)
    writer.setnchannels(1)
    writer.setsampwidth(SAMPLE_BYTES)
    writer.setframerate(RATE)
    writer.setnframes(frames)
    return writer
