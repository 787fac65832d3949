"""Score sheets and samples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.errors import RuleBroken
from hotline.oversight import Quality, ScoreItem, ScoreSheet
from tickets.months import bounds
from tickets.quality.sampling import selected
from tickets.quality.sheets import Item, Score, Sheet, Stage, road_back, score
from tickets.roads import TABLE
from tickets.states import State

SHEET = Sheet([Item("用语", 40), Item("解答", 60), Item("辱骂", fatal=True)], 80)


@pytest.mark.parametrize(
    ("marks", "result"),
    [
        ({"用语": 40, "解答": 60, "辱骂": 0}, Score(100, True)),
        ({"用语": 20, "解答": 60, "辱骂": 0}, Score(80, True)),
        ({"用语": 19, "解答": 60, "辱骂": 0}, Score(79, False)),
        ({"用语": 40, "解答": 60, "辱骂": 1}, Score(100, False, ("辱骂",))),
    ],
)
def test_points_add_up_and_a_fatal_item_fails(marks: dict[str, int], result: Score) -> None:
    assert score(SHEET, marks) == result


@pytest.mark.parametrize("marks", [{}, {"用语": 41, "解答": 60, "辱骂": 0}, {"用语": 1, "解答": 1, "辱骂": 2, "x": 1}])
def test_gaps_and_excess_are_refused(marks: dict[str, int]) -> None:
    with pytest.raises(RuleBroken):
        score(SHEET, marks)


def test_every_road_back_is_in_the_table() -> None:
    roads = {(stage, state): road_back(stage, state) for stage in Stage for state in State}
    found = {(state, action) for (_, state), action in roads.items() if action is not None}
    assert found
    assert found <= set(TABLE)
    assert {stage for (stage, _), action in roads.items() if action is not None} == set(Stage)


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=60), st.floats(0, 1))
def test_a_sample_is_drawn_the_same_again_and_grows_with_its_share(ids: list[str], share: float) -> None:
    drawn = {one for one in ids if selected("seed", "call 2026-11", one, share)}
    assert drawn == {one for one in reversed(ids) if selected("seed", "call 2026-11", one, share)}
    assert drawn <= {one for one in ids if selected("seed", "call 2026-11", one, min(1.0, share + 0.1))}
    assert {one for one in ids if selected("seed", "call 2026-11", one, 1.0)} == set(ids)
    assert not [one for one in ids if selected("seed", "call 2026-11", one, 0.0)]


def test_five_percent_is_about_five_percent() -> None:
    drawn = [n for n in range(20_000) if selected("seed", "handling 2026-11", f"ticket_{n}", 0.05)]
    assert 900 < len(drawn) < 1100
    other = [n for n in range(20_000) if selected("another", "handling 2026-11", f"ticket_{n}", 0.05)]
    assert drawn != other


def test_the_shipped_sheets_add_up_and_others_are_refused() -> None:
    assert set(Quality().sheets) == {stage.value for stage in Stage}
    with pytest.raises(ValueError, match="not 100"):
        ScoreSheet(items=[ScoreItem(name="用语", points=99)])
    with pytest.raises(ValueError, match="fatal"):
        ScoreItem(name="用语", points=10, fatal=True)


def test_months_end_where_the_next_begins() -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Asia/Shanghai")
    assert bounds("2026-12", zone)[1] == bounds("2027-01", zone)[0]
    with pytest.raises(RuleBroken):
        bounds("2026-13", zone)
