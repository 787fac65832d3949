"""Mixdown and archive on real files: both voices audible, crashes survived, nothing half-written in the archive."""

import array
import math
import resource
import signal
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from recordings.archive import Archive, folder_name, hash_file
from recordings.mixdown import Take, mix_down
from recordings.repair import Sound
from recordings.tracks import Track

CITIZEN_HZ, AGENT_HZ, PARTY_HZ, MUSIC_HZ = 440, 1000, 1500, 2300


def tone(hertz: int, seconds: float, rate: int = 8000) -> bytes:
    """A quiet sine as 16-bit samples."""
    return array.array(
        "h", (int(8000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(seconds * rate)))
    ).tobytes()


def write_wav(path: Path, sound: bytes, *, finished: bool = True, rate: int = 8000) -> Path:
    """A wav as Asterisk writes it; unfinished means that the sizes in its header are still nought."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(sound)
    if not finished:
        with path.open("r+b") as raw:
            for at in (4, 40):
                raw.seek(at)
                raw.write(b"\0\0\0\0")
    return path


def listened(files: dict[Track, Path]) -> dict[Track, Sound]:
    """What the workshop makes of files before it mixes them."""
    return {track: Sound.of(path) for track, path in files.items()}


def samples(path: Path) -> "array.array[int]":
    """The samples of a finished 8 kHz mono wav."""
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return array.array("h", file.readframes(file.getnframes()))


def loudness(sound: "array.array[int]", hertz: int) -> float:
    """How much of a frequency there is, by Goertzel's sum; a tone of ``tone`` alone gives about 8000."""
    angle = 2 * math.pi * hertz / 8000
    real = sum(s * math.cos(angle * n) for n, s in enumerate(sound))
    imaginary = sum(s * math.sin(angle * n) for n, s in enumerate(sound))
    return 2 * math.hypot(real, imaginary) / max(len(sound), 1)


def test_both_voices_are_in_the_mix_and_each_alone_in_its_track(tmp_path: Path) -> None:
    sources = {
        Track.CITIZEN: write_wav(tmp_path / "in.wav", tone(CITIZEN_HZ, 1.0)),
        Track.AGENT: write_wav(tmp_path / "out.wav", tone(AGENT_HZ, 1.0)),
    }
    mixed = mix_down(listened(sources), tmp_path)
    assert (mixed.seconds, mixed.tracks) == (1.0, (Track.MIX, Track.AGENT, Track.CITIZEN))
    mix, citizen = samples(tmp_path / "mix.wav"), samples(tmp_path / "citizen.wav")
    assert loudness(mix, CITIZEN_HZ) > 7500
    assert loudness(mix, AGENT_HZ) > 7500
    assert loudness(citizen, AGENT_HZ) < 100
    assert len(samples(tmp_path / "agent.wav")) == len(mix) == 8000


def test_the_shorter_voice_ends_in_silence_across_the_seams(tmp_path: Path) -> None:
    long, short = tone(CITIZEN_HZ, 61.5), tone(AGENT_HZ, 31.25)
    sources = {
        Track.CITIZEN: write_wav(tmp_path / "in.wav", long),
        Track.AGENT: write_wav(tmp_path / "out.wav", short),
    }
    assert mix_down(listened(sources), tmp_path).seconds == 61.5
    assert samples(tmp_path / "citizen.wav").tobytes() == long
    assert samples(tmp_path / "agent.wav").tobytes() == short.ljust(len(long), b"\0")
    assert samples(tmp_path / "mix.wav")[-8000:].tobytes() == long[-16_000:]


def test_a_recording_cut_off_by_a_crash_plays_up_to_there(tmp_path: Path) -> None:
    sources = {Track.CITIZEN: write_wav(tmp_path / "in.wav", tone(CITIZEN_HZ, 0.5) + b"\x07", finished=False)}
    (tmp_path / "out.wav").touch()
    mixed = mix_down(listened(sources | {Track.AGENT: tmp_path / "out.wav"}), tmp_path)
    assert mixed.seconds == 0.5
    assert loudness(samples(tmp_path / "mix.wav"), CITIZEN_HZ) > 7500
    assert not any(samples(tmp_path / "agent.wav"))


def test_a_missing_party_is_left_out(tmp_path: Path) -> None:
    mixed = mix_down(listened({Track.AGENT: write_wav(tmp_path / "out.wav", tone(AGENT_HZ, 0.2))}), tmp_path)
    assert mixed.tracks == (Track.MIX, Track.AGENT)
    assert not (tmp_path / "citizen.wav").exists()


def test_another_rate_becomes_eight_kilohertz(tmp_path: Path) -> None:
    sources = {
        Track.CITIZEN: write_wav(tmp_path / "in.wav", tone(CITIZEN_HZ, 1.0, 16_000), rate=16_000),
        Track.AGENT: write_wav(tmp_path / "out.wav", tone(AGENT_HZ, 1.0)),
    }
    assert mix_down(listened(sources), tmp_path).seconds == 1.0
    assert loudness(samples(tmp_path / "citizen.wav"), CITIZEN_HZ) > 7000


