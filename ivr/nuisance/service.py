"""The list's use cases: mark, decide, remove, look. What stands on it is in memory, for every call asks.

A listing ends by itself at its time. An emergency is never kept from anybody: whatever the site's treatment, a listed
citizen reaches an agent, at the latest by a key or a word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts import Fact
from hotline.facts.nuisance import NuisanceDecided, NuisanceMarked, NuisanceRemoved, NuisanceTreated
from hotline.ids import new_id
from hotline.settings import Nuisance
from ivr.nuisance.tables import nuisance_callers as listings

Row = dict[str, Any]
PROPOSED, LISTED, DECLINED, REMOVED = "proposed", "listed", "declined", "removed"
MARKS_KEPT = 200


class Person(Protocol):
    """Who does it."""

    @property
    def account(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Listing:
    """A number on the list."""

    listing_id: str
    phone: str
    until: datetime
    reasons: tuple[str, ...]
    """Newest first."""


class NuisanceList:
    """The list of one site."""

    def __init__(self, database: Database, clock: Clock, rules: Nuisance) -> None:
        self._database = database
        self._clock = clock
        self.rules = rules
        self._standing: Mapping[str, Listing] = MappingProxyType({})

    async def load(self) -> None:
        """What stands on the list now."""
        query = select(listings).where(listings.c.state == LISTED)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        self._standing = {row["phone"]: _listing(dict(row)) for row in rows}

    def listed(self, phone: str) -> Listing | None:
        """The listing of this number, while it lasts."""
        found = self._standing.get(phone) if phone else None
        return found if found is not None and found.until > self._clock.now() else None

    async def mark(self, call_id: str, phone: str, reason: str, by: Person) -> Row:
        """A call of this number was malicious: evidence for its listing, which is proposed if there is none.

        Raises RuleBroken for a number that is withheld.
        """
        if not phone:
            raise RuleBroken("来电未显示号码,无法列入名单", "the number is withheld", code="no_number")
        try:
            listing_id = await self._mark(call_id, phone, reason, by)
        except IntegrityError:  # somebody proposed the same number in this very moment
            listing_id = await self._mark(call_id, phone, reason, by)
        await self.load()
        return await self.get(listing_id)

    async def _mark(self, call_id: str, phone: str, reason: str, by: Person) -> str:
        now = self._clock.now()
        mark = {"call_id": call_id, "at": now.isoformat(), "by": by.account, "reason": reason}
        async with self._database.unit_of_work() as uow:
            row = await self._open_of(uow, phone, now)
            if row is None:
                row = {"id": new_id("nuisance"), "phone": phone, "state": PROPOSED, "marks": [mark], "created_at": now}
                await uow.execute(insert(listings).values(row))
            elif call_id not in [one["call_id"] for one in row["marks"]]:
                marks = [*row["marks"], mark][-MARKS_KEPT:]
                await uow.execute(update(listings).where(listings.c.id == row["id"]).values(marks=marks))
            listing_id = str(row["id"])
            uow.record(NuisanceMarked(at=now, by=by.account, listing_id=listing_id, call_id=call_id, reason=reason))
        return listing_id

    async def decide(self, listing_id: str, approved: bool, days: int, note: str, by: Person) -> Row:
        """List the number for so many days, or do not. Raises NotFound; RuleBroken when it is decided already."""
        now = self._clock.now()
        until = now + timedelta(days=days or self.rules.days) if approved else None
        changes = {"state": LISTED if approved else DECLINED, "until": until, "note": note}
        changes |= {"decided_by": by.account, "decided_at": now}
        fact = NuisanceDecided(at=now, by=by.account, listing_id=listing_id, approved=approved, note=note, until=until)
        return await self._move(listing_id, PROPOSED, changes, fact)

    async def remove(self, listing_id: str, reason: str, by: Person) -> Row:
        """Take a number off the list. Raises NotFound; RuleBroken when it does not stand there."""
        now = self._clock.now()
        changes = {"state": REMOVED, "removed_by": by.account, "removed_at": now, "removed_because": reason}
        return await self._move(
            listing_id, LISTED, changes, NuisanceRemoved(at=now, by=by.account, listing_id=listing_id, reason=reason)
        )

    async def get(self, listing_id: str) -> Row:
        """Raises NotFound."""
        async with self._database.reading() as connection:
            query = select(listings).where(listings.c.id == listing_id)
            row = (await connection.execute(query)).mappings().one_or_none()
        if row is None:
            raise NotFound("名单中没有这一条", "there is no such listing")
        return self._shown(dict(row))

    async def page(self, state: str | None, page: int, size: int) -> Row:
        """{items, total}, newest first. ``state`` may also be ``expired``."""
        now = self._clock.now()
        wanted = [listings.c.state == (LISTED if state == "expired" else state)] if state else []
        wanted += [listings.c.until <= now] if state == "expired" else []
        wanted += [listings.c.until > now] if state == LISTED else []
        query = select(listings).where(*wanted).order_by(listings.c.created_at.desc(), listings.c.id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.limit(size).offset((page - 1) * size))).mappings().all()
            total = await connection.scalar(select(func.count()).select_from(listings).where(*wanted))
        return {"items": [self._shown(dict(row)) for row in rows], "total": total or 0}

    # -- inside ---------------------------------------------------------------------------------------------------

    async def _open_of(self, uow: UnitOfWork, phone: str, now: datetime) -> Row | None:
        """The proposed or standing entry; one whose time is over makes room for a new one."""
        ended = (listings.c.phone == phone, listings.c.state == LISTED, listings.c.until <= now)
        await uow.execute(update(listings).where(*ended).values(state="expired"))
        query = select(listings).where(listings.c.phone == phone, listings.c.state.in_((PROPOSED, LISTED)))
        row = (await uow.execute(query)).mappings().one_or_none()
        return dict(row) if row is not None else None

    async def _move(self, listing_id: str, state: str, changes: Row, fact: Fact) -> Row:
        async with self._database.unit_of_work() as uow:
            held = (listings.c.id == listing_id, listings.c.state == state)
            if (await uow.execute(update(listings).where(*held).values(changes))).rowcount != 1:
                known = await uow.execute(select(listings.c.id).where(listings.c.id == listing_id))
                if known.first() is None:
                    raise NotFound("名单中没有这一条", "there is no such listing")
                raise RuleBroken("该条已被处理", "this listing was dealt with already", code="conflict")
            uow.record(fact)
        await self.load()
        return await self.get(listing_id)

    def _shown(self, row: Row) -> Row:
        over = row["state"] == LISTED and row["until"] <= self._clock.now()
        return row | ({"state": "expired"} if over else {})


async def follow(uow: UnitOfWork, facts: Iterable[Fact]) -> None:
    """Count what was done to listed callers, with the facts."""
    for fact in facts:
        if isinstance(fact, NuisanceTreated):
            counted = {"treated": listings.c.treated + 1, "treated_at": fact.at}
            await uow.execute(update(listings).where(listings.c.id == fact.listing_id).values(counted))


def _listing(row: Row) -> Listing:
    marks: Sequence[Mapping[str, str]] = row["marks"]
    return Listing(row["id"], row["phone"], row["until"], tuple(mark["reason"] for mark in reversed(marks)))
