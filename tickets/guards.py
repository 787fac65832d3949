"""The named rules that a transition may have to satisfy, and what they need to know. Pure.

A *guard* judges the work order and the person: it decides which buttons a page shows. A *check* judges the form that
was filled in. Both return None, or the refusal with its sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from tickets.scope import OUT_OF_SCOPE
from tickets.states import HIGHEST_SUPERVISION, Extension, Role, State


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: ``unit`` is set for people of departments."""

    account: str
    roles: frozenset[str]
    unit: str | None = None


SYSTEM = Actor("system", frozenset({Role.SYSTEM}))


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules need to know of a work order, as things are now."""

    state: State
    unit: str | None = None
    returns: int = 0
    created_by: str = ""
    accepted_by: str | None = None
    parent_unit: str | None = None
    is_part: bool = False
    """It is a sub-order."""
    open_parts: int = 0
    extension: Extension = Extension.NONE
    supervise_level: int = 0
    supervision_open: bool = False
    """The present level has no result yet."""
    forbid_return: bool = False
    past_due: bool = False
    return_over: bool = False
    """The working days in which a unit may return it are over."""
    reopen_over: bool = False
    concluded: bool = True
    """A return visit has had its outcome, or none is owed."""
    returns_allowed: int = 2
    extension_days: int = 10
    today: date | None = None
    due_at: datetime | None = None
    ready: frozenset[str] | None = None
    """Units with a leader in charge and enough handlers; None where nobody keeps that list."""
    below: frozenset[str] = field(default_factory=frozenset)
    """Units below the one it lies with."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rule says no. ``forbidden`` when it is about the person rather than the work order."""

    zh: str
    en: str
    forbidden: bool = False


Form = Mapping[str, object]
Guard = Callable[[Case, Actor], Refusal | None]
Check = Callable[[Case, Form], Refusal | None]
_DESK_ROLES: frozenset[str] = frozenset({Role.SUPERVISOR, Role.ADMIN, Role.SYSTEM})
_REVIEWERS: frozenset[str] = frozenset({Role.SUPERVISOR, Role.INSPECTOR, Role.SYSTEM})


def own_unit(case: Case, actor: Actor) -> Refusal | None:
    """People of a department act only on what lies with their own unit."""
    if Role.DEPARTMENT in actor.roles and not actor.roles & _DESK_ROLES and actor.unit != case.unit:
        return Refusal("该工单不在您的单位", "this work order does not lie with your unit", forbidden=True)
    return None


def own_work(case: Case, actor: Actor) -> Refusal | None:
    """An agent handles the work orders that he made or took in himself."""
    if actor.roles <= {Role.AGENT} and actor.account not in (case.created_by, case.accepted_by):
        return Refusal("该工单不是您受理的", "this work order is not yours", forbidden=True)
    return None


def part_of_own(case: Case, actor: Actor) -> Refusal | None:
    """A sub-order's reply is reviewed by the unit that handed it down; only the hotline reviews whole ones."""
    if actor.roles & _REVIEWERS or (case.is_part and actor.unit is not None and actor.unit == case.parent_unit):
        return None
    return Refusal("只有下派单位可以审核子工单的回复", "only the unit that handed it down reviews this", forbidden=True)


def whole(case: Case, actor: Actor) -> Refusal | None:
    """Only for work orders that are no sub-orders."""
    if case.is_part:
        return Refusal("子工单不能单独办理此操作，请在主工单上办理", "not for a sub-order: act on its parent")
    return None


def part(case: Case, actor: Actor) -> Refusal | None:
    """Only for sub-orders."""
    return None if case.is_part else Refusal("该工单不是子工单", "this work order is no sub-order")


def has_below(case: Case, actor: Actor) -> Refusal | None:
    """A unit without units below it has nobody to hand down to."""
    return None if case.below else Refusal("您的单位没有下级单位", "there is no unit below yours")


def parts_done(case: Case, actor: Actor) -> Refusal | None:
    """A work order stays where it is while a sub-order of it is open."""
    if case.open_parts:
        return Refusal(f"尚有{case.open_parts}个子工单未办结", f"{case.open_parts} of its sub-orders are still open")
    return None


def returns_left(case: Case, actor: Actor) -> Refusal | None:
    """A unit may return a work order twice at most."""
    if case.returns >= case.returns_allowed:
        return Refusal(
            f"该工单已退单{case.returns}次，不能再退，请联系热线协调",
            f"returned {case.returns} times already; ask the hotline to arbitrate",
        )
    return None


def return_in_time(case: Case, actor: Actor) -> Refusal | None:
    """Returning is for the first working days after dispatch."""
    return Refusal("已超过退单期限，不能退单", "the time for returning it is over") if case.return_over else None


def return_allowed(case: Case, actor: Actor) -> Refusal | None:
    """A return that was rejected is not asked for again (禁退)."""
    if case.forbid_return:
        return Refusal("退单已被驳回，该工单禁止再退", "its return was rejected: it may not be returned again")
    return None


def returned_twice(case: Case, actor: Actor) -> Refusal | None:
    """Arbitration is for the second return."""
    return None if case.returns >= 2 else Refusal("第二次退单方可提请协调", "arbitration is for the second return")


def extension_unused(case: Case, actor: Actor) -> Refusal | None:
    """One extension per clock."""
    if case.extension is not Extension.NONE:
        return Refusal("该工单已申请过延期，只能申请一次", "an extension was asked for before; once is all")
    return None


