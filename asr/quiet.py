"""Waiting for quiet cores: the second pass has all night, the calls have not.

Decoding for the second pass waits in line behind all live voices anyway (``Workers``); this keeps it from starting
at all while the machine is busy with anything, for a bounded time: on a machine that is never quiet the text still
gets complete.
"""

import asyncio
import time
from pathlib import Path

_STAT = Path("/proc/stat")
_LOOK_SECONDS = 0.25
ENOUGH_IDLE = 0.3
"""Share of all cores' time that must be idle."""


class QuietCores:
    """Waits until cores are idle, ``patience`` seconds altogether at most."""

    def __init__(self, patience: float) -> None:
        self._left = patience

    async def wait(self) -> None:
        """Return when the machine is quiet, or the patience is used up."""
        while self._left > 0:
            before, begun = _busy_and_all(), time.monotonic()
            await asyncio.sleep(min(_LOOK_SECONDS, self._left))
            if idle_share(before, _busy_and_all()) >= ENOUGH_IDLE:
                return
            self._left -= time.monotonic() - begun


def idle_share(before: tuple[int, int], after: tuple[int, int]) -> float:
    """The idle share of the time between two readings; 1 where the system tells nothing."""
    elapsed = after[1] - before[1]
    return 1 - (after[0] - before[0]) / elapsed if elapsed > 0 else 1.0


def _busy_and_all() -> tuple[int, int]:
    try:
        ticks = [int(value) for value in _STAT.read_text().splitlines()[0].split()[1:9]]
    except (OSError, ValueError, IndexError):
        return 0, 0
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)
