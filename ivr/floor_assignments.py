"""A supervisor's hand on the line: a waiting citizen is given to a certain seat, or to another group's line."""

from datetime import datetime

from hotline.errors import RuleBroken
from hotline.facts.calls import CallMoved
from ivr.distributor import Proposal
from ivr.orders import Step
from ivr.people import Call
from ivr.settling import Settling
from ivr.views import SeatState

CHOSEN = "班长指定 / chosen by the supervisor"


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

    def _in_line(self, call_id: str) -> Call:
        call = self.calls.lined.get(call_id)
        if call is None or call.ending_because is not None:
            raise RuleBroken("该市民已不在等候", "this citizen does not wait any more", code="not_waiting")
        offers = [self.seats[seat].offer for seat in call.ringing]
        if any(offer.taken for offer in offers if offer is not None):
            raise RuleBroken("该来电正在接通", "this call is being connected", code="being_connected")
        return call
