"""Events of seats: status chosen, screens that come and go, legs lost, the agent's own hand on the talk, breaks."""

from datetime import datetime

from hotline.errors import RuleBroken
from hotline.facts.screens import SeatChanged
from hotline.facts.seats import RestAsked, RestDecided
from ivr.floor_phones import Phones
from ivr.orders import HangUp, MirrorReadiness, Step
from ivr.people import Call, Seat
from ivr.views import SeatKind, SeatStatus


class Seats(Phones):
    """What agents, their screens and their seats' legs do."""

    def status_chosen(
        self, seat_id: str, status: SeatStatus, reason: str | None, account: str | None, name: str | None, now: datetime
    ) -> Step:
        """Somebody chose a status for the seat. Going not-ready during an offer gives the citizen back.

        Raises RuleBroken for readiness during a forced break.
        """
        seat = self.seat(seat_id)
        step = Step()
        if status is SeatStatus.READY and seat.break_until is not None and now < seat.break_until:
            left = (seat.break_until - now).total_seconds()
            raise RuleBroken(
                f"强制休息中,还有 {left:.0f} 秒", f"a forced break goes on for {left:.0f} s", code="forced_break"
            )
        if account is not None:
            seat.account, seat.agent_name = account, name
        if status is not SeatStatus.READY and seat.offer is not None and not seat.offer.taken:
            self._end_offer(seat, seat.offer, "rejected", step, now)
        self._choose(seat, status, reason, step, now, by=account or "system")
        return self._settle(step, now, seats=[seat])

    def status_by_phone(self, seat_id: str, status: SeatStatus, now: datetime) -> Step:
        """The phone's keys choose. Raises NotFound; RuleBroken where no phone is rung, or a screen is needed."""
        seat = self.seat(seat_id)
        if seat.kind is not SeatKind.RUNG:
            raise RuleBroken("该座席未使用桌面话机", "this seat does not use its desk phone", code="not_by_phone")
        if status is SeatStatus.READY and seat.screen_counts and not seat.watched:
            raise RuleBroken("请先登录座席工作台", "sign in at the desk first", code="no_desk")
        return self.status_chosen(seat_id, status, None, seat.account, seat.agent_name, now)

    def leg_gone(self, uniqueid: str, now: datetime, *, put_down: bool = False) -> Step:
        """A seat's channel is gone. Its citizen, if any, goes back to the front of the line.

        ``put_down``: the agent hung up. A rung phone that is put down ends the call, as telephones do.
        """
        step = Step()
        seat = next((s for s in self.seats.values() if s.leg is not None and s.leg.uniqueid == uniqueid), None)
        if seat is None:
            return step
        seat.leg = None
        call = self.calls.get(seat.call_id or "")
        if seat.offer is not None:
            self.calls[seat.offer.call_id].first |= seat.offer.answered
            self._end_offer(seat, seat.offer, "withdrawn", step, now)
        if call is None or call.seat != seat.id:  # it was only asked for its advice
            seat.call_id = None
        elif call.accompanied:
            self._start_wrap_up(seat, call, step, now)
        elif put_down and seat.kind is SeatKind.RUNG:
            call.ending_because = "agent_hung_up"  # wrap-up begins when the citizen's channel is gone too
            step.orders.append(HangUp(call.channel))
        else:
            self._part(call, seat, step, now, "leg_lost")
            self._await_return(call, seat, step, now)
        return self._settle(step, now, calls=[call] if call else [], seats=[seat])

    def screen_opened(self, seat_id: str, account: str, name: str, now: datetime) -> Step:
        """The seat's agent looks at the desk. A new agent begins not ready; the one of before keeps the status."""
        seat = self.seat(seat_id)
        step = Step()
        seat.watched, seat.unwatched_since = True, None
        if seat.account != account:
            self._stop_waiting_for(seat, step)
        if seat.account != account and seat.kind is not seat.default_kind and seat.call_id is None:
            self._move_to(seat, seat.default_kind, step, now, by="system")
        if seat.account != account or seat.status is SeatStatus.OFFLINE:
            seat.account, seat.agent_name, seat.break_until = account, name, None
            self._choose(seat, SeatStatus.NOT_READY, None, step, now, by=account)
        seat.agent_name = name
        return self._settle(step, now, seats=[seat])

    def screen_closed(self, seat_id: str, now: datetime) -> Step:
        """The last screen of the seat's agent closed; after the grace time the seat goes offline."""
        seat = self.seat(seat_id)
        step = Step()
        seat.watched, seat.unwatched_since = False, now if seat.screen_counts else None
        if seat.offer is not None and not seat.offer.taken and seat.screen_counts:
            self._end_offer(seat, seat.offer, "withdrawn", step, now)
        return self._settle(step, now, seats=[seat])

    def hang_up(self, seat_id: str, call_id: str, now: datetime) -> Step:
        """The agent ends the talk. Raises RuleBroken when the seat is not in this call."""
        seat = self.seat(seat_id)
        call = self.calls.get(call_id)
        if call is None or seat.call_id != call_id or call.seat != seat_id:
            raise RuleBroken("您不在这通电话中", "this seat is not in that call", code="not_in_call")
        call.ending_because = "agent_hung_up"
        return Step(orders=[HangUp(call.channel)])

    def end_wrap_up(self, seat_id: str, now: datetime) -> Step:
        """The agent is done before the time. Raises RuleBroken when not in wrap-up."""
        seat = self.seat(seat_id)
        if seat.wrap_up_until is None:
            raise RuleBroken("当前不在话后整理状态", "this seat is not wrapping up", code="not_wrapping_up")
        step = Step()
        self._end_wrap_up(seat, step, now)
        return self._settle(step, now, seats=[seat])

    def force_break(self, seat_id: str, seconds: int, now: datetime, by: str) -> Step:
        """A supervisor sends the seat to rest: at once, or when the work at hand is done."""
        seat = self.seat(seat_id)
        step = Step()
        seat.break_owed_seconds = seconds
        step.tell([SeatChanged(seat=seat_id)])
        self._start_break(seat, step, now, by)
        return self._settle(step, now, seats=[seat])

    def end_break(self, seat_id: str, now: datetime, by: str) -> Step:
        """A supervisor ends a rest before its time, or takes back one that has not begun."""
        seat = self.seat(seat_id)
        step = Step()
        seat.break_owed_seconds, seat.rest_owed = 0, None
        step.tell([SeatChanged(seat=seat_id)])
        self._end_break(seat, step, now, by)
        return self._settle(step, now, seats=[seat])

    def ask_rest(self, seat_id: str, reason: str | None, now: datetime) -> Step:
        """The agent asks a supervisor to be let go to rest, or (None) no longer. Raises RuleBroken when not ready."""
        seat = self.seat(seat_id)
        if reason is not None and seat.status is not SeatStatus.READY:
            raise RuleBroken("您已处于示忙状态", "this seat is not ready anyway", code="not_ready")
        step = Step()
        if seat.rest_asked != reason:
            seat.rest_asked = reason
            step.facts.append(RestAsked(at=now, by=seat.account or "system", seat=seat_id, reason=reason))
            step.tell([SeatChanged(seat=seat_id)])
        return self._settle(step, now, seats=[seat])

    def decide_rest(self, seat_id: str, granted: bool, by: str, now: datetime) -> Step:
        """A supervisor answers. Raises RuleBroken when nothing is asked (any more)."""
        seat = self.seat(seat_id)
        reason = seat.rest_asked
        if reason is None:
            raise RuleBroken("该座席没有休息申请", "this seat does not ask for a rest", code="not_asked")
        step = Step()
        seat.rest_asked = None
        step.facts.append(RestDecided(at=now, by=by, seat=seat_id, reason=reason, granted=granted))
        step.tell([SeatChanged(seat=seat_id)])
        if granted:
            seat.rest_owed = reason
            self._start_break(seat, step, now, by)
        return self._settle(step, now, seats=[seat])

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
            seat.mirrored, by_phone = self._takes_calls(seat), seat.kind is SeatKind.RUNG
            if seat.leg is not None or by_phone:
                step.orders.append(MirrorReadiness(seat.id, seat.mirrored, by_phone))
        return step
