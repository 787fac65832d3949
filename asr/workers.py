"""The threads that decode: as many as cores, live voices first come, first served, and a stuck one is replaced.

``concurrent.futures`` would wait for a stuck thread when the process ends; these are daemons. Waiting in line is
overload and only takes time; a piece of work that *runs* longer than ``patience`` is stuck in native code that
nobody can interrupt: its thread is written off, a new one takes the place, and the caller is told.
"""

import asyncio
import enum
import itertools
import os
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from hotline.errors import Unavailable

T = TypeVar("T")
_NICENESS = 2
"""Enough for call control to win, too little for a busy machine to starve the transcript."""


class WorkStuck(Unavailable):
    """The work did not come back. What it worked on must not be touched again."""

    code = "work_stuck"


class _Turn(enum.IntEnum):
    """Whose turn it is, the smallest first."""

    LIVE = 0
    LATER = 1
    """The second pass: waits behind every live voice."""
    END = 2


class _Job:
    """One piece of work on its way through a thread."""

    def __init__(self, work: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.result: asyncio.Future[Any] = loop.create_future()
        self.started: float | None = None
        self.abandoned = False

    def settle(self, value: Any, error: BaseException | None) -> None:
        if self.result.done():
            return
        if error is None:
            self.result.set_result(value)
        else:
            self.result.set_exception(error)


class Workers:
    """A fixed number of decoding threads."""

    def __init__(self, threads: int, *, patience: float = 10.0) -> None:
        self._line: queue.PriorityQueue[tuple[_Turn, int, _Job | None]] = queue.PriorityQueue()
        self._serial = itertools.count()
        self._patience = patience
        self.threads = threads
        self.stuck = 0
        """Threads written off since the start."""
        for _ in range(threads):
            self._start_thread()

    async def run(self, work: Callable[[], T], *, later: bool = False) -> T:
        """Do ``work`` on a thread, after all that is not ``later``. Raises what it raises, or WorkStuck."""
        job = _Job(work, asyncio.get_running_loop())
        self._line.put((_Turn.LATER if later else _Turn.LIVE, next(self._serial), job))
        try:
            while not (await asyncio.wait([job.result], timeout=self._patience / 4))[0]:
                if job.started is not None and time.monotonic() - job.started > self._patience:
                    self._write_off(job)
            value: T = job.result.result()
            return value
        finally:
            job.result.cancel()  # when the caller was cancelled: nobody waits for it

    def close(self) -> None:
        """Let the threads end when they have done what is in the line."""
        for _ in range(self.threads):
            self._line.put((_Turn.END, next(self._serial), None))

    def _write_off(self, job: _Job) -> None:
        job.abandoned = True
        self.stuck += 1
        self._start_thread()
        raise WorkStuck("语音识别线程无响应", f"a decoding thread has been stuck for {self._patience:.0f} s")

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="asr", daemon=True).start()

    def _work(self) -> None:
        _step_back()
        while (job := self._line.get()[2]) is not None:
            if job.result.cancelled():
                continue
            job.started = time.monotonic()
            value, error = _attempt(job.work)
            with suppress(RuntimeError):  # the loop has closed: nobody waits for it
                job.loop.call_soon_threadsafe(job.settle, value, error)
            if job.abandoned:
                return


def _step_back() -> None:
    with suppress(OSError):  # Linux gives each thread its own priority: decoding yields to call control
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _attempt(work: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return work(), None
    except Exception as error:  # handed to whoever awaits it
        return None, error
