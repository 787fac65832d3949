"""What a transcript misses, computed from spans alone."""

from datetime import UTC, datetime, timedelta

from asr.gaps import Span, conversation_began, covered_by, merge, uncovered, within
from asr.quiet import idle_share
from asr.utterances import SpokenWord, Utterance
from hotline.facts.calls import CallArrived, CallConnected, CallFellBack

BEGAN = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def said(start: float, *words: tuple[float, float], seconds: float = 1.0) -> Utterance:
    spoken = tuple(SpokenWord("字", offset, length, 0.9) for offset, length in words)
    return Utterance(
        call_id="call_1",
        who="citizen",
        text="字",
        started_at=at(start),
        seconds=seconds,
        confidence=None,
        words=spoken,
    )


def arrived() -> CallArrived:
    return CallArrived(
        at=at(0), call_id="call_1", caller="1", dialled="12345", line="12345", channel="c", uniqueid="c1"
    )


def connected(seconds: float) -> CallConnected:
    return CallConnected(
        at=at(seconds),
        call_id="call_1",
        seat="1001",
        account="a",
        citizen_channel="c",
        citizen_uniqueid="c1",
        seat_channel="s",
        seat_uniqueid="s1",
    )


def test_speech_without_words_is_owed() -> None:
    speech = [Span(1, 4), Span(10, 14), Span(20, 21)]
    assert uncovered(speech, [Span(1.2, 3.8)]) == [Span(10, 14), Span(20, 21)]


def test_rims_are_not_owed_and_whole_stretches_are() -> None:
    assert uncovered([Span(1, 4)], [Span(1.5, 3.5)]) == []
    assert uncovered([Span(1, 4)], []) == [Span(1, 4)]
    assert uncovered([Span(1, 1.3)], []) == []
    assert uncovered([Span(0, 10)], [Span(0, 6)]) == [Span(6, 10)]


def test_a_hole_in_the_middle_is_owed_and_a_pause_between_words_is_not() -> None:
    assert uncovered([Span(0, 10)], [Span(0.2, 3), Span(7, 9.7)]) == [Span(3, 7)]
    assert uncovered([Span(0, 5)], [Span(0.2, 2), Span(2.7, 4.8)]) == []
    assert uncovered([Span(0, 5)], [Span(0.2, 2), Span(3, 4.8)]) == [Span(2, 3)]


def test_an_utterance_covers_by_its_words_not_by_its_length() -> None:
    lost_middle = said(5, (0.0, 1.0), (9.0, 1.0), seconds=10)
    assert covered_by([lost_middle], BEGAN) == [Span(5, 6), Span(14, 15)]
    assert covered_by([said(5, seconds=2)], BEGAN) == [Span(5, 7)]


def test_overlapping_spans_join() -> None:
    assert merge([Span(3, 5), Span(0, 1), Span(1, 4)]) == [Span(0, 5)]


def test_prompts_and_music_before_the_talk_are_left_out() -> None:
    assert conversation_began([arrived(), connected(30), connected(90)], BEGAN) == 30
    assert within([Span(2, 8), Span(25, 35), Span(40, 41)], 30) == [Span(30, 35), Span(40, 41)]


def test_whoever_reached_nobody_talked_to_nobody() -> None:
    assert conversation_began([arrived()], BEGAN) is None


def test_a_call_that_the_engine_never_saw_may_be_talk_from_the_beginning() -> None:
    assert conversation_began([], BEGAN) == 0
    assert conversation_began([arrived(), CallFellBack(at=at(12), call_id="call_1")], BEGAN) == 12


def test_idle_share_of_two_readings() -> None:
    assert idle_share((100, 1000), (130, 1100)) == 0.7
    assert idle_share((0, 0), (0, 0)) == 1.0
