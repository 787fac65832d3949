"""The floor: every live call and every seat, and what each event does to them. No I/O, ``now`` passed in.

Theory of operation. An event method changes the floor and returns a ``Step``: facts that are now true, signals
for the screens, orders for the hands. Every method ends in ``_settle``, which (1) offers waiting calls to free
seats and (2) compares what each touched seat is seen doing with what was last shown. So no path can forget either.

An offer is fenced by its number. It leaves the state *made* exactly once: accepted, rejected, timed out or withdrawn.
``accept`` closes the fence before any channel is touched; a second accept, a late one or one from another tab
finds it closed. Real phones send late and doubled events: an event about a call or a seat that is gone changes nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hotline.errors import NotFound, RuleBroken
from hotline.facts.calls import CallArrived, CallConnected, CallEnded, CallFellBack, CallOffered, CallQueued, OfferEnded
from hotline.facts.screens import CallChanged, FiguresChanged, OfferGone, OfferMade, SeatChanged, WaitingChanged
from hotline.facts.seats import SeatStateObserved, SeatStatusChosen
from hotline.settings import Group
from hotline.settings import Seat as SeatSettings
from ivr.distributor import FreeSeat, Proposal, WaitingCall, distribute
from ivr.figures import Counted, RollingFigures
from ivr.orders import Connect, HangUp, MirrorReadiness, Step
from ivr.people import Call, Offer, Seat, SeatLeg
from ivr.views import CallState, SeatState, SeatStatus

UNWATCHED_GRACE = timedelta(seconds=8)
"""How long a seat keeps its leg after its last screen closed; a page reload takes less."""
MISSED = "漏接"
"""The reason given to a seat that did not answer (RONA: ring on no answer)."""
REJECTED = "拒接"
"""The reason given to a seat whose agent gave an offered citizen back."""


class Floor:
    """All calls and seats of one engine."""

    def __init__(self, groups: Iterable[Group], seats: Iterable[SeatSettings], now: datetime) -> None:
        self.groups = {group.id: group for group in groups}
        self.seats = {s.id: Seat(id=s.id, name=s.name or s.id, groups=tuple(s.groups), since=now) for s in seats}
        self.calls: dict[str, Call] = {}
        self.figures = RollingFigures()
        self._last_offer_id = 0

    # -- citizens -------------------------------------------------------------------------------------------------

    def call_arrived(self, call: Call, now: datetime) -> Step:
        """A citizen's channel reached us; the greeting plays."""
        step = Step()
        self.calls[call.call_id] = call
        self.figures.count(Counted.ARRIVED, call.group, now)
        step.facts.append(
            CallArrived(
                at=now,
                by="citizen",
                call_id=call.call_id,
                caller=call.caller,
                dialled=call.dialled,
                line=call.line,
                channel=call.channel,
                uniqueid=call.uniqueid,
            )
        )
        step.tell([CallChanged(call_id=call.call_id), FiguresChanged()])
        return self._settle(step, now, calls=[call])

    def call_queued(self, call_id: str, now: datetime) -> Step:
        """The citizen waits for a seat from now on; a call that waited before keeps its place, in front."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.state in (CallState.ENDED, CallState.OFFERED, CallState.TALKING):
            return step
        if call.queued_at is None:
            call.queued_at = now
        call.state = CallState.WAITING
        step.facts.append(CallQueued(at=now, call_id=call_id, group=call.group))
        return self._settle(step, now, calls=[call])

    def call_fell_back(self, call_id: str, now: datetime) -> Step:
        """Asterisk's own queue has this citizen."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.state in (CallState.ENDED, CallState.FALLBACK):
            return step
        self._withdraw_offer_of(call, step, now)
        self._leave_seat(call, step, now)
        call.state = CallState.FALLBACK
        call.first = True
        step.facts.append(CallFellBack(at=now, call_id=call_id))
        return self._settle(step, now, calls=[call])

    def call_gone(self, call_id: str, now: datetime, reason: str | None = None) -> Step:
        """The citizen's channel is gone (asked and confirmed)."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.state is CallState.ENDED:
            return step
        self._withdraw_offer_of(call, step, now)
        answered = call.connected_at is not None
        seat = self.seats.get(call.seat or "")
        talked = call.talked(now)
        call.state, call.ended_at, call.talking_since = CallState.ENDED, now, None
        call.talked_seconds = talked
        call.end_reason = reason or call.ending_because or self._why_gone(call)
        if not answered and call.queued_at is not None:
            self.figures.count(Counted.ABANDONED, call.group, now)
        if seat is not None and seat.call_id == call_id:
            self._start_wrap_up(seat, call, now)
        step.facts.append(
            CallEnded(
                at=now,
                call_id=call_id,
                reason=call.end_reason,
                waited_seconds=round(call.waited(now), 3),
                talked_seconds=round(talked, 3),
            )
        )
        step.tell([FiguresChanged()])
        return self._settle(step, now, calls=[call], seats=[seat] if seat else [])

    def call_returned(self, call_id: str, now: datetime) -> Step:
        """The citizen's channel came back to the waiting room after a talk that broke off."""
        call = self.calls.get(call_id)
        seat = self.seats.get(call.seat or "") if call else None
        if call is None or seat is None or seat.call_id != call_id:
            return Step()
        self._part(call, seat, now)
        return self._settle(Step(), now, calls=[call], seats=[seat])

    # -- offers ---------------------------------------------------------------------------------------------------

    def accept(self, seat_id: str, offer_id: int, account: str, now: datetime) -> Step:
        """The agent accepts. Raises RuleBroken when the offer is no longer open."""
        seat, offer, call = self._open_offer(seat_id, offer_id)
        if seat.leg is None:
            raise RuleBroken("座席话路未接通,请稍候", "this seat has no audio leg now", code="no_leg")
        offer.taken = True
        seat.account = seat.account or account
        step = Step()
        step.orders.append(Connect(call.call_id, offer_id, seat_id, call.channel, seat.leg.channel))
        return step

    def reject(self, seat_id: str, offer_id: int, now: datetime) -> Step:
        """The agent gives the citizen back and is not ready from then on, else the same call would return at once."""
        seat, offer, call = self._open_offer(seat_id, offer_id)
        step = Step()
        call.first = True
        self._end_offer(seat, offer, "rejected", step, now)
        self._choose(seat, SeatStatus.NOT_READY, REJECTED, step, now, by=seat.account or "system")
        return self._settle(step, now, calls=[call], seats=[seat])

    def connected(self, call_id: str, offer_id: int, seat_id: str, now: datetime) -> Step:
        """The bridge stands."""
        step = Step()
        seat, call = self.seats[seat_id], self.calls.get(call_id)
        if call is None or call.state is CallState.ENDED:
            return step
        if seat.offer is not None and seat.offer.offer_id == offer_id:
            self._end_offer(seat, seat.offer, "accepted", step, now)
        self._join(call, seat, step, now)
        return self._settle(step, now, calls=[call], seats=[seat])

    def connect_failed(self, call_id: str, offer_id: int, seat_id: str, now: datetime) -> Step:
        """The bridge could not be made; whoever is still there goes back to where they were."""
        step = Step()
        seat, call = self.seats[seat_id], self.calls.get(call_id)
        if seat.offer is not None and seat.offer.offer_id == offer_id:
            self._end_offer(seat, seat.offer, "failed", step, now)
        if call is not None and call.state is not CallState.ENDED:
            call.first = True
        return self._settle(step, now, calls=[call] if call else [], seats=[seat])

    # -- seats ----------------------------------------------------------------------------------------------------

    def status_chosen(
        self, seat_id: str, status: SeatStatus, reason: str | None, account: str | None, name: str | None, now: datetime
    ) -> Step:
        """Somebody chose a status for the seat. Going not-ready during an offer gives the citizen back."""
        seat = self.seat(seat_id)
        step = Step()
        if account is not None:
            seat.account, seat.agent_name = account, name
        if status is not SeatStatus.READY and seat.offer is not None and not seat.offer.taken:
            self._end_offer(seat, seat.offer, "rejected", step, now)
        self._choose(seat, status, reason, step, now, by=account or "system")
        return self._settle(step, now, seats=[seat])

    def leg_parked(self, seat_id: str, leg: SeatLeg, now: datetime) -> Step:
        """The seat's channel is up and parked. An older one that lingers is hung up: one seat, one leg."""
        step = Step()
        seat = self.seats.get(seat_id)
        if seat is None:
            step.orders.append(HangUp(leg.channel))
            return step
        if seat.leg is not None and seat.leg.uniqueid != leg.uniqueid:
            step.orders.append(HangUp(seat.leg.channel))
        seat.leg = leg
        return self._settle(step, now, seats=[seat])

    def leg_gone(self, uniqueid: str, now: datetime) -> Step:
        """A seat's channel is gone. Its citizen, if any, goes back to the front of the line."""
        step = Step()
        seat = next((s for s in self.seats.values() if s.leg is not None and s.leg.uniqueid == uniqueid), None)
        if seat is None:
            return step
        seat.leg = None
        call = self.calls.get(seat.call_id or "")
        if seat.offer is not None:
            self._end_offer(seat, seat.offer, "withdrawn", step, now)
        if call is not None:
            self._part(call, seat, now)
        return self._settle(step, now, calls=[call] if call else [], seats=[seat])

    def screen_opened(self, seat_id: str, account: str, name: str, now: datetime) -> Step:
        """The seat's agent looks at the desk. A new agent begins not ready; the one of before keeps the status."""
        seat = self.seat(seat_id)
        step = Step()
        seat.watched, seat.unwatched_since = True, None
        if seat.account != account or seat.status is SeatStatus.OFFLINE:
            seat.account, seat.agent_name = account, name
            self._choose(seat, SeatStatus.NOT_READY, None, step, now, by=account)
        seat.agent_name = name
        return self._settle(step, now, seats=[seat])

    def screen_closed(self, seat_id: str, now: datetime) -> Step:
        """The last screen of the seat's agent closed; after the grace time the seat goes offline."""
        seat = self.seat(seat_id)
        step = Step()
        seat.watched, seat.unwatched_since = False, now
        if seat.offer is not None and not seat.offer.taken:
            self._end_offer(seat, seat.offer, "withdrawn", step, now)
        return self._settle(step, now, seats=[seat])

    def hang_up(self, seat_id: str, call_id: str, now: datetime) -> Step:
        """The agent ends the talk. Raises RuleBroken when the seat is not in this call."""
        seat = self.seat(seat_id)
        call = self.calls.get(call_id)
        if call is None or seat.call_id != call_id:
            raise RuleBroken("您不在这通电话中", "this seat is not in that call", code="not_in_call")
        call.ending_because = "agent_hung_up"
        return Step(orders=[HangUp(call.channel)])

    def end_wrap_up(self, seat_id: str, now: datetime) -> Step:
        """The agent is done before the time. Raises RuleBroken when not in wrap-up."""
        seat = self.seat(seat_id)
        if seat.wrap_up_until is None:
            raise RuleBroken("当前不在话后整理状态", "this seat is not wrapping up", code="not_wrapping_up")
        seat.wrap_up_until = None
        return self._settle(Step(), now, seats=[seat])

    def join(self, call: Call, seat: Seat, now: datetime) -> Step:
        """Citizen and seat were found bridged without an offer: Asterisk's own queue did it, or we restarted."""
        step = Step()
        if seat.call_id == call.call_id:
            return step
        self._join(call, seat, step, now)
        return self._settle(step, now, calls=[call], seats=[seat])

    def mirror_anew(self) -> Step:
        """Asterisk may have forgotten, or enlisted seats by itself: say again which seats take calls without us."""
        step = Step()
        for seat in self.seats.values():
            seat.mirrored = self._takes_calls(seat)
            if seat.leg is not None:
                step.orders.append(MirrorReadiness(seat.id, seat.mirrored))
        return step

    # -- time -----------------------------------------------------------------------------------------------------

    def next_due(self) -> datetime | None:
        """When ``tick`` has something to do next."""
        return min((due for seat in self.seats.values() for due in self._dues(seat)), default=None)

    def tick(self, now: datetime) -> Step:
        """Let time pass: offers run out, wrap-ups end, unwatched seats go offline."""
        step = Step()
        touched = [seat for seat in self.seats.values() if any(due <= now for due in self._dues(seat))]
        for seat in touched:
            if seat.offer is not None and not seat.offer.taken and seat.offer.expires_at <= now:
                self.calls[seat.offer.call_id].first = True
                self._end_offer(seat, seat.offer, "timed_out", step, now)
                self._choose(seat, SeatStatus.NOT_READY, MISSED, step, now, by="system")
            if seat.wrap_up_until is not None and seat.wrap_up_until <= now:
                seat.wrap_up_until = None
            if seat.unwatched_since is not None and seat.unwatched_since + UNWATCHED_GRACE <= now:
                seat.unwatched_since = None
                self._go_offline(seat, step, now)
        return self._settle(step, now, seats=touched)

    # -- readings -------------------------------------------------------------------------------------------------

    def seat(self, seat_id: str) -> Seat:
        """The seat of this id. Raises NotFound."""
        try:
            return self.seats[seat_id]
        except KeyError:
            raise NotFound(f"没有座席 {seat_id}", f"there is no seat {seat_id}") from None

    def waiting(self, group: str | None = None) -> list[Call]:
        """Citizens waiting or held out in an offer, the one served next first."""
        lined = [
            call
            for call in self.calls.values()
            if call.state in (CallState.WAITING, CallState.OFFERED)
            and call.queued_at is not None
            and group in (None, call.group)
        ]
        return sorted(lined, key=lambda call: (not call.first, call.queued_at, call.call_id))

    def position(self, call_id: str) -> int:
        """1 for the citizen served next in their group; 0 when not waiting."""
        call = self.calls.get(call_id)
        lined = self.waiting(call.group) if call else []
        return next((place for place, other in enumerate(lined, 1) if other.call_id == call_id), 0)

    def live_call_of(self, phone: str) -> Call | None:
        """The call in which this citizen is now, if any."""
        return next((c for c in self.calls.values() if c.caller == phone and c.state is not CallState.ENDED), None)

    def by_uniqueid(self, uniqueid: str) -> Call | None:
        """The live call whose citizen's channel has this unique id."""
        return next((c for c in self.calls.values() if c.uniqueid == uniqueid and c.state is not CallState.ENDED), None)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _join(self, call: Call, seat: Seat, step: Step, now: datetime) -> None:
        first_time = call.connected_at is None
        known = seat.leg is not None and (call.seat, call.seat_uniqueid) == (seat.id, seat.leg.uniqueid)
        self._withdraw_offer_of(call, step, now)
        self._leave_seat(call, step, now)
        if seat.offer is not None:  # one seat, one citizen: what is bridged wins
            self._end_offer(seat, seat.offer, "withdrawn", step, now)
        if seat.call_id is not None:
            self._part(self.calls[seat.call_id], seat, now)
        seat.calls_taken += call.seat != seat.id  # a talk taken up after a restart was counted before
        call.state, call.seat, call.account, call.first = CallState.TALKING, seat.id, seat.account, False
        call.connected_at = call.connected_at or now
        call.talking_since = call.talking_since or now
        seat.call_id, seat.wrap_up_until = call.call_id, None
        if first_time:
            self.figures.answered(call.group, now, call.waited(now))
        if seat.leg is not None and not known:  # a talk that outlived an engine was written down by that one
            call.seat_uniqueid = seat.leg.uniqueid
            step.facts.append(
                CallConnected(
                    at=now,
                    by=seat.account or "system",
                    call_id=call.call_id,
                    seat=seat.id,
                    account=seat.account or "",
                    citizen_channel=call.channel,
                    citizen_uniqueid=call.uniqueid,
                    seat_channel=seat.leg.channel,
                    seat_uniqueid=seat.leg.uniqueid,
                )
            )
        step.tell([FiguresChanged()])

    def _leave_seat(self, call: Call, step: Step, now: datetime) -> None:
        seat = self.seats.get(call.seat or "")
        if seat is not None and seat.call_id == call.call_id:
            self._part(call, seat, now)
            step.seats.add(seat.id)

    def _part(self, call: Call, seat: Seat, now: datetime) -> None:
        call.talked_seconds, call.talking_since = call.talked(now), None
        call.first, call.state, call.seat = True, CallState.WAITING, None
        seat.call_id = None

    def _start_wrap_up(self, seat: Seat, call: Call, now: datetime) -> None:
        seat.call_id, seat.last_call_id = None, call.call_id
        seconds = self.groups[call.group].wrap_up_seconds
        seat.wrap_up_until = now + timedelta(seconds=seconds) if seconds else None

    def _open_offer(self, seat_id: str, offer_id: int) -> tuple[Seat, Offer, Call]:
        seat = self.seat(seat_id)
        offer = seat.offer
        if offer is None or offer.offer_id != offer_id or offer.taken:
            raise RuleBroken(
                "来电已被接走、撤回或超时", "this offer is over: taken, withdrawn or timed out", code="offer_over"
            )
        return seat, offer, self.calls[offer.call_id]

    def _withdraw_offer_of(self, call: Call, step: Step, now: datetime) -> None:
        for seat in self.seats.values():
            if seat.offer is not None and seat.offer.call_id == call.call_id:
                self._end_offer(seat, seat.offer, "withdrawn", step, now)
                step.seats.add(seat.id)

    def _end_offer(self, seat: Seat, offer: Offer, outcome: str, step: Step, now: datetime) -> None:
        seat.offer = None
        call = self.calls[offer.call_id]
        if call.state is CallState.OFFERED:
            call.state = CallState.WAITING
        step.calls.add(call.call_id)
        step.facts.append(
            OfferEnded(
                at=now,
                by=seat.account or "system",
                call_id=offer.call_id,
                offer_id=offer.offer_id,
                seat=seat.id,
                outcome=outcome,
            )
        )
        step.tell([OfferGone(seat=seat.id, offer_id=offer.offer_id, outcome=outcome)])

    def _choose(self, seat: Seat, status: SeatStatus, reason: str | None, step: Step, now: datetime, by: str) -> None:
        if (seat.status, seat.reason) == (status, reason):
            return
        seat.status, seat.reason, seat.since = status, reason, now
        if status is SeatStatus.READY:
            seat.idle_since = now
        step.facts.append(
            SeatStatusChosen(at=now, by=by, seat=seat.id, account=seat.account, status=status.value, reason=reason)
        )
        step.seats.add(seat.id)
        step.tell([SeatChanged(seat=seat.id)])

    def _go_offline(self, seat: Seat, step: Step, now: datetime) -> None:
        self._choose(seat, SeatStatus.OFFLINE, None, step, now, by="system")
        if seat.leg is not None and seat.call_id is None:  # a talk goes on: its leg dies by itself without audio
            step.orders.append(HangUp(seat.leg.channel))
            seat.leg = None

    @staticmethod
    def _takes_calls(seat: Seat) -> bool:
        return seat.status is SeatStatus.READY and seat.leg is not None

    @staticmethod
    def _dues(seat: Seat) -> list[datetime]:
        dues = [seat.wrap_up_until] if seat.wrap_up_until else []
        if seat.offer is not None and not seat.offer.taken:
            dues.append(seat.offer.expires_at)
        if seat.unwatched_since is not None:
            dues.append(seat.unwatched_since + UNWATCHED_GRACE)
        return dues

    @staticmethod
    def _why_gone(call: Call) -> str:
        if call.connected_at is not None:
            return "citizen_hung_up"
        return "abandoned" if call.queued_at is not None else "hung_up_in_greeting"

    def _settle(self, step: Step, now: datetime, calls: Iterable[Call] = (), seats: Iterable[Seat] = ()) -> Step:
        step.calls |= {call.call_id for call in calls}
        step.seats |= {seat.id for seat in seats}
        self._offer_waiting(step, now)
        groups = {self.calls[call_id].group for call_id in step.calls}
        for seat_id in sorted(step.seats):
            self._observe(self.seats[seat_id], step, now)
        step.tell([CallChanged(call_id=c, seat=self.calls[c].seat) for c in sorted(step.calls)])
        step.tell([WaitingChanged(group=group) for group in sorted(groups)])
        return step

    def _observe(self, seat: Seat, step: Step, now: datetime) -> None:
        state = seat.state
        if state is not seat.shown_state:
            seat.shown_state, seat.since = state, now
            seat.idle_since = now if state is SeatState.IDLE else seat.idle_since
            step.facts.append(SeatStateObserved(at=now, seat=seat.id, state=state.value, call_id=seat.call_id))
            step.tell([SeatChanged(seat=seat.id)])
        takes_calls = self._takes_calls(seat)
        if takes_calls != bool(seat.mirrored):
            seat.mirrored = takes_calls
            step.orders.append(MirrorReadiness(seat.id, takes_calls))

    def _offer_waiting(self, step: Step, now: datetime) -> None:
        waiting = [
            WaitingCall(call.call_id, call.group, call.queued_at, call.first)
            for call in self.calls.values()
            if call.state is CallState.WAITING and call.queued_at is not None and call.ending_because is None
        ]
        free = [
            FreeSeat(seat.id, seat.groups, seat.idle_since or now, seat.calls_taken)
            for seat in self.seats.values()
            if seat.free
        ]
        if waiting and free:
            for proposal in distribute(waiting, free, lambda group: self.groups[group].strategy):
                self._offer(proposal, step, now)

    def _offer(self, proposal: Proposal, step: Step, now: datetime) -> None:
        call, seat = self.calls[proposal.call_id], self.seats[proposal.seat]
        self._last_offer_id = max(self._last_offer_id + 1, int(now.timestamp() * 1000))  # grows over restarts too
        expires_at = now + timedelta(seconds=self.groups[call.group].offer_seconds)
        seat.offer = Offer(self._last_offer_id, call.call_id, seat.id, proposal.reason, now, expires_at)
        call.state = CallState.OFFERED
        step.facts.append(
            CallOffered(
                at=now, call_id=call.call_id, offer_id=self._last_offer_id, seat=seat.id, reason=proposal.reason
            )
        )
        step.calls.add(call.call_id)
        step.seats.add(seat.id)
        step.tell([OfferMade(seat=seat.id, offer_id=self._last_offer_id)])
