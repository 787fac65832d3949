"""The literal table: the walked path, its roles, guards and refusals."""

from datetime import UTC, date, datetime

import pytest

from hotline.errors import ConfigurationError, Forbidden, RuleBroken
from hotline.security import Role as AccountRole
from tickets.guards import CHECKS
from tickets.lifecycle import (
    ACTION_ZH,
    FIELD_ZH,
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
from tickets.organisation import is_ready, units_below
from tickets.scope import OUT_OF_SCOPE, suspect
from tickets.states import Extension

AGENT = Actor("agent1", frozenset({"agent"}))
YISHUI = Actor("yishui", frozenset({"department"}), "371323")
FEIXIAN = Actor("feixian", frozenset({"department"}), "371325")
SUPERVISOR = Actor("boss", frozenset({"supervisor"}))
INSPECTOR = Actor("eye", frozenset({"inspector"}))


FORM: dict[str, object] = {
    **dict.fromkeys(("note", "reply", "contact", "answer", "into", "leader", "instruction"), "x"),
    "unit": "below", "matter": "诉讼", "days": 3, "level": 2, "review_on": date(2026, 12, 1),
}  # fmt: skip


def fitting(state: State, action: Action) -> Case:
    """A case on which every guard of this cell agrees."""
    guards = TABLE[state, action].guards if (state, action) in TABLE else ()
    return Case(
        state,
        "371323",
        returns=2 if "returned_twice" in guards else 0,
        is_part="part" in guards,
        extension=Extension.APPLIED if "extension_applied" in guards else Extension.NONE,
        supervise_level=1,
        below=frozenset({"below"}),
        today=date(2026, 11, 16),
    )


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
    for state in State:
        for action in Action:
            if (state, action) in TABLE:
                assert decide(fitting(state, action), action, everybody, FORM).to
            else:
                with pytest.raises(RuleBroken):
                    decide(fitting(state, action), action, everybody, FORM)


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
    assert offered == {
        Action.RETURN: ("note",),
        Action.EXTEND: ("days", "note"),
        Action.REPLY: ("contact", "reply"),
    }
    assert offer(Case(State.CLOSED, "371323"), YISHUI) == []


def test_the_table_is_whole() -> None:
    assert set(STATE_ZH) == set(State)
    assert set(ACTION_ZH) == set(Action)
    assert {guard for cell in TABLE.values() for guard in cell.guards} == set(GUARDS)
    assert {check for cell in TABLE.values() for check in cell.checks} == set(CHECKS)
    assert {field for cell in TABLE.values() for field in cell.needs} <= set(FIELD_ZH)
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


REFUSED: list[tuple[str, Case, Action, Actor, dict[str, object]]] = [
    ("禁止再退", Case(State.IN_PROGRESS, "371323", forbid_return=True), Action.RETURN, YISHUI, {}),
    ("已超过退单期限", Case(State.DISPATCHED, "371323", return_over=True), Action.RETURN, YISHUI, {}),
    ("尚有1个子工单", Case(State.IN_PROGRESS, "371323", open_parts=1), Action.REPLY, YISHUI, {}),
    ("只能申请一次", Case(State.IN_PROGRESS, "371323", extension=Extension.REFUSED), Action.EXTEND, YISHUI, {}),
    ("已超过办理期限", Case(State.IN_PROGRESS, "371323", past_due=True), Action.EXTEND, YISHUI, {}),
    ("延期只能是1至10", Case(State.IN_PROGRESS, "371323"), Action.EXTEND, YISHUI, {"days": 11}),
    ("没有待审的延期", Case(State.IN_PROGRESS, "371323"), Action.GRANT_EXTENSION, SUPERVISOR, {}),
    ("没有下级单位", Case(State.IN_PROGRESS, "371323"), Action.DELEGATE, YISHUI, {}),
    ("下级单位", Case(State.IN_PROGRESS, "371323", below=frozenset({"town"})), Action.DELEGATE, YISHUI, {"unit": "a"}),
    ("复核日期", Case(State.IN_PROGRESS, today=date(2026, 12, 1)), Action.SUSPEND, SUPERVISOR, {}),
    ("第二次退单", Case(State.RETURN_REVIEW, returns=1), Action.ARBITRATE, SUPERVISOR, {}),
    ("尚无回访结果", Case(State.CLOSED, concluded=False), Action.ARCHIVE, SUPERVISOR, {}),
    ("已超过重新办理期限", Case(State.ARCHIVED, reopen_over=True), Action.REOPEN, SUPERVISOR, {}),
    ("两名以上承办人员", Case(State.TO_DISPATCH, ready=frozenset({"b"})), Action.DISPATCH, SUPERVISOR, {"unit": "a"}),
    ("不能重复", Case(State.TO_DISPATCH), Action.DISPATCH, SUPERVISOR, {"unit": "a", "assist": ["a"]}),
    ("越级督办", Case(State.IN_PROGRESS), Action.SUPERVISE, SUPERVISOR, {"level": 2}),
    ("督办级别应高于", Case(State.IN_PROGRESS, supervise_level=2), Action.SUPERVISE, SUPERVISOR, {"level": 2}),
    ("最高督办级别", Case(State.IN_PROGRESS, supervise_level=5), Action.SUPERVISE, SUPERVISOR, {}),
    ("未被督办", Case(State.IN_PROGRESS), Action.RELEASE, SUPERVISOR, {}),
    ("事由只能是", Case(State.PENDING), Action.REFUSE, AGENT, {"matter": "天气"}),
    ("子工单不能", Case(State.REPLY_REVIEW, is_part=True), Action.APPROVE, SUPERVISOR, {}),
    ("只有下派单位", Case(State.REPLY_REVIEW, is_part=True, parent_unit="1"), Action.ACCEPT_PART, YISHUI, {}),
    ("已是主办单位", Case(State.IN_PROGRESS, "371323"), Action.INVITE, SUPERVISOR, {"unit": "371323"}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "case", "action", "actor", "form"), REFUSED, ids=[row[0] for row in REFUSED])
def test_every_rule_refuses_with_its_sentence(
    said: str, case: Case, action: Action, actor: Actor, form: dict[str, object]
) -> None:
    with pytest.raises(RuleBroken, match=said) as refusal:
        decide(case, action, actor, FORM | form)
    assert refusal.value.en


def test_a_sub_order_is_due_no_later_than_its_parent() -> None:
    due = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    case = Case(State.IN_PROGRESS, "371323", below=frozenset({"below"}), due_at=due)
    assert decide(case, Action.DELEGATE, YISHUI, FORM | {"due_at": due})
    with pytest.raises(RuleBroken, match="晚于主工单"):
        decide(case, Action.DELEGATE, YISHUI, FORM | {"due_at": due.replace(day=21)})


def test_an_agent_dispatches_what_he_took_in() -> None:
    taken = Case(State.TO_DISPATCH, created_by="web", accepted_by="agent1")
    assert decide(taken, Action.DISPATCH, AGENT, {"unit": "371323"})


def test_every_refused_matter_names_its_channel() -> None:
    assert set(OUT_OF_SCOPE) == {"党务", "军队", "人大", "政协", "司法", "诉讼", "信访", "保密"}
    assert "12368" in OUT_OF_SCOPE["诉讼"].sentence("诉讼")
    assert suspect("我对法院的判决不服，想上诉") == "诉讼"
    assert suspect("路灯不亮") is None


def test_units_are_ready_with_a_leader_and_two_handlers() -> None:
    assert is_ready("黄县长", 2)
    assert not is_ready("黄县长", 1)
    assert not is_ready(" ", 3)


def test_the_tree_of_units_has_four_levels_and_no_circle() -> None:
    tree = {"市": None, "县": "市", "镇": "县", "村": "镇"}
    assert units_below(tree)["县"] == {"镇", "村"}
    for wrong in (tree | {"组": "村"}, {"a": "b", "b": "a"}):
        with pytest.raises(ConfigurationError):
            units_below(wrong)
