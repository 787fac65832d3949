"""The literal table: the walked path, its roles, guards and refusals."""

import pytest

from hotline.errors import Forbidden, RuleBroken
from hotline.security import Role as AccountRole
from tickets.lifecycle import (
    ACTION_ZH,
    GUARDS,
    STATE_ZH,
    SYSTEM,
    TABLE,
    TERMINAL,
    Action,
    Actor,
    Case,
    Role,
    State,
    acting_role,
    decide,
    offer,
)
from tickets.moves import verdict

AGENT = Actor("agent1", frozenset({"agent"}))
YISHUI = Actor("yishui", frozenset({"department"}), "371323")
FEIXIAN = Actor("feixian", frozenset({"department"}), "371325")
SUPERVISOR = Actor("boss", frozenset({"supervisor"}))
INSPECTOR = Actor("eye", frozenset({"inspector"}))


def test_the_path_of_the_story() -> None:
    state = State.DRAFT
    path = [
        (Action.SUBMIT, AGENT, {}),
        (Action.DISPATCH, AGENT, {"unit": "371323"}),
        (Action.SIGN, YISHUI, {}),
        (Action.REPLY, YISHUI, {"contact": "电话联系", "reply": "已修复"}),
        (Action.APPROVE, SYSTEM, {}),
        (Action.REDO, SYSTEM, {}),
        (Action.REDISPATCH, SYSTEM, {}),
        (Action.SIGN, YISHUI, {}),
        (Action.REPLY, YISHUI, {"contact": "电话联系", "reply": "已修复"}),
        (Action.SEND_BACK, INSPECTOR, {"note": "答复不具体"}),
        (Action.REPLY, YISHUI, {"contact": "电话联系", "reply": "已更换灯泡"}),
        (Action.APPROVE, INSPECTOR, {}),
        (Action.CLOSE, SYSTEM, {}),
        (Action.ARCHIVE, SUPERVISOR, {}),
    ]
    for action, actor, form in path:
        state = decide(Case(state, unit="371323", created_by="agent1"), action, actor, form).to
    assert state is State.ARCHIVED


def test_a_missing_cell_is_a_refusal_that_names_state_and_action() -> None:
    with pytest.raises(RuleBroken) as refusal:
        decide(Case(State.CLOSED, "371323"), Action.SIGN, YISHUI, {})
    assert refusal.value.zh == "工单当前为“办结”，不能签收"
    assert "closed" in refusal.value.en


def test_every_cell_outside_the_table_is_refused() -> None:
    everybody = Actor("all", frozenset(Role), "371323")
    form = dict.fromkeys(("note", "reply", "contact", "unit", "answer"), "x")
    for state in State:
        for action in Action:
            if (state, action) in TABLE:
                assert decide(Case(state, "371323"), action, everybody, form).to
            else:
                with pytest.raises(RuleBroken):
                    decide(Case(state, "371323"), action, everybody, form)


def test_roles_are_judged_before_fields() -> None:
    with pytest.raises(Forbidden):
        decide(Case(State.IN_PROGRESS, "371323"), Action.REPLY, AGENT, {})
    with pytest.raises(Forbidden):
        decide(Case(State.TO_CALLBACK, "371323"), Action.CLOSE, SUPERVISOR, {})


def test_another_units_people_may_not_touch_it() -> None:
    with pytest.raises(Forbidden):
        decide(Case(State.DISPATCHED, "371323"), Action.SIGN, FEIXIAN, {})
    assert [action for action, _ in offer(Case(State.DISPATCHED, "371323"), FEIXIAN)] == []


def test_an_agent_dispatches_only_his_own() -> None:
    with pytest.raises(Forbidden):
        decide(Case(State.TO_DISPATCH, created_by="agent2"), Action.DISPATCH, AGENT, {"unit": "371323"})


@pytest.mark.parametrize(
    "form", [{}, {"reply": "已修复"}, {"reply": "已修复", "contact": "  "}, {"contact": "电话联系"}]
)
def test_a_reply_needs_contact_and_words(form: dict[str, str]) -> None:
    with pytest.raises(RuleBroken) as refusal:
        decide(Case(State.IN_PROGRESS, "371323"), Action.REPLY, YISHUI, form)
    assert refusal.value.code == "field_required"


def test_a_third_return_is_refused() -> None:
    assert decide(Case(State.DISPATCHED, "371323", returns=1), Action.RETURN, YISHUI, {"note": "非本单位职责"})
    with pytest.raises(RuleBroken):
        decide(Case(State.DISPATCHED, "371323", returns=2), Action.RETURN, YISHUI, {"note": "非本单位职责"})


def test_offers_are_what_the_person_may_do_now() -> None:
    offered = {action: cell.needs for action, cell in offer(Case(State.IN_PROGRESS, "371323"), YISHUI)}
    assert offered == {Action.RETURN: ("note",), Action.REPLY: ("contact", "reply")}
    assert offer(Case(State.CLOSED, "371323"), YISHUI) == []


def test_the_table_is_whole() -> None:
    assert set(STATE_ZH) == set(State)
    assert set(ACTION_ZH) == set(Action)
    assert {guard for cell in TABLE.values() for guard in cell.guards} <= set(GUARDS)
    assert {role.value for role in AccountRole} | {"system"} == {role.value for role in Role}
    assert not [state for state, _ in TABLE if state in TERMINAL]


def test_who_acted_is_named_by_the_role_that_allowed_it() -> None:
    both = frozenset({"supervisor", "agent"})
    assert acting_role(TABLE[State.TO_CALLBACK, Action.CLOSE], {"system"}) is Role.SYSTEM
    assert acting_role(TABLE[State.TO_DISPATCH, Action.VOID], both) is Role.SUPERVISOR


@pytest.mark.parametrize(
    ("solved", "satisfaction", "action"),
    [
        (True, 1, Action.CLOSE),
        (True, 3, Action.CLOSE),
        (True, 4, Action.REDO),
        (False, 5, Action.REDO),
        (False, 1, Action.CLOSE),
        (False, None, Action.REDO),
        (True, None, Action.CLOSE),
        (None, None, Action.CLOSE),
    ],
)
def test_what_a_return_visit_decides(solved: bool | None, satisfaction: int | None, action: Action) -> None:
    assert verdict(solved, satisfaction) is action
