"""What an earlier life of the engine, a lost link or another robot left on the phone: asked about, then settled.

Another robot's calls are on another Asterisk, which cannot be asked here. They are left alone for as long as a call
may last, then settled by what was written; nothing is dialled again before the retry plan says so.
"""

import asyncio
from datetime import timedelta

from callback.calls import Calls, Dialler, DiallingRules
from callback.lifecycle import State
from callback.port import Engine, Row
from callback.tasks import CallbackTasks
from hotline.clock import Clock
from hotline.errors import HotlineError

_MARGIN_SECONDS = 30.0


class Recovery:
    """Settles what nobody has in hand."""

    def __init__(
        self, tasks: CallbackTasks, dialler: Dialler, clock: Clock, calls: Calls, rules: DiallingRules, engine: Engine
    ) -> None:
        self._tasks = tasks
        self._dialler = dialler
        self._clock = clock
        self._calls = calls
        self._rules = rules
        self._engine = engine

    async def run(self, group: asyncio.TaskGroup) -> None:
        """One look at everything that stands as "on the phone". Raises ``Unavailable``."""
        self._calls.recovered = True
        try:
            for row in await self._tasks.unsettled(self._engine.id, self._clock.now()):
                if row["id"] not in self._calls:
                    await self._look_after(row, group)
        except HotlineError:
            self._calls.recovered = False
            raise

    async def _look_after(self, row: Row, group: asyncio.TaskGroup) -> None:
        ours = row["engine"] in (None, "", self._engine.id)
        here = ours or await self._tasks.asterisk_of(row["engine"]) in (None, self._engine.asterisk)
        if row["state"] != State.CLAIMED and not here and not self._is_over(row):
            return
        adopted = await self._tasks.adopt(row, self._engine.id)
        if adopted is None:
            return
        if row["state"] == State.CLAIMED:
            await self._tasks.release(adopted, adopted["due_at"])
        elif here and await self._dialler.ask_leg(row["channel_id"]) is not None:
            await self._calls.take_up(adopted, group)
        else:
            await self._calls.settle_gone(adopted)

    def _is_over(self, row: Row) -> bool:
        longest = self._rules.ring_seconds + self._rules.longest_seconds + _MARGIN_SECONDS
        return bool(row["updated_at"] + timedelta(seconds=longest) < self._clock.now())
