"""What the first minute of a call asks of other rooms. Handed in by ``app.py``; what is not there is not offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hotline.database import UnitOfWork
from hotline.settings import Nuisance
from ivr.flow.hours import OpeningHours
from ivr.nuisance.service import Listing
from ivr.people import Call


class ProgressReader(Protocol):
    """Who knows how far work orders are."""

    async def progress(self, phone: str, digits: str = "") -> Sequence[Mapping[str, Any]]:
        """{number, state, due_at} of this citizen's work orders, open ones first; ``digits``: how it ends."""
        ...


class Articles(Protocol):
    """The knowledge base."""

    async def short_answer(self, article: str) -> str | None:
        """The answer to read out; None for an unknown article."""
        ...


class Messages(Protocol):
    """Who makes work orders of messages."""

    async def take_message(self, call_id: str, caller: str, line: str, seconds: float) -> str:
        """The number of the work order made; the same one when asked again."""
        ...


class Ears(Protocol):
    """Live recognition."""

    def listen(self, call_id: str, uniqueid: str) -> None:
        """Recognise what the citizen says from now on; nothing happens when recognition is off."""
        ...

    async def last_words(self, call_id: str, seconds: float) -> None:
        """Return when what was said is settled, or after ``seconds``."""
        ...


class EmergencyLine(Protocol):
    """Who sends the data of a call along to 110, 119, 120 …"""

    async def from_flow(self, call: Call, code: str) -> tuple[str, str]:
        """(number, label) of the platform, once the data is kept; never fails."""
        ...

    async def flow_failed(self, call_id: str) -> None:
        """Nobody answered there; never fails."""
        ...


class NuisanceGuard(Protocol):
    """The list of malicious callers."""

    @property
    def rules(self) -> Nuisance: ...

    def listed(self, phone: str) -> Listing | None:
        """The listing of this number, from memory."""
        ...


class Speaker(Protocol):
    """Who reads text out."""

    async def prompts(self, text: str, name: str) -> Sequence[str]:
        """The prompts that say it: the site's own recording called ``name``, or speech made now. None: cannot."""
        ...


class OwedLedger(Protocol):
    """The ledger of every call back, whoever dials. All in the caller's transaction."""

    async def owe(self, uow: UnitOfWork, owed: Mapping[str, Any]) -> None:
        """This citizen is to be phoned back."""
        ...

    async def dial(self, uow: UnitOfWork, owed_id: str, channel_id: str) -> None:
        """About to be rung. Raises IntegrityError while another of our calls has this citizen, RuleBroken."""
        ...

    async def give_back(self, uow: UnitOfWork, owed_id: str) -> None:
        """Nothing was dialled after all."""
        ...

    async def miss(self, uow: UnitOfWork, owed_id: str, outcome: str, again: datetime | None) -> None:
        """The attempt brought citizen and agent not together: again then, or (None) by people."""
        ...

    async def keep(self, uow: UnitOfWork, owed_id: str, by: str) -> None:
        """An agent talked with the citizen."""
        ...


class NoLedger:
    """Where nobody else wants to know."""

    async def owe(self, uow: UnitOfWork, owed: Mapping[str, Any]) -> None: ...
    async def dial(self, uow: UnitOfWork, owed_id: str, channel_id: str) -> None: ...
    async def give_back(self, uow: UnitOfWork, owed_id: str) -> None: ...
    async def miss(self, uow: UnitOfWork, owed_id: str, outcome: str, again: datetime | None) -> None: ...
    async def keep(self, uow: UnitOfWork, owed_id: str, by: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Services:
    """All of them."""

    hours: OpeningHours | None = None
    progress: ProgressReader | None = None
    articles: Articles | None = None
    messages: Messages | None = None
    ears: Ears | None = None
    speaker: Speaker | None = None
    emergencies: EmergencyLine | None = None
    nuisance: NuisanceGuard | None = None
    owed: OwedLedger = field(default_factory=NoLedger)
