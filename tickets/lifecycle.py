"""The life of a work order as one literal table, so that a reader sees every road and a machine can walk them all.

Theory of operation
-------------------
A work order is in one ``State``. An ``Actor`` asks for an ``Action`` with a form. ``TABLE[(state, action)]`` is the
whole law: where the action leads, who may do it, which fields the form must carry, which named guards must agree and
what becomes of the deadline's clock. **A missing key is the refusal**: there is no other list of forbidden things.
``decide`` returns the transition or raises ``RuleBroken`` (``Forbidden`` for the wrong person) with a sentence in
Chinese and English that tells the person what can be done instead.

The clock: 3 minutes run from acceptance to dispatch; the unit's deadline runs from *dispatch* (not from signing) and
stops at the reply; what was unused comes back when a reply is sent back; rework begins a new one.
Yellow and red cards (黄牌/红牌) are computed in ``deadlines``, never states. Two further axes, supervision level and
extension, and the ways into ``merged`` and ``suspended``, are not in the table yet: refused by the law above.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hotline.errors import Forbidden, RuleBroken


class State(StrEnum):
    """Where a work order stands. Stored and sent to browsers by value."""

    DRAFT = "draft"
    PENDING = "pending"
    REFUSED = "refused"
    CLOSED_DIRECT = "closed_direct"
    TO_DISPATCH = "to_dispatch"
    MERGED = "merged"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RETURN_REVIEW = "return_review"
    ARBITRATION = "arbitration"
    SUSPENDED = "suspended"
    REPLY_REVIEW = "reply_review"
    TO_CALLBACK = "to_callback"
    REWORK = "rework"
    CLOSED = "closed"
    ARCHIVED = "archived"
    VOID = "void"


STATE_ZH: Mapping[State, str] = {
    State.DRAFT: "草稿", State.PENDING: "待受理", State.REFUSED: "不予受理", State.CLOSED_DIRECT: "直办办结",
    State.TO_DISPATCH: "待派单", State.MERGED: "已并单", State.DISPATCHED: "待签收", State.IN_PROGRESS: "办理中",
    State.RETURN_REVIEW: "退单待审", State.ARBITRATION: "待协调", State.SUSPENDED: "挂账",
    State.REPLY_REVIEW: "待审核", State.TO_CALLBACK: "待回访", State.REWORK: "重办", State.CLOSED: "办结",
    State.ARCHIVED: "归档", State.VOID: "作废",
}  # fmt: skip

TERMINAL: frozenset[State] = frozenset({State.REFUSED, State.MERGED, State.ARCHIVED, State.VOID})
WITH_UNIT: frozenset[State] = frozenset({State.DISPATCHED, State.IN_PROGRESS, State.RETURN_REVIEW, State.ARBITRATION})
"""States in which the unit's deadline runs."""


class Action(StrEnum):
    """What somebody may ask of a work order. Part of the URL in the HTTP API."""

    SUBMIT = "submit"
    ANSWER = "answer"
    ACCEPT = "accept"
    REFUSE = "refuse"
    DISPATCH = "dispatch"
    SIGN = "sign"
    RETURN = "return"
    AGREE_RETURN = "agree_return"
    REJECT_RETURN = "reject_return"
    ARBITRATE = "arbitrate"
    ASSIGN = "assign"
    REPLY = "reply"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    CLOSE = "close"
    REDO = "redo"
    REDISPATCH = "redispatch"
    ARCHIVE = "archive"
    VOID = "void"


class Role(StrEnum):
    """Who acts. The five of the accounts, and the engine itself."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    DEPARTMENT = "department"
    INSPECTOR = "inspector"
    ADMIN = "admin"
    SYSTEM = "system"


class ClockEffect(StrEnum):
    """What a transition does to the unit's deadline."""

    KEEP = "keep"
    START = "start"
    """Starts, unless it is running already: a returned work order goes on against its first deadline."""
    RENEW = "renew"
    """A new deadline, whatever was before."""
    STOP = "stop"
    RESTORE = "restore"
    """Runs on with the working time that was unused when it stopped."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: ``unit`` is set for people of departments."""

    account: str
    roles: frozenset[str]
    unit: str | None = None


