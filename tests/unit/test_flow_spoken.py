"""Values as they are said, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.english import ENGLISH_PROMPTS
from ivr.flow.spoken import english_position, english_wait, say
from ivr.prompts import PROMPTS


def words(kind: str, value: str) -> str:
    return "".join(PROMPTS[piece.removeprefix("hotline/")] for piece in say(kind, value))


def english(kind: str, value: str) -> str:
    return " ".join(ENGLISH_PROMPTS[piece.removeprefix("hotline/")] for piece in say(kind, value, "en"))


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("number", "0", "零"), ("number", "12", "十二"), ("number", "10000", "一万"), ("number", "10001", "一万零一"),
        ("number", "10015", "一万零一十五"), ("number", "12000", "一万两千"), ("number", "120500", "十二万零五百"),
        ("number", "203000", "二十万零三千"), ("number", "20000", "两万"),
        ("number", "99999999", "九千九百九十九万九千九百九十九"),
        ("number", "123456789", "幺二三四五六七八九"), ("count", "2", "两"),
        ("money", "12.50", "十二元五角"), ("money", "0.05", "五分"), ("money", "0", "零元"), ("money", "2", "两元"),
        ("money", "3.07", "三元零七分"), ("money", "1234.56", "一千二百三十四元五角六分"),
        ("date", "2026-11-30", "二零二六年十一月三十日"), ("time", "14:30", "十四点三十分"),
        ("time", "02:05", "两点零五分"),
        ("time", "08:00", "八点"), ("ticket", "261120083000123456", "二六幺幺二零零八三零零零幺二三四五六"),
    ],
)  # fmt: skip
def test_values_in_chinese(kind: str, value: str, text: str) -> None:
    assert words(kind, value) == text


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("number", "0", "zero"), ("number", "13", "thirteen"), ("number", "42", "forty two"),
        ("number", "110", "one hundred ten"),
        ("number", "12005", "twelve thousand five"), ("money", "3.07", "three point zero seven yuan"),
        ("date", "2026-11-30", "November thirty two zero two six"), ("time", "14:05", "fourteen zero five"),
        ("time", "8:00", ""), ("ticket", "112", "one one two"),
    ],
)  # fmt: skip
def test_values_in_english(kind: str, value: str, text: str) -> None:
    assert english(kind, value) == text


def test_the_place_in_the_line_in_english() -> None:
    assert english_position(1) == ["hotline/position-next"]
    assert english_position(21) == ["hotline/position-is", "hotline/n20", "hotline/d1", "hotline/position-place"]
    assert english_position(0) == ["hotline/please-wait"]


def test_the_wait_to_expect_in_english() -> None:
    assert english_wait(60) == ["hotline/expected-wait", "hotline/d1", "hotline/minute"]
    assert english_wait(130) == ["hotline/expected-wait", "hotline/d3", "hotline/minutes"]
    assert english_wait(30) == english_wait(None) == []


@given(st.sampled_from(["number", "count", "money", "date", "time", "digits", "ticket", "x"]), st.text(max_size=30))
def test_what_cannot_be_said_is_passed_over(kind: str, value: str) -> None:
    assert {piece.removeprefix("hotline/") for piece in say(kind, value)} <= PROMPTS.keys()
    assert {piece.removeprefix("hotline/") for piece in say(kind, value, "en")} <= ENGLISH_PROMPTS.keys()


@given(st.integers(-10, 10**9), st.sampled_from(["number", "count", "money"]))
def test_every_number_has_its_pieces(number: int, kind: str) -> None:
    assert {piece.removeprefix("hotline/") for piece in say(kind, str(number))} <= PROMPTS.keys()
    assert {piece.removeprefix("hotline/") for piece in say(kind, str(number), "en")} <= ENGLISH_PROMPTS.keys()
