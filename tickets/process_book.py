"""Every version of the site's promises that a work order may still be on, kept in the database."""

from dataclasses import asdict
from typing import Any, Protocol

from sqlalchemy import CursorResult, Executable, select
from sqlalchemy.dialects import postgresql, sqlite

from hotline.clock import Clock
from hotline.database import UnitOfWork
from tickets.process import Process
from tickets.tables import ticket_processes


class Executes(Protocol):
    """A unit of work or a reading connection."""

    async def execute(self, statement: Executable, /) -> CursorResult[Any]: ...


class ProcessBook:
    """Every version that a work order may still be on."""

    def __init__(self, current: Process, clock: Clock) -> None:
        self.current = current
        self._clock = clock
        self._known = {current.version: current}

    async def keep(self, uow: UnitOfWork) -> str:
        """Write the current version down, in the transaction that first needs it. Returns its name."""
        make = postgresql.insert if uow.connection.dialect.name == "postgresql" else sqlite.insert
        row = {"version": self.current.version, "body": asdict(self.current), "since": self._clock.now()}
        await uow.execute(make(ticket_processes).values(row).on_conflict_do_nothing())
        return self.current.version

    async def of(self, source: Executes, version: str | None) -> Process:
        """The version that a work order is on; the current one for a work order older than versions."""
        if version is None:
            return self.current
        if version not in self._known:
            found = await source.execute(select(ticket_processes.c.body).where(ticket_processes.c.version == version))
            body = found.scalar_one_or_none()
            self._known[version] = Process(**body) if body else self.current
        return self._known[version]
