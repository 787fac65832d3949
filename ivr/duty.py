"""Whose turn it is at the telephone: duty sessions (领导接听、部门轮值) on the local clock."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from hotline.settings import DutySession

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DutyRoster:
    """The configured sessions, asked by the instant."""

    def __init__(self, sessions: Iterable[DutySession] = (), zone: tzinfo = UTC) -> None:
        self._sessions = tuple(sessions)
        self._zone = zone

    def active(self, now: datetime) -> Mapping[tuple[str, str], str]:
        """(group, seat) → name of the session that goes on at ``now``."""
        if not self._sessions:
            return {}
        local = now.astimezone(self._zone)
        return {(s.group, s.seat): s.name for s in self._sessions if _goes_on(s, local)}


def _goes_on(session: DutySession, local: datetime) -> bool:
    today = local.date() in session.dates or WEEKDAYS[local.weekday()] in session.weekdays
    begins, ends = session.window
    return today and begins <= local.time() < ends
