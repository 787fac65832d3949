"""What the hub must look up in the rooms before a piece of news can be shown."""

from typing import Any

from agent_desk.feed.news import DeskNews, LetterNews, TicketNews
from agent_desk.models import Alarm, Draft, Partial, Recording, TicketSummary, Utterance
from agent_desk.ports import Rooms
from agent_desk.shapes import as_json
from agent_desk.snapshot import offer_with_history
from asr.utterances import utterance_id
from hotline.errors import NotFound
from hotline.facts.alarms import AlarmCleared, AlarmRaised
from hotline.facts.oversight import LetterAnswered, LetterSent
from hotline.facts.recordings import RecordingReady
from hotline.facts.speech import PartialHeard, UtteranceCorrected, UtteranceHeard
from hotline.facts.tickets import DeadlineMissed, DispatchLate, DraftChanged, TicketMoved
from ivr.views import OfferView


def words_of(message: PartialHeard | UtteranceHeard | DraftChanged) -> tuple[str, dict[str, Any]]:
    """The frame type and the API's shape of what was said, or of the draft made of it."""
    match message:
        case PartialHeard():
            return "partial", as_json(Partial, message)
        case UtteranceHeard(call_id=call_id, who=who, started_at=started_at):
            said: dict[str, Any] = {
                "id": utterance_id(call_id, who, started_at),
                "call_id": call_id,
                "who": who,
                "text": message.text,
            }
            said |= {"started_at": started_at, "seconds": message.seconds, "confidence": message.confidence}
            said |= {"repaired": message.repaired, "display": message.display}
            return "utterance", as_json(Utterance, said)
        case DraftChanged(draft=draft):
            return "draft", as_json(Draft, dict(draft))


def alarm_of(fact: AlarmRaised | AlarmCleared) -> dict[str, Any]:
    """The API's Alarm."""
    shown = {"name": fact.name, "figure": fact.figure, "group": fact.group, "value": fact.value}
    raised = isinstance(fact, AlarmRaised)
    return as_json(Alarm, shown | {"threshold": fact.threshold, "since": fact.at, "raised": raised})


class Lookups:
    """Reads rooms for the hub."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def offer(self, offer: OfferView) -> dict[str, Any]:
        """The API's Offer, with the citizen's history."""
        return (await offer_with_history(self._rooms, offer)).model_dump(mode="json")

    async def ticket(self, moved: TicketMoved | DispatchLate | DeadlineMissed) -> TicketNews | None:
        """The work order as it is now, and whom its move, or the broken promise, concerns."""
        glance = await self._rooms.work_orders.summary(moved.ticket_id)
        if glance is None:
            return None
        accounts = frozenset(account for account in (moved.by, glance.maker) if account is not None)
        call_id = moved.call_id if isinstance(moved, TicketMoved) else None
        seat = await self._seat_of(call_id) if call_id else None
        summary, alarm = as_json(TicketSummary, glance.summary), not isinstance(moved, TicketMoved)
        return TicketNews(summary=summary, accounts=accounts, seat=seat, alarm=alarm)

    async def letter(self, fact: LetterSent | LetterAnswered) -> LetterNews | None:
        """What was sent to which unit, or that it has answered. The words stay in the letter itself."""
        glance = await self._rooms.work_orders.summary(fact.ticket_id)
        if glance is None:
            return None
        sent, unit = (True, fact.unit) if isinstance(fact, LetterSent) else (False, "")
        told = {name: getattr(fact, name) for name in ("letter_id", "ticket_id", "number")}
        return LetterNews(unit=unit, data=told | {"matter": glance.summary["title"], "answered": not sent})

    async def recording(self, ready: RecordingReady) -> DeskNews:
        """The recording, for the seat that had the call."""
        shown: dict[str, Any] = {
            "id": ready.recording_id,
            "call_id": ready.call_id,
            "seconds": ready.seconds,
            "sha256": ready.sha256,
        }
        shown |= {"tracks": list(ready.tracks), "created_at": ready.at, "started_at": ready.started_at}
        return DeskNews(seat=await self._seat_of(ready.call_id), type="recording", data=as_json(Recording, shown))

    async def corrected(self, fact: UtteranceCorrected) -> DeskNews | None:
        """The utterance as it reads now, for the seat that had the call."""
        said = await self._rooms.transcripts.one(fact.utterance_id)
        if said is None:
            return None
        return DeskNews(seat=await self._seat_of(fact.call_id), type="utterance", data=as_json(Utterance, said))

    async def _seat_of(self, call_id: str) -> str | None:
        centre = self._rooms.call_centre
        try:
            return (centre.call(call_id) or await centre.find_call(call_id)).seat
        except NotFound:
            return None
