"""The decoding threads: order, faults, and a thread that never comes back."""

import asyncio
import threading
import time
from functools import partial

import pytest

from asr.workers import Workers, WorkStuck


async def test_results_and_faults_come_back() -> None:
    workers = Workers(2)

    def fail() -> None:
        raise ValueError("no")

    assert await asyncio.gather(*(workers.run(partial(pow, n, 2)) for n in range(20))) == [n * n for n in range(20)]
    with pytest.raises(ValueError, match="no"):
        await workers.run(fail)
    workers.close()


async def test_a_stuck_thread_is_replaced_and_the_others_go_on() -> None:
    workers, release = Workers(1, patience=0.2), threading.Event()
    with pytest.raises(WorkStuck):
        await workers.run(release.wait)
    assert await workers.run(lambda: 7) == 7
    assert workers.stuck == 1
    release.set()
    workers.close()


async def test_waiting_in_line_is_not_being_stuck() -> None:
    workers = Workers(1, patience=0.3)
    await asyncio.gather(*(workers.run(lambda: time.sleep(0.1)) for _ in range(8)))
    assert workers.stuck == 0
    workers.close()


async def test_cancelled_work_is_not_begun() -> None:
    workers, release, begun = Workers(1), threading.Event(), threading.Event()
    first = asyncio.create_task(workers.run(release.wait))
    second = asyncio.create_task(workers.run(begun.set))
    await asyncio.sleep(0.01)
    second.cancel()
    await asyncio.wait([second])
    release.set()
    await first
    assert await workers.run(begun.is_set) is False
    workers.close()
