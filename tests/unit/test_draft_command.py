"""``hotline draft``: a pipe in, a pipe out, bad lines named; and learning from corrections."""

import gzip
import io
import json
from functools import cache
from pathlib import Path

import pytest

from hotline.errors import ConfigurationError
from tickets.classifier import LearntClassifier, shipped_evidence
from tickets.dialogue import Spoken
from tickets.draft import Drafter
from tickets.draft_commands import draft_lines
from tickets.learning import MODEL_FILE, Example, learn, load, save
from tickets.site import drafter_without_site

TALK = {
    "id": "a",
    "turns": [
        {"who": "agent", "text": "您好请讲"},
        {"who": "citizen", "text": "俺是一水县许家湖镇后沟村的村里路等全不亮"},
        {"who": "agent", "text": "之前反映过吗"},
        {"who": "citizen", "text": "上个月打过一回"},
        {"who": "agent", "text": "您的电话是13800000001对吗"},
        {"who": "citizen", "text": "不对最后两位是幺二"},
    ],
}


@cache
def drafter() -> Drafter:
    """Learnt by whoever asks first, not by everybody who collects tests."""
    return drafter_without_site()


def drafts(*lines: str) -> tuple[list[dict[str, object]], str, int]:
    out, err = io.StringIO(), io.StringIO()
    bad = draft_lines(lines, out, err, drafter())
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue(), bad


def test_a_dialogue_becomes_a_draft() -> None:
    (made,), _, bad = drafts(json.dumps(TALK, ensure_ascii=False))
    assert bad == 0
    assert list(made) == [
        "id", "title", "description", "type", "category", "place", "urgency", "phone", "repeat", "because"
    ]  # fmt: skip
    assert made["category"] == "市政公用/路灯井盖"
    assert made["place"] == {"county": "沂水县", "detail": "许家湖镇后沟村"}
    assert made["repeat"] is True
    assert "沂水县许家湖镇后沟村" in str(made["title"])
    because = made["because"]
    assert isinstance(because, dict)
    assert because["place"][0] == "一水县", "as it stands in the transcript"


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "1", '{"id": 1}', '{"id": null, "turns": []}', '{"id": "x", "turns": [1]}',
        '{"id": "x", "turns": [{"who": "robot", "text": ""}]}', '{"id": "x", "turns": [{"who": "agent"}]}', "[" * 9999,
    ],
)  # fmt: skip
def test_a_bad_line_is_named_and_the_rest_goes_on(line: str) -> None:
    made, told, bad = drafts(json.dumps(TALK), line, "", json.dumps(TALK))
    assert (len(made), bad) == (2, 1)
    assert "line 2 " in told


def test_an_empty_dialogue_is_an_empty_draft() -> None:
    (made,), _, _ = drafts('{"id": "e", "turns": []}')
    assert (made["title"], made["category"], made["phone"], made["urgency"]) == ("", "", "", "一般")


def test_corrections_teach_and_the_file_is_whole(tmp_path: Path) -> None:
    words = [
        "无人机在楼上飞来飞去",
        "无人机天天飞太吵",
        "有人放无人机",
        "无人机飞到窗户边",
        "无人机偷拍",
        "无人机嗡嗡飞",
        "无人机乱飞",
    ]
    examples = [Example(f"t{i}", text, "公安司法/扰民", True) for i, text in enumerate(words)]
    lesson = learn(examples)
    assert lesson.better
    assert (lesson.learnt_from, lesson.corrected) == (7, 7)
    path = save(lesson.evidence, tmp_path)
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in tmp_path.iterdir()] == [MODEL_FILE]
    learnt = load(tmp_path)
    assert learnt is not None
    guess = LearntClassifier({"公安司法": ["扰民"]}, learnt).category("我家窗外总有无人机")
    assert guess is not None
    assert guess.value == "公安司法/扰民"
    assert "无人机" in guess.words[0]


def test_no_sentence_and_no_number_gets_into_the_model() -> None:
    secret = Example("t1", "我叫欧阳震华手机号幺三八零零零零零零零一", "公安司法/扰民", True)
    weights = learn([secret, Example("t2", "别的事", "公安司法/扰民", False)]).evidence.weights
    assert not any("欧阳震" in feature or "幺三八" in feature for feature in weights)


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", gzip.compress(b"{}"), gzip.compress(b'{"format": 9}')],
    ids=["empty", "no gzip", "no model", "another format"],
)
def test_a_broken_model_is_named(tmp_path: Path, body: bytes) -> None:
    (tmp_path / MODEL_FILE).write_bytes(body)
    with pytest.raises(ConfigurationError):
        load(tmp_path)


def test_no_model_means_the_shipped_one(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    assert shipped_evidence() is shipped_evidence()


def test_the_agents_own_words_are_no_matter_of_the_citizen() -> None:
    spoken = [Spoken("agent", "您好路灯问题请按一"), Spoken("citizen", "家里停水了")]
    assert drafter().compose(spoken, "", {}).values["category"] == "市政公用/供水"
