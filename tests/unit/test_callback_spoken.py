"""Spoken answers of a return visit: short, whole and believed, or none at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callback.answers import SATISFIED, SOLVED
from callback.spoken import meant_answer

ANSWERS = {
    (SOLVED, "1"): "解决了 嗯已经解决了 是的 是 一 幺",
    (SOLVED, "2"): "没有 没解决 还没有解决呢 否 不是 我按二",
    (SOLVED, ""): "三 喂你好 解决是解决了但是又坏了",
    (SATISFIED, "1"): "非常满意 很满意",
    (SATISFIED, "2"): "满意 满意谢谢",
    (SATISFIED, "3"): "基本满意 还行",
    (SATISFIED, "4"): "不满意 不太满意 四",
    (SATISFIED, "5"): "非常不满意 一点都不满意 五",
    (SATISFIED, ""): "是 你们说来修结果一次也没有来过我能满意吗",
}


@pytest.mark.parametrize(
    ("question", "said", "key"),
    [(question, said, key) for (question, key), line in ANSWERS.items() for said in line.split()],
)
def test_answers(question: str, said: str, key: str) -> None:
    assert meant_answer(question, said, 0.9) == (key or None)
    assert meant_answer(question, " ".join(said), None) == (key or None)
    assert meant_answer("", said, 0.9) is None


@pytest.mark.parametrize(("confidence", "key"), [(0.59, None), (0.6, "2"), (None, "2")])
def test_what_is_hardly_believed_is_left_to_the_keys(confidence: float | None, key: str | None) -> None:
    assert meant_answer(SATISFIED, "满意", confidence) == key


@given(st.text(alphabet="不没非常很太满意解决了是否有的一二三四五基本", max_size=12))
def test_whatever_is_said_a_negation_never_counts_as_praise(text: str) -> None:
    for question in (SOLVED, SATISFIED):
        key = meant_answer(question, text, 1.0)
        if key in ("1", "2") and question is SATISFIED:
            assert "不满意" not in text
        if key == "1" and question is SOLVED:
            assert not set("没不") & set(text)
