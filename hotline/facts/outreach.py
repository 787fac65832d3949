"""Facts of what follows a return visit that reached nobody: messages, people who phone, campaigns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hotline.facts import Fact, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsDemanded(Fact):
    """A message with a link is owed to a citizen who was not reached."""

    task_id: str
    ticket_id: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSent(Fact):
    """Whoever carries messages has it. ``way``: ``file`` or ``http``."""

    task_id: str
    ticket_id: str
    message_id: str
    way: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsGivenUp(Fact):
    """It was not taken, however often it was tried."""

    task_id: str
    ticket_id: str
    message_id: str
    attempts: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAnswered(Fact):
    """A citizen answered by the link; the disposition is in ``CallbackDone``."""

    task_id: str
    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandCallMade(Fact):
    """An agent is about to phone a citizen for a return visit. Written before it is dialled."""

    task_id: str
    ticket_id: str
    seat: str
    channel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandCallEnded(Fact):
    """That call is over, or came to nothing. ``outcome``: ``talked``, ``no_answer``, ``busy`` …"""

    task_id: str
    ticket_id: str
    seat: str
    channel_id: str
    outcome: str
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignMoved(Fact):
    """A campaign was made, edited, started, paused, stopped, or has all it wanted."""

    campaign_id: str
    name: str
    action: str
    from_state: str
    to_state: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignEntryDone(Fact):
    """One entry of a campaign has its disposition."""

    campaign_id: str
    entry_id: str
    disposition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandListChanged(Signal):
    """Who looks at the list of return visits for people asks for it anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandCallChanged(Signal):
    """A call by hand at this seat: ``ringing``, ``talking``, ``over``, or why nobody came."""

    seat: str
    task_id: str
    stage: str
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChanged(Signal):
    """A campaign's figures or state are others than before."""

    campaign_id: str