SYSTEM = Actor("system", frozenset({Role.SYSTEM}))


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules need to know of a work order."""

    state: State
    unit: str | None = None
    returns: int = 0
    created_by: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a guard says no. ``forbidden`` when it is about the person rather than the work order."""

    zh: str
    en: str
    forbidden: bool = False


Guard = Callable[[Case, Actor], Refusal | None]


def own_unit(case: Case, actor: Actor) -> Refusal | None:
    """People of a department act only on what lies with their own unit."""
    if Role.DEPARTMENT in actor.roles and not actor.roles & _DESK_ROLES and actor.unit != case.unit:
        return Refusal("该工单不在您的单位", "this work order does not lie with your unit", forbidden=True)
    return None


def own_work(case: Case, actor: Actor) -> Refusal | None:
    """An agent handles the work orders that he made himself."""
    if actor.roles <= {Role.AGENT} and case.created_by != actor.account:
        return Refusal("该工单不是您受理的", "this work order is not yours", forbidden=True)
    return None


def returns_left(case: Case, actor: Actor) -> Refusal | None:
    """A unit may return a work order twice at most."""
    if case.returns >= MAXIMUM_RETURNS:
        return Refusal(
            "该工单已退单两次，不能再退，请联系热线协调", "returned twice already; ask the hotline to arbitrate"
        )
    return None


MAXIMUM_RETURNS = 2
_DESK_ROLES: frozenset[str] = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.SYSTEM})
GUARDS: Mapping[str, Guard] = {"own_unit": own_unit, "own_work": own_work, "returns_left": returns_left}


@dataclass(frozen=True, slots=True)
class Transition:
    """One cell of the table. ``zh`` is the action's name on the button."""

    to: State
    roles: frozenset[Role]
    zh: str
    needs: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    clock: ClockEffect = ClockEffect.KEEP


_AGENT = frozenset({Role.AGENT, Role.SUPERVISOR})
_INTAKE = frozenset({Role.AGENT, Role.SUPERVISOR, Role.SYSTEM})
_UNIT = frozenset({Role.DEPARTMENT})
_DISPATCHER = frozenset({Role.AGENT, Role.SUPERVISOR, Role.SYSTEM})
_SUPERVISOR = frozenset({Role.SUPERVISOR})
_REVIEWER = frozenset({Role.SUPERVISOR, Role.INSPECTOR, Role.SYSTEM})
_SYSTEM = frozenset({Role.SYSTEM})
_VOID = Transition(State.VOID, _SUPERVISOR, "作废", needs=("note",))
_RETURN = Transition(State.RETURN_REVIEW, _UNIT, "退单", needs=("note",), guards=("own_unit", "returns_left"))

