"""By which number a citizen came: merged lines are dialled, retained ones may send their citizens on."""

import pytest

from hotline.settings import Line
from ivr.lines import KEPT_CHARACTERS, LineBook

MAIN = Line(number="12345", label="12345 热线", group="general")
MERGED = Line(number="12319", label="12319 城建热线(已归并)", group="city", flow="full-menu")
RETAINED = Line(number="12348", label="12348 法律服务热线", group="law", priority=5)
BOOK = LineBook([MAIN, MERGED, RETAINED])


@pytest.mark.parametrize("line", [MAIN, MERGED, RETAINED])
def test_a_line_that_is_dialled_serves_itself(line: Line) -> None:
    came = BOOK.came_in(line.number, "unknown")
    assert (came.line, came.dialled, came.label) == (line, line.number, line.label)


def test_a_retained_line_sends_its_citizens_on_and_they_go_its_way() -> None:
    came = BOOK.came_in("12345", "12348")
    assert (came.line, came.dialled) == (RETAINED, "12348")
    assert came.label == "12348 法律服务热线，转入 12345"


@pytest.mark.parametrize("word", ["", "unknown", "13800000001", "12345", "12348\n", "1" * 500])
def test_a_diversion_that_names_no_line_of_ours_says_nothing(word: str) -> None:
    came = BOOK.came_in("12345", word)
    assert (came.line, came.dialled, came.label) == (MAIN, "12345", MAIN.label)


def test_a_number_that_is_no_line_is_served_by_the_first_one() -> None:
    came = BOOK.came_in("9" * 500)
    assert (came.line, came.dialled, came.label) == (MAIN, "9" * 40, MAIN.label)
    sent_on = BOOK.came_in("999", "12348")
    assert (sent_on.line, sent_on.label) == (RETAINED, "12348 法律服务热线，转入 12345")


def test_a_label_is_no_longer_than_a_work_order_keeps() -> None:
    long = LineBook(
        [Line(number="12345", label="长" * 100, group="a"), Line(number="12348", label="法" * 100, group="a")]
    )
    assert len(long.came_in("12345").label) == KEPT_CHARACTERS
    sent_on = long.came_in("12345", "12348").label
    assert len(sent_on) == KEPT_CHARACTERS
    assert sent_on.endswith("，转入 12345")


def test_a_line_without_a_label_is_called_by_its_number() -> None:
    assert LineBook([Line(number="12345", group="a")]).came_in("12345").label == "12345"
