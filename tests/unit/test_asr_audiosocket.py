"""The AudioSocket frame parser: whatever the TCP segments are, whole frames or a clear refusal."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.audiosocket import Frame, FrameParser, Kind, Malformed

FRAMES = st.lists(
    st.one_of(
        st.builds(lambda n: Frame(Kind.AUDIO, bytes(n * 2)), st.integers(1, 200)),
        st.builds(lambda: Frame(Kind.IDENTITY, uuid4().bytes)),
        st.builds(lambda: Frame(Kind.DIGIT, b"5")),
        st.builds(lambda: Frame(Kind.HANG_UP)),
    ),
    max_size=8,
)


def parse(parser: FrameParser, data: bytes) -> list[Frame]:
    parser.receive(data)
    frames = []
    while (frame := parser.next_frame()) is not None:
        frames.append(frame)
    return frames


@given(FRAMES, st.integers(1, 700))
def test_frames_survive_any_segments(frames: list[Frame], segment: int) -> None:
    wire = b"".join(frame.encode() for frame in frames)
    parser = FrameParser()
    seen = [frame for i in range(0, len(wire), segment) for frame in parse(parser, wire[i : i + segment])]
    assert seen == frames
    assert not parser.inside_frame


@given(st.binary(max_size=400))
def test_garbage_is_refused_or_waited_for_never_anything_else(garbage: bytes) -> None:
    parser = FrameParser()
    try:
        frames = parse(parser, garbage)
    except Malformed:
        return
    assert b"".join(frame.encode() for frame in frames) == garbage[: sum(3 + len(f.payload) for f in frames)]


@pytest.mark.parametrize(
    "header",
    [
        b"\x10\xff\xff",
        b"\x10\x0c\x82",
        b"\x10\x00\x03",
        b"\x10\x00\x00",
        b"\x01\x00\x0f",
        b"\x00\x00\x01",
        b"\x03\x00\x02",
        b"\x42\x00\x00",
    ],
    ids=["giant", "too long", "odd", "empty audio", "short uuid", "long hang-up", "two keys", "unknown kind"],
)
def test_a_wrong_header_is_refused_before_its_payload_comes(header: bytes) -> None:
    parser = FrameParser()
    parser.receive(header)
    with pytest.raises(Malformed):
        parser.next_frame()


def test_half_a_frame_waits() -> None:
    parser = FrameParser()
    assert parse(parser, Frame(Kind.AUDIO, bytes(320)).encode()[:100]) == []
    assert parser.inside_frame
