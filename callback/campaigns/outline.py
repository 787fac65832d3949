"""What somebody fills in about a campaign. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from callback.campaigns.questions import Question
from hotline.errors import RuleBroken

_HOURS = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A campaign without its list."""

    name: str
    flow: str
    goal: str = ""
    questions: Sequence[Question] = ()
    quotas: Mapping[str, int]
    """Group → answers wanted; under the empty name of all together. Without one: as many as there are."""
    hours: str = ""
    """``HH:MM-HH:MM``, inside the site's own hours; empty: these."""
    begins_on: date | None = None
    ends_on: date | None = None

    def __post_init__(self) -> None:
        """Raises RuleBroken."""
        if not self.name.strip():
            raise _bad("请填写民调名称", "name the campaign")
        if self.hours and (not _HOURS.fullmatch(self.hours) or self.hours[:5] >= self.hours[6:]):
            raise _bad("时段须为 09:00-11:30 的形式,且从早到晚", "hours look like 09:00-11:30")
        if self.begins_on is not None and self.ends_on is not None and self.ends_on < self.begins_on:
            raise _bad("结束日期早于开始日期", "it ends before it begins")
        if any(quota < 1 for quota in self.quotas.values()):
            raise _bad("配额须为正数", "a quota is at least 1")

    @property
    def columns(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "name": self.name.strip(), "goal": self.goal.strip(), "flow": self.flow, "quotas": dict(self.quotas),
            "questions": [
                {"name": one.name, "title": one.title, "choices": dict(one.choices)} for one in self.questions
            ],
            "hours": self.hours, "begins_on": self.begins_on, "ends_on": self.ends_on,
        }  # fmt: skip


def _bad(zh: str, en: str) -> RuleBroken:
    return RuleBroken(zh, en, code="bad_field")
