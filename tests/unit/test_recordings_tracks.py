"""File names, alignment and retention: the room's pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.retention import Kept, expired, is_expired, retry_delay
from recordings.tracks import (
    Heard,
    Span,
    SpoolName,
    Track,
    read_spool_name,
    seconds_of,
    spool_name,
    uncovered,
    uniqueids,
    voices_of,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("uniqueid", ["1763772861.12", "hotline-1763772861.3", "a"])
@pytest.mark.parametrize("track", [Track.CITIZEN, Track.AGENT])
def test_a_spool_name_reads_back(uniqueid: str, track: Track) -> None:
    assert read_spool_name(spool_name(uniqueid, track)) == SpoolName(uniqueid, track)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x.wav",
        "-in.wav",
        "1.2-mix.wav",
        "../1.2-in.wav",
        "a/b-in.wav",
        "1.2-in.wav.part",
        "1.2-in.gsm",
        ".1-in.wav",
    ],
)
def test_other_names_are_not_ours(name: str) -> None:
    assert read_spool_name(name) is None


def test_the_citizens_voice_is_what_comes_in() -> None:
    assert read_spool_name("1.2-in.wav") == SpoolName("1.2", Track.CITIZEN)
    assert read_spool_name("1.2-out.wav") == SpoolName("1.2", Track.AGENT)


def test_each_channel_is_named_once() -> None:
    assert uniqueids(["2.1-in.wav", "1.9-out.wav", "2.1-out.wav", "notes.txt"]) == ("1.9", "2.1")


SPANS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 200)).map(lambda pair: Span(pair[0], sum(pair))))


@given(st.integers(0, 600), SPANS)
def test_what_is_uncovered_and_what_is_covered_are_the_whole(frames: int, spans: list[Span]) -> None:
    left = uncovered(frames, spans)
    alone = [n for n in range(frames) if not any(span.starts <= n < span.ends for span in spans)]
    assert [n for span in left for n in range(span.starts, span.ends)] == alone


def test_everybody_has_a_track_of_his_own_in_the_order_of_coming() -> None:
    heard = [
        Heard("voice_1", True, "1001", "小李"),
        Heard("party_1", False, "party_1", "住建局"),
        Heard("party_1", False, "party_1", "住建局"),  # its second number was tried
        Heard("voice_2", True, "1001", "小李"),  # after a hold
        Heard("voice_3", True, "1003", "班长"),
    ]
    tracks = [(voice.uniqueid, voice.track) for voice in voices_of(heard)]
    assert tracks == [
        ("voice_1", Track.AGENT), ("party_1", Track.PARTY), ("voice_2", Track.AGENT), ("voice_3", Track.AGENT2),
    ]  # fmt: skip
    many = voices_of(Heard(f"party_{n}", False, f"party_{n}", "") for n in range(9))
    assert [voice.track for voice in many][-4:] == [Track.PARTY6] * 4


def test_length_in_seconds() -> None:
    assert seconds_of(8000) == 1.0
    assert seconds_of(12_345) == 1.543


def test_a_recording_expires_when_its_last_day_is_over() -> None:
    assert not is_expired(NOW - timedelta(days=30, seconds=-1), NOW, 30)
    assert is_expired(NOW - timedelta(days=30), NOW, 30)


def test_the_oldest_goes_first() -> None:
    kept = [Kept(f"rec_{days}", "call", NOW - timedelta(days=days)) for days in (10, 400, 90)]
    assert [k.recording_id for k in expired(kept, NOW, lambda _kind: 90)] == ["rec_400", "rec_90"]


def test_failures_are_tried_again_later_and_later_but_at_least_hourly() -> None:
    delays = [retry_delay(tries) for tries in range(50)]
    assert delays[:3] == [15, 30, 60]
    assert delays == sorted(delays)
    assert delays[-1] == 3600
