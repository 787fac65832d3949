"""The callback room's rules made from one site's settings."""

import hashlib
import socket
from collections.abc import Callable
from datetime import date

from callback.calls import DiallingRules
from callback.lifecycle import Event
from callback.pacing import Pace
from callback.port import Engine
from hotline.settings import Settings
from telephony.verbs import outside_line

_PLANS = {
    "busy": Event.BUSY.value, "no_answer": Event.NO_ANSWER.value, "voicemail": Event.MACHINE.value,
    "failed": Event.FAIL.value,
}  # fmt: skip
"""What the settings call an outcome → the event that leads to it."""


def pace_of(settings: Settings, is_working: Callable[[date], bool]) -> Pace:
    """The pace. ``is_working`` is the working-day calendar; it is not asked where every day may be dialled."""
    wanted = settings.callback
    works = is_working if wanted.working_days_only else _every_day
    return Pace(
        settings.site.zone, wanted.windows, works, wanted.lines, wanted.calls_per_second, wanted.retry_minutes,
        {_PLANS[outcome]: plan for outcome, plan in wanted.retry_by_outcome.items()},
    )  # fmt: skip


def dialling_rules_of(settings: Settings, trunk: str = "trunk") -> DiallingRules:
    """How numbers are dialled: through the carrier's endpoint."""
    wanted = settings.callback
    return DiallingRules(
        lambda phone: outside_line(trunk, phone), wanted.caller_id, wanted.ring_seconds, wanted.listen_seconds
    )


def engine_of(settings: Settings) -> Engine:
    """Who we are among the robots that share a database: the one of this machine's folder and Asterisk."""
    asterisk = f"{socket.gethostname()}:{settings.asterisk.ami_port}"
    where = f"{asterisk}:{settings.storage.folder.resolve()}"
    return Engine(f"robot_{hashlib.sha256(where.encode()).hexdigest()[:16]}", asterisk[-120:])


def _every_day(_: date) -> bool:
    return True
