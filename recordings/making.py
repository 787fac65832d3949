"""Who does the work on sound: a thread of the engine, or a process of its own beside it.

Mixing on a thread takes the interpreter's lock again and again from the loop that connects citizens. The process has
its own, is less important to the machine than talks, and dies with the engine. One that dies first loses nothing: what
it was asked is asked again of a fresh one, one recording at a time, so that a file that kills it fails alone.
"""

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from recordings.worker import LENGTH, length_of
from recordings.workshop import Failed, Order, Outcome, Workshop

_log = structlog.get_logger()


class Making(Protocol):
    """What ``keeping`` asks. Never twice at a time."""

    async def make(self, orders: Sequence[Order]) -> Sequence[Outcome]:
        """Make these recordings; what became of each, in their order."""
        ...

    async def end(self) -> None:
        """Give up what is being made and whatever it needed."""
        ...


class OnThread:
    """For commands and tests: nothing is started."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def make(self, orders: Sequence[Order]) -> Sequence[Outcome]:
        """On a thread."""
        return await asyncio.to_thread(self._workshop.make_all, orders)

    async def end(self) -> None:
        """A thread cannot be ended: it works on to its end."""


class Apart:
    """The process is started when there is something to be made, and stays."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._process: Process | None = None

    async def make(self, orders: Sequence[Order]) -> Sequence[Outcome]:
        """In the process."""
        try:
            return await self._ask(orders)
        except (OSError, EOFError) as failure:
            _log.warning("the recordings' process died; a new one goes on", error=str(failure))
        return [await self._alone(order) for order in orders]

    async def end(self) -> None:
        """Kill it, also in the middle of its work: all of that may be repeated."""
        if (process := self._process) is None:
            return
        self._process = None
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # its pipes too

    async def _alone(self, order: Order) -> Outcome:
        try:
            (outcome,) = await self._ask([order])
        except (OSError, EOFError) as failure:
            return Failed(f"the recordings' process died: {failure}")
        return outcome

    async def _ask(self, orders: Sequence[Order]) -> Sequence[Outcome]:
        """Raises OSError, EOFError when the process cannot be started or dies."""
        try:
            process = self._process or await self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(pickle.dumps(orders))
            await process.stdin.drain()
            length = await process.stdout.readexactly(LENGTH)
            answer = await process.stdout.readexactly(length_of(length))
        except BaseException:  # an answer that nobody waits for any more would be taken for the next one's
            await self.end()
            raise
        outcomes: Sequence[Outcome] = pickle.loads(answer)  # from a process of our own
        return outcomes

    async def _start(self) -> Process:
        command = (sys.executable, "-P", "-m", "recordings.worker", str(os.getpid()))
        self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(pickle.dumps(self._workshop))
        return self._process
