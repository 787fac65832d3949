"""The call centre: the hands around the floor. Listens to the telephone, carries out orders, keeps time.

Every path is the same: an event → a method of ``Floor`` (pure) → a ``Step`` → the journal writes its facts → the
screens are told → the orders are carried out. Only ``Connect`` does not wait for the journal: the citizen does.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from hotline.bus import Bus
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError, NotFound, RuleBroken
from hotline.facts import Fact
from hotline.facts.calls import CallAdopted
from hotline.facts.seats import SeatStateObserved
from hotline.ids import new_id
from hotline.settings import Settings
from ivr import adoption, store, tables
from ivr.alarms import Watch
from ivr.callers import CallerRecord, record_of
from ivr.distributor import LAST_AGENT
from ivr.duty import DutyRoster
from ivr.floor import Floor
from ivr.house import House
from ivr.journal import Journal
from ivr.kpi import Kpi
from ivr.lines import LineBook
from ivr.nuisance.treatment import treat
from ivr.orders import Connect, HangUp, MirrorReadiness, Order, Ring, Step, TakeBack
from ivr.owed_calls import OwedCalls
from ivr.people import Call, Seat, SeatLeg
from ivr.phone_hands import PhoneHands, is_put_down
from ivr.readings import calls_this_month, kpi_over, live_view, offer_view
from ivr.reception import Reception
from ivr.services import Services
from ivr.views import CallState, CallView, LiveView, OfferView, SeatKind, SeatStatus, SeatView
from telephony.observations import (
    CitizenFellBack,
    GoneReason,
    LegBridged,
    LegGone,
    LinkDown,
    LinkUp,
    NewLeg,
    Observation,
    PhoneSeen,
    SeatParked,
)
from telephony.port import CallerGone, CallerSession, Telephony

_log = structlog.get_logger()
ALARM_SECONDS = 5.0
"""Between two looks at the figures that have a limit."""


class Person(Protocol):
    """Who does it, as much of them as this room needs."""

    @property
    def account(self) -> str: ...
    @property
    def name(self) -> str: ...


class Control(Protocol):
    """Call control, as much of it as this room needs: it brings citizens back whom it has taken out of a talk."""

    def keeps(self, call_id: str) -> bool: ...
    async def at_rest(self, call_id: str) -> None: ...
    def returned(self, call_id: str) -> None: ...
    async def take_up(self) -> None: ...


class Outbound(Protocol):
    """A citizen who is rung for a seat."""

    @property
    def call_id(self) -> str: ...
    @property
    def seat(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def label(self) -> str: ...


class OutboundCalls(Protocol):
    """Who has citizens rung for seats."""

    def picked_up(self, uniqueid: str) -> Outbound | None:
        """The citizen of this channel is here; None for one whom this engine did not ring."""
        ...


class CallCentre:
    """Seats, waiting citizens and conversations of one engine."""

    def __init__(self, settings: Settings, database: Database, bus: Bus, telephone: Telephony, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._bus = bus
        self._telephone = telephone
        self._clock = clock
        self._lines = LineBook(settings.lines)
        roster = DutyRoster(settings.duty_sessions, settings.site.zone)
        self.floor = Floor(settings.groups, settings.seats, clock.now(), roster, settings.rest_minutes)
        self.watch = Watch(self.floor, settings.alarms)
        self.journal = Journal(database, bus, self._carry_out)
        folder = settings.storage.folder.resolve()
        house = House(self.floor, self._do, telephone, bus, database, clock, folder)
        self.reception = Reception(settings, house)
        self._sessions: dict[str, CallerSession] = {}
        self._hands: set[asyncio.Task[None]] = set()
        self._time_changed = asyncio.Event()
        self._taken_up = asyncio.Event()
        self.phones = PhoneHands(self.floor, telephone, clock, settings.lines[0].number, self._taken_up, self._do)
        self._seen = bus.subscribe("call centre", Observation, capacity=100_000)
        self.control: Control | None = None
        self.outbound: OutboundCalls | None = None

    @property
    def owed(self) -> OwedCalls:
        """The calls that we owe to citizens."""
        return self.reception.house.owed

    def provide(self, services: Services) -> None:
        """What flows may ask of other rooms; before that they are told that it cannot be asked."""
        self.reception.house.services = services
        self.journal.owed = services.owed

    # -- life -----------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Take up what the last engine knew: open calls, statuses, the counts of the last 24 hours."""
        now = self._clock.now()
        day = tables.calls.c.arrived_at >= now - timedelta(hours=24)
        for call in reversed(await store.load_calls(self._database, day | (tables.calls.c.state != "ended"))):
            self.floor.remember(call)
            if call.state is not CallState.ENDED and (facts := await adoption.recall(self._database, call, now)):
                self._do(Step(facts=facts))
        for seat_id, row in (await store.load_seats(self._database)).items():
            if seat_id in self.floor.seats:
                adoption.restore_seat(self.floor.seats[seat_id], row, now)
        self.floor.take_stock(now)
        await self._load_seat_times(now)

    async def _load_seat_times(self, now: datetime) -> None:
        times = await store.load_seat_times(self._database, now - timedelta(hours=24))
        facts: list[Fact] = [SeatStateObserved(at=now, seat=s, state="unreachable") for s in times.present()]
        times.note(facts)  # nobody was seen since the last engine ended; who is there shows itself in a moment
        self.floor.seat_times = times
        self._do(Step(facts=facts))

    async def run(self) -> None:
        """Work until cancelled; what was begun is written before the return."""
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self.journal.run())
            timer = group.create_task(self._keep_time())
            watch = group.create_task(self._watch_figures())
            try:
                await self._follow()
            finally:
                timer.cancel()
                watch.cancel()
                self.journal.close()
                await asyncio.shield(writer)

    async def citizen(self, session: CallerSession) -> None:
        """FastAGI handler of ``/citizen``. When it returns, the dialplan goes on as HOTLINE_AFTER says."""
        call, returning = await self._admit(session)
        if returning and call.ending_because is not None:  # hung up already by the agent; only the channel is left
            await session.set_variable("HOTLINE_AFTER", "hangup")
            return
        self._sessions[call.call_id] = session
        try:
            if not returning and call.made_for is not None and await self._bring(call, call.made_for):
                return
            await self.reception.receive(session, call, returning=returning or call.made_for is not None)
        except CallerGone:
            pass  # the floor hears of it from the telephone, asked and confirmed
        except Exception:
            _log.exception("a citizen's session failed; Asterisk's own queue takes over", call=call.call_id)
            self._do(self.floor.call_fell_back(call.call_id, self._clock.now()))
        finally:
            if self._sessions.get(call.call_id) is session:
                del self._sessions[call.call_id]

    # -- what agents do -------------------------------------------------------------------------------------------

    async def accept(self, seat_id: str, offer_id: int, by: Person) -> CallView:
        """Connect the offered citizen. RuleBroken when late, withdrawn or taken; Unavailable when Asterisk is."""
        self.require_own(seat_id, by)
        step = self.floor.accept(seat_id, offer_id, by.account, self._clock.now())
        order = next((order for order in step.orders if isinstance(order, Connect)), None)
        if order is None:  # a phone rings: whoever picks it up is connected
            await self._do(step)
            return self._call_offered_to(seat_id)
        step.orders.remove(order)  # carried out here, to be waited for
        if step.facts:
            self._do(step)
        await asyncio.shield(self._spawn(self._connect(order)))
        call = self.floor.calls[order.call_id]
        if call.seat != seat_id:
            raise RuleBroken(
                "接通失败,市民可能已挂机", "could not connect; the citizen may have hung up", code="not_connected"
            )
        return call.view()

    def _call_offered_to(self, seat_id: str) -> CallView:
        offer = self.floor.seat(seat_id).offer
        if offer is None:
            raise RuleBroken("话机未能振铃", "the phone could not be rung", code="not_connected")
        return self.floor.calls[offer.call_id].view()

    async def reject(self, seat_id: str, offer_id: int, by: Person) -> SeatView:
        """Give the offered citizen back."""
        self.require_own(seat_id, by)
        await self._do(self.floor.reject(seat_id, offer_id, self._clock.now()))
        return self.seat(seat_id)

    async def hang_up(self, seat_id: str, call_id: str, by: Person) -> CallView:
        """End this seat's call."""
        self.require_own(seat_id, by)
        for order in self.floor.hang_up(seat_id, call_id, self._clock.now()).orders:
            if isinstance(order, HangUp):
                await self._telephone.hang_up(order.channel)
        return self.floor.calls[call_id].view()

    async def force_break(self, seat_id: str, seconds: int, by: Person) -> SeatView:
        """A supervisor sends a seat to rest: at once, or when the work at hand is done."""
        await self._do(self.floor.force_break(seat_id, seconds, self._clock.now(), by.account))
        return self.seat(seat_id)

    async def end_break(self, seat_id: str, by: Person) -> SeatView:
        """A supervisor ends a rest, or takes back one that has not begun."""
        await self._do(self.floor.end_break(seat_id, self._clock.now(), by.account))
        return self.seat(seat_id)

    async def end_wrap_up(self, seat_id: str, by: Person) -> SeatView:
        """Wrap-up is done before its time."""
        self.require_own(seat_id, by)
        await self._do(self.floor.end_wrap_up(seat_id, self._clock.now()))
        return self.seat(seat_id)

    async def move(self, call_id: str, seat: str | None, group: str | None, reason: str, by: Person) -> CallView:
        """A supervisor gives a waiting citizen to this seat, or to this group's line."""
        now = self._clock.now()
        if seat is not None:
            await self._do(self.floor.move_to_seat(call_id, seat, by.account, reason, now))
        else:
            await self._do(self.floor.move_to_group(call_id, group or "", by.account, reason, now))
        return self.floor.calls[call_id].view()

    async def choose_status(self, seat_id: str, status: SeatStatus, reason: str | None, by: Person) -> SeatView:
        """Choose ready or not ready."""
        self.require_own(seat_id, by)
        self._require_reason(reason)
        chosen = self.floor.seat(seat_id).status
        if self._settings.rest_approval and status is SeatStatus.NOT_READY and chosen is SeatStatus.READY:
            raise RuleBroken("休息须经班长同意,请先申请", "a rest must be asked for", code="rest_approval")
        now = self._clock.now()
        await self._do(self.floor.status_chosen(seat_id, status, reason, by.account, by.name, now))
        return self.seat(seat_id)

    async def ask_rest(self, seat_id: str, reason: str | None, by: Person) -> SeatView:
        """The agent asks a supervisor for a rest, or (None) no longer."""
        self.require_own(seat_id, by)
        self._require_reason(reason)
        await self._do(self.floor.ask_rest(seat_id, reason, self._clock.now()))
        return self.seat(seat_id)

    async def decide_rest(self, seat_id: str, granted: bool, by: Person) -> SeatView:
        """A supervisor lets the agent go when the work at hand is done, or does not. RuleBroken: nothing is asked."""
        await self._do(self.floor.decide_rest(seat_id, granted, by.account, self._clock.now()))
        return self.seat(seat_id)

    async def choose_kind(self, seat_id: str, kind: SeatKind, by: Person) -> SeatView:
        """Talk by the nailed-up leg or by the desk phone from now on. RuleBroken during a call or an offer."""
        self.require_own(seat_id, by)
        await self._do(self.floor.kind_chosen(seat_id, kind, by.account, self._clock.now()))
        return self.seat(seat_id)

    async def status_by_phone(self, session: CallerSession) -> None:
        """FastAGI handler of ``/seat?status=…``: a desk phone's keys choose its seat's status. It hears how it went."""
        seat_id = await session.get_variable("HOTLINE_SEAT") or ""  # set by the endpoint, not by who dials
        status = SeatStatus.READY if session.query.get("status") == "ready" else SeatStatus.NOT_READY
        await session.set_variable("HOTLINE_DONE", "1")
        try:
            await self._do(self.floor.status_by_phone(seat_id, status, self._clock.now()))
        except HotlineError as refusal:
            _log.info("a phone chose no status", seat=seat_id, why=refusal.en)
            await session.play("hotline/seat-refused")
            return
        await session.play(f"hotline/seat-{status.value.replace('_', '-')}")

    def feed_opened(self, seat_id: str, by: Person) -> None:
        """The first screen of the seat's agent opened."""
        self._do(self.floor.screen_opened(seat_id, by.account, by.name, self._clock.now()))

    def feed_closed(self, seat_id: str) -> None:
        """The last screen of the seat's agent closed."""
        self._do(self.floor.screen_closed(seat_id, self._clock.now()))

    # -- readings -------------------------------------------------------------------------------------------------

    def seat(self, seat_id: str) -> SeatView:
        """The seat now. Raises NotFound."""
        return self.floor.seat(seat_id).view()

    def offer_for(self, seat_id: str) -> OfferView | None:
        """The open offer of this seat."""
        return offer_view(self.floor, seat_id, self._clock.now())

    def call_for(self, seat_id: str) -> CallView | None:
        """The call this seat talks in, or wraps up."""
        call_id = self.seat(seat_id).call_id
        return self.call(call_id) if call_id else None

    def call(self, call_id: str) -> CallView | None:
        """A call in memory."""
        call = self.floor.calls.get(call_id)
        return call.view() if call else None

    def live(self) -> LiveView:
        """The whole room now."""
        return replace(live_view(self.floor, self._clock.now()), alarms=self.watch.standing())

    async def find_call(self, call_id: str) -> CallView:
        """Any call ever taken. Raises NotFound."""
        if view := self.call(call_id):
            return view
        for call in await store.load_calls(self._database, tables.calls.c.call_id == call_id, limit=1):
            return call.view()
        raise NotFound("没有这通电话", "there is no such call")

    async def recent_calls(self, seat_id: str, limit: int) -> Sequence[CallView]:
        """The last calls of this seat, newest first."""
        return [c.view() for c in await store.load_calls(self._database, tables.calls.c.seat == seat_id, limit=limit)]

    def kpi(self, window: timedelta, group: str | None = None) -> Kpi:
        """Figures of the last ``window`` (at most 24 hours), by ``ivr.kpi.FORMULAS``."""
        now = self._clock.now()
        seats = [seat.id for seat in self.floor.seats.values() if group is None or group in seat.groups]
        kpi = self.floor.figures.over(window, now, group)
        return replace(kpi, occupancy=self.floor.seat_times.occupancy(now - window, now, seats))

    async def kpi_over(
        self, begins: datetime, ends: datetime, group: str | None = None, duty: str | None = None
    ) -> Kpi:
        """The same figures of any window of the past; ``duty`` names a duty session, reported apart."""
        seats = [seat.id for seat in self.floor.seats.values() if group in seat.groups] if group is not None else None
        return await kpi_over(self._database, begins, ends, group, duty, seats)

    async def promises(self, state: str, groups: Sequence[str] | None) -> Sequence[dict[str, Any]]:
        """The calls that we owe (``open``) or owed (``done``), of these groups or of all."""
        rows = await self.owed.listed(state, groups)
        return [row | {"on_the_line": self.is_on_the_line(row["phone"])} for row in rows]

    async def keep_promise(self, promise_id: str, by: Person, groups: Sequence[str] | None) -> dict[str, Any]:
        """The citizen was phoned back. Raises NotFound for what is not open, or not of ``groups``."""
        return await self.owed.keep(promise_id, by.account, groups) | {"on_the_line": False}

    def expected_wait(self, call_id: str) -> float | None:
        """Seconds that a waiting citizen can expect to wait from now on; None when nobody works for the group."""
        return self.floor.expected_wait(call_id, self._clock.now())

    async def calls_this_month(self, phone: str) -> int:
        """Calls of this number since the first of the month, local time."""
        return await calls_this_month(self._database, phone, self._clock.now(), self._settings.site.zone)

    async def caller_record(self, phone: str, call_id: str | None = None) -> CallerRecord:
        """What is known of a number, apart from its call ``call_id``, or from the one it is in now."""
        live = self.floor.live_call_of(phone)
        this = call_id or (live.call_id if live is not None else "")
        earlier = (tables.calls.c.caller == phone, tables.calls.c.call_id != this, tables.calls.c.promise.is_(None))
        calls = await store.load_calls(self._database, *earlier, limit=20) if phone else []
        month = await self.calls_this_month(phone) if phone else 0
        return record_of(calls, month, self._clock.now(), self._settings.ivr.repeat_minutes)

    def is_on_the_line(self, phone: str) -> bool:
        """Whether this citizen is in a call with us now."""
        return self.floor.live_call_of(phone) is not None

    def is_live(self, uniqueid: str) -> bool:
        """Whether the channel of this unique id is a citizen's live call."""
        return self.floor.by_uniqueid(uniqueid) is not None

    async def call_of(self, uniqueid: str) -> str | None:
        """The call that had this unique id, live or not."""
        for call in await store.load_calls(self._database, tables.calls.c.uniqueid == uniqueid, limit=1):
            return call.call_id
        return None

    def require_own(self, seat_id: str, by: Person) -> None:
        """Two accounts may be bound to one seat, for two shifts; who sits there now decides alone."""
        seat = self.floor.seat(seat_id)
        if seat.watched and seat.account not in (None, by.account):
            raise RuleBroken("该座席正由他人使用", "somebody else sits at this seat", code="seat_taken")

    # -- inside ---------------------------------------------------------------------------------------------------

    def _require_reason(self, reason: str | None) -> None:
        if reason is not None and reason not in self._settings.reasons:
            raise RuleBroken(f"没有“{reason}”这个示忙原因", f"there is no reason {reason!r}", code="unknown_reason")

    async def _admit(self, session: CallerSession) -> tuple[Call, bool]:
        now = self._clock.now()
        known = self.floor.by_uniqueid(session.uniqueid)
        if known is not None:
            seat = self.floor.seats.get(known.seat or "")
            if seat is not None and seat.kind is SeatKind.RUNG and seat.leg is not None:
                await self.phones.until_told(seat.leg.uniqueid)
            if self.control is not None:
                self.control.returned(known.call_id)
            await self._do(self.floor.call_returned(known.call_id, now))
            return known, True
        if promise := session.query.get("promise", ""):
            return await self._admit_promised(session, promise), False
        if self.outbound is not None and (made := self.outbound.picked_up(session.uniqueid)) is not None:
            return await self._admit_made(session, made), False
        visited = bool(session.query.get("visit"))  # the robot phoned, the citizen asked for an agent
        environment = session.environment
        came = self._lines.came_in(environment.get("agi_dnid", ""), session.query.get("diverted", ""))
        caller = environment.get("agi_callerid", "")
        call = Call(
            call_id=new_id("call"),
            caller="" if caller == "unknown" else caller[:40],
            dialled=came.dialled,
            line=came.label,
            group=came.line.group,
            channel=session.channel,
            uniqueid=session.uniqueid,
            arrived_at=now,
            priority=came.line.priority,
            needs=came.line.needs,
            first=visited,
        )
        if self.floor.groups[came.line.group].strategy == LAST_AGENT and call.caller:
            call.last_agent = await store.last_agent_of(self._database, call.caller)
        _log.info("call arrived", call=call.call_id, caller=call.caller, line=call.line)
        step = self.floor.call_arrived(call, now)
        if (guard := self.reception.house.services.nuisance) is not None:
            treat(call, guard.listed(call.caller), guard.rules, step, now)
        await self._do(step)
        await session.set_variable("HOTLINE_CALL", call.call_id)
        return call, visited

    async def _admit_promised(self, session: CallerSession, promise: str) -> Call:
        """Whom we rang to keep a promise. One whom nobody waits for (any more) is hung up."""
        now = self._clock.now()
        row = await self.owed.rung(promise, session.uniqueid)
        if row is None or row["group"] not in self.floor.groups:
            _log.warning("a promised leg that nobody waits for", uniqueid=session.uniqueid)
            await session.set_variable("HOTLINE_AFTER", "hangup")
            await session.hang_up()
            raise CallerGone
        line = self._lines.came_in(row["dialled"] or "").line
        call = Call(
            call_id=new_id("call"),
            caller=row["phone"],
            dialled=row["dialled"] or line.number,
            line=row["line"],
            group=row["group"],
            channel=session.channel,
            uniqueid=session.uniqueid,
            arrived_at=now,
            first=True,
            needs=line.needs if line.group == row["group"] else {},
            promise=promise,
        )
        await self._do(self.floor.call_arrived(call, now))
        await session.set_variable("HOTLINE_CALL", call.call_id)
        return call

    async def _admit_made(self, session: CallerSession, made: Outbound) -> Call:
        """Whom a seat had rung."""
        line, seat = self._settings.lines[0], self.floor.seat(made.seat)
        call = Call(
            call_id=made.call_id,
            caller=made.phone,
            dialled=line.number,
            line=made.label,
            group=seat.groups[0] if seat.groups else line.group,
            channel=session.channel,
            uniqueid=session.uniqueid,
            arrived_at=self._clock.now(),
            promise=made.call_id,  # we rang: no call that came in
            made_for=made.seat,
        )
        await self._do(self.floor.call_arrived(call, self._clock.now()))
        await session.set_variable("HOTLINE_CALL", call.call_id)
        return call

    async def _bring(self, call: Call, seat_id: str) -> bool:
        """Connect the citizen with the seat that had him rung; False: the seat is lost, he waits for another."""
        step = self.floor.bring_to_seat(call.call_id, seat_id, self._clock.now())
        connect = next((order for order in step.orders if isinstance(order, Connect)), None)
        if connect is not None:
            step.orders.remove(connect)  # carried out here, to be waited for
        self._do(step)
        if connect is not None:
            await asyncio.shield(self._spawn(self._connect(connect)))
        return call.seat == seat_id

    async def _follow(self) -> None:
        await self._seen.attend(self._observe)

    def _observe(self, observation: object) -> None:
        now = self._clock.now()
        match observation:
            case NewLeg(uniqueid=uniqueid) if self._taken_up.is_set() and self.phones.leg_seen(uniqueid):
                self._carry_out(HangUp(uniqueid))
            case LegGone(uniqueid=uniqueid, reason=reason):
                call = self.floor.by_uniqueid(uniqueid)
                why = {GoneReason.ASTERISK_RESTARTED: "asterisk_restarted", GoneReason.MISSING: "ended_unseen"}.get(
                    reason
                )
                self._do(self.floor.call_gone(call.call_id, now, why) if call else self._left_seat(observation, now))
                self.phones.leg_gone(observation)
                if call is not None:
                    self.reception.forget(call.call_id)
            case PhoneSeen(seat=seat, state=state):
                self._do(self.floor.phone_seen(seat, state, now))
            case SeatParked(seat=seat) if not self._taken_up.is_set() and self._is_rung(seat):
                pass  # held for, perhaps: what went on before the link came up is taken up as a whole
            case SeatParked(seat=seat, channel=channel, uniqueid=uniqueid):
                self._do(self.floor.leg_parked(seat, SeatLeg(channel, uniqueid), now))
            case LegBridged(uniqueid=uniqueid):
                self._spawn(self._look_who_talks(uniqueid))
            case CitizenFellBack(uniqueid=uniqueid):
                if call := self.floor.by_uniqueid(uniqueid):
                    self._do(self.floor.call_fell_back(call.call_id, now))
                else:
                    self._spawn(self._take_in(uniqueid))
            case LinkUp():
                self._spawn(self._take_up())
            case LinkDown():
                self._taken_up.clear()
            case _:
                pass

    def _is_rung(self, seat_id: str) -> bool:
        seat = self.floor.seats.get(seat_id)
        return seat is not None and seat.kind is SeatKind.RUNG

    def _left_seat(self, gone: LegGone, now: datetime) -> Step:
        seat = self.floor.seat_with_leg(gone.uniqueid)
        is_operated_on = seat is not None and self.control is not None and self.control.keeps(seat.call_id or "")
        return self.floor.leg_gone(gone.uniqueid, now, put_down=is_put_down(gone) and not is_operated_on)

    async def _look_who_talks(self, uniqueid: str) -> None:
        """Adopt a talk that Asterisk's own queue made. Our own offers are known already."""
        await self._taken_up.wait()  # what went on before the link came up is taken up as a whole
        seat = self.floor.seat_with_leg(uniqueid) or self._seat_whose_phone_is(uniqueid)
        if seat is None or seat.call_id is not None or (seat.offer is not None and seat.offer.taken):
            return
        call = await adoption.find_partner(self._telephone, self.floor, seat.id, uniqueid)
        if call is not None and self.control is not None:
            await self.control.at_rest(call.call_id)  # else whom it passes on looks like the queue's gift
        leg = self._telephone.legs.get(uniqueid)
        if call is not None and leg is not None and seat.call_id is None:
            now = self._clock.now()
            if seat.leg is None:
                found = SeatLeg(leg.channel, leg.uniqueid)
                self._do(self.floor.leg_found(seat.id, found, parked=False, bridged=True, now=now))
            await self._do(self.floor.join(call, seat, now))

    def _seat_whose_phone_is(self, uniqueid: str) -> Seat | None:
        """The rung seat to which this leg belongs, unless it is known what for it was rung."""
        leg = self._telephone.legs.get(uniqueid)
        seat = self.floor.seats.get(leg.seat or "") if leg is not None else None
        return seat if seat is not None and seat.kind is SeatKind.RUNG and seat.leg is None else None

    async def _take_up(self) -> None:
        """After the link came (back) up: compare what we believe with the legs there are."""
        try:
            await self._compare_with_legs()
        except HotlineError as failure:  # the link went down again: its next coming up brings us here anew
            _log.warning("not all was taken up", why=failure.en)
        finally:
            self._taken_up.set()

    async def _compare_with_legs(self) -> None:
        for seat_id, state in self._telephone.phones.items():
            self._do(self.floor.phone_seen(seat_id, state, self._clock.now()))
        for leg in list(self._telephone.legs.values()):
            if leg.seat and leg.seat in self.floor.seats and leg.channel.startswith(f"PJSIP/{leg.seat}-"):
                found, bridged = SeatLeg(leg.channel, leg.uniqueid), leg.bridge_id is not None
                step = self.floor.leg_found(
                    leg.seat, found, parked=leg.parked, bridged=bridged, now=self._clock.now()
                )  # fmt: skip
                self._do(step)
            elif adoption.is_strange_citizen(leg, self.floor):
                await self._do(adoption.take_in(self.floor, leg, self._settings, self._clock.now())[1])
        if self.control is not None:
            await self.control.take_up()
        for call in list(self.floor.calls.live.values()):
            if self.control is None or not self.control.keeps(call.call_id):
                await self._take_up_call(call)
        for seat in self.floor.seats.values():
            if seat.leg is not None and seat.leg.uniqueid not in self._telephone.legs:
                self._do(self.floor.leg_gone(seat.leg.uniqueid, self._clock.now()))
        self._do(self.floor.let_phones_go(self._clock.now()))
        self._do(self.floor.mirror_anew())
        self._do(self.floor.tick(self._clock.now()))

    async def _take_in(self, uniqueid: str) -> None:
        """A citizen went past us to Asterisk's own queue: write the call down, and fetch him if nobody has him yet."""
        await self._taken_up.wait()
        leg = self._telephone.legs.get(uniqueid)
        if leg is None or not adoption.is_strange_citizen(leg, self.floor):
            return
        call, step = adoption.take_in(self.floor, leg, self._settings, self._clock.now())
        await self._do(step)
        if call.state is CallState.FALLBACK:  # else a bridge was quicker
            await self._take_up_call(call)

    async def _take_up_call(self, call: Call) -> None:
        leg = self._telephone.legs.get(call.uniqueid)
        now = self._clock.now()
        if leg is None:
            await self._do(self.floor.call_gone(call.call_id, now, "ended_unseen"))
            return
        if call.call_id in self._sessions:
            return
        seat = await adoption.find_seat(self._telephone, self.floor, leg)
        if seat is not None:
            step = adoption.adopt_talk(self.floor, call, seat, now)
        elif leg.bridge_id is None:
            step = self.floor.call_fell_back(call.call_id, now)
            if not any(seat.free for seat in self.floor.seats.values()):  # else that queue is giving him to it now
                step.facts.append(CallAdopted(at=now, call_id=call.call_id, state="waiting"))
                step.orders.append(TakeBack(call.call_id, call.channel))
        else:
            return  # between two steps of Asterisk's own queue: the next bridge tells
        _log.info("call adopted", call=call.call_id, state=call.state.value)
        await self._do(step)

    def _do(self, step: Step) -> "asyncio.Future[None]":
        for order in [order for order in step.orders if isinstance(order, Connect)]:
            step.orders.remove(order)  # a citizen waits: it is sent now, and the journal is written meanwhile
            self._spawn(self._connect(order))
        calls = [store.call_row(self.floor.calls[call_id]) for call_id in step.calls]
        seats = [store.seat_row(self.floor.seats[seat_id]) for seat_id in step.seats]
        self._time_changed.set()
        return self.journal.write(step, calls, seats)

    def do(self, step: Step) -> "asyncio.Future[None]":
        """Write a step of the floor that call control took, tell it, carry it out."""
        return self._do(step)

    def _carry_out(self, order: Order) -> None:
        match order:
            case HangUp(channel=channel):
                self._spawn(self._try(self._telephone.hang_up(channel)))
            case TakeBack(channel=channel):
                self._spawn(self._try(self._telephone.redirect(channel, "citizen", "again")))
            case Ring():
                self._spawn(self.phones.ring(order))
            case MirrorReadiness(seat=seat, ready=ready, phone=phone):
                self._spawn(self._try(self._telephone.queue_ready(seat, ready, phone=phone)))

    def _connect(self, order: Connect) -> Coroutine[object, object, None]:
        return self._connected(order, self._telephone.bridge(order.citizen_channel, order.seat_channel))

    async def _connected(self, order: Connect, bridged: Awaitable[None]) -> None:
        try:
            await bridged
        except HotlineError as failure:
            await self._not_connected(order, failure)
            return
        step = self.floor.connected(order.call_id, order.offer_id, order.seat, self._clock.now())
        if session := self._sessions.pop(order.call_id, None):
            await session.release()
        await self._do(step)
        # From here on a citizen whose talk breaks off comes back to us; before, to Asterisk's own queue.
        await self._try(self._telephone.set_variable(order.citizen_channel, "HOTLINE_AFTER", "agi"))

    async def _not_connected(self, order: Connect, failure: HotlineError) -> None:
        """A citizen who hung up in that instant is no fault of the seat's: it stays ready for the next one."""
        call = self.floor.calls[order.call_id]
        try:
            hung_up = await self._telephone.ask_leg(call.uniqueid) is None
        except HotlineError:
            hung_up = False
        now = self._clock.now()
        if hung_up:
            await self._do(self.floor.call_gone(order.call_id, now))
            return
        _log.warning("could not connect", call=order.call_id, seat=order.seat, why=failure.en)
        await self._do(self.floor.connect_failed(order.call_id, order.offer_id, order.seat, now))

    async def _keep_time(self) -> None:
        while True:
            self._time_changed.clear()
            due = self.floor.next_due()
            seconds = None if due is None else max(0.0, (due - self._clock.now()).total_seconds())
            try:
                async with asyncio.timeout(seconds):
                    await self._time_changed.wait()
            except TimeoutError:
                self._do(self.floor.tick(self._clock.now()))

    async def _watch_figures(self) -> None:
        while self.watch.alarms:
            await asyncio.sleep(ALARM_SECONDS)
            step = self.watch.judge(self._clock.now())
            if step.facts:
                self._do(step)

    def _spawn(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._hands.add(task)
        task.add_done_callback(self._hands.discard)
        return task

    async def _try(self, work: Coroutine[object, object, object]) -> None:
        try:
            await work
        except HotlineError as failure:
            _log.info("order not carried out", why=failure.en)
