"""A reporter's number and name do not reach the unit, however they were written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.guards import Actor
from tickets.protection import HIDDEN_NAME, HIDDEN_NUMBER, hidden_from, may_open, names_in, redact

UNIT = Actor("u1", frozenset({"department"}), "371323")
ROW = {"protected": True, "created_by": "agent1", "accepted_by": None, "parent_id": None}


@pytest.mark.parametrize(
    ("said", "gone", "stays"),
    [
        ("我叫李明，电话13800000001，村干部截留补贴", ("李明", "13800000001"), "村干部截留补贴"),
        ("请打 138 0000 0001 或 0539-8123456", ("138", "8123456"), "请打"),
        ("号码是幺三八零零零零零零零幺", ("幺三八",), "号码是"),
        ("举报人：欧建国反映工地无证施工", ("建国",), "无证施工"),
        ("我是王芳，住在沂城街道", ("王芳",), "沂城街道"),
        ("身份证37132319900101123X", ("37132319900101123X",), "身份证"),
        ("邮箱 a.b@example.com", ("a.b@example.com",), "邮箱"),
    ],
)
def test_numbers_and_names_are_gone(said: str, gone: tuple[str, ...], stays: str) -> None:
    shown = redact(said)
    assert not any(word in shown for word in gone), shown
    assert stays in shown


def test_what_is_no_name_stays() -> None:
    said = "我是沂水县的居民，本人家里停电三天，12345 打过两次，欠费 3000 元"
    assert redact(said) == said


@given(st.text(alphabet="0123456789", min_size=7, max_size=20), st.text(alphabet="路灯坏了，。", max_size=8))
def test_no_run_of_seven_digits_survives(number: str, around: str) -> None:
    shown = redact(around + number + around)
    assert not re.search(r"\d{7,}", shown)
    assert HIDDEN_NUMBER in shown
    assert redact(shown) == shown


def test_hidden_from_units_only() -> None:
    assert hidden_from(UNIT, ROW)
    assert not hidden_from(Actor("agent2", frozenset({"agent"})), ROW)
    assert not hidden_from(Actor("boss", frozenset({"supervisor", "department"}), "371323"), ROW)
    assert hidden_from(Actor("both", frozenset({"agent", "department"}), "371323"), ROW)
    assert not hidden_from(Actor("agent1", frozenset({"agent", "department"}), "371323"), ROW)
    assert not hidden_from(UNIT, ROW | {"protected": False})
    assert hidden_from(UNIT, ROW | {"created_by": "u1", "parent_id": "ticket_1"})  # it handed the share down itself
    assert HIDDEN_NAME in redact("姓名:张三")


@pytest.mark.parametrize(
    ("kind", "by", "opens"),
    [("jpeg", "channel:web", False), ("jpeg", "u1", True), ("mp4", "citizen", False), ("pdf", "u1", True)],
)
def test_a_picture_shows_whose_window_it_was_taken_from_and_a_film_has_a_voice(kind: str, by: str, opens: bool) -> None:
    assert may_open(UNIT, ROW, {"kind": kind, "by": by}) is opens


def test_a_name_is_found_again_where_nothing_introduces_it() -> None:
    names = names_in("我叫李明，住在沂城街道")
    assert redact("李明举报村干部", names) == f"{HIDDEN_NAME}举报村干部"
