"""The journal: writes each step's facts before anyone is told, in the order in which the steps were made.

Steps that arrive while a commit is under way share the next one, so a burst of calls costs few commits. When the
database cannot be written (disk full, server gone) calls go on: the step is told and carried out, its facts stay
in memory and are written with the next step that succeeds.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from hotline.bus import Bus
from hotline.database import Database
from hotline.errors import Unavailable
from hotline.facts import Fact
from ivr import owed_calls, store, tables
from ivr.nuisance import service as nuisance
from ivr.orders import Order, Step
from ivr.services import NoLedger, OwedLedger

_log = structlog.get_logger()
BACKLOG_LIMIT = 100_000
"""Unwritten facts kept in memory at most: hours of a full disk."""


@dataclass(slots=True)
class _Entry:
    step: Step
    calls: list[dict[str, Any]]
    seats: list[dict[str, Any]]
    done: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Journal:
    """One writer for one floor."""

    def __init__(self, database: Database, bus: Bus, carry_out: Callable[[Order], None]) -> None:
        self._database = database
        self._bus = bus
        self._carry_out = carry_out
        self._queue: asyncio.Queue[_Entry | None] = asyncio.Queue()
        self._unwritten: list[Fact] = []
        self.owed: OwedLedger = NoLedger()
        self.failing = False
        """True while the database refuses what happens."""

    def write(self, step: Step, calls: list[dict[str, Any]], seats: list[dict[str, Any]]) -> "asyncio.Future[None]":
        """Queue a step; the future is done once it is written and told. A step of nothing waits for no commit."""
        entry = _Entry(step, calls, seats)
        if step.facts or step.signals or step.orders or calls or seats:
            self._queue.put_nowait(entry)
        else:
            entry.done.set_result(None)
        return entry.done

    async def run(self) -> None:
        """Write until ``close``; what was queued before it is written."""
        while True:
            entries = [await self._queue.get()]
            while not self._queue.empty():
                entries.append(self._queue.get_nowait())
            open_ones = [entry for entry in entries if entry is not None]
            if open_ones:
                await self._write(open_ones)
            if len(open_ones) < len(entries):
                return

    def close(self) -> None:
        """Let ``run`` end after what is queued."""
        self._queue.put_nowait(None)

    async def _write(self, entries: list[_Entry]) -> None:
        facts = [fact for entry in entries for fact in entry.step.facts]
        backlog, self._unwritten = self._unwritten, []
        try:
            async with self._database.unit_of_work() as uow:
                for fact in (*backlog, *facts):
                    uow.record(fact)
                await store.upsert(uow, tables.calls, _last("call_id", [row for e in entries for row in e.calls]))
                await store.upsert(uow, tables.seats, _last("id", [row for e in entries for row in e.seats]))
                await owed_calls.follow(uow, (*backlog, *facts), self.owed)
                await nuisance.follow(uow, (*backlog, *facts))
            self.failing = False
        except Unavailable as failure:
            self.failing = True
            self._unwritten = [*backlog, *facts][-BACKLOG_LIMIT:]
            _log.error("facts cannot be written; calls go on", waiting=len(self._unwritten), why=failure.en)
        for entry in entries:
            for signal in entry.step.signals:
                self._bus.publish(signal)
            for order in entry.step.orders:
                self._carry_out(order)
            if not entry.done.done():
                entry.done.set_result(None)


def _last(key: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest row of each key."""
    return list({row[key]: row for row in rows}.values())
