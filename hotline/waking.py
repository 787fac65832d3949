"""Sleeping until something is due or news comes: for whoever delivers or keeps time without polling."""

import asyncio

from hotline.bus import Bus, SubscriberTooSlow
from hotline.facts import Message


async def wake_on(bus: Bus, subscriber: str, kind: type[Message], woken: asyncio.Event) -> None:
    """Set the event at every message of this kind, until cancelled; and whenever some may have been missed."""
    while True:
        with bus.subscribe(subscriber, kind) as news:
            woken.set()  # what came before this moment was heard by nobody
            try:
                async for _ in news:
                    woken.set()
            except SubscriberTooSlow:
                continue


async def sleep_unless(woken: asyncio.Event, seconds: float) -> None:
    """For so long, or until the event is set."""
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        pass