def test_everybody_is_once_in_the_mix_and_alone_in_his_track(tmp_path: Path) -> None:
    """A greeting of 1 s, a talk of 1 s, on hold for 1 s while agent and department speak, then all three."""
    silence = bytes(16_000)
    music = tone(MUSIC_HZ, 1.0)
    tones = [memoryview(tone(hertz, 1.0)).cast("h") for hertz in (AGENT_HZ, PARTY_HZ)]
    both = array.array("h", map(sum, zip(*tones, strict=True))).tobytes()
    sources = {
        Track.CITIZEN: write_wav(tmp_path / "in.wav", tone(CITIZEN_HZ, 4.0)),
        Track.AGENT: write_wav(tmp_path / "out.wav", music + tone(AGENT_HZ, 1.0) + music + both),
    }
    takes = [
        Take(Track.AGENT, Sound.of(write_wav(tmp_path / "a1.wav", tone(AGENT_HZ, 3.0))), 1.0),
        Take(Track.PARTY, Sound.of(write_wav(tmp_path / "p.wav", tone(PARTY_HZ, 2.0))), 2.0),
    ]
    mixed = mix_down(listened(sources), tmp_path, takes)
    assert (mixed.seconds, mixed.tracks) == (4.0, (Track.MIX, Track.AGENT, Track.CITIZEN, Track.PARTY))
    assert samples(tmp_path / "agent.wav").tobytes() == silence + tone(AGENT_HZ, 3.0)
    assert samples(tmp_path / "party.wav").tobytes() == silence * 2 + tone(PARTY_HZ, 2.0)
    mix = samples(tmp_path / "mix.wav")
    heard = {
        hertz: [round(loudness(mix[at : at + 8000], hertz), -3) for at in range(0, 32_000, 8000)]
        for hertz in (CITIZEN_HZ, AGENT_HZ, PARTY_HZ, MUSIC_HZ)
    }
    assert heard == {
        CITIZEN_HZ: [8000] * 4,
        AGENT_HZ: [0, 8000, 8000, 8000],
        PARTY_HZ: [0, 0, 8000, 8000],
        MUSIC_HZ: [8000, 0, 0, 0],  # the greeting; music under words that the citizen did not hear would be in the way
    }


def test_files_cut_off_anywhere_give_tracks_that_are_equally_long(tmp_path: Path) -> None:
    """Not in whole milliseconds; and a peak of two voices is cut off, it does not turn over."""
    loud = array.array("h", [30_000] * 1003).tobytes()
    sources = {
        Track.CITIZEN: write_wav(tmp_path / "in.wav", loud, finished=False),
        Track.AGENT: write_wav(tmp_path / "out.wav", loud[: 2 * 997]),
    }
    mix_down(listened(sources), tmp_path)
    assert samples(tmp_path / "citizen.wav").tobytes() == loud
    assert samples(tmp_path / "agent.wav").tolist() == [30_000] * 997 + [0] * 6
    assert samples(tmp_path / "mix.wav").tolist() == [32_767] * 997 + [30_000] * 6


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """Let the operating system refuse to let any file grow beyond ``size`` bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_an_error_not_a_short_file(tmp_path: Path) -> None:
    source = {Track.CITIZEN: write_wav(tmp_path / "in.wav", tone(CITIZEN_HZ, 2.0))}
    with no_room_beyond(10_000), pytest.raises(OSError, match=r"large|space"):
        mix_down(listened(source), tmp_path)


def test_the_archive_replaces_an_unfinished_try_whole(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "recordings")
    folder = folder_name("call_1", datetime(2026, 4, 30, 16, 30, tzinfo=UTC), ZoneInfo("Asia/Shanghai"))
    assert folder == "2026/05/01/call_1"
    for seconds in (0.1, 0.2):
        prepared = archive.prepare("rec_1")
        write_wav(prepared / "mix.wav", tone(CITIZEN_HZ, seconds))
        (stored,) = archive.put(prepared, folder, [Track.MIX])
    path = archive.file(folder, Track.MIX)
    assert (stored.sha256, stored.size) == (hash_file(path), 44 + 3200)
    assert archive.holds(folder, {Track.MIX: stored.sha256})
    archive.remove(folder)
    archive.remove(folder)
    assert not archive.holds(folder, {Track.MIX: stored.sha256})
    archive.sweep()
    assert sorted(p.name for p in archive.root.iterdir()) == ["2026"]


def test_further_recordings_of_a_call_have_a_folder_of_their_own() -> None:
    day, zone = datetime(2026, 5, 1, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
    assert folder_name("call_1", day, zone, 1) == "2026/05/01/call_1-2"
