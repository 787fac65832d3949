"""The callback room's rules made from one site's settings."""

from collections.abc import Callable
from datetime import date

from callback.calls import DiallingRules
from callback.pacing import Pace
from hotline.settings import Settings
from telephony.verbs import outside_line


def pace_of(settings: Settings, is_working: Callable[[date], bool]) -> Pace:
    """The pace. ``is_working`` is the working-day calendar; it is not asked where every day may be dialled."""
    wanted = settings.callback
    works = is_working if wanted.working_days_only else _every_day
    return Pace(settings.site.zone, wanted.windows, works, wanted.lines, wanted.calls_per_second, wanted.retry_minutes)


def dialling_rules_of(settings: Settings, trunk: str = "trunk") -> DiallingRules:
    """How numbers are dialled: through the carrier's endpoint."""
    wanted = settings.callback
    return DiallingRules(
        lambda phone: outside_line(trunk, phone), wanted.caller_id, wanted.ring_seconds, wanted.key_seconds
    )


def _every_day(_: date) -> bool:
    return True
