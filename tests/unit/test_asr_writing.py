"""Punctuation from pauses and words, and what a site adds."""

import pytest

from asr.utterances import SpokenWord
from asr.writing import Writing, names_with_numerals

WRITING = Writing(names_with_numerals(["十字路街道", "兰山区"]))


def words(*spoken: str) -> list[SpokenWord]:
    """``spoken`` one after the other, 0.3 s each; ``|`` is a pause of half a second."""
    at, made = 0.0, []
    for word in spoken:
        if word == "|":
            at += 0.5
        else:
            made.append(SpokenWord(word, at, 0.3, 0.9))
            at += 0.3
    return made


@pytest.mark.parametrize(
    ("spoken", "shown"),
    [
        (("路面", "积水", "严重", "|", "晚上", "睡", "不着", "觉"), "路面积水严重，晚上睡不着觉。"),
        (("电梯", "坏", "了", "所以", "来", "反映"), "电梯坏了，所以来反映。"),
        (("什么", "时候", "能", "修", "好"), "什么时候能修好？"),
        (("问题", "解决", "了", "吗"), "问题解决了吗？"),
        (("幺三八", "|", "零零零零", "|", "零零零一"), "13800000001。"),
        (("我", "住", "十字路街道", "三", "号楼"), "我住十字路街道3号楼。"),
    ],
)
def test_pauses_and_words_make_the_marks(spoken: tuple[str, ...], shown: str) -> None:
    assert WRITING.show("".join(word for word in spoken if word != "|"), words(*spoken)) == shown


def test_without_word_times_it_is_one_clause() -> None:
    assert WRITING.show("欠了三千五百元") == "欠了3500元。"
    assert WRITING.show("") == ""


def test_a_site_may_bring_a_punctuator_of_its_own() -> None:
    shouting = Writing(punctuate=lambda spoken: ["".join(word.text for word in spoken) + "！"])
    assert shouting.show("三号楼停电", words("三", "号楼", "停电")) == "3号楼停电！"
