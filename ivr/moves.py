"""The moves that all events are made of: joining and parting, offers made and ended, status, wrap-up, breaks."""

from datetime import datetime, timedelta

from hotline.errors import RuleBroken
from hotline.facts.calls import CallConnected, CallOffered, OfferEnded
from hotline.facts.control import SeatLeftCall
from hotline.facts.screens import FiguresChanged, OfferGone, OfferMade, SeatChanged
from hotline.facts.seats import SeatStatusChosen
from ivr.distributor import Proposal
from ivr.ground import Ground
from ivr.orders import Connect, HangUp, Ring, Step
from ivr.people import RING, Call, Offer, Seat
from ivr.views import CallState, SeatKind, SeatStatus
from telephony.observations import PhoneState

CONNECTING_GRACE = timedelta(seconds=10)
"""An accepted offer of which nothing is heard so long has failed."""
FORCED_BREAK = "强制休息"
"""The reason of a seat that must rest."""


class Moves(Ground):
    """What may be done to calls, offers and seats. Whoever uses a move settles afterwards."""

    # -- moves of calls -------------------------------------------------------------------------------------------

    def _join(self, call: Call, seat: Seat, step: Step, now: datetime) -> None:
        known = seat.leg is not None and (call.seat, call.seat_uniqueid) == (seat.id, seat.leg.uniqueid)
        self._withdraw_offers_of(call, step, now)
        self._leave_seat(call, step, now, "replaced")
        if seat.offer is not None:  # one seat, one citizen: what is bridged wins
            self._end_offer(seat, seat.offer, "withdrawn", step, now)
        if seat.call_id is not None:
            step.calls.add(seat.call_id)
            self._part(self.calls[seat.call_id], seat, step, now, "replaced")
        if call.seat != seat.id:  # a talk taken up after a restart was counted before
            seat.calls_taken += 1
            seat.calls_since_break += 1
        call.seat, call.account, call.first = seat.id, seat.account, False
        call.connected_at = call.connected_at or now
        call.talking_since = call.talking_since or now
        self.calls.move(call, CallState.TALKING)
        seat.call_id, seat.wrap_up_until, seat.talk_ended_at = call.call_id, None, None
        self.figures.note(call)
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
                    duty=call.duty,
                )
            )
        step.tell([FiguresChanged()])

    def _leave_seat(self, call: Call, step: Step, now: datetime, why: str) -> None:
        seat = self.seats.get(call.seat or "")
        if seat is not None and seat.call_id == call.call_id:
            self._part(call, seat, step, now, why)
            step.seats.add(seat.id)

    def _part(self, call: Call, seat: Seat, step: Step, now: datetime, why: str) -> None:
        if call.seat == seat.id:  # else it was asked for its advice only
            step.facts.append(SeatLeftCall(at=now, call_id=call.call_id, seat=seat.id, reason=why))
        call.talked_seconds, call.talking_since = call.talked(now), None
        call.first, call.seat = True, None
        self.calls.move(call, CallState.WAITING)
        seat.call_id = None

    # -- moves of offers ------------------------------------------------------------------------------------------

    def _open_offer(self, seat_id: str, offer_id: int) -> tuple[Seat, Offer, Call]:
        seat = self.seat(seat_id)
        offer = seat.offer
        if offer is None or offer.offer_id != offer_id or offer.taken:
            raise RuleBroken(
                "来电已被接走、撤回或超时", "this offer is over: taken, withdrawn or timed out", code="offer_over"
            )
        return seat, offer, self.calls[offer.call_id]

    def _withdraw_offers_of(self, call: Call, step: Step, now: datetime, but: str | None = None) -> None:
        for seat_id in sorted(call.ringing - {but}):
            seat = self.seats[seat_id]
            if seat.offer is not None:
                self._end_offer(seat, seat.offer, "withdrawn", step, now)

    def _end_offer(self, seat: Seat, offer: Offer, outcome: str, step: Step, now: datetime) -> None:
        seat.offer = None
        call = self.calls[offer.call_id]
        call.ringing.discard(seat.id)
        if offer.ring_id is not None and not offer.answered:
            step.orders.append(HangUp(offer.ring_id))
        if outcome == "accepted":
            call.duty = call.duty or offer.duty
        if call.state is CallState.OFFERED and not call.ringing:
            self.calls.move(call, CallState.WAITING)
        step.calls.add(call.call_id)
        step.seats.add(seat.id)
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

    def _offer(self, proposal: Proposal, step: Step, now: datetime) -> None:
        call, seat = self.calls[proposal.call_id], self.seats[proposal.seat]
        self._last_offer_id = max(self._last_offer_id + 1, int(now.timestamp() * 1000))  # grows over restarts too
        self._asked_last[call.group] = seat.id
        expires_at = now + timedelta(seconds=self.groups[call.group].offer_seconds)
        seat.offer = Offer(
            self._last_offer_id, call.call_id, seat.id, proposal.reason, now, expires_at, duty=proposal.duty
        )
        call.ringing.add(seat.id)
        self.calls.move(call, CallState.OFFERED)
        step.facts.append(
            CallOffered(
                at=now, call_id=call.call_id, offer_id=self._last_offer_id, seat=seat.id, reason=proposal.reason
            )
        )
        step.calls.add(call.call_id)
        step.seats.add(seat.id)
        if self.groups[call.group].answer == "auto":
            self._take(seat, seat.offer, call, step, now)
        else:
            if seat.kind is SeatKind.RUNG and seat.rings_at_offer:
                self._ring(seat, seat.offer, step)
            step.tell([OfferMade(seat=seat.id, offer_id=self._last_offer_id)])
        self._refresh(seat, now)

    def _take(self, seat: Seat, offer: Offer, call: Call, step: Step, now: datetime) -> None:
        """Close the fence and have the two connected; a phone must first be picked up."""
        offer.taken, offer.expires_at = True, now + CONNECTING_GRACE
        if seat.kind is SeatKind.RUNG and not offer.answered:
            offer.expires_at += timedelta(seconds=self.groups[call.group].offer_seconds)
            if offer.ring_id is None:
                self._ring(seat, offer, step)
            step.tell([OfferMade(seat=seat.id, offer_id=offer.offer_id)])  # it looks different now
            return
        assert seat.leg is not None
        step.orders.append(Connect(call.call_id, offer.offer_id, seat.id, call.channel, seat.leg.channel))

    def _ring(self, seat: Seat, offer: Offer, step: Step) -> None:
        offer.ring_id = f"{RING}{seat.id}_{offer.offer_id}"
        seconds = self.groups[self.calls[offer.call_id].group].offer_seconds
        step.orders.append(Ring(offer.call_id, seat.id, offer.ring_id, seconds))

    # -- moves of seats -------------------------------------------------------------------------------------------

    def _choose(self, seat: Seat, status: SeatStatus, reason: str | None, step: Step, now: datetime, by: str) -> None:
        if (seat.status, seat.reason) == (status, reason):
            return
        seat.status, seat.reason, seat.since = status, reason, now
        if status is not SeatStatus.READY:
            seat.rest_asked = seat.rest_owed = None
        if status is SeatStatus.READY:
            seat.idle_since = now
        else:
            seat.calls_since_break = 0
        step.facts.append(
            SeatStatusChosen(at=now, by=by, seat=seat.id, account=seat.account, status=status.value, reason=reason)
        )
        step.seats.add(seat.id)
        step.tell([SeatChanged(seat=seat.id)])

    def _start_wrap_up(self, seat: Seat, call: Call, step: Step, now: datetime) -> None:
        group = self.groups[call.group]
        seat.call_id, seat.last_call_id, seat.talk_ended_at = None, call.call_id, now
        seat.wrap_up_until = now + timedelta(seconds=group.wrap_up_seconds)
        if 0 < group.break_after_calls <= seat.calls_since_break:
            seat.break_owed_seconds = max(seat.break_owed_seconds, group.break_seconds)
        if not group.wrap_up_seconds:
            self._end_wrap_up(seat, step, now)

    def _end_wrap_up(self, seat: Seat, step: Step, now: datetime) -> None:
        call = self.calls.get(seat.last_call_id or "")
        if call is not None and seat.talk_ended_at is not None:
            self.recent_times[call.group].add(call.talked_seconds, (now - seat.talk_ended_at).total_seconds())
        seat.wrap_up_until = seat.talk_ended_at = None
        self._start_break(seat, step, now)

    def _start_break(self, seat: Seat, step: Step, now: datetime, by: str = "system") -> None:
        """Begin the break that is owed, once the seat has neither citizen nor wrap-up."""
        taken = seat.offer is not None and seat.offer.taken
        owed = seat.break_owed_seconds or seat.rest_owed
        if not owed or seat.call_id or taken or seat.wrap_up_until:
            return
        if seat.offer is not None:
            self._end_offer(seat, seat.offer, "withdrawn", step, now)
        reason, seat.rest_owed = seat.rest_owed, None
        if not seat.break_owed_seconds:  # granted, not forced: the agent ends it, and may be late
            self._choose(seat, SeatStatus.NOT_READY, reason, step, now, by=seat.account or by)
        elif seat.status is not SeatStatus.OFFLINE:
            seat.break_until = now + timedelta(seconds=seat.break_owed_seconds)
            self._choose(seat, SeatStatus.NOT_READY, FORCED_BREAK, step, now, by=by)
        seat.break_owed_seconds = 0

    def _end_break(self, seat: Seat, step: Step, now: datetime, by: str = "system") -> None:
        seat.break_until = None
        if (seat.status, seat.reason) == (SeatStatus.NOT_READY, FORCED_BREAK):
            self._choose(seat, SeatStatus.READY, None, step, now, by=by)

    def _go_offline(self, seat: Seat, step: Step, now: datetime) -> None:
        seat.break_until = None
        self._choose(seat, SeatStatus.OFFLINE, None, step, now, by="system")
        if seat.leg is not None and seat.call_id is None:  # a talk goes on: its leg dies by itself without audio
            step.orders.append(HangUp(seat.leg.channel))
            seat.leg = None

    @staticmethod
    def _takes_calls(seat: Seat) -> bool:
        by_phone = seat.kind is SeatKind.RUNG and seat.phone is not PhoneState.ABSENT
        by_leg = seat.kind is SeatKind.NAILED and seat.leg is not None
        return seat.status is SeatStatus.READY and (by_phone or by_leg)
