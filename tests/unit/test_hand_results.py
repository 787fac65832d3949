"""What a person may write down after phoning a citizen."""

import pytest

from callback.by_hand.results import HandResult, check, grounds_text
from hotline.errors import RuleBroken

GROUNDS = {"no_answer": "多次无人接听", "withheld": "未留联系电话"}


@pytest.mark.parametrize(
    ("result", "calls"),
    [
        (HandResult(disposition="surveyed", solved=True, satisfaction=1), 0),
        (HandResult(disposition="surveyed", solved=False, satisfaction=5, manner=3, words="再去看看"), 0),
        (HandResult(disposition="refused"), 0),
        (HandResult(disposition="wrong_person"), 3),
        (HandResult(disposition="unreachable", ground="no_answer"), 3),
        (HandResult(disposition="unreachable", ground="withheld"), 0),
    ],
)
def test_what_is_taken(result: HandResult, calls: int) -> None:
    check(result, GROUNDS, calls=calls)


@pytest.mark.parametrize(
    ("result", "calls", "code"),
    [
        (HandResult(disposition="closed"), 1, "bad_field"),
        (HandResult(disposition="surveyed", solved=True), 1, "bad_field"),
        (HandResult(disposition="surveyed", satisfaction=1), 1, "bad_field"),
        (HandResult(disposition="surveyed", solved=True, satisfaction=6), 1, "bad_field"),
        (HandResult(disposition="surveyed", solved=True, satisfaction=1, manner=0), 1, "bad_field"),
        (HandResult(disposition="surveyed", solved=True, satisfaction=1, words="长" * 1001), 1, "bad_field"),
        (HandResult(disposition="refused", satisfaction=1), 1, "bad_field"),
        (HandResult(disposition="unreachable"), 1, "bad_field"),
        (HandResult(disposition="unreachable", ground="tired"), 1, "bad_field"),
        (HandResult(disposition="unreachable", ground="no_answer"), 0, "never_phoned"),
    ],
)
def test_what_is_refused(result: HandResult, calls: int, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        check(result, GROUNDS, calls=calls)
    assert refused.value.code == code


def test_the_ground_stands_beside_who_could_not_be_reached() -> None:
    assert (
        grounds_text(HandResult(disposition="unreachable", ground="no_answer", words="三次"), GROUNDS)
        == "多次无人接听:三次"
    )
    assert grounds_text(HandResult(disposition="refused"), GROUNDS) == ""
