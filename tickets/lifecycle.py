"""The life of a work order as one literal table, so that a reader sees every road and a machine can walk them all.

Theory of operation
-------------------
A work order is in one ``State``. An ``Actor`` asks for an ``Action`` with a form. ``TABLE[(state, action)]`` (in
``roads``) is the whole law: where the action leads, who may do it, which fields the form must carry, which named
guards and checks (``guards``) must agree and what becomes of the deadline's clock. **A missing key is the refusal**:
there is no other list of forbidden things. ``decide`` returns the transition or raises ``RuleBroken`` (``Forbidden``
for the wrong person) with a sentence in Chinese and English that tells the person what can be done instead.

The clock: 3 minutes run from acceptance to dispatch; the unit's deadline runs from *dispatch* (not from signing),
stops at the reply and while suspended (挂账); what was unused comes back when a reply is sent back or the matter
resumes; rework begins a new one. Yellow and red cards (黄牌/红牌) are computed in ``deadlines``, never states.

Two more axes beside the state: the extension (none, applied, granted, refused: once, before due) and the level of
supervision (0 to 5). Their actions are cells that lead back to the same state.

A sub-order (会办, 下派) is a work order with a parent. It walks the same table; its parent neither replies nor is
returned while it is open, it is due no later than its parent, and its reply is accepted by the unit above it.
"""

from collections.abc import Iterable, Mapping

from hotline.errors import Forbidden, RuleBroken
from tickets.guards import CHECKS, GUARDS, SYSTEM, Actor, Case, Refusal
from tickets.roads import ACTION_ZH, FIELD_ZH, TABLE, Transition
from tickets.states import STATE_ZH, TERMINAL, WITH_UNIT, Action, ClockEffect, Role, State

__all__ = [
    "ACTION_ZH", "FIELD_ZH", "GUARDS", "STATE_ZH", "SYSTEM", "TABLE", "TERMINAL", "WITH_UNIT", "Action", "Actor",
    "Case", "ClockEffect", "Role", "State", "Transition", "acting_role", "decide", "offer",
]  # fmt: skip


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
        if form.get(field) is None or not str(form[field]).strip():
            raise RuleBroken(f"请填写{FIELD_ZH[field]}", f"the field {field} is required", code="field_required")
    for name in cell.checks:
        _refuse(CHECKS[name](case, form))
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
        _refuse(GUARDS[name](case, actor))


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise (Forbidden if refusal.forbidden else RuleBroken)(refusal.zh, refusal.en)
