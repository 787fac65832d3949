"""News: what the hub learnt from one message of the bus, with everything that a screen needs to show it.

The bus says *that* a seat changed; news says what it looks like now. Made once, however many screens look on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.views import CallView, FiguresView, GroupView, SeatView

Data = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SeatNews:
    """A seat as it is now."""

    view: SeatView
    caller: str = ""
    """The masked number of its citizen, for supervisors."""


@dataclass(frozen=True, kw_only=True)
class OfferNews:
    """A citizen held out to a seat; ``offer`` is the API's Offer with the citizen's history."""

    seat: str
    offer: Data


@dataclass(frozen=True, kw_only=True)
class OfferGoneNews:
    """The offer left the seat's screen."""

    seat: str
    offer_id: int
    outcome: str


@dataclass(frozen=True, kw_only=True)
class CallNews:
    """A call as it is now; ``seat`` has it, or had it."""

    seat: str | None
    view: CallView


@dataclass(frozen=True, kw_only=True)
class DeskNews:
    """Words, drafts and recordings of a call: shown as they are at the seat that has or had it."""

    seat: str | None
    type: str
    """``partial``, ``utterance``, ``draft`` or ``recording``."""
    data: Data


@dataclass(frozen=True, kw_only=True)
class FollowedNews:
    """Words of a call for supervisors who read along at this seat."""

    seat: str
    type: str
    """``partial`` or ``utterance``."""
    data: Data


@dataclass(frozen=True, kw_only=True)
class TicketNews:
    """A work order moved. It concerns whoever made or moved it, the seat of its call, and its unit."""

    summary: Data
    accounts: frozenset[str]
    seat: str | None
    alarm: bool = False
    """A promise was broken: supervisors hear of it too."""


@dataclass(frozen=True, kw_only=True)
class LetterNews:
    """A unit is pressed (督办函, 催办): for it and for those who supervise. Without a unit: it has answered."""

    unit: str
    data: Data


@dataclass(frozen=True, kw_only=True)
class WaitingNews:
    """Who waits now, oldest first."""

    calls: tuple[CallView, ...]


@dataclass(frozen=True, kw_only=True)
class GroupNews:
    """A group as it is now."""

    view: GroupView


@dataclass(frozen=True, kw_only=True)
class FiguresNews:
    """The day's counts now."""

    view: FiguresView


@dataclass(frozen=True, kw_only=True)
class ControlNews:
    """What goes on at a seat besides the plain talk, for the supervisors' page."""

    data: Data


@dataclass(frozen=True, kw_only=True)
class ParkedNews:
    """The citizens whom any seat may pick up, for every desk."""

    items: tuple[Data, ...]


@dataclass(frozen=True, kw_only=True)
class AlarmNews:
    """A limit was crossed, or is kept again; ``data`` is the API's Alarm."""

    data: Data


@dataclass(frozen=True, kw_only=True)
class RecognitionNews:
    """How live transcription fares; ``data`` is the API's Recognition."""

    data: Data


@dataclass(frozen=True, kw_only=True)
class PromisesNews:
    """The list of calls that we owe changed; who may see it asks for it anew."""


@dataclass(frozen=True, kw_only=True)
class RobotNews:
    """The callback robot as it is now; ``data`` is the API's RobotView."""

    data: Data


@dataclass(frozen=True, kw_only=True)
class HandListNews:
    """The list of return visits for people changed; who may see it asks for it anew."""


@dataclass(frozen=True, kw_only=True)
class CampaignNews:
    """A campaign's state or figures changed."""

    campaign_id: str


News = (
    SeatNews
    | ControlNews
    | OfferNews
    | OfferGoneNews
    | CallNews
    | DeskNews
    | FollowedNews
    | TicketNews
    | LetterNews
    | WaitingNews
    | GroupNews
    | FiguresNews
    | AlarmNews
    | RecognitionNews
    | PromisesNews
    | RobotNews
    | HandListNews
    | CampaignNews
    | ParkedNews
)
