"""What a wav's first bytes and its length tell, finished or cut off."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.repair import EMPTY, NotAudio, shape_of


def header(
    data: int,
    *,
    kind: int = 1,
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    extra: bytes = b"",
    mark: bytes = b"data",
) -> bytes:
    """A wav header that claims ``data`` bytes of sound."""
    fmt = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, kind, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits
    )
    body = b"WAVE" + fmt + extra + struct.pack("<4sI", mark, data)
    return struct.pack("<4sI", b"RIFF", len(body) + data) + body


def test_a_finished_file_is_believed() -> None:
    shape = shape_of(header(3200), 44 + 3200)
    assert (shape.start, shape.length, shape.frames, shape.rate, shape.is_final) == (44, 3200, 1600, 8000, True)


@given(st.integers(0, 10**9))
def test_an_unfinished_header_yields_to_the_files_length(sound: int) -> None:
    shape = shape_of(header(0), 44 + sound)
    assert shape.frames == sound // 2
    assert shape.is_final == (sound == 0)


def test_a_file_shorter_than_it_claims_is_read_as_far_as_it_goes() -> None:
    shape = shape_of(header(32_000), 44 + 1001)
    assert (shape.length, shape.is_final) == (1000, False)


def test_a_chunk_between_is_stepped_over() -> None:
    extra = struct.pack("<4sI", b"LIST", 5) + b"abcde\0"
    assert shape_of(header(100, extra=extra), 44 + len(extra) + 100).start == 44 + len(extra)


@pytest.mark.parametrize("size", [0, 1, 43])
def test_a_file_without_a_whole_header_holds_no_sound(size: int) -> None:
    assert shape_of(header(0)[:size], size) == EMPTY


@pytest.mark.parametrize(
    "head",
    [
        b"\0" * 100,
        header(10).replace(b"WAVE", b"AVI "),
        header(10, kind=7),
        header(10, bits=8),
        header(10, channels=6),
        header(10, rate=1),
        header(10, mark=b"none"),
    ],
)
def test_what_is_no_sixteen_bit_wav_is_refused(head: bytes) -> None:
    with pytest.raises(NotAudio):
        shape_of(head, 1000)


@given(st.binary(max_size=200), st.integers(0, 10**6))
def test_no_bytes_whatever_break_the_reading(head: bytes, size: int) -> None:
    try:
        shape = shape_of(b"RIFF\0\0\0\0WAVE" + head, size)
    except NotAudio:
        return
    assert 0 <= shape.length <= size
