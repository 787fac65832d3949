"""Numbers as Chinese says them, and every piece that is played has words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts import PROMPTS, expected_wait_prompts, position_prompts, spoken_digits, spoken_number


def words(pieces: list[str]) -> str:
    """What would be heard."""
    return "".join(PROMPTS[piece.removeprefix("hotline/")] for piece in pieces)


def value(text: str) -> int:
    """Read a spoken number back, by the rules of the language and not by the code under test."""
    total, digit = 0, 0
    for character in text.replace("两", "二").replace("零", ""):
        if character in "一二三四五六七八九":
            digit = "零一二三四五六七八九".index(character)
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
    return total + digit


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "零"), (2, "二"), (10, "十"), (12, "十二"), (20, "二十"), (22, "二十二"), (100, "一百"), (101, "一百零一"),
        (110, "一百一十"), (112, "一百一十二"), (200, "二百"), (1000, "一千"), (1001, "一千零一"), (1010, "一千零一十"),
        (1100, "一千一百"), (2000, "两千"), (2002, "两千零二"), (2222, "两千二百二十二"), (9050, "九千零五十"),
    ],
)  # fmt: skip
def test_numbers_are_spoken_correctly(number: int, text: str) -> None:
    assert words(spoken_number(number)) == text


@given(st.integers(0, 9999))
def test_every_number_is_understood(number: int) -> None:
    text = words(spoken_number(number))
    assert value(text) == number
    assert "零零" not in text
    assert number == 0 or not text.endswith("零")


@given(st.integers(0, 9999))
def test_counting_changes_only_a_bare_two(number: int) -> None:
    assert words(spoken_number(number, counting=True)) == ("两" if number == 2 else words(spoken_number(number)))


@pytest.mark.parametrize("number", [-1, 10000])
def test_numbers_out_of_range_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="0 to 9999"):
        spoken_number(number)


def test_telephone_numbers_are_read_with_yao() -> None:
    assert words(spoken_digits("138-12345")) == "幺三八幺二三四五"


@pytest.mark.parametrize(
    ("position", "text"), [(1, "您是下一位，请稍候"), (2, "您排在第二位，请稍候"), (12, "您排在第十二位，请稍候")]
)
def test_the_place_in_the_line(position: int, text: str) -> None:
    assert words(position_prompts(position)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(60, "预计等待一分钟"), (61, "预计等待两分钟"), (700, "预计等待十二分钟"), (59, ""), (None, ""), (3601, "")],
)
def test_the_wait_to_expect(seconds: float | None, text: str) -> None:
    assert words(expected_wait_prompts(seconds)) == text


@pytest.mark.parametrize("position", [0, -3, 10000])
def test_an_impossible_place_is_not_told(position: int) -> None:
    assert position_prompts(position) == ["hotline/please-wait"]
