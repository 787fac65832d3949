"""One work order's whole life in memory, by the very law that the engine acts by (``decide``, ``changes_of``). Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hotline.facts import Fact
from hotline.facts.tickets import DeadlineMissed, TicketMoved
from tickets.casework import case_of
from tickets.deadlines import DeadlineRules
from tickets.dispatch import Directory
from tickets.guards import SYSTEM, Actor
from tickets.lifecycle import acting_role, decide
from tickets.moves import changes_of
from tickets.process import Process
from tickets.states import WITH_UNIT, Action, Role, State
from tickets.year.matters import Fate, Matter

Row = dict[str, Any]
_SEEN_AFTER = timedelta(days=60)
"""What still lies with its unit is seen so long after: its deadline has passed."""
_AGENT = Actor("replay-agent", frozenset({Role.AGENT}))
_BOSS = Actor("replay-boss", frozenset({Role.SUPERVISOR}))


@dataclass
class Course:
    """A work order on its way: its row as it is now, and what happened."""

    row: Row
    process: Process
    rules: DeadlineRules
    ready: frozenset[str]
    steps: list[Row] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    def move(self, action: Action, actor: Actor, now: datetime, **form: Any) -> None:
        """One action. Raises ``RuleBroken`` where the law does not allow it."""
        self.wait(now)
        row, note = self.row, str(form.get("note") or "")
        case = case_of(row, now, self.process, self.rules.calendar, ready=self.ready)
        cell = decide(case, action, actor, form)
        change = changes_of(row, action, cell, form, actor.account, now, self.rules)
        if change.columns.get("closed_at") is not None:
            change.columns["archive_at"] = now + timedelta(days=self.process.archive_days)
        said: Row = {
            "action": action.value, "from_state": "" if row["state"] == "draft" else row["state"],
            "to_state": cell.to.value, "role": acting_role(cell, actor.roles).value, "note": note,
        }  # fmt: skip
        self.row = row | change.columns | {"version": row["version"] + 1}
        self.steps.append({"ticket_id": row["id"], "at": now, "by": actor.account, "changed": {}, **said})
        named = {"ticket_id": row["id"], "number": row["number"], "call_id": row["call_id"]}
        self.facts.append(TicketMoved(at=now, by=actor.account, **named, **said))

    def wait(self, now: datetime) -> None:
        """What the passing of time does to it, as ``timers`` has it; supervision is left to the engine."""
        row, due = self.row, self.row["due_at"]
        if State(row["state"]) in WITH_UNIT and row["overdue_at"] is None and due is not None and due < now:
            row["overdue_at"] = due
            named = {"ticket_id": row["id"], "number": row["number"], "unit": row["unit"]}
            self.facts.append(DeadlineMissed(at=due, due_at=due, **named))

    def conclude(self, solved: bool | None, satisfaction: int | None, disposition: str) -> None:
        """What the return visit found; the first score stays beside the last."""
        said: Row = {"solved": solved, "satisfaction": satisfaction, "disposition": disposition}
        if self.row["first_solved"] is None:
            said |= {"first_solved": solved, "first_satisfaction": satisfaction}
        self.row |= said

    def archive(self) -> None:
        """What is over for long enough, the house puts away."""
        self.move(Action.ARCHIVE, SYSTEM, self.row["archive_at"], note="办结期满，自动归档")


def live(course: Course, matter: Matter, directory: Directory) -> Course:
    """Walk one matter from its intake to where it is left. Raises ``RuleBroken`` where the law disagrees."""
    at = matter.at
    if matter.fate is Fate.ANSWERED:
        course.move(Action.ANSWER, _AGENT, at, answer="已按政策答复市民", article_id="replay")
        course.archive()
        return course
    course.move(Action.SUBMIT, _AGENT, at)
    found = directory.propose(matter.category, matter.place)
    unit = found.unit if found else next(iter(course.ready))
    at += timedelta(seconds=90)
    if matter.fate is Fate.RETURNED:
        wrong = next((other for other in sorted(course.ready) if other != unit), unit)
        course.move(Action.DISPATCH, _BOSS, at, unit=wrong)
        at += timedelta(hours=2)
        course.move(Action.RETURN, _unit(wrong), at, note="不属于本单位职责")
        course.move(Action.AGREE_RETURN, _BOSS, at + timedelta(minutes=30))
        at += timedelta(hours=1)
    course.move(Action.DISPATCH, _BOSS, at, unit=unit)
    if matter.fate is Fate.OPEN:
        course.wait(at + _SEEN_AFTER)
        return course
    at = _handle(course, unit, at + timedelta(days=matter.days))
    if matter.fate is Fate.REDONE:
        course.conclude(False, 5, "已评价")
        course.move(Action.REDO, SYSTEM, at)
        course.move(Action.REDISPATCH, SYSTEM, at)
        at = _handle(course, unit, at + timedelta(days=1))
    if matter.fate is Fate.UNREACHED:
        course.conclude(None, None, "无法联系")
    else:
        course.conclude(True, matter.grade, "已评价")
    course.move(Action.CLOSE, SYSTEM, at)
    course.archive()
    return course


def _handle(course: Course, unit: str, at: datetime) -> datetime:
    course.move(Action.SIGN, _unit(unit), at - timedelta(minutes=10))
    said = {"reply": "已派人到现场处理完毕", "contact": "电话联系诉求人", "solved_by_unit": True, "contacted": True}
    course.move(Action.REPLY, _unit(unit), at, **said, contact_at=at)
    course.move(Action.APPROVE, SYSTEM, at, note="自动通过")
    return at + timedelta(days=1)


def _unit(code: str) -> Actor:
    return Actor(f"replay-{code}", frozenset({Role.DEPARTMENT}), code)
