"""The hub: one reader of the bus for all screens. It turns signals into news once and hands each screen its frames.

Lanes, so that a slow database never delays a ringing offer: what memory can tell at once; what must be looked
up (work orders, recordings); the supervisors' sums, which are gathered a tenth of a second before they are sent; and
return visits (``visits``).
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import structlog

from agent_desk.emergency_models import EmergencyNews
from agent_desk.feed.lookups import Lookups, alarm_of, words_of
from agent_desk.feed.news import (
    AlarmNews,
    CallNews,
    CampaignNews,
    ControlNews,
    DeskNews,
    FiguresNews,
    FollowedNews,
    GroupNews,
    HandListNews,
    LetterNews,
    News,
    OfferGoneNews,
    OfferNews,
    ParkedNews,
    PromisesNews,
    RecognitionNews,
    RobotNews,
    SeatNews,
    TicketNews,
    WaitingNews,
)
from agent_desk.feed.outbox import CAPACITY, NOT_SIGNED_IN, TOO_SLOW, Outbox
from agent_desk.feed.shape import shape
from agent_desk.feed.visits import VisitsLane
from agent_desk.ports import Rooms
from agent_desk.shapes import as_json
from agent_desk.watching import caller_at, show_control, show_own_control, show_parked, show_recognition
from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.errors import HotlineError, RuleBroken
from hotline.facts import Message
from hotline.facts.alarms import AlarmCleared, AlarmRaised
from hotline.facts.calls import CallPromised, PromiseDialled, PromiseKept, PromiseMissed
from hotline.facts.oversight import LetterAnswered, LetterSent
from hotline.facts.recordings import RecordingReady
from hotline.facts.screens import (
    CallChanged,
    ControlChanged,
    EmergencyChanged,
    FiguresChanged,
    MessageToSeat,
    OfferGone,
    OfferMade,
    ParkedChanged,
    RecognitionChanged,
    SeatChanged,
    WaitingChanged,
)
from hotline.facts.security import SessionsEnded
from hotline.facts.speech import PartialHeard, UtteranceCorrected, UtteranceHeard
from hotline.facts.tickets import DeadlineMissed, DispatchLate, DraftChanged, TicketMoved
from hotline.security import Role, Session, may

_log = structlog.get_logger()

_AT_ONCE: tuple[type[Message], ...] = (
    SeatChanged,
    CallChanged,
    OfferMade,
    OfferGone,
    WaitingChanged,
    FiguresChanged,
    RecognitionChanged,
    PartialHeard,
    UtteranceHeard,
    DraftChanged,
    SessionsEnded,
    ControlChanged,
    ParkedChanged,
    MessageToSeat,
    EmergencyChanged,
    CallPromised,
    PromiseDialled,
    PromiseMissed,
    PromiseKept,
    AlarmRaised,
    AlarmCleared,
)
_LOOKED_UP: tuple[type[Message], ...] = (
    TicketMoved,
    DispatchLate,
    DeadlineMissed,
    RecordingReady,
    UtteranceCorrected,
    LetterSent,
    LetterAnswered,
)
_BACKLOG = 10_000
GATHER_SECONDS = 0.1


class SeatTaken(RuleBroken):
    """Another account's screen is open at this seat."""

    code = "seat_taken"


