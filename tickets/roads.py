"""The table: every road of a work order's life, literally. Pure data; ``lifecycle`` reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tickets.states import Action, ClockEffect, Role, State


@dataclass(frozen=True, slots=True)
class Transition:
    """One cell of the table. ``zh`` is the action's name on the button."""

    to: State
    roles: frozenset[Role]
    zh: str
    needs: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    clock: ClockEffect = ClockEffect.KEEP


_AGENT = frozenset({Role.AGENT, Role.SUPERVISOR})
_INTAKE = frozenset({Role.AGENT, Role.SUPERVISOR, Role.SYSTEM})
_UNIT = frozenset({Role.DEPARTMENT})
_SUPERVISOR = frozenset({Role.SUPERVISOR})
_REVIEWER = frozenset({Role.SUPERVISOR, Role.INSPECTOR, Role.SYSTEM})
_JUDGES = frozenset({Role.INSPECTOR, Role.SUPERVISOR})
_SYSTEM = frozenset({Role.SYSTEM})
_HOUSE = frozenset({Role.SYSTEM, Role.SUPERVISOR})
_OVERSEERS = _HOUSE | {Role.INSPECTOR}

_ANSWER = Transition(State.CLOSED_DIRECT, _INTAKE, "直接答复", needs=("answer",))
_REFUSE = Transition(State.REFUSED, _AGENT, "不予受理", needs=("matter",), checks=("matter_known",))
_VOID = Transition(State.VOID, _HOUSE, "作废", needs=("note",))
_RETURN = Transition(
    State.RETURN_REVIEW, _UNIT, "退单", needs=("note",),
    guards=("own_unit", "whole", "returns_left", "return_allowed", "return_in_time", "parts_done"),
)  # fmt: skip
_REOPEN = Transition(
    State.TO_DISPATCH, _AGENT, "重新办理", needs=("note",), guards=("whole", "reopen_in_time"), clock=ClockEffect.CLEAR
)
_ARCHIVE = Transition(State.ARCHIVED, _HOUSE, "归档", guards=("has_outcome",))


def _fail(to: State, clock: ClockEffect = ClockEffect.KEEP) -> Transition:
    """A score sheet was failed: back to whom can put it right."""
    return Transition(to, _JUDGES, "质检退回", needs=("note",), guards=("whole",), clock=clock)


def _instruct(state: State) -> Transition:
    return Transition(state, _SUPERVISOR, "批办", needs=("leader", "instruction"), guards=("whole",))


def _supervise(state: State) -> Transition:
    return Transition(
        state, _OVERSEERS, "督办", needs=("level", "note"), guards=("supervisable",), checks=("level_next",)
    )


def _release(state: State) -> Transition:
    return Transition(state, _JUDGES, "解除督办", needs=("note",), guards=("supervised",))


def _invite(state: State) -> Transition:
    return Transition(
        state, _SUPERVISOR, "加派协办", needs=("unit",), guards=("whole",), checks=("unit_ready", "joins", "not_later")
    )


