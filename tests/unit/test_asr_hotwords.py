"""Names looked for a second time: what they are spelt from, when they replace what was heard, and when not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.hotwords import Names, put_right, sounds_like, spell
from asr.recogniser import Heard, Word

KNOWN = frozenset(["庙", "山", "镇", "庙山镇", "卞庄村", "罗家", "罗", "家", "庄", "庄村", "村", "城管局"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("庙山镇", ("庙山镇",)),
        ("罗家庄村", ("罗家", "庄村")),
        ("卞庄村城管局", ("卞庄村", "城管局")),
        ("沂水县", ()),
    ],
)
def test_a_name_is_spelt_in_the_fewest_words_the_model_knows(name: str, words: tuple[str, ...]) -> None:
    assert spell(name, KNOWN.__contains__) == words


def word(text: str, start: float, end: float, sure: float = 0.9) -> Word:
    return Word(text, start, end, sure)


def test_names_are_found_whole_and_only_when_sure() -> None:
    names = Names.of(["罗家庄村", "城管局", "沂水县"], KNOWN.__contains__)
    assert [name for name, _ in names.spelt] == ["城管局", "罗家庄村"]
    heard = [word("罗家", 1.0, 1.4), word("庄村", 1.4, 1.9), word("罗家", 3, 3.4), word("城管局", 4, 5, 0.3)]
    assert names.found_in(heard) == [Word("罗家庄村", 1.0, 1.9, 0.9)]


def test_a_name_replaces_what_sounds_like_it_and_nothing_else() -> None:
    words = (word("我在", 0, 0.5), word("罗嘉", 1.0, 1.4), word("庄村", 1.4, 1.9), word("住", 2, 2.3))
    heard = Heard("我在罗嘉庄村住", words, settled=True)
    made = put_right(heard, [Word("罗家庄村", 1.02, 1.88, 0.95)])
    assert made.text == "我在罗家庄村住"
    assert [(one.text, one.start, one.end) for one in made.words][1] == ("罗家庄村", 1.0, 1.9)
    assert put_right(heard, [Word("城管局", 1.0, 1.9, 1.0)]) is heard, "it sounds like something else"
    assert put_right(heard, [Word("罗家庄村", 5.0, 5.9, 1.0)]) is heard, "it lies at another time"
    assert put_right(heard, [Word("罗嘉庄村", 1.0, 1.9, 1.0)]) is heard, "it was heard right"


@given(st.lists(st.sampled_from(["路灯", "坏了", "罗家", "庄村", "三天"]), max_size=6))
def test_without_names_nothing_changes(texts: list[str]) -> None:
    heard = Heard("".join(texts), tuple(word(text, at, at + 1) for at, text in enumerate(texts)), True)
    assert put_right(heard, []) is heard


def test_likeness_is_of_syllables() -> None:
    assert sounds_like("罗嘉庄村", "罗家庄村")
    assert sounds_like("罗加装村", "罗家庄村")
    assert not sounds_like("罗家庄", "罗家庄村")
    assert not sounds_like("城管局里", "罗家庄村")
