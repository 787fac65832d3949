"""The event bus: publishing never waits, every subscriber has a bounded queue.

A subscriber that falls behind is closed, not waited for: its next read raises ``SubscriberTooSlow`` and it must
take a fresh snapshot. So one slow browser can delay neither the call path nor the other browsers.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog

from hotline.errors import Unavailable
from hotline.facts import Message

_log = structlog.get_logger()


class SubscriberTooSlow(Unavailable):
    """The subscriber's queue overflowed; messages were lost for it. Take a snapshot and subscribe again."""

    code = "subscriber_too_slow"


class Subscription:
    """One subscriber's queue: a context manager and an async iterator of messages, ended by ``close``."""

    def __init__(self, bus: "Bus", name: str, kinds: tuple[type[Message], ...], capacity: int) -> None:
        self.name = name
        self.kinds = kinds
        self._bus = bus
        self._capacity = capacity
        self._waiting: deque[Message] = deque()
        self._woken = asyncio.Event()
        self._closed = False
        self._overflowed = False
        self._handle: Callable[[Message], None] | None = None
        self._ended: asyncio.Future[None] | None = None

    def offer(self, message: Message) -> None:
        """Put one message in the queue; called by the bus."""
        if self._closed:
            return
        if self._handle is not None:
            self._hand_over(message, self._handle)
            return
        if len(self._waiting) >= self._capacity:
            self._overflowed = True
            self.close()
            _log.warning("subscriber too slow", subscriber=self.name, capacity=self._capacity)
            return
        self._waiting.append(message)
        self._woken.set()

    async def attend(self, handle: Callable[[Message], None]) -> None:
        """Hand what is queued, then each message in the very turn of its publishing, to a quick function, until closed.

        For the one subscriber for whom a citizen waits: a task that is woken stands behind all others that are ready.
        Raises what the function raises, and SubscriberTooSlow.
        """
        if self._overflowed:
            raise _too_slow()
        while self._waiting:
            handle(self._waiting.popleft())
        if self._closed:
            return
        self._ended = asyncio.get_running_loop().create_future()
        self._handle = handle
        try:
            await self._ended
        finally:
            self._handle = None

    def _hand_over(self, message: Message, handle: Callable[[Message], None]) -> None:
        try:
            handle(message)
        except Exception as failure:  # publishing never raises: whoever attends gets it
            self._handle = None
            if self._ended is not None and not self._ended.done():
                self._ended.set_exception(failure)

    def close(self) -> None:
        """End the subscription; what is queued can still be read, unless it overflowed."""
        self._closed = True
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        self._bus.forget(self)
        self._woken.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        while True:
            if self._overflowed:
                raise _too_slow()
            if self._waiting:
                return self._waiting.popleft()
            if self._closed:
                raise StopAsyncIteration
            self._woken.clear()
            await self._woken.wait()


def _too_slow() -> SubscriberTooSlow:
    return SubscriberTooSlow("消息积压,请重新取快照", "fell behind; take a fresh snapshot")


class Bus:
    """Hands each message to every subscriber of its kind, in the order of publishing."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []

    def subscribe(self, name: str, *kinds: type[Message], capacity: int = 1000) -> Subscription:
        """A queue of all later messages of these kinds (all kinds when none is named)."""
        subscription = Subscription(self, name, kinds, capacity)
        self._subscriptions.append(subscription)
        return subscription

    def publish(self, message: Message) -> None:
        """Hand out one message. Never blocks, never raises."""
        for subscription in tuple(self._subscriptions):
            if not subscription.kinds or isinstance(message, subscription.kinds):
                subscription.offer(message)

    def forget(self, subscription: Subscription) -> None:
        """Stop handing messages to a subscription; called by its ``close``."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
