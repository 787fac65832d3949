"""File names, alignment and retention: the room's pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.retention import Kept, expired, is_expired, retry_delay
from recordings.tracks import SpoolName, Track, paddings, read_spool_name, seconds_of, spool_name, uniqueids

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


@given(st.dictionaries(st.sampled_from([Track.CITIZEN, Track.AGENT]), st.integers(0, 10**9)))
def test_padded_tracks_are_equally_long_and_only_one_grows(frames: dict[Track, int]) -> None:
    lacking = paddings(frames)
    assert len({frames[track] + lacking[track] for track in frames}) <= 1
    assert all(count >= 0 for count in lacking.values())
    assert not frames or min(lacking.values()) == 0


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
