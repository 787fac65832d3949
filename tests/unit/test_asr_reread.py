"""Second texts by night: when they are taken, and which of their words are new."""

from datetime import time

import pytest

from asr.reread import compare, in_hours, second_text
from asr.utterances import SpokenWord


def words(*texts: str) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(text, float(at), 1.0, 0.9) for at, text in enumerate(texts))


@pytest.mark.parametrize(
    ("first", "second", "changed"),
    [
        ("路等坏了", ("路灯", "坏了"), (0,)),
        ("路灯坏了", ("路灯", "坏了"), ()),
        ("路灯坏了", ("路灯", "已经", "坏了"), (1,)),
        ("", ("路灯",), (0,)),
        ("一水县路灯", ("沂水县", "路灯"), (0,)),
    ],
)
def test_the_words_that_changed(first: str, second: tuple[str, ...], changed: tuple[int, ...]) -> None:
    assert compare(first, words(*second)) == changed


@pytest.mark.parametrize(
    ("second", "sure", "sure_now", "taken"),
    [
        (("路灯", "坏了"), 0.7, 0.9, True),
        (("路灯", "坏了"), 0.9, 0.86, True),
        (("路灯", "坏了"), 0.9, 0.5, False),
        (("路灯", "坏了"), None, 0.5, True),
        (("路等", "坏了"), 0.5, 0.9, False),
        ((), 0.5, None, False),
    ],
)
def test_when_a_second_text_is_taken(
    second: tuple[str, ...], sure: float | None, sure_now: float | None, taken: bool
) -> None:
    assert (second_text("路等坏了", sure, words(*second), sure_now) is not None) is taken


@pytest.mark.parametrize(
    ("now", "hours", "night"),
    [
        (time(23), (time(22), time(6)), True),
        (time(5, 59), (time(22), time(6)), True),
        (time(6), (time(22), time(6)), False),
        (time(12), (time(22), time(6)), False),
        (time(2), (time(1), time(5)), True),
        (time(5), (time(1), time(5)), False),
    ],
)
def test_hours_may_run_over_midnight(now: time, hours: tuple[time, time], night: bool) -> None:
    assert in_hours(now, *hours) is night
