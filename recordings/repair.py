"""Repair: reading a wav whose header was never finished.

Asterisk writes a wav's sizes only when it closes the file, and buffers 32 KiB before it writes at all. After a
crash or a kill the header says "no data" over minutes of speech, or the file is empty. The truth is the file's
length: sound begins where the ``data`` chunk begins and ends where the file ends. The file itself is never altered;
what is archived is written anew from what is read here.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recordings.tracks import RATE, SAMPLE_BYTES

_PCM = 1
_SMALLEST = 44
_LONGEST_HEADER = 4096


class NotAudio(ValueError):
    """The file has content, but it is no 16-bit PCM wav. Repeating will not help."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the sound lies in a file."""

    rate: int
    channels: int
    start: int
    """Bytes before the first sample."""
    length: int
    """Bytes of whole frames that are really there."""
    is_final: bool
    """Whether the header tells the same: the writer closed the file."""

    @property
    def frames(self) -> int:
        """How many frames (one sample of each channel) there are."""
        return self.length // (SAMPLE_BYTES * self.channels)


EMPTY = Shape(rate=RATE, channels=1, start=0, length=0, is_final=False)
"""A file in which nothing arrived: the writer was killed before its first 32 KiB."""


def examine(path: Path) -> Shape:
    """The true shape of the file, whatever its header claims. Raises OSError, NotAudio."""
    return Sound.of(path).shape


@dataclass(frozen=True, slots=True)
class Sound:
    """A file, looked at once."""

    path: Path
    shape: Shape
    written_at: float
    """Seconds since 1970 of the last write."""

    @classmethod
    def of(cls, path: Path) -> "Sound":
        """Look at the file. Raises OSError, NotAudio."""
        with path.open("rb", buffering=0) as file:
            head = file.read(_LONGEST_HEADER)
            status = os.fstat(file.fileno())
        return cls(path, shape_of(head, status.st_size), status.st_mtime)

    @property
    def began(self) -> float:
        """When the first sample was spoken, in seconds since 1970: the last write is the last sample."""
        return self.written_at - self.shape.frames / self.shape.rate


def shape_of(head: bytes, size: int) -> Shape:
    """The shape told by a file's first bytes and its length. Raises NotAudio."""
    if size < _SMALLEST:
        return EMPTY
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NotAudio("not a wav: no RIFF/WAVE at its beginning")
    layout: tuple[int, int] | None = None
    for name, start, claimed in _chunks(head):
        if name == b"fmt ":
            layout = _layout(head[start : start + 16])
        elif name == b"data" and layout is not None:
            return _measured(layout, start, claimed, size)
    raise NotAudio("a wav without fmt and data")


def read_frames(path: Path, shape: Shape, frames_at_once: int) -> Iterator[bytes]:
    """The samples, in pieces of so many frames, the last one shorter. Reads no further than ``shape`` says."""
    left = shape.length
    with path.open("rb") as file:
        file.seek(shape.start)
        while left > 0:
            piece = file.read(min(left, frames_at_once * SAMPLE_BYTES * shape.channels))
            if not piece:
                return
            left -= len(piece)
            yield piece


def _chunks(head: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        yield name, at + 8, length
        at += 8 + length + length % 2


def _layout(fmt: bytes) -> tuple[int, int]:
    if len(fmt) < 16:
        raise NotAudio("the wav's fmt chunk is cut off")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", fmt)
    if kind != _PCM or bits != 8 * SAMPLE_BYTES or channels not in (1, 2) or not 1000 <= rate <= 192_000:
        raise NotAudio(f"not 16-bit PCM: format {kind}, {bits} bits, {channels} channels, {rate} Hz")
    return rate, channels


def _measured(layout: tuple[int, int], start: int, claimed: int, size: int) -> Shape:
    rate, channels = layout
    there = max(size - start, 0)
    frame = SAMPLE_BYTES * channels
    return Shape(rate=rate, channels=channels, start=start, length=there - there % frame, is_final=claimed == there)
