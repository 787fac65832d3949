"""Supervisors at work on live calls: listen, whisper, barge in, take over, force a status, write, see raised hands.

A supervisor acts with a seat's leg of his own. Listening and whispering are a ChanSpy on the agent's leg; barging in
is a place in the conversation itself, so it works with any number of parties. Each act is a fact: who, whom, why, when.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from hotline import ledger
from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError, RuleBroken
from hotline.facts import Fact
from hotline.facts.calls import CallEnded
from hotline.facts.control import HandRaised, SeatForced, SeatLeftCall, SeatMessaged, SeatSupervised
from hotline.facts.screens import ControlChanged, MessageToSeat
from ivr.control.service import CallControl
from ivr.service import CallCentre, Person
from ivr.views import SeatKind, SeatStatus, SeatView
from telephony.observations import LegGone
from telephony.port import Telephony

_log = structlog.get_logger()
HANDS_KEPT = timedelta(hours=12)
SPY_OPTIONS = {"listen": "uqE", "whisper": "uqEw"}
"""u this very leg, q no announcement, E end with it, w to the spied leg only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A supervisor at a call."""

    supervisor_seat: str
    leg: str
    seat: str
    seat_leg: str
    call_id: str
    mode: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """An agent asks for help since ``at``; it is lowered by the agent, or with the end of its call."""

    note: str
    call_id: str | None
    at: datetime


class Supervision:
    """Who watches whom, in memory: a restarted engine finds supervisors' legs parked or hangs nobody up."""

    def __init__(
        self, database: Database, bus: Bus, telephone: Telephony, clock: Clock, centre: CallCentre, control: CallControl
    ) -> None:
        self._database = database
        self._bus = bus
        self._telephone = telephone
        self._clock = clock
        self._centre = centre
        self._control = control
        self.watches: dict[str, Watch] = {}
        self.hands_up: dict[str, Hand] = {}
        """By seat."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen = self._subscribe()

    async def load(self) -> None:
        """Hands that were up when the last engine ended, and whose call goes on."""
        since = self._clock.now() - HANDS_KEPT
        async for entry in ledger.read(self._database, kinds=[HandRaised], since=since):
            if isinstance(entry.fact, HandRaised):
                self._note_hand(entry.fact)
        live = self._centre.floor.calls.live
        self.hands_up = {seat: hand for seat, hand in self.hands_up.items() if hand.call_id in live}

    async def run(self) -> None:
        """End what has lost its call, until cancelled."""
        while True:
            try:
                async for seen in self._seen:
                    self._observe(seen)
                return
            except SubscriberTooSlow:
                self._seen = self._subscribe()

    async def join(self, seat: str, mode: str, supervisor_seat: str, reason: str, by: Person) -> Watch:
        """Listen, whisper or barge in; again to change among them. RuleBroken when either seat cannot."""
        watch = self._prepare(seat, mode, supervisor_seat, by)
        self.watches[supervisor_seat] = watch
        if mode == "barge":
            await self._send(watch.leg, "join", HOTLINE_JOIN=self._name(watch.seat_leg))
        else:
            await self._send(watch.leg, "spy", HOTLINE_SPY=watch.seat_leg, HOTLINE_SPY_OPTIONS=SPY_OPTIONS[mode])
        self._centre.floor.accompany(watch.call_id, mode == "barge" or self._control.accompanied(watch.call_id))
        await self._record(self._supervised(watch, mode, reason))
        self._tell(watch)
        return watch

    async def take_over(self, seat: str, supervisor_seat: str, reason: str, by: Person) -> None:
        """The citizen talks with the supervisor from now on; the agent wraps up. Not during a consultation."""
        watch = self._prepare(seat, "takeover", supervisor_seat, by)
        if self._control.keeps(watch.call_id):
            raise RuleBroken("该通话正在咨询或转接,暂不能接管", "that call is being consulted about", code="not_now")
        call = self._centre.floor.calls.live[watch.call_id]
        async with self._control.busy(watch.call_id):
            await self._send_citizen(call.uniqueid, self._name(watch.leg))
            self.watches.pop(supervisor_seat, None)
            now = self._clock.now()
            self._centre.floor.accompany(watch.call_id, False)
            await self._centre.do(self._centre.floor.hand_over(watch.call_id, supervisor_seat, now))
        left = SeatLeftCall(at=now, by=by.account, call_id=watch.call_id, seat=seat, reason="taken_over")
        await self._record(self._supervised(watch, "takeover", reason), left)
        self._tell(watch)

    async def stop(self, supervisor_seat: str) -> None:
        """Leave the call alone."""
        watch = self.watches.pop(supervisor_seat, None)
        if watch is not None:
            await self._end(watch)

    async def force(self, seat: str, status: SeatStatus, reason: str, by: Person) -> SeatView:
        """Choose a seat's status in the agent's place."""
        floor, now = self._centre.floor, self._clock.now()
        view = floor.seat(seat).view()
        await self._centre.do(floor.status_chosen(seat, status, reason or None, view.account, view.agent_name, now))
        await self._record(SeatForced(at=now, by=by.account, seat=seat, status=status.value, reason=reason))
        return self._centre.seat(seat)

    async def message(self, seats: list[str], text: str, by: Person) -> None:
        """Write to these seats; to all when the list is empty."""
        now = self._clock.now()
        for seat in seats or list(self._centre.floor.seats):
            self._centre.floor.seat(seat)
            await self._record(SeatMessaged(at=now, by=by.account, seat=seat, text=text))
            self._bus.publish(MessageToSeat(seat=seat, text=text, by=by.name))

    async def raise_hand(self, seat: str, raised: bool, note: str, by: Person) -> None:
        """An agent asks for help, or no longer."""
        self._centre.require_own(seat, by)
        call_id = self._centre.floor.seat(seat).call_id
        now = self._clock.now()
        fact = HandRaised(at=now, by=by.account, seat=seat, call_id=call_id, raised=raised, note=note)
        await self._record(fact)
        self._note_hand(fact)
        self._bus.publish(ControlChanged(seat=seat))

    def watched_by(self, seat: str) -> list[Watch]:
        """Who is at this seat's call now."""
        return [watch for watch in self.watches.values() if watch.seat == seat]

    # -- inside ---------------------------------------------------------------------------------------------------

    def _prepare(self, seat: str, mode: str, supervisor_seat: str, by: Person) -> Watch:
        floor = self._centre.floor
        target, own = floor.seat(seat), floor.seat(supervisor_seat)
        if seat == supervisor_seat:
            raise RuleBroken("不能监听自己", "a seat cannot watch itself", code="own_seat")
        if target.call_id is None or target.leg is None:
            raise RuleBroken("该座席不在通话中", "that seat is in no call", code="not_in_call")
        if own.kind is SeatKind.RUNG:
            raise RuleBroken(
                "监听须使用浏览器通话,请先切换话路", "change over to the browser's leg to listen", code="rung_seat"
            )
        if own.leg is None:
            raise RuleBroken("您的座席话路未接通", "your own seat has no audio leg", code="no_leg")
        before = self.watches.get(supervisor_seat)
        if before is not None and before.call_id != target.call_id:
            raise RuleBroken("请先结束当前监听", "stop what you listen to first", code="watching")
        if before is None:
            self._centre.do(floor.reserve(supervisor_seat, target.call_id, self._clock.now()))
        return Watch(
            supervisor_seat=supervisor_seat,
            leg=own.leg.uniqueid,
            seat=seat,
            seat_leg=target.leg.uniqueid,
            call_id=target.call_id,
            mode=mode,
            by=by.account,
        )

    def _observe(self, seen: object) -> None:
        match seen:
            case CallEnded(call_id=call_id):
                for seat in [seat for seat, hand in self.hands_up.items() if hand.call_id == call_id]:
                    self._spawn(self._lower(seat, call_id))
                for watch in [w for w in self.watches.values() if w.call_id == call_id]:
                    self._spawn(self.stop(watch.supervisor_seat))
            case LegGone(uniqueid=uniqueid):
                for watch in list(self.watches.values()):
                    if uniqueid == watch.leg:
                        self.watches.pop(watch.supervisor_seat, None)
                        accompanied = self._control.accompanied(watch.call_id)
                        self._centre.floor.accompany(watch.call_id, accompanied)
                        self._spawn(self._record(self._supervised(watch, "ended", "leg_lost")))
                        self._tell(watch)
                    elif uniqueid == watch.seat_leg:
                        self._spawn(self._agent_lost(watch))
            case _:
                pass

    def _note_hand(self, fact: HandRaised) -> None:
        if fact.raised:
            self.hands_up[fact.seat] = Hand(note=fact.note, call_id=fact.call_id, at=fact.at)
        else:
            self.hands_up.pop(fact.seat, None)

    async def _lower(self, seat: str, call_id: str) -> None:
        """The call is over: there is nothing to help with any more."""
        self.hands_up.pop(seat, None)
        await self._record(HandRaised(at=self._clock.now(), seat=seat, call_id=call_id, raised=False, note=""))
        self._bus.publish(ControlChanged(seat=seat))

    async def _agent_lost(self, watch: Watch) -> None:
        """The agent's leg died. Who had barged in has the citizen now; who only listened has nothing to listen to."""
        if watch.mode != "barge" or self._control.keeps(watch.call_id):
            await self.stop(watch.supervisor_seat)
            return
        self.watches.pop(watch.supervisor_seat, None)
        self._centre.floor.accompany(watch.call_id, False)
        step = self._centre.floor.hand_over(watch.call_id, watch.supervisor_seat, self._clock.now())
        await self._centre.do(step)
        await self._record(self._supervised(watch, "takeover", "leg_lost"))
        self._tell(watch)

    async def _end(self, watch: Watch) -> None:
        now = self._clock.now()
        try:
            await self._telephone.redirect(watch.leg, "seat-loop", "parked")
        except HotlineError as failure:
            _log.info("a supervisor's leg was not parked", seat=watch.supervisor_seat, why=failure.en)
        self._centre.floor.accompany(watch.call_id, self._control.accompanied(watch.call_id))
        await self._centre.do(self._centre.floor.release(watch.supervisor_seat, watch.call_id, now))
        await self._record(self._supervised(watch, "ended", ""))
        self._tell(watch)

    def _tell(self, watch: Watch) -> None:
        """Both screens: the agent's, and the supervisor's own."""
        self._bus.publish(ControlChanged(seat=watch.seat))
        self._bus.publish(ControlChanged(seat=watch.supervisor_seat))

    def _supervised(self, watch: Watch, mode: str, reason: str) -> SeatSupervised:
        return SeatSupervised(
            at=self._clock.now(),
            by=watch.by,
            seat=watch.seat,
            call_id=watch.call_id,
            supervisor_seat=watch.supervisor_seat,
            mode=mode,
            reason=reason,
        )

    async def _record(self, *facts: Fact) -> None:
        async with self._database.unit_of_work() as uow:
            for fact in facts:
                uow.record(fact)

    async def _send(self, leg: str, exten: str, **variables: str) -> None:
        for name, value in variables.items():
            await self._telephone.set_variable(leg, name, value)
        await self._telephone.redirect(leg, "seat-loop", exten)

    async def _send_citizen(self, citizen: str, channel: str) -> None:
        await self._telephone.set_variable(citizen, "HOTLINE_JOIN", channel)
        await self._telephone.redirect(citizen, "held", "join")

    def _name(self, uniqueid: str) -> str:
        leg = self._telephone.legs.get(uniqueid)
        return leg.channel if leg is not None else uniqueid

    def _subscribe(self) -> Subscription:
        return self._bus.subscribe("supervision", CallEnded, LegGone, capacity=100_000)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(_guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guarded(work: Coroutine[object, object, None]) -> None:
    """A loop's edge: what nobody awaits is told to the log, and the next event finds everything as it is."""
    try:
        await work
    except Exception:
        _log.exception("call control failed at something nobody waits for")
