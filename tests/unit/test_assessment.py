"""Figures of units from rows of the ledger: formulas, attribution, and that the same rows give the same month."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.oversight import Assessment
from tickets.assessment.bulletin import as_csv, as_xlsx, bulletin, scores
from tickets.assessment.events import Row, lives
from tickets.assessment.figures import FORMULAS, Board, Figure, Mark, Rate, board, marks, score
from tickets.assessment.reading import digest_of
from tickets.documents import Grid, Paragraph

BEGINS = datetime(2026, 11, 1, tzinfo=UTC)
ENDS = datetime(2026, 12, 1, tzinfo=UTC)
WEIGHTS = Assessment().weights.model_dump()
DAY = timedelta(days=1)


class Book:
    """Rows as the ledger holds them."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def put(self, ticket: str, kind: str, at: datetime, **body: Any) -> None:
        self.rows.append(Row(len(self.rows) + 1, at, kind, ticket, body))

    def move(self, ticket: str, action: str, at: datetime, from_state: str = "", **changed: Any) -> None:
        self.put(ticket, "TicketMoved", at, action=action, number=ticket, from_state=from_state, changed=changed)

    def story(
        self, ticket: str, *, unit: str = "A", days: float = 2, solved: bool | None = True, grade: int | None = 1,
        contacted: bool = True, start: datetime = BEGINS,
    ) -> None:  # fmt: skip
        """Sent, due after five days, replied after ``days``, closed."""
        due = start + 5 * DAY
        self.move(ticket, "dispatch", start, unit=[None, unit], due_at=[None, due.isoformat()])
        self.move(ticket, "sign", start)
        self.move(ticket, "reply", start + days * DAY, contacted=[None, contacted])
        self.move(ticket, "approve", start + days * DAY)
        self.put(ticket, "CallbackDone", start + days * DAY, disposition="surveyed", solved=solved, satisfaction=grade)
        self.move(ticket, "close", start + days * DAY)

    def marks(self, *units: str) -> list[Mark]:
        return marks(lives(self.rows).values(), BEGINS, ENDS, WEIGHTS, units or ("A", "B"))


def value(mark: Mark, figure: Figure) -> float | None:
    return mark.rates[figure].value


def test_the_published_figures_are_reproduced() -> None:
    """解决率 3112/3456 = 90.05 %, 按时结案率 597/601 (DOMAIN)."""
    book = Book()
    for n in range(3456):
        book.story(f"s{n}", solved=n < 3112)
    for n in range(601):
        book.story(f"t{n}", unit="B", days=2 if n < 597 else 6)
    solved, on_time = (mark.rates for mark in book.marks())
    assert round(100 * (solved[Figure.SOLVED].value or 0), 2) == 90.05
    assert (len(on_time[Figure.ON_TIME].counted), len(on_time[Figure.ON_TIME].of)) == (597, 601)


def test_each_figure_has_its_denominator() -> None:
    book = Book()
    book.story("good")
    book.story("bad", solved=False, grade=5, contacted=False)
    book.story("unreachable", solved=None, grade=None)
    [mark, _] = book.marks()
    assert value(mark, Figure.RESPONDED) == pytest.approx(2 / 3)
    assert (value(mark, Figure.SOLVED), value(mark, Figure.SATISFIED)) == (0.5, 0.5)
    assert (value(mark, Figure.ON_TIME), value(mark, Figure.FIRST_TIME), value(mark, Figure.RETURNED)) == (1, 1, 0)
    assert set(FORMULAS) == set(Figure)


def test_what_is_open_past_its_deadline_counts_against_the_unit() -> None:
    book = Book()
    book.move("late", "dispatch", BEGINS, unit=[None, "A"], due_at=[None, (BEGINS + DAY).isoformat()])
    [mark, _] = book.marks()
    assert (value(mark, Figure.ON_TIME), mark.closed) == (0, 0)


def test_a_suspended_one_and_one_recomputed_out_of_the_month_do_not() -> None:
    book = Book()
    for ticket in ("held", "moved", "void"):
        book.move(ticket, "dispatch", BEGINS, unit=[None, "A"], due_at=[None, (BEGINS + DAY).isoformat()])
    book.move("held", "suspend", BEGINS)
    book.put("moved", "DeadlineRecomputed", BEGINS, after=(ENDS + DAY).isoformat())
    book.move("void", "void", BEGINS)
    [mark, _] = book.marks()
    assert mark.rates[Figure.ON_TIME].of == ()
    assert len(mark.rates[Figure.RETURNED].of) == 2


def test_a_return_is_the_first_units_and_the_rest_the_seconds() -> None:
    book = Book()
    book.move("t", "dispatch", BEGINS, unit=[None, "A"], due_at=[None, (BEGINS + 5 * DAY).isoformat()])
    book.move("t", "return", BEGINS)
    book.move("t", "agree_return", BEGINS)
    assert book.marks()[0].rates[Figure.ON_TIME].of == ()
    book.move("t", "dispatch", BEGINS + DAY, unit=["A", "B"])
    book.move("t", "reply", BEGINS + DAY, contacted=[None, True])
    book.move("t", "close", BEGINS + 2 * DAY)
    first, second = book.marks()
    assert (value(first, Figure.RETURNED), first.closed) == (1, 0)
    assert (value(second, Figure.RETURNED), value(second, Figure.ON_TIME), second.closed) == (0, 1, 1)


