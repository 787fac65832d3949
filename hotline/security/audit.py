"""The audit trail: deeds that people must answer for, appended and never changed.

The ledger tells the life of calls and work orders; this tells who signed in, who listened, who gave rights.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.security.tables import audit


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What somebody did."""

    who: str
    what: str
    """A short verb phrase with underscores, for example ``signed_in`` or ``recording_played``."""
    whom: str = ""
    """The account, call, recording or work order that it was done to."""
    from_where: str = ""
    """The network address of the browser, or ``console``."""
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AuditEntry:
    """A deed as it stands in the trail."""

    id: int
    at: datetime
    deed: Deed


async def append_deed(uow: UnitOfWork, deed: Deed | None, at: datetime) -> None:
    """Write ``deed`` in a transaction that is open, so that it stands or falls with what was done. None: no deed."""
    if deed is None:
        return
    row = {"at": at, "who": deed.who[:64], "what": deed.what[:64], "whom": deed.whom[:128]}
    row |= {"from_where": deed.from_where[:64], "detail": json.dumps(dict(deed.detail), ensure_ascii=False)}
    await uow.execute(insert(audit), row)


class Audit:
    """The trail, for deeds that change nothing else (listening, looking up) and for reading it back."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(self, deed: Deed) -> None:
        """Append one deed and commit. Whoever lets somebody listen calls this first."""
        async with self._database.unit_of_work() as uow:
            await append_deed(uow, deed, self._clock.now())

    async def latest(self, limit: int = 100, *, who: str | None = None) -> Sequence[AuditEntry]:
        """The newest entries, newest first."""
        query = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if who is not None:
            query = query.where(audit.c.who == who)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return [
            AuditEntry(
                row["id"],
                row["at"],
                Deed(
                    who=row["who"],
                    what=row["what"],
                    whom=row["whom"],
                    from_where=row["from_where"],
                    detail=json.loads(row["detail"]),
                ),
            )
            for row in rows
        ]
