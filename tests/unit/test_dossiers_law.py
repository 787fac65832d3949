"""The law of dossiers: what each kind needs, what is written in it, and when it may be closed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.errors import Forbidden, RuleBroken
from hotline.security import Person, Role
from tickets.dossiers.law import (
    ENTRY_NEEDS,
    FIELD_ZH,
    LAWS,
    Entry,
    Kind,
    check_closing,
    check_entry,
    check_keeper,
    check_opening,
    is_credit_code,
)
from tickets.dossiers.service import lots

NOON = datetime(2026, 10, 1, 4, tzinfo=UTC)
CODE = "91350100M000100Y43"
"""The example of GB 32100-2015."""
WHOLE: dict[str, Any] = {
    "title": "国庆", "begins_on": date(2026, 10, 1), "ends_on": date(2026, 10, 7), "subject": CODE, "lead": "王专员",
    "unit": "371323", "place": "政务大厅",
}  # fmt: skip
DUTY = {"who": "甲", "begins": NOON, "ends": NOON + timedelta(hours=8)}


def row(entry: Entry, at: int = 1, refers_to: int | None = None) -> dict[str, Any]:
    return {"id": at, "entry": entry.value, "text": "开工", "refers_to": refers_to}


def test_the_tables_are_whole() -> None:
    assert LAWS.keys() == set(Kind)
    assert ENTRY_NEEDS.keys() == set(Entry)
    for law in LAWS.values():
        assert set(law.needs) <= FIELD_ZH.keys()
    assert len({law.prefix for law in LAWS.values()}) == len(LAWS)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_refused_without_what_it_needs(kind: Kind) -> None:
    roster = [DUTY] if LAWS[kind].opens_with else []
    check_opening(kind, WHOLE, roster)
    for name in ("title", *LAWS[kind].needs):
        with pytest.raises(RuleBroken, match=FIELD_ZH[name].replace("（", ".").replace("）", ".")):
            check_opening(kind, WHOLE | {name: None}, roster)


def test_a_duty_opens_with_its_roster() -> None:
    with pytest.raises(RuleBroken, match="值班表"):
        check_opening(Kind.DUTY, WHOLE, [])
    with pytest.raises(RuleBroken, match="结束时间"):
        check_opening(Kind.DUTY, WHOLE, [DUTY | {"ends": NOON}])
    with pytest.raises(RuleBroken, match="早于"):
        check_opening(Kind.DUTY, WHOLE | {"ends_on": date(2026, 9, 1)}, [DUTY])


@given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_any_single_wrong_sign_of_a_credit_code_is_noticed(at: int, sign: str) -> None:
    wrong = CODE[:at] + sign + CODE[at + 1 :]
    assert is_credit_code(wrong) is (wrong == CODE)


def test_what_is_no_credit_code_opens_no_enterprise() -> None:
    assert not is_credit_code("")
    assert not is_credit_code(CODE.lower())
    with pytest.raises(RuleBroken, match="信用代码"):
        check_opening(Kind.ENTERPRISE, WHOLE | {"subject": CODE[:-1] + "4"}, [])


def test_kinds_have_their_keepers_and_their_entries() -> None:
    clerk = Person(account="d", name="d", roles=frozenset({Role.DISCIPLINE}))
    check_keeper(Kind.INSPECTION, clerk)
    with pytest.raises(Forbidden):
        check_keeper(Kind.MEETING, clerk)
    with pytest.raises(RuleBroken, match="不记"):
        check_entry(Kind.INSPECTION, Entry.DECISION, {"text": "x", "unit": "371323"})
    with pytest.raises(RuleBroken, match="抽查"):
        check_entry(Kind.INSPECTION, Entry.FINDING, {"text": "x"})


def test_nothing_that_was_promised_is_left_open() -> None:
    with pytest.raises(RuleBroken, match="260302"):
        check_closing(Kind.MEETING, [row(Entry.DECISION)], ["260302"])
    check_closing(Kind.MEETING, [row(Entry.DECISION)], [])
    with pytest.raises(RuleBroken, match="开工"):
        check_closing(Kind.ENTERPRISE, [row(Entry.MILESTONE, 7)], [])
    check_closing(Kind.ENTERPRISE, [row(Entry.MILESTONE, 7), row(Entry.DONE, 8, refers_to=7)], [])
    with pytest.raises(RuleBroken, match="检查发现"):
        check_closing(Kind.INSPECTION, [row(Entry.LOG)], [])


@given(st.lists(st.text("abc123", min_size=1), unique=True), st.randoms())
def test_the_draw_does_not_depend_on_the_order_of_the_box(ids: list[str], random: Any) -> None:
    shuffled = random.sample(ids, len(ids))
    assert lots("JC1", ids) == lots("JC1", shuffled)
    assert sorted(lots("JC1", ids)) == sorted(ids)
