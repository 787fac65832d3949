"""What the AMI link read, in order, in one bounded queue for one reader."""

import asyncio
from collections import deque
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

    def put(self, item: AmiMessage | LinkNotice) -> bool:
        """False when the queue had to be emptied."""
        kept = len(self._waiting) < self._capacity
        if kept:
            self._waiting.append(item)
        else:
            self._waiting.clear()
            self._waiting.append(LinkNotice("events lost"))
        self._woken.set()
        return kept

    def end(self) -> None:
        """What is queued can still be read; then the iteration stops."""
        self._ended = True
        self._woken.set()

    def __aiter__(self) -> "AmiStream":
        return self

    async def __anext__(self) -> AmiMessage | LinkNotice:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._woken.clear()
            await self._woken.wait()
        return self._waiting.popleft()
