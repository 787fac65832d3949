"""How a work order comes into being, whatever channel it came by: numbered, versioned, compared with earlier ones."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hotline.clock import Clock
from hotline.database import UnitOfWork
from hotline.errors import RuleBroken
from hotline.facts.tickets import RepeatsFound
from hotline.ids import work_order_number
from tickets import store
from tickets.process_book import ProcessBook
from tickets.repeats import alike
from tickets.search import searchable
from tickets.site import TicketSite
from tickets.states import State

Row = dict[str, Any]
_REMEMBERED = timedelta(days=90)
_FIELDS = ("description", "type", "category", "place", "urgency", "phone")


class Maker:
    """Makes drafts of work orders. Works inside the caller's unit of work; a move then takes them out of draft."""

    def __init__(self, clock: Clock, site: TicketSite, book: ProcessBook) -> None:
        self._clock = clock
        self._site = site
        self._book = book

    async def make(self, uow: UnitOfWork, ticket_id: str, values: Mapping[str, str], origin: Mapping[str, Any]) -> Row:
        """A fresh row. ``origin``: channel, line, call_id, created_by, sender_id, protected. Raises ``RuleBroken``."""
        if not values["description"].strip():
            raise RuleBroken("请填写诉求内容", "the description is empty", code="field_required")
        now = self._clock.now()
        serial = await store.next_serial(uow, ticket_id)
        row = store.stamp(now, {name: values[name] for name in _FIELDS}) | dict(origin) | {
            "id": ticket_id,
            "number": work_order_number(now, serial, self._site.zone),
            "state": State.DRAFT.value,
            "title": values["title"].strip() or values["description"][:40],
            "process": await self._book.keep(uow),
            "protected": bool(origin.get("protected")) or values["type"] in self._site.protected_types,
        }  # fmt: skip
        row |= {
            "day": now.astimezone(self._site.zone).date().isoformat(),
            "area": self._site.area_of(row["place"]),
            "words": searchable(row[name] for name in ("title", "place", "description")),
        }
        repeats = await self._repeats(uow, row)
        row["repeats"] = len(repeats)
        await store.add_ticket(uow, row)
        if repeats:
            await store.add_repeats(uow, repeats)
            others = tuple(repeat["other_id"] for repeat in repeats)
            uow.record(RepeatsFound(at=now, ticket_id=ticket_id, number=row["number"], others=others))
        return row

    async def _repeats(self, uow: UnitOfWork, row: Row) -> list[Row]:
        """Earlier matters that look like this one, most alike first."""
        found = []
        for other in await store.read_candidates(uow, row, row["created_at"] - _REMEMBERED):
            likeness = alike(row, other)
            if likeness.proposed:
                named = {"ticket_id": row["id"], "other_id": other["id"]}
                found.append(named | {"score": likeness.score, "because": list(likeness.because)})
        return sorted(found, key=lambda one: -int(one["score"]))[:10]