TABLE: Mapping[tuple[State, Action], Transition] = {
    (State.DRAFT, Action.SUBMIT): Transition(State.TO_DISPATCH, _INTAKE, "受理"),
    (State.DRAFT, Action.ANSWER): Transition(State.CLOSED_DIRECT, _INTAKE, "直接答复", needs=("answer",)),
    (State.PENDING, Action.ACCEPT): Transition(State.TO_DISPATCH, _INTAKE, "受理"),
    (State.PENDING, Action.ANSWER): Transition(State.CLOSED_DIRECT, _AGENT, "直接答复", needs=("answer",)),
    (State.PENDING, Action.REFUSE): Transition(State.REFUSED, _AGENT, "不予受理", needs=("note",)),
    (State.TO_DISPATCH, Action.DISPATCH): Transition(
        State.DISPATCHED, _DISPATCHER, "派单", needs=("unit",), guards=("own_work",), clock=ClockEffect.START
    ),
    (State.DISPATCHED, Action.SIGN): Transition(State.IN_PROGRESS, _UNIT, "签收", guards=("own_unit",)),
    (State.DISPATCHED, Action.RETURN): _RETURN,
    (State.IN_PROGRESS, Action.RETURN): _RETURN,
    (State.RETURN_REVIEW, Action.AGREE_RETURN): Transition(State.TO_DISPATCH, _SUPERVISOR, "同意退单"),
    (State.RETURN_REVIEW, Action.REJECT_RETURN): Transition(
        State.IN_PROGRESS, _SUPERVISOR, "驳回退单", needs=("note",)
    ),
    (State.RETURN_REVIEW, Action.ARBITRATE): Transition(State.ARBITRATION, _SUPERVISOR, "提请协调"),
    (State.ARBITRATION, Action.ASSIGN): Transition(
        State.DISPATCHED, _SUPERVISOR, "指定主办", needs=("unit",), clock=ClockEffect.START
    ),
    (State.IN_PROGRESS, Action.REPLY): Transition(
        State.REPLY_REVIEW, _UNIT, "回复", needs=("contact", "reply"), guards=("own_unit",), clock=ClockEffect.STOP
    ),
    (State.REPLY_REVIEW, Action.APPROVE): Transition(State.TO_CALLBACK, _REVIEWER, "审核通过"),
    (State.REPLY_REVIEW, Action.SEND_BACK): Transition(
        State.IN_PROGRESS, _REVIEWER, "退回补正", needs=("note",), clock=ClockEffect.RESTORE
    ),
    (State.TO_CALLBACK, Action.CLOSE): Transition(State.CLOSED, _SYSTEM, "回访办结"),
    (State.TO_CALLBACK, Action.REDO): Transition(State.REWORK, _SYSTEM, "重办"),
    (State.REWORK, Action.REDISPATCH): Transition(
        State.DISPATCHED, frozenset({Role.SYSTEM, Role.SUPERVISOR}), "重新派单", clock=ClockEffect.RENEW
    ),
    (State.CLOSED, Action.ARCHIVE): Transition(State.ARCHIVED, frozenset({Role.SYSTEM, Role.SUPERVISOR}), "归档"),
    (State.CLOSED_DIRECT, Action.ARCHIVE): Transition(
        State.ARCHIVED, frozenset({Role.SYSTEM, Role.SUPERVISOR}), "归档"
    ),
    (State.PENDING, Action.VOID): _VOID,
    (State.TO_DISPATCH, Action.VOID): _VOID,
    (State.DISPATCHED, Action.VOID): _VOID,
    (State.IN_PROGRESS, Action.VOID): _VOID,
    (State.RETURN_REVIEW, Action.VOID): _VOID,
    (State.ARBITRATION, Action.VOID): _VOID,
}

FIELD_ZH: Mapping[str, str] = {
    "note": "说明", "reply": "回复内容", "contact": "联系诉求人情况", "unit": "承办单位", "answer": "答复内容",
}  # fmt: skip
ACTION_ZH: Mapping[Action, str] = {action: cell.zh for (_, action), cell in TABLE.items()}


def decide(case: Case, action: Action, actor: Actor, form: Mapping[str, object]) -> Transition:
    """The transition that ``actor`` may make now.

    Raises ``RuleBroken`` when the table has no such cell, a guard objects or the form lacks a field;
    ``Forbidden`` when somebody else may do it but not this person.
    """
    cell = TABLE.get((case.state, action))
    if cell is None:
        raise RuleBroken(
            f"工单当前为“{STATE_ZH[case.state]}”，不能{ACTION_ZH[action]}",
            f"a work order in state {case.state} cannot be given the action {action}",
        )
    _check_person(cell, case, action, actor)
    for field in cell.needs:
        if not str(form.get(field) or "").strip():
            raise RuleBroken(f"请填写{FIELD_ZH[field]}", f"the field {field} is required", code="field_required")
    return cell


def offer(case: Case, actor: Actor) -> list[tuple[Action, Transition]]:
    """What ``actor`` may do now, for the buttons of a page. Fields are asked for later."""
    found = []
    for (state, action), cell in TABLE.items():
        if state is case.state and state is not State.DRAFT:
            try:
                _check_person(cell, case, action, actor)
            except RuleBroken:
                continue
            found.append((action, cell))
    return found


def acting_role(cell: Transition, roles: Iterable[str]) -> Role:
    """The role in which somebody makes this transition, for the timeline."""
    held = set(roles)
    return next((role for role in Role if role in cell.roles and role in held), Role.SYSTEM)


def _check_person(cell: Transition, case: Case, action: Action, actor: Actor) -> None:
    if not cell.roles & actor.roles:
        raise Forbidden(f"您没有“{cell.zh}”的权限", f"your role may not {action} a work order")
    for name in cell.guards:
        refusal = GUARDS[name](case, actor)
        if refusal is not None:
            raise (Forbidden if refusal.forbidden else RuleBroken)(refusal.zh, refusal.en)
