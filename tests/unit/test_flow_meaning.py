"""What words mean at a node: orders at once, answers only when they are whole, believed and not turned round."""

import pytest

from ivr.flow import model
from ivr.flow.meaning import meant_key

MENU = model.Menu.model_validate({
    "do": "menu", "prompts": ["ask"], "keys": {"1": "a", "2": "b", "0": "c"}, "otherwise": "c",
    "words": {"1": ["进度"], "2": ["政策", "政策进度"], "0": ["人工"]},
})  # fmt: skip
SURVEY = model.Menu.model_validate({
    "do": "menu", "prompts": ["ask"], "keys": {"1": "a", "2": "b", "3": "c", "4": "d", "5": "e"}, "otherwise": "c",
    "words": {
        "1": ["非常满意"], "2": ["满意"], "3": ["基本满意", "一般"], "4": ["不满意", "不太满意"], "5": ["非常不满意"],
    },
    "answers": True,
})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "key"), [("查 一下 进度", "1"), ("政策进度", "2"), ("转人工", "0"), ("今天天气", None), ("", None)]
)
def test_an_order_counts_as_soon_as_it_is_heard(text: str, key: str | None) -> None:
    assert meant_key(MENU, text, settled=False) == key
    assert meant_key(MENU, text) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("满意", "2"),
        ("我 觉得 还 满意", "2"),
        ("非常满意", "1"),
        ("基本满意", "3"),
        ("不满意", "4"),
        ("非常不满意", "5"),
        ("不是很满意", None),
        ("没有什么满意的", None),
        ("未必满意", None),
        ("满意什么呀上次说好三天给修到现在也没来", None),
    ],
)
def test_an_answer_is_whole_and_not_turned_round(text: str, key: str | None) -> None:
    assert meant_key(SURVEY, text, settled=True, confidence=0.9) == key
    assert meant_key(SURVEY, text, settled=False) is None


def test_what_is_hardly_believed_counts_nowhere() -> None:
    assert meant_key(MENU, "人工", confidence=0.3) is None
    assert meant_key(SURVEY, "满意", confidence=0.59) is None
    assert meant_key(SURVEY, "满意", confidence=None) == "2"


def test_where_nothing_is_chosen_words_mean_nothing() -> None:
    said = model.Say.model_validate({"do": "say", "kind": "digits", "value": "number", "next": "a"})
    assert meant_key(said, "满意") is None
