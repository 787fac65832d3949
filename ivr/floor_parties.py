"""Events of conversations with more than citizen and agent: who accompanies the citizen, who leaves, who takes over."""

from datetime import datetime

from hotline.errors import RuleBroken
from ivr.orders import Step
from ivr.people import Call, Seat, SeatLeg
from ivr.settling import Settling
from ivr.views import CallState, SeatKind, SeatState


class Parties(Settling):
    """What call control does to calls and seats."""

    def accompany(self, call_id: str, accompanied: bool) -> None:
        """Whether somebody besides the seat is with the citizen: then the seat's loss does not end the talk."""
        if (call := self.calls.live.get(call_id)) is not None:
            call.accompanied = accompanied

    def seat_left(self, call_id: str, now: datetime) -> Step:
        """The agent is out of the call, which goes on without; wrap-up begins. Twice is once."""
        step = Step()
        call = self.calls.live.get(call_id)
        seat = self.seats.get(call.seat or "") if call else None
        if call is None or seat is None or seat.call_id != call_id:
            return step
        self._let_seat_go(call, seat, step, now)
        return self._settle(step, now, calls=[call], seats=[seat])

    def seat_back(self, call_id: str, seat_id: str, now: datetime) -> Step:
        """The agent who had left is in the call again."""
        step = Step()
        call, seat = self.calls.live.get(call_id), self.seats.get(seat_id)
        if call is None or seat is None or seat.call_id is not None:
            return step
        self._join(call, seat, step, now)
        return self._settle(step, now, calls=[call], seats=[seat])

    def hand_over(self, call_id: str, seat_id: str, now: datetime) -> Step:
        """The call is another seat's from now on; the first one wraps up."""
        step = Step()
        call, seat = self.calls.live.get(call_id), self.seat(seat_id)
        if call is None:
            return step
        before = self.seats.get(call.seat or "")
        if before is not None and before is not seat and before.call_id == call_id:
            self._let_seat_go(call, before, step, now)
        if seat.call_id == call_id:  # it was reserved for this call
            seat.call_id = None
        self._join(call, seat, step, now)
        return self._settle(step, now, calls=[call], seats=[seat, *([before] if before else [])])

    def reserve(self, seat_id: str, call_id: str, now: datetime) -> Step:
        """A seat is asked by another one, or joins it: no citizen is offered to it. Raises RuleBroken if it is busy."""
        seat = self.seat(seat_id)
        self.require_free(seat_id)
        seat.call_id = call_id
        return self._settle(Step(), now, seats=[seat])

    def require_free(self, seat_id: str) -> None:
        """Raise RuleBroken unless the seat could talk with somebody at this instant."""
        seat = self.seat(seat_id)
        if seat.state is not SeatState.IDLE or not seat.can_be_joined:
            raise RuleBroken(f"座席 {seat_id} 忙或不在线", f"seat {seat_id} is busy or away", code="seat_busy")

    def keep_reserved(self, seat_id: str, call_id: str, now: datetime) -> Step:
        """A seat that was asked by another one before the engine was restarted: no citizen is offered to it."""
        seat = self.seats.get(seat_id)
        if seat is None or seat.call_id is not None:
            return Step()
        seat.call_id = call_id
        return self._settle(Step(), now, seats=[seat])

    def require_open(self, seat_id: str) -> SeatLeg:
        """The leg of a seat that is in no talk, wrapping up or not. Raises RuleBroken."""
        seat = self.seat(seat_id)
        if seat.kind is SeatKind.RUNG:
            raise RuleBroken("桌面话机不能直接取回,请切换到浏览器", "use the browser for that", code="rung_seat")
        if seat.leg is None or seat.call_id is not None or (seat.offer is not None and seat.offer.taken):
            raise RuleBroken(f"座席 {seat_id} 忙或不在线", f"seat {seat_id} is busy or away", code="seat_busy")
        return seat.leg

    def release(self, seat_id: str, call_id: str, now: datetime) -> Step:
        """The seat that was asked is free again."""
        seat = self.seat(seat_id)
        call = self.calls.get(call_id)
        if seat.call_id != call_id or (call is not None and call.seat == seat_id):
            return Step()
        seat.call_id = None
        return self._settle(Step(), now, seats=[seat])

    def regroup(self, call_id: str, group: str, now: datetime) -> Step:
        """The citizen is passed on to another group's line, to its front; the seat wraps up."""
        step = Step()
        call = self.calls.live.get(call_id)
        if group not in self.groups:
            raise RuleBroken(f"没有技能组 {group}", f"there is no group {group}", code="unknown_group")
        if call is None:
            return step
        seat = self.seats.get(call.seat or "")
        if seat is not None and seat.call_id == call_id:
            self._let_seat_go(call, seat, step, now)
        call.group, call.overflow, call.first = group, (), True
        return self._settle(step, now, calls=[call], seats=[seat] if seat else [])

    def into_flow(self, call_id: str, now: datetime) -> Step:
        """The citizen is passed on to a flow: offered to nobody until the flow queues him, and then in front."""
        step = Step()
        call = self.calls.live.get(call_id)
        seat = self.seats.get(call.seat or "") if call else None
        if call is None:
            return step
        if seat is not None and seat.call_id == call_id:
            self._let_seat_go(call, seat, step, now)
        call.talked_seconds, call.talking_since = call.talked(now), None
        call.seat, call.first, call.overflow = None, True, ()
        self.calls.move(call, CallState.FALLBACK)
        return self._settle(step, now, calls=[call], seats=[seat] if seat else [])

    def _let_seat_go(self, call: Call, seat: Seat, step: Step, now: datetime) -> None:
        self._start_wrap_up(seat, call, step, now)
        call.seat_uniqueid = None
        self.calls.move(call, CallState.TALKING)
        step.seats.add(seat.id)