TABLE: Mapping[tuple[State, Action], Transition] = {
    # ── intake ──────────────────────────────────────────────────────────────────────────────────────────────────
    (State.DRAFT, Action.REGISTER): Transition(State.PENDING, _INTAKE, "登记"),
    (State.DRAFT, Action.SUBMIT): Transition(State.TO_DISPATCH, _INTAKE, "受理"),
    (State.DRAFT, Action.ANSWER): _ANSWER,
    (State.DRAFT, Action.REFUSE): _REFUSE,
    (State.DRAFT, Action.PART): Transition(State.DISPATCHED, _SYSTEM, "下派", clock=ClockEffect.START),
    (State.PENDING, Action.ACCEPT): Transition(State.TO_DISPATCH, _INTAKE, "受理"),
    (State.PENDING, Action.ANSWER): _ANSWER,
    (State.PENDING, Action.REFUSE): _REFUSE,
    # ── dispatch ────────────────────────────────────────────────────────────────────────────────────────────────
    (State.TO_DISPATCH, Action.DISPATCH): Transition(
        State.DISPATCHED, _INTAKE, "派单", needs=("unit",), guards=("own_work",),
        checks=("unit_ready", "helpers_differ"), clock=ClockEffect.START,
    ),
    (State.TO_DISPATCH, Action.MERGE): Transition(
        State.MERGED, _AGENT, "并单", needs=("into",), guards=("own_work", "whole")
    ),
    (State.MERGED, Action.UNMERGE): Transition(
        State.TO_DISPATCH, _INTAKE, "撤销并单", needs=("note",), guards=("own_work",)
    ),
    (State.TO_DISPATCH, Action.REFER): Transition(
        State.ARBITRATION, _AGENT, "呈请批办", needs=("note",), guards=("own_work", "whole")
    ),
    (State.TO_DISPATCH, Action.INSTRUCT): _instruct(State.TO_DISPATCH),
    (State.ARBITRATION, Action.INSTRUCT): _instruct(State.ARBITRATION),
    (State.ARBITRATION, Action.ASSIGN): Transition(
        State.DISPATCHED, _SUPERVISOR, "指定主办", needs=("unit",), checks=("unit_ready", "helpers_differ"),
        clock=ClockEffect.START,
    ),
    # ── the unit ────────────────────────────────────────────────────────────────────────────────────────────────
    (State.DISPATCHED, Action.SIGN): Transition(State.IN_PROGRESS, _UNIT, "签收", guards=("own_unit",)),
    (State.DISPATCHED, Action.RETURN): _RETURN,
    (State.IN_PROGRESS, Action.RETURN): _RETURN,
    (State.DISPATCHED, Action.INVITE): _invite(State.DISPATCHED),
    (State.IN_PROGRESS, Action.INVITE): _invite(State.IN_PROGRESS),
    (State.IN_PROGRESS, Action.DELEGATE): Transition(
        State.IN_PROGRESS, _UNIT, "下派", needs=("unit",), guards=("own_unit", "has_below"),
        checks=("unit_ready", "below_own", "not_later"),
    ),
    (State.IN_PROGRESS, Action.EXTEND): Transition(
        State.IN_PROGRESS, _UNIT, "申请延期", needs=("days", "note"),
        guards=("own_unit", "whole", "extension_unused", "before_due"), checks=("days_allowed",),
    ),
    (State.IN_PROGRESS, Action.GRANT_EXTENSION): Transition(
        State.IN_PROGRESS, _SUPERVISOR, "批准延期", guards=("extension_applied",), clock=ClockEffect.EXTEND
    ),
    (State.IN_PROGRESS, Action.REFUSE_EXTENSION): Transition(
        State.IN_PROGRESS, _SUPERVISOR, "驳回延期", needs=("note",), guards=("extension_applied",)
    ),
    (State.IN_PROGRESS, Action.SUSPEND): Transition(
        State.SUSPENDED, _SUPERVISOR, "挂账", needs=("note", "review_on"), guards=("whole", "parts_done"),
        checks=("review_ahead",), clock=ClockEffect.STOP,
    ),
    (State.SUSPENDED, Action.RESUME): Transition(
        State.IN_PROGRESS, _HOUSE, "恢复办理", clock=ClockEffect.RESTORE
    ),
    (State.IN_PROGRESS, Action.REPLY): Transition(
        State.REPLY_REVIEW, _UNIT, "回复", needs=("contact", "reply"), guards=("own_unit", "parts_done"),
        clock=ClockEffect.STOP,
    ),
    # ── returns ─────────────────────────────────────────────────────────────────────────────────────────────────
    (State.RETURN_REVIEW, Action.AGREE_RETURN): Transition(State.TO_DISPATCH, _SUPERVISOR, "同意退单"),
    (State.RETURN_REVIEW, Action.REJECT_RETURN): Transition(
        State.IN_PROGRESS, _SUPERVISOR, "驳回退单", needs=("note",)
    ),
    (State.RETURN_REVIEW, Action.ARBITRATE): Transition(
        State.ARBITRATION, _SUPERVISOR, "提请协调", guards=("returned_twice",)
    ),
    # ── review, return visit, end ───────────────────────────────────────────────────────────────────────────────
    (State.REPLY_REVIEW, Action.APPROVE): Transition(State.TO_CALLBACK, _REVIEWER, "审核通过", guards=("whole",)),
    (State.REPLY_REVIEW, Action.ACCEPT_PART): Transition(
        State.CLOSED, _REVIEWER | _UNIT, "采纳子工单回复", guards=("part", "part_of_own")
    ),
    (State.REPLY_REVIEW, Action.SEND_BACK): Transition(
        State.IN_PROGRESS, _REVIEWER | _UNIT, "退回补正", needs=("note",), guards=("part_of_own",),
        clock=ClockEffect.RESTORE,
    ),
    (State.TO_CALLBACK, Action.CLOSE): Transition(State.CLOSED, _SYSTEM, "回访办结"),
    (State.TO_CALLBACK, Action.REDO): Transition(State.REWORK, _SYSTEM, "重办"),
    (State.REWORK, Action.REDISPATCH): Transition(
        State.DISPATCHED, _HOUSE, "重新派单", clock=ClockEffect.RENEW
    ),
    (State.CLOSED, Action.ARCHIVE): _ARCHIVE,
    (State.CLOSED_DIRECT, Action.ARCHIVE): _ARCHIVE,
    (State.CLOSED, Action.REOPEN): _REOPEN,
    (State.CLOSED_DIRECT, Action.REOPEN): _REOPEN,
    (State.ARCHIVED, Action.REOPEN): _REOPEN,
    # ── quality (质检) ──────────────────────────────────────────────────────────────────────────────────────────
    (State.TO_DISPATCH, Action.FAIL): _fail(State.PENDING),
    (State.CLOSED_DIRECT, Action.FAIL): _fail(State.PENDING),
    (State.DISPATCHED, Action.FAIL): _fail(State.TO_DISPATCH),
    (State.REPLY_REVIEW, Action.FAIL): _fail(State.IN_PROGRESS, ClockEffect.RESTORE),
    (State.CLOSED, Action.FAIL): _fail(State.REWORK),
    (State.CLOSED, Action.REVISIT): Transition(
        State.TO_CALLBACK, _JUDGES, "重新回访", needs=("note",), guards=("whole",)
    ),
    # ── supervision (督办) ──────────────────────────────────────────────────────────────────────────────────────
    (State.TO_DISPATCH, Action.SUPERVISE): _supervise(State.TO_DISPATCH),
    (State.DISPATCHED, Action.SUPERVISE): _supervise(State.DISPATCHED),
    (State.IN_PROGRESS, Action.SUPERVISE): _supervise(State.IN_PROGRESS),
    (State.RETURN_REVIEW, Action.SUPERVISE): _supervise(State.RETURN_REVIEW),
    (State.ARBITRATION, Action.SUPERVISE): _supervise(State.ARBITRATION),
    (State.SUSPENDED, Action.SUPERVISE): _supervise(State.SUSPENDED),
    (State.REPLY_REVIEW, Action.SUPERVISE): _supervise(State.REPLY_REVIEW),
    (State.TO_CALLBACK, Action.SUPERVISE): _supervise(State.TO_CALLBACK),
    (State.TO_DISPATCH, Action.RELEASE): _release(State.TO_DISPATCH),
    (State.DISPATCHED, Action.RELEASE): _release(State.DISPATCHED),
    (State.IN_PROGRESS, Action.RELEASE): _release(State.IN_PROGRESS),
    (State.RETURN_REVIEW, Action.RELEASE): _release(State.RETURN_REVIEW),
    (State.ARBITRATION, Action.RELEASE): _release(State.ARBITRATION),
    (State.SUSPENDED, Action.RELEASE): _release(State.SUSPENDED),
    (State.REPLY_REVIEW, Action.RELEASE): _release(State.REPLY_REVIEW),
    (State.TO_CALLBACK, Action.RELEASE): _release(State.TO_CALLBACK),
    (State.CLOSED, Action.RELEASE): _release(State.CLOSED),
    # ── 作废: anything that is open ─────────────────────────────────────────────────────────────────────────────
    (State.PENDING, Action.VOID): _VOID,
    (State.TO_DISPATCH, Action.VOID): _VOID,
    (State.MERGED, Action.VOID): _VOID,
    (State.DISPATCHED, Action.VOID): _VOID,
    (State.IN_PROGRESS, Action.VOID): _VOID,
    (State.RETURN_REVIEW, Action.VOID): _VOID,
    (State.ARBITRATION, Action.VOID): _VOID,
    (State.SUSPENDED, Action.VOID): _VOID,
    (State.REPLY_REVIEW, Action.VOID): _VOID,
}  # fmt: skip
"""A work order that waits for its return visit is not voided: the citizen is asked first."""

FIELD_ZH: Mapping[str, str] = {
    "note": "说明", "reply": "回复内容", "contact": "联系诉求人情况", "unit": "承办单位", "answer": "答复内容",
    "matter": "不予受理事由", "into": "并入的工单", "leader": "批办领导", "instruction": "批示内容",
    "days": "延期工作日数", "review_on": "复核日期", "level": "督办级别", "due_at": "期限", "assist": "协办单位",
    "article_id": "知识库条目", "skip_reason": "越级理由", "solved": "是否解决",
}  # fmt: skip
ACTION_ZH: Mapping[Action, str] = {action: cell.zh for (_, action), cell in TABLE.items()}
