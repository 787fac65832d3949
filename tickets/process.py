"""A site's promises as one versioned whole: who edits an SLA changes it for new work orders only.

The version is the hash of the contents, so going back to an old rule is the old version again. Calendars are not part
of it: a holiday is a holiday for every work order.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Process:
    """Days are working days, minutes real ones."""

    days: Mapping[str, int]
    type_days: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """A type of matter (咨询, 投诉 …) may have its own row of days by urgency."""
    dispatch_minutes: int = 3
    returns: int = 2
    return_days: int = 2
    extension_days: int = 10
    reopen_days: int = 30
    archive_days: int = 7
    review: bool = False

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that stand for exactly these contents."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def days_of(self, kind: str) -> Mapping[str, int]:
        """Days by urgency for one type of matter."""
        return {**self.days, **self.type_days.get(kind, {})}
