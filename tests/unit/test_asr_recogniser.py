"""Reading Vosk's answers, and who is let in when there are too many."""

import json

import pytest

from asr.admission import Admission, Stream, admit
from asr.recogniser import Heard, Word, join_words, read_partial, read_settled


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("我 家门口 的 路灯", "我家门口的路灯"),
        ("[unk] 满意 [unk]", "满意"),
        ("用 wifi 上网", "用wifi上网"),
        ("hello   world", "hello world"),
        ("<UNK>", ""),
        ("", ""),
    ],
)
def test_words_are_joined_as_people_write(spoken: str, written: str) -> None:
    assert join_words(spoken) == written


def test_a_settled_answer_has_words_times_and_confidence() -> None:
    answer = {
        "text": "路灯 坏了",
        "result": [
            {"word": "路灯", "start": 0.3, "end": 0.9, "conf": 1.0},
            {"word": "[unk]", "start": 0.9, "end": 1.0, "conf": 0.1},
            {"word": "坏了", "start": 1.0, "end": 1.5, "conf": 0.5},
        ],
    }
    heard = read_settled(json.dumps(answer))
    assert heard.text == "路灯坏了"
    assert heard.settled
    assert [(word.text, word.start) for word in heard.words] == [("路灯", 0.3), ("坏了", 1.0)]
    assert heard.confidence == 0.75


def test_an_empty_answer_has_no_confidence() -> None:
    assert read_settled('{"text": ""}').confidence is None
    assert read_partial('{"partial": "路 灯"}').text == "路灯"


@pytest.mark.parametrize(
    ("text", "confidence", "noise"), [("对", 0.12, True), ("对", 0.9, False), ("不满意", 0.1, False)]
)
def test_a_click_is_no_word(text: str, confidence: float, noise: bool) -> None:
    assert Heard(text, (Word(text, 0, 0.2, confidence),), settled=True).is_noise is noise


def test_all_are_let_in_while_there_is_room() -> None:
    assert admit(Stream("c2", "agent"), [Stream("c1", "citizen")], 2) == Admission(True)


def test_a_citizen_takes_the_place_of_the_oldest_agent() -> None:
    live = [Stream("c1", "citizen"), Stream("c1", "agent"), Stream("c2", "citizen"), Stream("c2", "agent")]
    assert admit(Stream("c3", "citizen"), live, 4) == Admission(True, instead_of=Stream("c1", "agent"))
    assert admit(Stream("c3", "agent"), live, 4) == Admission(False)


def test_citizens_do_not_push_citizens_out() -> None:
    assert admit(Stream("c3", "citizen"), [Stream("c1", "citizen"), Stream("c2", "citizen")], 2) == Admission(False)
