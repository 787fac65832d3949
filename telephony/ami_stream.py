"""What the AMI link read, in order, in one bounded queue for one reader.

The reader either iterates, or takes what is there and then waits for ``news``: many events of one read are then handed
over in one go. Whoever else has news for that reader wakes it with ``wake``. A reader for whom a citizen waits has a
function called as soon as a read is complete (``attend``): a task that is woken stands behind all that are ready.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from telephony.messages import AmiMessage


@dataclass(frozen=True, slots=True)
class LinkNotice:
    """In the stream: look at ``AmiLink.state`` again; whatever you knew of the legs may be out of date."""

    why: str


class AmiStream:
    """A bounded queue of what was read. Full: it is emptied and one notice says that events were lost."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: deque[AmiMessage | LinkNotice] = deque()
        self._woken = asyncio.Event()
        self._ended = False
        self._turn: Callable[[], None] | None = None

    def put(self, item: AmiMessage | LinkNotice) -> bool:
        """False when the queue had to be emptied."""
        kept = len(self._waiting) < self._capacity
        if kept:
            self._waiting.append(item)
        else:
            self._waiting.clear()
            self._waiting.append(LinkNotice("events lost"))
        if self._turn is None or not isinstance(item, AmiMessage):
            self.wake()
        return kept

    def attend(self, turn: Callable[[], None]) -> None:
        """From now on ``turn`` is called when a read is complete; only notices wake the reader."""
        self._turn = turn

    def read(self) -> None:
        """All of what came in one go is here, answers to questions too."""
        if self._turn is not None:
            self._turn()

    def end(self) -> None:
        """What is queued can still be read; then the iteration stops."""
        self._ended = True
        self.wake()

    @property
    def ended(self) -> bool:
        """True when nothing is left and nothing will come."""
        return self._ended and not self._waiting

    @property
    def empty(self) -> bool:
        """True when nothing waits."""
        return not self._waiting

    def take_event(self) -> AmiMessage | None:
        """The next item, if it is an event."""
        if self._waiting and isinstance(item := self._waiting[0], AmiMessage):
            self._waiting.popleft()
            return item
        return None

    def take_notice(self) -> LinkNotice | None:
        """The next item, if it is a notice."""
        if self._waiting and isinstance(item := self._waiting[0], LinkNotice):
            self._waiting.popleft()
            return item
        return None

    def wake(self) -> None:
        """There is news, here or elsewhere."""
        self._woken.set()

    async def news(self, until: float) -> None:
        """Until ``wake`` was called since the last return, or the loop's time is ``until``."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until if until < float("inf") else None):
                await self._woken.wait()
        self._woken.clear()

    def __aiter__(self) -> "AmiStream":
        return self

    async def __anext__(self) -> AmiMessage | LinkNotice:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._woken.clear()
            await self._woken.wait()
        return self._waiting.popleft()