def test_a_rework_costs_first_time_and_asks_the_citizen_anew() -> None:
    book = Book()
    book.story("t", solved=False, grade=5)
    book.rows.pop()
    book.move("t", "redo", BEGINS + 2 * DAY)
    book.move("t", "redispatch", BEGINS + 2 * DAY, due_at=["x", (BEGINS + 9 * DAY).isoformat()])
    book.move("t", "reply", BEGINS + 3 * DAY)
    book.move("t", "approve", BEGINS + 3 * DAY)
    book.put("t", "CallbackDone", BEGINS + 4 * DAY, disposition="unreachable", solved=None, satisfaction=None)
    book.move("t", "close", BEGINS + 4 * DAY)
    [mark, _] = book.marks()
    assert (value(mark, Figure.FIRST_TIME), value(mark, Figure.SOLVED), value(mark, Figure.SATISFIED)) == (
        0,
        None,
        None,
    )
    assert value(mark, Figure.ON_TIME) == 1


def test_an_exclusion_counts_nowhere_and_can_be_taken_back() -> None:
    book = Book()
    book.story("t", solved=False)
    book.put("t", "ExclusionDecided", BEGINS, excluded=True)
    [mark, _] = book.marks()
    assert (mark.closed, mark.score, mark.excluded) == (0, None, ("t",))
    book.put("t", "ExclusionDecided", BEGINS, excluded=False)
    assert book.marks()[0].closed == 1


def test_sub_orders_count_for_time_and_not_for_the_citizen() -> None:
    book = Book()
    book.move("p", "part", BEGINS, unit=[None, "B"], due_at=[None, (BEGINS + DAY).isoformat()])
    book.move("p", "reply", BEGINS)
    book.move("p", "accept_part", BEGINS)
    mark = book.marks()[1]
    assert (value(mark, Figure.ON_TIME), mark.closed, value(mark, Figure.RESPONDED)) == (1, 0, None)


def test_a_new_score_moves_the_monthly_mark() -> None:
    book = Book()
    book.story("t", grade=1)
    [before, _] = book.marks()
    book.story("u", grade=5)
    [after, _] = book.marks()
    assert before.score is not None
    assert after.score is not None
    assert after.score < before.score == 100


@given(st.integers(0, 10**6), st.integers(1, 25))
def test_the_same_rows_in_any_order_are_the_same_month(seed: int, count: int) -> None:
    random, book = Random(seed), Book()
    for n in range(count):
        book.story(
            f"t{n}", unit=random.choice("AB"), days=random.uniform(0, 9), solved=random.choice((True, False, None)),
            grade=random.choice((1, 3, 5, None)), start=BEGINS + random.uniform(-9, 29) * DAY,
        )  # fmt: skip
    first = book.marks()
    random.shuffle(book.rows)
    again = book.marks()
    assert digest_of(first) == digest_of(again)
    for mark in first:
        assert mark.score is None or 0 <= mark.score <= 100
        for rate in mark.rates.values():
            assert set(rate.counted) <= set(rate.of)


def test_boards_are_by_threshold_and_need_enough_work_orders() -> None:
    def mark(points: float, closed: int) -> Mark:
        return Mark("A", {}, points, closed, ())

    kept = {"red_from": 90.0, "yellow_below": 75.0, "least": 5}
    assert board(mark(90, 5), **kept) is Board.RED  # type: ignore[arg-type]
    assert board(mark(74.9, 5), **kept) is Board.YELLOW  # type: ignore[arg-type]
    assert board(mark(80, 5), **kept) is Board.NONE  # type: ignore[arg-type]
    assert board(mark(99, 4), **kept) is Board.NONE  # type: ignore[arg-type]


def test_what_cannot_be_measured_leaves_its_weight_to_the_rest() -> None:
    one = {Figure.SOLVED: Rate(("a",), ("a", "b")), Figure.SATISFIED: Rate((), ())}
    assert score(one, WEIGHTS) == 50.0
    assert score({Figure.RETURNED: Rate(("a",), ("a",))}, WEIGHTS) == 0.0
    assert score({}, WEIGHTS) is None


def test_weights_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="not 100"):
        Assessment.model_validate({"weights": {"solved": 90}})


def test_the_bulletin_says_what_the_marks_say() -> None:
    book = Book()
    for n in range(6):
        book.story(f"a{n}")
        book.story(f"b{n}", unit="B", solved=False, grade=5, days=7)
    found = book.marks()
    boards = {"A": Board.RED, "B": Board.YELLOW}
    names = {"A": "沂水县", "B": "河东区"}
    paper = bulletin("2026-11", found, boards, names, site="示范市热线", signed="2026年12月01日")
    words = "\n".join(part.text for part in paper.parts if isinstance(part, Paragraph))
    assert "办结12件" in words
    assert "解决率50.00%" in words
    assert "红榜：沂水县（100.00）" in words
    assert "退单率 = 本月派单中被退回 ÷ 本月派单" in words
    [grid] = [part for part in paper.parts if isinstance(part, Grid)]
    assert [row[0] for row in grid.rows] == ["沂水县", "河东区"]
    table = list(csv.DictReader(io.StringIO(as_csv(scores("2026-11", found, boards, names)).decode("utf-8-sig"))))
    assert [(row["name"], row["board"], row["solved_counted"], row["solved_of"]) for row in table] == [
        ("沂水县", "red", "6", "6"), ("河东区", "yellow", "0", "6"),
    ]  # fmt: skip


def test_the_workbook_of_scores_holds_numbers_as_numbers_and_names_never_as_formulas() -> None:
    with zipfile.ZipFile(io.BytesIO(as_xlsx([["unit", "score"], ["=1+1", 98.5], ["371312", ""]]))) as book:
        sheet, words = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/sharedStrings.xml").decode()
    assert '<c r="B2"><v>98.5</v></c>' in sheet
    assert "<f>" not in sheet
    assert "<t>=1+1</t>" in words
    assert 'r="B3"' not in sheet
