"""Campaigns: lists with their faults, quotas that are never overshot, states, questions."""

from datetime import UTC, date, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callback.campaigns.lifecycle import TABLE, Action, State, demand_draft, follow, is_on
from callback.campaigns.lists import Listed, clean_number, read_list, sample
from callback.campaigns.outline import Outline
from callback.campaigns.questions import KNOWN, count, read_questions, said
from callback.campaigns.quotas import Standing, check, is_finished, room_of
from hotline.errors import RuleBroken

ZONE = ZoneInfo("Asia/Shanghai")
SHEET = "电话,姓名,分组\r\n13800000001,张三,兰山区\r\n138-0000-0002,李四,河东区\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_excel_writes_is_read(encoding: str, separator: str) -> None:
    reading = read_list(SHEET.replace(",", separator).encode(encoding), 10)
    assert not reading.faults
    assert [(one.phone, one.name, one.group) for one in reading.entries] == [
        ("13800000001", "张三", "兰山区"), ("13800000002", "李四", "河东区"),
    ]  # fmt: skip


def test_columns_by_name_in_any_order_and_without_a_header() -> None:
    assert read_list("备注,手机号\nA7,13800000001\n".encode(), 10).entries == [Listed(phone="13800000001", note="A7")]
    assert read_list(b"13800000001\n13800000002,x\n", 10).entries[1] == Listed(phone="13800000002", name="x")


def test_every_fault_with_its_line_at_once() -> None:
    body = "电话,姓名\n13800000001,a\n\nabc,b\n13800000001,c\n,d\n1.38E+10,e\n13800000003," + "长" * 41 + "\n"
    reading = read_list(body.encode(), 10)
    assert [fault.line for fault in reading.faults] == [4, 5, 6, 7, 8]
    assert "第 2 行" in reading.faults[1].zh
    assert "科学计数法" in reading.faults[3].zh
    assert [one.phone for one in reading.entries] == ["13800000001"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_list"),
        (b"\n\n", "empty_list"),
        ("姓名,分组\n张三,a\n".encode(), "no_phone_column"),
        ("电话\n".encode(), "empty_list"),
        (b"PK\x03\x04\x00\x00", "not_csv"),
        (b"\xff\xfe\xff", "not_csv"),
        (b"phone\n" + b"\n".join(b"1380000%04d" % n for n in range(11)), "too_many"),
        (b'phone,name\n13800000001,"' + b"x" * 200_000 + b'"', "not_csv"),
    ],
)
def test_what_is_no_list_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        read_list(body, 10)
    assert refused.value.code == code


@given(st.binary(max_size=300))
def test_rubbish_is_refused_and_nothing_else(body: bytes) -> None:
    try:
        reading = read_list(body, 10)
    except RuleBroken:
        return
    assert all(clean_number(one.phone) == one.phone for one in reading.entries)
    assert len({one.phone for one in reading.entries}) == len(reading.entries)


@pytest.mark.parametrize(
    ("told", "number"),
    [("+86 138 0000 0001", "13800000001"), ("'13800000001", "13800000001"), ("(0539)8012345", "05398012345"),
     ("86138000000012", "86138000000012"), ("12", None), ("1380000x", None)],
)  # fmt: skip
def test_numbers_as_people_write_them(told: str, number: str | None) -> None:
    assert clean_number(told) == number


@given(st.integers(1, 200), st.floats(0.01, 1), st.text(max_size=5), st.randoms())
def test_a_sample_is_the_same_for_the_same_seed(size: int, share: float, seed: str, random: object) -> None:
    entries = [Listed(phone=f"1380000{n:04d}") for n in range(size)]
    chosen = sample(entries, share, seed)
    assert share * size <= len(chosen) < share * size + 1
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert {one.phone for one in sample(shuffled, share, seed)} == {one.phone for one in chosen}
    assert [one for one in entries if one in chosen] == chosen


STANDINGS = st.dictionaries(
    st.sampled_from(["", "a", "b", "c"]),
    st.builds(Standing, waiting=st.integers(0, 8), with_robot=st.integers(0, 4), surveyed=st.integers(0, 6)),
    max_size=4,
)
QUOTAS = st.dictionaries(st.sampled_from(["", "a", "b"]), st.integers(1, 12), max_size=3)