class FeedHub:
    """Open screens, and what they are told."""

    def __init__(self, bus: Bus, rooms: Rooms) -> None:
        self._bus = bus
        self._rooms = rooms
        self._centre = rooms.call_centre
        self._lookups = Lookups(rooms)
        self._screens: set[Outbox] = set()
        self._at_seat: dict[str, list[Outbox]] = {}
        self._follows: dict[str, str] = {}
        """Session → the seat whose words its screens read along."""
        self._sums_changed = asyncio.Event()
        self._recognition_changed = asyncio.Event()
        self._offers: set[asyncio.Task[None]] = set()
        self.listening = asyncio.Event()
        """Set once the bus is heard; screens may join from then on."""

    @contextmanager
    def joined(self, session: Session, capacity: int = CAPACITY) -> Iterator[Outbox]:
        """A screen for as long as the block lasts. The first one of an agent makes the seat reachable.

        Raises SeatTaken while another account's screen is open at the seat: a call there must not change hands.
        """
        outbox = Outbox(session, capacity)
        self._screens.add(outbox)
        try:
            self._sit_down(outbox)
            yield outbox
        finally:
            self._screens.discard(outbox)
            self._stand_up(outbox)
            if not any(one.session.fingerprint == session.fingerprint for one in self._screens):
                self._follows.pop(session.fingerprint, None)

    def follow(self, session: Session, seat: str | None) -> None:
        """Let the screens of this session have the words that are said at ``seat`` from now on; None: no more."""
        if seat is None:
            self._follows.pop(session.fingerprint, None)
        else:
            self._follows[session.fingerprint] = seat

    def screens(self) -> int:
        """How many screens are open."""
        return len(self._screens)

    def end_all(self, code: int) -> None:
        """Close every screen with ``code``."""
        for outbox in self._screens:
            outbox.end(code)

    async def run(self) -> None:
        """Read the bus until cancelled."""
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._read(self._hear("feed", _AT_ONCE), self._tell_at_once))
                lanes.create_task(self._read(self._hear("feed lookups", _LOOKED_UP), self._tell_looked_up))
                lanes.create_task(self._gather(self._sums_changed, self._tell_sums))
                lanes.create_task(self._gather(self._recognition_changed, self._tell_recognition))
                lanes.create_task(VisitsLane(self._bus, self._rooms, self._tell, self._is_watched).run())
                self.listening.set()
        finally:
            self.listening.clear()
            for task in self._offers:
                task.cancel()

    def _hear(self, name: str, kinds: tuple[type[Message], ...]) -> Subscription:
        return self._bus.subscribe(name, *kinds, capacity=_BACKLOG)

    async def _read(self, messages: Subscription, tell: Callable[[Message], object]) -> None:
        while True:
            try:
                with messages:
                    async for message in messages:
                        await self._guarded(message, tell)
                return
            except SubscriberTooSlow:
                _log.error("the live feed fell behind the bus; all screens take a new snapshot", lane=messages.name)
            messages = self._hear(messages.name, messages.kinds)
            self.end_all(TOO_SLOW)

    async def _guarded(self, message: Message, tell: Callable[[Message], object]) -> None:
        try:
            waiting = tell(message)
            if asyncio.iscoroutine(waiting):
                await waiting
        except HotlineError as refused:
            _log.info("nothing to show", message=type(message).__name__, why=refused.en)
        except Exception:  # one bad message must not darken every screen
            _log.exception("the live feed could not show a message", message=type(message).__name__)

    def _tell_at_once(self, message: Message) -> None:
        match message:
            case SeatChanged(seat=seat):
                view = self._centre.seat(seat)
                self._tell(SeatNews(view=view, caller=caller_at(self._rooms, view)))
                self._sums_changed.set()
            case CallChanged(call_id=call_id, seat=seat):
                if (call := self._centre.call(call_id)) is not None:
                    self._tell(CallNews(seat=call.seat or seat, view=call))
            case OfferMade():
                task = asyncio.create_task(self._guarded(message, self._tell_offer))
                self._offers.add(task)
                task.add_done_callback(self._offers.discard)
            case OfferGone(seat=seat, offer_id=offer_id, outcome=outcome):
                self._tell(OfferGoneNews(seat=seat, offer_id=offer_id, outcome=outcome))
            case PartialHeard() | UtteranceHeard() | DraftChanged():
                call = self._centre.call(message.call_id)
                type_, data = words_of(message)
                self._tell(DeskNews(seat=call.seat if call else None, type=type_, data=data))
                followed = call.seat if call is not None and type_ != "draft" else None
                if followed is not None and followed in self._follows.values():
                    self._tell(FollowedNews(seat=followed, type=type_, data=data))
            case ControlChanged(seat=seat):
                own = show_own_control(self._rooms, seat).model_dump(mode="json")
                self._tell(DeskNews(seat=seat, type="control", data=own))
                self._tell(ControlNews(data=show_control(self._rooms, seat).model_dump(mode="json")))
            case ParkedChanged():
                items = tuple(one.model_dump(mode="json") for one in show_parked(self._rooms))
                self._tell(ParkedNews(items=items))
            case MessageToSeat(seat=seat, text=text, by=by):
                self._tell(DeskNews(seat=seat, type="message", data={"text": text, "by": by}))
            case EmergencyChanged(seat=seat):
                self._tell(DeskNews(seat=seat, type="emergency", data=as_json(EmergencyNews, message)))
            case CallPromised() | PromiseDialled() | PromiseMissed() | PromiseKept():
                self._tell(PromisesNews())
            case AlarmRaised() | AlarmCleared():
                self._tell(AlarmNews(data=alarm_of(message)))
            case WaitingChanged() | FiguresChanged():
                self._sums_changed.set()
            case RecognitionChanged():
                self._recognition_changed.set()
            case SessionsEnded(account=account, session=session):
                self._send_away(account, session)

    async def _tell_offer(self, message: Message) -> None:
        """Look the citizen's history up, then offer, if the offer still stands in that very step."""
        assert isinstance(message, OfferMade)
        seat, offer_id = message.seat, message.offer_id
        offer = self._centre.offer_for(seat)
        if offer is None or offer.offer_id != offer_id or seat not in self._at_seat:
            return
        shown = await self._lookups.offer(offer)
        still = self._centre.offer_for(seat)
        if still is not None and (still.offer_id, still.accepted) == (offer_id, offer.accepted):
            self._tell(OfferNews(seat=seat, offer=shown))

    async def _tell_looked_up(self, message: Message) -> None:
        match message:
            case TicketMoved() | DispatchLate() | DeadlineMissed():
                news: News | None = await self._lookups.ticket(message)
            case RecordingReady():
                news = await self._lookups.recording(message)
            case UtteranceCorrected():
                news = await self._lookups.corrected(message)
            case LetterSent() | LetterAnswered():
                news = await self._lookups.letter(message)
            case _:
                news = None
        if news is not None:
            self._tell(news)

    async def _gather(self, changed: asyncio.Event, tell: Callable[[], None]) -> None:
        """Tell once what changed many times, if a supervisor looks on."""
        while True:
            await changed.wait()
            await asyncio.sleep(GATHER_SECONDS)
            changed.clear()
            if not self._is_watched("live.watch"):
                continue
            try:
                tell()
            except Exception:  # as above: the next change tries again
                _log.exception("the live feed could not show the sums")

    def _tell_sums(self) -> None:
        live = self._centre.live()
        for news in (WaitingNews(calls=live.waiting), FiguresNews(view=live.figures)):
            self._tell(news)
        for group in live.groups:
            self._tell(GroupNews(view=group))

    def _tell_recognition(self) -> None:
        if (shown := show_recognition(self._rooms)) is not None:
            self._tell(RecognitionNews(data=shown.model_dump(mode="json")))

    def _is_watched(self, permission: str) -> bool:
        return any(may(outbox.person, permission) for outbox in self._screens)

    def _tell(self, news: News) -> None:
        for outbox in tuple(self._audience(news)):
            outbox.put(shape(news, outbox.person))

    def _audience(self, news: News) -> Iterable[Outbox]:
        """Who may be concerned; ``shape`` decides. Words of 300 calls must not be weighed for 300 screens each."""
        match news:
            case OfferNews(seat=seat) | OfferGoneNews(seat=seat) | CallNews(seat=seat) | DeskNews(seat=seat):
                return self._at_seat.get(seat, []) if seat is not None else []
            case FollowedNews(seat=seat):
                return [one for one in self._screens if self._follows.get(one.session.fingerprint) == seat]
            case ParkedNews():
                return [outbox for at_seat in self._at_seat.values() for outbox in at_seat]
            case SeatNews() | ControlNews() | TicketNews() | WaitingNews() | GroupNews() | FiguresNews() | AlarmNews():
                return self._screens
            case PromisesNews() | RecognitionNews() | LetterNews():
                return self._screens
            case RobotNews() | HandListNews() | CampaignNews():
                return self._screens

    def _sit_down(self, outbox: Outbox) -> None:
        person = outbox.person
        if person.seat is None or not person.has(Role.AGENT):
            return
        there = self._at_seat.get(person.seat, [])
        if any(other.person.account != person.account for other in there):
            raise SeatTaken(f"座席 {person.seat} 已有其他人登录", f"somebody else sits at seat {person.seat}")
        if not there:
            self._centre.feed_opened(person.seat, person)
        self._at_seat[person.seat] = [*there, outbox]

    def _stand_up(self, outbox: Outbox) -> None:
        seat = outbox.person.seat
        if seat is None or outbox not in (there := self._at_seat.get(seat, [])):
            return
        self._at_seat[seat] = [other for other in there if other is not outbox]
        if not self._at_seat[seat]:
            del self._at_seat[seat]
            self._centre.feed_closed(seat)

    def _send_away(self, account: str, session: str | None) -> None:
        for outbox in self._screens:
            if outbox.person.account == account and session in (None, outbox.session.fingerprint):
                outbox.end(NOT_SIGNED_IN)
