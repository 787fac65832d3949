"""Calendar months as people write them (``2026-11``), in the site's own time. Pure."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hotline.errors import RuleBroken

_MONTH = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])")


def bounds(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of the month and the first after it, in UTC. Raises ``RuleBroken``."""
    found = _MONTH.fullmatch(month)
    if found is None:
        raise RuleBroken("月份应写作2026-11", "a month is written 2026-11", code="bad_month")
    year, number = int(found[1]), int(found[2])
    following = (year + number // 12, number % 12 + 1)
    first, after = (datetime(*start, 1, tzinfo=zone).astimezone(UTC) for start in ((year, number), following))
    return first, after


def month_of(instant: datetime, zone: ZoneInfo) -> str:
    """The month in which ``instant`` lies."""
    return f"{instant.astimezone(zone):%Y-%m}"