def extension_applied(case: Case, actor: Actor) -> Refusal | None:
    """There is an application to decide on."""
    if case.extension is not Extension.APPLIED:
        return Refusal("该工单没有待审的延期申请", "there is no extension to decide on")
    return None


def before_due(case: Case, actor: Actor) -> Refusal | None:
    """Asking for more time is for before the deadline."""
    return Refusal("已超过办理期限，不能再申请延期", "the deadline has passed") if case.past_due else None


def reopen_in_time(case: Case, actor: Actor) -> Refusal | None:
    """Reopening is for some days after closing."""
    if case.reopen_over:
        return Refusal("已超过重新办理期限，请另行登记", "too late to reopen it: register a new one")
    return None


def has_outcome(case: Case, actor: Actor) -> Refusal | None:
    """Nothing is archived before its return visit has an outcome."""
    return None if case.concluded else Refusal("尚无回访结果，不能归档", "no outcome of the return visit yet")


def supervised(case: Case, actor: Actor) -> Refusal | None:
    """There is a supervision to end."""
    return None if case.supervise_level else Refusal("该工单未被督办", "this work order is not supervised")


def supervisable(case: Case, actor: Actor) -> Refusal | None:
    """There is a level left."""
    if case.supervise_level >= HIGHEST_SUPERVISION:
        return Refusal("已是最高督办级别", "it is at the highest level already")
    return None


def unit_ready(case: Case, form: Form) -> Refusal | None:
    """Work goes only to units with a leader in charge and at least two handlers."""
    named = [form.get("unit"), *_codes(form.get("assist"))]
    if case.ready is not None and any(code and code not in case.ready for code in named):
        return Refusal(
            "该单位尚未明确分管负责人和两名以上承办人员，不能派单", "the unit lacks a leader in charge or two handlers"
        )
    return None


def helpers_differ(case: Case, form: Form) -> Refusal | None:
    """No unit is named twice."""
    named = [str(form.get("unit") or case.unit or ""), *_codes(form.get("assist"))]
    if len(set(named)) != len(named):
        return Refusal("主办单位与协办单位不能重复", "a unit is named twice")
    return None


def joins(case: Case, form: Form) -> Refusal | None:
    """The unit that holds it cannot be asked to join it."""
    return Refusal("该单位已是主办单位", "this unit holds it already") if form.get("unit") == case.unit else None


def below_own(case: Case, form: Form) -> Refusal | None:
    """A unit hands down only to units below it (市 县 镇 村)."""
    if str(form.get("unit")) not in case.below:
        return Refusal("只能下派给本单位的下级单位", "a share goes only to a unit below yours")
    return None


def not_later(case: Case, form: Form) -> Refusal | None:
    """A sub-order is due no later than its parent."""
    wanted = form.get("due_at")
    if isinstance(wanted, datetime) and case.due_at is not None and wanted > case.due_at:
        return Refusal("子工单期限不能晚于主工单期限", "a sub-order cannot be due after its parent")
    return None


def days_allowed(case: Case, form: Form) -> Refusal | None:
    """An extension has at least one and at most ten working days."""
    days = form.get("days")
    if not isinstance(days, int) or not 1 <= days <= case.extension_days:
        return Refusal(
            f"延期只能是1至{case.extension_days}个工作日", f"an extension is 1 to {case.extension_days} working days"
        )
    return None


def review_ahead(case: Case, form: Form) -> Refusal | None:
    """The day on which a suspended matter comes back lies ahead."""
    day = form.get("review_on")
    if not isinstance(day, date) or (case.today is not None and day <= case.today):
        return Refusal("复核日期必须晚于今天", "the review day must lie ahead")
    return None


def level_next(case: Case, form: Form) -> Refusal | None:
    """Levels are climbed one by one; skipping one needs its reason."""
    level = form.get("level")
    if not isinstance(level, int) or not case.supervise_level < level <= HIGHEST_SUPERVISION:
        return Refusal(
            f"督办级别应高于当前的{case.supervise_level}级，最高{HIGHEST_SUPERVISION}级",
            f"the level must be above {case.supervise_level} and at most {HIGHEST_SUPERVISION}",
        )
    if case.supervision_open:
        return Refusal(
            f"第{case.supervise_level}级督办尚无结果，不能升级", f"level {case.supervise_level} has no result yet"
        )
    if level > case.supervise_level + 1 and not str(form.get("skip_reason") or "").strip():
        return Refusal("越级督办须说明理由", "skipping a level needs a reason")
    return None


def matter_known(case: Case, form: Form) -> Refusal | None:
    """Refusals are for the listed matters, each with its right channel."""
    if form.get("matter") not in OUT_OF_SCOPE:
        return Refusal(f"不予受理的事由只能是：{'、'.join(OUT_OF_SCOPE)}", f"one of: {', '.join(OUT_OF_SCOPE)}")
    return None


def _codes(value: object) -> list[str]:
    return [str(code) for code in value] if isinstance(value, (list, tuple)) else []


GUARDS: Mapping[str, Guard] = {
    rule.__name__: rule
    for rule in (
        own_unit, own_work, part_of_own, whole, part, has_below, parts_done, returns_left, return_in_time,
        return_allowed, returned_twice, extension_unused, extension_applied, before_due, reopen_in_time, has_outcome,
        supervised, supervisable,
    )
}  # fmt: skip
CHECKS: Mapping[str, Check] = {
    rule.__name__: rule
    for rule in (
        unit_ready, helpers_differ, joins, below_own, not_later, days_allowed, review_ahead, level_next, matter_known,
    )
}  # fmt: skip
