"""What a dossier of each kind is, as one literal table: who keeps it, what it needs, what is written in it. Pure.

值守保障 (duty) opens with its roster: holidays, tourist seasons, safety. 企业专班 (enterprise) has a named agent and
logs his visits and milestones. 现场检查 (inspection) cites the work orders that were sampled. 调度会议 (meeting)
turns decisions into work orders and cannot be closed before they are done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hotline.errors import Forbidden, RuleBroken
from hotline.security import Person, Role

_CODE_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_LENGTH = 18


class Kind(StrEnum):
    """What it is about."""

    DUTY = "duty"
    ENTERPRISE = "enterprise"
    INSPECTION = "inspection"
    MEETING = "meeting"


class Entry(StrEnum):
    """What may be written in it. Entries are only added."""

    ROSTER = "roster"
    LOG = "log"
    VISIT = "visit"
    MILESTONE = "milestone"
    DONE = "done"
    FINDING = "finding"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Law:
    """One kind. ``needs``: fields without which it is not opened."""

    zh: str
    prefix: str
    keepers: frozenset[Role]
    needs: tuple[str, ...]
    entries: tuple[Entry, ...]
    opens_with: Entry | None = None
    samples: bool = False
    """Work orders are drawn for it, and findings name one of them."""


_BOSS, _JUDGE, _DISCIPLINE = Role.SUPERVISOR, Role.INSPECTOR, Role.DISCIPLINE
LAWS: Mapping[Kind, Law] = {
    Kind.DUTY: Law(
        "值守保障", "ZB", frozenset({_BOSS}), ("begins_on", "ends_on"),
        (Entry.LOG, Entry.ROSTER, Entry.DECISION), opens_with=Entry.ROSTER,
    ),
    Kind.ENTERPRISE: Law(
        "企业专班", "QY", frozenset({_BOSS}), ("subject", "lead"),
        (Entry.VISIT, Entry.MILESTONE, Entry.DONE, Entry.LOG, Entry.DECISION),
    ),
    Kind.INSPECTION: Law(
        "现场检查", "JC", frozenset({_JUDGE, _DISCIPLINE}), ("unit", "place", "lead"),
        (Entry.FINDING, Entry.LOG), samples=True,
    ),
    Kind.MEETING: Law("调度会议", "HY", frozenset({_BOSS}), ("begins_on", "lead"), (Entry.DECISION, Entry.LOG)),
}  # fmt: skip
ENTRY_NEEDS: Mapping[Entry, tuple[str, ...]] = {
    Entry.ROSTER: ("who", "begins", "ends"),
    Entry.LOG: ("text",),
    Entry.VISIT: ("who", "text"),
    Entry.MILESTONE: ("text", "due_on"),
    Entry.DONE: ("refers_to",),
    Entry.FINDING: ("text", "ticket"),
    Entry.DECISION: ("text", "unit"),
}
FIELD_ZH: Mapping[str, str] = {
    "title": "名称", "subject": "统一社会信用代码", "subject_name": "企业名称", "unit": "单位",
    "lead": "负责人（专员）", "place": "地点", "begins_on": "开始日期", "ends_on": "结束日期", "who": "人员",
    "begins": "开始时间", "ends": "结束时间", "text": "内容", "due_on": "完成期限", "refers_to": "所完成的事项",
    "ticket": "抽查的工单",
}  # fmt: skip
ENTRY_ZH: Mapping[Entry, str] = {
    Entry.ROSTER: "排班", Entry.LOG: "记录", Entry.VISIT: "走访", Entry.MILESTONE: "节点", Entry.DONE: "节点完成",
    Entry.FINDING: "检查发现", Entry.DECISION: "议定事项",
}  # fmt: skip


def check_keeper(kind: Kind, person: Person) -> None:
    """Raises ``Forbidden``."""
    if not person.has(*LAWS[kind].keepers):
        raise Forbidden(f"您不能办理{LAWS[kind].zh}", f"a dossier of the kind {kind} is not yours to keep")


def check_opening(kind: Kind, fields: Mapping[str, Any], roster: Sequence[Mapping[str, Any]]) -> None:
    """Whether a dossier may be opened so. Raises ``RuleBroken``."""
    law = LAWS[kind]
    _require(("title", *law.needs), fields)
    if fields.get("begins_on") and fields.get("ends_on") and fields["ends_on"] < fields["begins_on"]:
        raise RuleBroken("结束日期早于开始日期", "it ends before it begins", code="bad_field")
    if kind is Kind.ENTERPRISE and not is_credit_code(str(fields["subject"])):
        raise RuleBroken("统一社会信用代码有误", "this is no unified social credit code", code="bad_field")
    if law.opens_with is Entry.ROSTER and not roster:
        raise RuleBroken("请先排好值班表", "it opens with its roster", code="field_required")
    for row in roster:
        check_entry(kind, Entry.ROSTER, row)


def check_entry(kind: Kind, entry: Entry, fields: Mapping[str, Any]) -> None:
    """Whether this may be written in it. Raises ``RuleBroken``."""
    if entry not in LAWS[kind].entries:
        raise RuleBroken(
            f"{LAWS[kind].zh}里不记“{ENTRY_ZH[entry]}”", f"no {entry} is written in a dossier of the kind {kind}"
        )
    _require(ENTRY_NEEDS[entry], fields)
    if entry is Entry.ROSTER and not fields["begins"] < fields["ends"]:
        raise RuleBroken("值班结束时间须晚于开始时间", "a duty ends after it begins", code="bad_field")


def check_closing(kind: Kind, entries: Sequence[Mapping[str, Any]], open_tickets: Sequence[str]) -> None:
    """Nothing that was promised in it may be left open. Raises ``RuleBroken``.

    ``open_tickets``: numbers of the work orders made of its decisions that are not done.
    """
    if open_tickets:
        raise RuleBroken(
            f"议定事项尚未办结：{'、'.join(open_tickets[:5])}",
            f"still open: {', '.join(open_tickets[:5])}",
        )
    done = {row["refers_to"] for row in entries if row["entry"] == Entry.DONE}
    left = [row["text"] for row in entries if row["entry"] == Entry.MILESTONE and row["id"] not in done]
    if left:
        raise RuleBroken(f"节点尚未完成：{left[0][:40]}", f"{len(left)} milestones are not reached")
    if LAWS[kind].samples and not any(row["entry"] == Entry.FINDING for row in entries):
        raise RuleBroken("请先就抽查的工单记录检查发现", "at least one finding is needed")


def is_credit_code(code: str) -> bool:
    """18 signs, the last one checks the others (GB 32100-2015)."""
    if len(code) != _CODE_LENGTH or any(sign not in _CODE_SIGNS for sign in code):
        return False
    total = sum(_CODE_SIGNS.index(sign) * pow(3, at, 31) for at, sign in enumerate(code[:-1]))
    return _CODE_SIGNS[-total % 31] == code[-1]


def _require(names: Sequence[str], fields: Mapping[str, Any]) -> None:
    for name in names:
        if fields.get(name) is None or not str(fields[name]).strip():
            raise RuleBroken(f"请填写{FIELD_ZH[name]}", f"the field {name} is required", code="field_required")
