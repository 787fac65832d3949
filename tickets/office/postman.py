"""Carries notices to units' office systems by HTTP, until each has its own; a system that is away is waited for.

``POST`` to the unit's ``office_url`` as JSON. ``Idempotency-Key`` is the notice's id, the same in every attempt;
``X-Hotline-Signature`` is ``sha256=`` and the HMAC of the body under the unit's token, which itself never travels.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping

import httpx
import structlog

from hotline.bus import Bus
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError, Unavailable
from hotline.facts.tickets import TicketMoved
from hotline.waking import sleep_unless, wake_on
from tickets.office.notices import NoticeQueue, Row

_log = structlog.get_logger()
_LOOK_AGAIN_SECONDS, _LEAST_PAUSE_SECONDS, _LONGEST_SLEEP_SECONDS = 20.0, 0.05, 3600.0
_SECONDS = 10.0
_SHOWN = 200


class OfficePostman:
    """One engine's. ``urls``: unit → where its system listens; ``key_of``: unit → its token."""

    def __init__(
        self, database: Database, bus: Bus, clock: Clock, urls: Mapping[str, str], key_of: Callable[[str], str]
    ) -> None:
        self.queue = NoticeQueue(database, clock)
        self._bus = bus
        self._clock = clock
        self._urls = urls
        self._key_of = key_of
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(wake_on(self._bus, "office notices", TicketMoved, self._woken))
            while True:
                self._woken.clear()
                try:
                    pause = await self.deliver_due()
                except HotlineError as failure:  # the database is away: later
                    _log.warning("notices to office systems wait", why=failure.en)
                    pause = _LOOK_AGAIN_SECONDS
                await sleep_unless(self._woken, min(max(_LEAST_PAUSE_SECONDS, pause), _LONGEST_SLEEP_SECONDS))

    async def deliver_due(self) -> float:
        """Try everything that is due, side by side. Returns the seconds until the next."""
        await asyncio.gather(*(self._deliver(row) for row in await self.queue.due()))
        following = await self.queue.next_due()
        return _LONGEST_SLEEP_SECONDS if following is None else (following - self._clock.now()).total_seconds()

    async def _deliver(self, due: Row) -> None:
        row = await self.queue.claim(due)
        if row is None:
            return
        try:
            await self._post(row)
        except Unavailable as failure:
            again = await self.queue.failed(row, failure.en)
            _log.warning("an office system did not take a notice", unit=row["unit"], again=again, why=failure.en)
        else:
            await self.queue.told(row)

    async def _post(self, row: Row) -> None:
        url = self._urls.get(row["unit"])
        if url is None:
            raise Unavailable("该单位未配置办公系统地址", "the unit has no office_url any more")
        body = body_of(row)
        headers = {
            "Content-Type": "application/json", "Idempotency-Key": row["id"],
            "X-Hotline-Signature": signature_of(body, self._key_of(row["unit"])),
        }  # fmt: skip
        try:
            async with (
                asyncio.timeout(2 * _SECONDS),
                httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client,
            ):
                answer = await client.post(url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as failure:
            why = f"{type(failure).__name__}: {failure}"[:_SHOWN]
            raise Unavailable("单位办公系统无法连接", f"the office system cannot be reached: {why}") from failure
        if not answer.is_success and answer.status_code != httpx.codes.CONFLICT:
            raise Unavailable(f"单位办公系统拒收(HTTP {answer.status_code})", f"it answered {answer.status_code}")


def body_of(row: Row) -> bytes:
    """What is told, as JSON: what moved and how, and nothing of the citizen."""
    names = ("id", "unit", "ticket_id", "number", "action", "state", "holder")
    times = {name: row[name].isoformat() if row[name] else None for name in ("at", "due_at")}
    return json.dumps({name: row[name] for name in names} | times, ensure_ascii=False).encode()


def signature_of(body: bytes, key: str) -> str:
    """How the receiver knows that it is from us: ``sha256=`` and 64 hex digits."""
    return "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
