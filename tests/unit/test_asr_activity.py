"""The voice gate and the two clocks, on frames whose first byte says whether they are voiced."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from asr.activity import FRAME_BYTES, Activity, SpeechEnded, SpeechEvent, SpeechFrame, SpeechStarted
from asr.timeline import ArrivalClock, FedClock

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def gate(preroll_ms: int = 200, hangover_ms: int = 400) -> Activity:
    return Activity(lambda frame: frame[0] == 1, preroll_ms=preroll_ms, hangover_ms=hangover_ms)


def play(activity: Activity, pattern: Iterable[int], start: float = 0.0) -> list[SpeechEvent]:
    events: list[SpeechEvent] = []
    for index, voiced in enumerate(pattern):
        events += activity.frame(bytes([voiced]) * FRAME_BYTES, at(start + index * 0.02))
    return events


def test_silence_passes_nothing() -> None:
    activity = gate()
    assert play(activity, [0] * 500) == []
    assert (activity.frames, activity.passed) == (500, 0)


def test_a_click_is_not_speech() -> None:
    assert play(gate(), [0] * 10 + [1, 1] + [0] * 40) == []


def test_speech_comes_with_its_preroll_and_ends_after_the_hangover() -> None:
    events = play(gate(), [0] * 50 + [1] * 25 + [0] * 50)
    assert events[0] == SpeechStarted(at(0.86))  # the 3rd voiced frame begins at 1.04: ten frames with it
    assert events[-1] == SpeechEnded(at(1.5))
    frames = [event for event in events if isinstance(event, SpeechFrame)]
    assert len(events) == len(frames) + 2
    assert [frame.at for frame in frames] == [at(0.86 + i * 0.02) for i in range(len(frames))]
    assert frames[-1].at == at(1.68)  # the beginning of the pause is part of it


def test_a_short_pause_does_not_end_speech() -> None:
    events = play(gate(), [1] * 20 + [0] * 15 + [1] * 20 + [0] * 30)
    frames = [event for event in events if isinstance(event, SpeechFrame)]
    assert [frame.at for frame in frames] == [at(i * 0.02) for i in range(65)]  # 55 and the beginning of the last pause
    assert sum(isinstance(event, SpeechStarted) for event in events) == 1
    assert sum(isinstance(event, SpeechEnded) for event in events) == 1


def test_missing_frames_end_speech_too() -> None:
    activity = gate()
    play(activity, [1] * 20)
    assert list(activity.silence(at(0.7))) == []
    assert list(activity.silence(at(0.81))) == [SpeechEnded(at(0.4))]
    assert not activity.speaking


def test_speech_after_a_gap_is_another_one_without_old_preroll() -> None:
    activity = gate()
    play(activity, [1] * 20)
    events = play(activity, [1] * 20, start=5.0)
    assert events[:2] == [SpeechEnded(at(0.4)), SpeechStarted(at(5.0))]


def test_the_end_of_the_stream_ends_speech() -> None:
    activity = gate()
    play(activity, [1] * 20)
    assert list(activity.finish()) == [SpeechEnded(at(0.4))]
    assert list(activity.finish()) == []


def test_jitter_leaves_no_gap_a_pause_does() -> None:
    clock = ArrivalClock(tolerance=0.2)
    assert clock.stamp(0.02, at(1.0)) == at(0.98)
    assert clock.stamp(0.02, at(1.15)) == at(1.0)  # late
    assert clock.stamp(0.02, at(1.16)) == at(1.02)  # caught up
    assert clock.stamp(0.5, at(1.55)) == at(1.04)  # a stall: what piled up comes in one read
    assert clock.stamp(0.02, at(3.0)) == at(2.98)  # nothing was said for a while


def test_word_times_become_instants_across_what_was_gated_away() -> None:
    fed = FedClock()
    for index in range(50):
        fed.feed(0.02, at(10 + index * 0.02))
    for index in range(50):
        fed.feed(0.02, at(20 + index * 0.02))
    assert fed.instant(0.5) == at(10.5)
    assert abs(fed.instant(1.5) - at(20.5)) < timedelta(milliseconds=1)
    assert abs(fed.instant(1.0, ends=True) - at(11)) < timedelta(milliseconds=1)
    assert abs(fed.instant(0.999) - at(20)) < timedelta(milliseconds=2)
    fed.forget()
    fed.feed(1.0, at(30))
    assert abs(fed.instant(2.5) - at(30.5)) < timedelta(milliseconds=1)
    assert abs(fed.instant(1.9) - at(29.9)) < timedelta(milliseconds=1)  # rounded: still of what came after
