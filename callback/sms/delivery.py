"""Carries messages out of the outbox: sleeps until one is due, tries again with growing pauses, gives up aloud."""

import asyncio
from datetime import timedelta

import structlog

from callback.sms.links import token_of
from callback.sms.outbox import Row, SmsOutbox
from callback.sms.senders import Message, Sender
from callback.sms.wording import with_link
from hotline.bus import Bus
from hotline.clock import Clock
from hotline.errors import HotlineError, Unavailable
from hotline.facts.outreach import SmsDemanded
from hotline.waking import sleep_unless, wake_on

_log = structlog.get_logger()
_LOOK_AGAIN_SECONDS = 20.0
_LEAST_PAUSE_SECONDS = 0.05


class SmsDelivery:
    """One engine's postman."""

    def __init__(
        self, outbox: SmsOutbox, sender: Sender, bus: Bus, clock: Clock, *, page_url: str, link_key: str,
        keep_days: int,
    ) -> None:  # fmt: skip
        self._outbox = outbox
        self._sender = sender
        self._bus = bus
        self._clock = clock
        self._page_url = page_url.rstrip("/")
        self._link_key = link_key
        self._keeps = timedelta(days=keep_days)
        self._forget_at = clock.now()
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(wake_on(self._bus, "messages", SmsDemanded, self._woken))
            while True:
                self._woken.clear()
                try:
                    await self._forget()
                    await self.deliver_due()
                    due = await self._outbox.next_due()
                    soonest = self._forget_at if due is None else min(due, self._forget_at)
                    pause = (soonest - self._clock.now()).total_seconds()
                except HotlineError as failure:  # the database is away: later
                    _log.warning("messages wait", why=failure.en)
                    pause = _LOOK_AGAIN_SECONDS
                await sleep_unless(self._woken, max(_LEAST_PAUSE_SECONDS, pause))

    async def _forget(self) -> None:
        """Once a day: numbers are kept no longer than the site wants."""
        now = self._clock.now()
        if now < self._forget_at:
            return
        gone = await self._outbox.forget(now - self._keeps)
        self._forget_at = now + timedelta(days=1)
        if gone:
            _log.info("numbers of old messages struck out", messages=gone)

    async def deliver_due(self) -> None:
        """Try everything that is due, side by side."""
        await asyncio.gather(*(self._deliver(row) for row in await self._outbox.due()))

    async def _deliver(self, due: Row) -> None:
        row = await self._outbox.claim(due)
        if row is None:
            return
        try:
            await self._sender.send(Message(id=row["id"], phone=row["phone"], text=self._text(row)))
        except Unavailable as failure:
            again = await self._outbox.failed(row, failure.en)
            _log.warning("a message was not taken", message=row["id"], again=again, why=failure.en)
            return
        await self._outbox.sent(row, self._sender.way)
        _log.info("message sent", message=row["id"], phone=row["phone"], way=self._sender.way)

    def _text(self, row: Row) -> str:
        if row["link_id"] is None:
            return str(row["body"])
        return with_link(row["body"], f"{self._page_url}/c/{token_of(row['link_id'], self._link_key)}")
