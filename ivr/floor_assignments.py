"""Whom no rule gave to a seat: a supervisor moved a waiting citizen, or the seat itself had the citizen rung."""

from datetime import datetime

from hotline.errors import RuleBroken
from hotline.facts.calls import CallMoved
from hotline.facts.screens import OfferMade
from ivr.distributor import Proposal
from ivr.orders import Step
from ivr.people import Call
from ivr.settling import Settling
from ivr.views import CallState, SeatState

CHOSEN = "班长指定 / chosen by the supervisor"
RUNG_FOR = "座席外呼 / rung for this seat"


class Assignments(Settling):
    """Moves of waiting citizens that no rule made."""

    def move_to_seat(self, call_id: str, seat_id: str, by: str, reason: str, now: datetime) -> Step:
        """Offer this citizen to this seat now, ready or not. RuleBroken: does not wait, or the seat is busy."""
        call, seat = self._in_line(call_id), self.seat(seat_id)
        rings_here = seat_id in call.ringing
        if not rings_here and (not seat.can_be_joined or seat.state is not SeatState.IDLE):
            raise RuleBroken(f"座席 {seat_id} 忙或不在线", f"seat {seat_id} is busy or away", code="seat_busy")
        step = Step(facts=[CallMoved(at=now, by=by, call_id=call_id, seat=seat_id, group=None, reason=reason)])
        self._withdraw_offers_of(call, step, now, but=seat_id)
        if not rings_here:
            self._offer(Proposal(call_id, seat_id, CHOSEN), step, now)
        if seat.offer is not None:
            seat.offer.by_hand = True
        return self._settle(step, now, calls=[call], seats=[seat])

    def move_to_group(self, call_id: str, group: str, by: str, reason: str, now: datetime) -> Step:
        """The citizen waits for another group from now on, with the time that was waited so far."""
        call = self._in_line(call_id)
        if group not in self.groups:
            raise RuleBroken(f"没有技能组 {group}", f"there is no group {group}", code="unknown_group")
        step = Step(facts=[CallMoved(at=now, by=by, call_id=call_id, seat=None, group=group, reason=reason)])
        self._withdraw_offers_of(call, step, now)
        call.group, call.overflow = group, ()
        self.figures.note(call)
        return self._settle(step, now, calls=[call])

    def bring_to_seat(self, call_id: str, seat_id: str, now: datetime) -> Step:
        """The citizen whom this seat had rung is with it at once; when the seat is lost, in front of the line."""
        step, call, seat = Step(), self.calls[call_id], self.seat(seat_id)
        if seat.call_id == call_id:  # it was kept for this call
            seat.call_id = None
        call.queued_at, call.first = call.queued_at or now, True
        self.calls.move(call, CallState.WAITING)
        if seat.leg is not None and seat.state is SeatState.IDLE:
            self._resume(call, seat, step, now, RUNG_FOR)
            step.signals = [told for told in step.signals if not isinstance(told, OfferMade)]  # it is not asked
        return self._settle(step, now, calls=[call], seats=[seat])

    def _in_line(self, call_id: str) -> Call:
        call = self.calls.lined.get(call_id)
        if call is None or call.ending_because is not None:
            raise RuleBroken("该市民已不在等候", "this citizen does not wait any more", code="not_waiting")
        offers = [self.seats[seat].offer for seat in call.ringing]
        if any(offer.taken for offer in offers if offer is not None):
            raise RuleBroken("该来电正在接通", "this call is being connected", code="being_connected")
        return call