@given(STANDINGS, QUOTAS, st.integers(1, 10))
def test_no_quota_is_overshot_whoever_answers(
    standings: dict[str, Standing], quotas: dict[str, int], ahead: int
) -> None:
    room = room_of(standings, quotas, ahead)
    busy = sum(one.with_robot for one in standings.values())
    assert sum(room.values()) <= max(0, ahead - busy)
    for group, most in room.items():
        standing = standings[group]
        assert most <= standing.waiting
        if group and group in quotas:
            assert standing.surveyed + standing.with_robot + most <= quotas[group]
    if "" in quotas and room:
        answered = sum(one.surveyed for one in standings.values())
        assert answered + busy + sum(room.values()) <= quotas[""]


@given(STANDINGS, QUOTAS, st.integers(0, 3), st.integers(1, 4))
def test_a_campaign_played_to_its_end(
    standings: dict[str, Standing], quotas: dict[str, int], every: int, ahead: int
) -> None:
    """Everybody who is asked answers, or every third does not: it ends, with no quota overshot."""
    standings = {group: Standing(one.waiting) for group, one in standings.items()}
    calls = 0
    while not is_finished(standings, quotas):
        for group, most in room_of(standings, quotas, ahead).items():
            for _ in range(most):
                calls += 1
                one, answers = standings[group], every == 0 or calls % (every + 1) != 0
                standings[group] = Standing(one.waiting - 1, 0, one.surveyed + answers)
    surveyed = {group: one.surveyed for group, one in standings.items()}
    assert all(surveyed.get(group, 0) <= quota for group, quota in quotas.items() if group)
    if "" in quotas:
        assert sum(surveyed.values()) <= quotas[""]
    for group, one in standings.items():
        full = (group and surveyed[group] == quotas.get(group)) or sum(surveyed.values()) == quotas.get("")
        assert full or one.waiting == 0


def test_groups_come_along_together() -> None:
    standings = {"a": Standing(waiting=100), "b": Standing(waiting=100)}
    assert room_of(standings, {}, 4) == {"a": 2, "b": 2}


def test_a_quota_for_a_group_that_nobody_is_in_is_told() -> None:
    assert check({"": 5, "a": 1, "x": 1}, ["a"]) == ["x"]


def test_every_cell_of_the_life_of_a_campaign() -> None:
    for state, action in product(State, Action):
        if action in TABLE[state]:
            assert follow(state, action) is TABLE[state][action]
        else:
            with pytest.raises(RuleBroken):
                follow(state, action)


def test_only_a_draft_is_changed() -> None:
    demand_draft(State.DRAFT)
    for state in set(State) - {State.DRAFT}:
        with pytest.raises(RuleBroken):
            demand_draft(state)


@pytest.mark.parametrize(
    ("state", "begins", "ends", "on"),
    [
        (State.RUNNING, None, None, True),
        (State.PAUSED, None, None, False),
        (State.RUNNING, date(2026, 11, 28), date(2026, 11, 28), True),
        (State.RUNNING, date(2026, 11, 29), None, False),
        (State.RUNNING, None, date(2026, 11, 27), False),
    ],
)
def test_its_own_days_are_local(state: State, begins: date | None, ends: date | None, on: bool) -> None:
    after_midnight = datetime(2026, 11, 27, 16, 30, tzinfo=UTC)  # the 28th in Linyi
    assert is_on(state, begins, ends, after_midnight, ZONE) is on


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"hours": "9-11"}, {"hours": "11:00-09:00"}, {"quotas": {"a": 0}},
     {"begins_on": date(2026, 2, 2), "ends_on": date(2026, 2, 1)}],
)  # fmt: skip
def test_an_outline_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"name": "民调", "flow": "poll", "quotas": {}}
    Outline(**right)  # type: ignore[arg-type]
    with pytest.raises(RuleBroken):
        Outline(**right | wrong)  # type: ignore[arg-type]


def test_answers_are_counted_by_question_and_strange_keys_too() -> None:
    satisfied = KNOWN["satisfied"]
    (counted,) = count([satisfied], [{"satisfied": "1"}, {"satisfied": "9"}, {"satisfied": "1"}, {"solved": "2"}, {}])
    assert counted.answered == 3
    assert {key: n for key, n in counted.counts.items() if n} == {"1": 2, "9": 1}
    assert said(satisfied, {"satisfied": "5"}) == "不满意"
    assert said(satisfied, {"satisfied": "9"}) == "9"
    assert said(satisfied, {}) == ""


def test_questions_need_names_of_their_own() -> None:
    one = {"name": "a", "title": "甲", "choices": {"1": "是"}}
    assert read_questions([one])[0].title == "甲"
    for wrong in (
        [one, one],
        [one | {"name": " "}],
        [one | {"title": ""}],
        [one | {"choices": dict.fromkeys("0123456789*#x", "")}],
    ):
        with pytest.raises(RuleBroken):
            read_questions(wrong)
