"""The evidence of a listing for the police: what was marked, what was said, and the recordings by their hashes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotFound
from hotline.facts.nuisance import NuisanceEvidenceTaken
from ivr.nuisance.service import NuisanceList
from ivr.service import CallCentre


class Kept(Protocol):
    """What a room keeps of a call."""

    async def of_call(self, call_id: str) -> Sequence[Mapping[str, Any]]: ...


class Orders(Protocol):
    """Which work order came of a call."""

    async def of_call(self, call_id: str) -> str | None: ...


class Evidence:
    """Puts the package together. The recordings themselves are exported one by one, each audited."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        listings: NuisanceList,
        centre: CallCentre,
        recordings: Kept,
        transcripts: Kept,
        orders: Orders,
    ) -> None:
        self._database = database
        self._clock = clock
        self._listings = listings
        self._centre = centre
        self._recordings = recordings
        self._transcripts = transcripts
        self._orders = orders

    async def take(self, listing_id: str, by: str) -> dict[str, Any]:
        """The package, with the hash of its content; that it was taken stands in the ledger. Raises NotFound."""
        row = await self._listings.get(listing_id)
        calls = [await self._call(mark) for mark in row["marks"]]
        content = {"listing": _plain(row), "calls": calls}
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            uow.record(NuisanceEvidenceTaken(at=now, by=by, listing_id=listing_id, sha256=digest))
        return content | {"taken_by": by, "taken_at": now.isoformat(), "content_sha256": digest}

    async def _call(self, mark: Mapping[str, str]) -> dict[str, Any]:
        call_id = mark["call_id"]
        try:
            view = await self._centre.find_call(call_id)
            about = {
                name: _plain(getattr(view, name))
                for name in ("call_id", "caller", "dialled", "line", "arrived_at", "connected_at", "ended_at", "seat")
            }
        except NotFound:
            about = {"call_id": call_id}
        recordings = await self._recordings.of_call(call_id)
        said = await self._transcripts.of_call(call_id)
        return {
            "mark": dict(mark),
            "call": about,
            "ticket_id": await self._orders.of_call(call_id),
            "recordings": [
                {name: _plain(one.get(name)) for name in ("id", "sha256", "seconds", "tracks", "created_at")}
                for one in recordings
            ],
            "said": [{name: _plain(one.get(name)) for name in ("who", "started_at", "text")} for one in said],
        }


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
