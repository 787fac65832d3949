"""What follows from every change: calls overflow, free seats are offered citizens, screens hear what seats do now."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hotline.facts.calls import CallOverflowed
from hotline.facts.screens import CallChanged, SeatChanged, WaitingChanged
from hotline.facts.seats import SeatStateObserved
from hotline.settings import Overflow
from ivr.distributor import RING_ALL, distribute_in_turn
from ivr.floor_returns import Returns
from ivr.orders import HangUp, MirrorReadiness, Step
from ivr.people import Call, Seat
from ivr.views import CallState, SeatKind


def overflow_time(call: Call, rule: Overflow) -> datetime:
    """When the rule lets this call, which is in the line, overflow."""
    assert call.queued_at is not None
    assert rule.after_seconds is not None
    return call.queued_at + timedelta(seconds=rule.after_seconds)


class Settling(Returns):
    """Every event ends here, so that no path can forget any of it."""

    def _settle(self, step: Step, now: datetime, calls: Iterable[Call] = (), seats: Iterable[Seat] = ()) -> Step:
        step.calls |= {call.call_id for call in calls}
        step.seats |= {seat.id for seat in seats}
        for seat_id in step.seats:
            self._refresh(self.seats[seat_id], now)
        self._let_overflow(step, now)
        self._offer_waiting(step, now)
        groups = {self.calls[call_id].group for call_id in step.calls}
        for seat_id in sorted(step.seats):
            self._observe(self.seats[seat_id], step, now)
        self.seat_times.note(step.facts)
        step.tell([CallChanged(call_id=c, seat=self.calls[c].seat) for c in sorted(step.calls)])
        step.tell([WaitingChanged(group=group) for group in sorted(groups)])
        return step

    def _observe(self, seat: Seat, step: Step, now: datetime) -> None:
        state = seat.state
        if state is not seat.shown_state:
            seat.shown_state, seat.since = state, now
            step.facts.append(SeatStateObserved(at=now, seat=seat.id, state=state.value, call_id=seat.call_id))
            step.tell([SeatChanged(seat=seat.id)])
        takes_calls = self._takes_calls(seat)
        if takes_calls != bool(seat.mirrored):
            seat.mirrored = takes_calls
            step.orders.append(MirrorReadiness(seat.id, takes_calls, seat.kind is SeatKind.RUNG))
        if seat.leg_is_left and seat.leg is not None:
            step.orders.append(HangUp(seat.leg.channel))

    def _let_overflow(self, step: Step, now: datetime) -> None:
        for group in self.groups.values():
            for rule in group.overflow:
                waiting = [c for c in self.calls.lined.values() if c.group == group.id and rule.to not in c.overflow]
                waiting = [call for call in waiting if call.state is CallState.WAITING]
                if rule.after_seconds is not None:
                    due = [call for call in waiting if overflow_time(call, rule) <= now]
                else:
                    due = self._beyond(waiting, rule.expected_wait_over or 0, now)
                for call in due:
                    self._overflow(call, rule, step, now)

    def _beyond(self, waiting: list[Call], seconds: float, now: datetime) -> list[Call]:
        """Those whose place is behind all whom the seats can take up within ``seconds``."""
        if not waiting:
            return []
        group = waiting[0].group
        rivals = self._neighbours[group]
        line = [c for c in self.calls.lined.values() if c.state is CallState.WAITING and c.group in rivals]
        line.sort(key=self._turn)
        reach = self.outlook(group, now).freed(seconds)
        return [call for place, call in enumerate(line, 1) if place - 0.5 > reach and call in waiting]

    def _overflow(self, call: Call, rule: Overflow, step: Step, now: datetime) -> None:
        call.overflow = (*call.overflow, rule.to)
        step.calls.add(call.call_id)
        step.facts.append(
            CallOverflowed(
                at=now,
                call_id=call.call_id,
                group=call.group,
                to=rule.to,
                waited_seconds=round(call.waited(now), 3),
                because="waited" if rule.after_seconds is not None else "expected_wait",
            )
        )

    def _offer_waiting(self, step: Step, now: datetime) -> None:
        if not self._free:
            return
        line = [call for call in self.calls.lined.values() if self._may_be_offered(call)]
        line.sort(key=lambda call: (bool(call.ringing), self._turn(call)))
        if line:
            for proposal in distribute_in_turn(
                map(self._waiting_call, line),  # seldom more than the first few
                list(self._free.values()),
                lambda group: self.groups[group].strategy,
                asked_last=self._asked_last,
                duty=self._roster.active(now),
                now=now,
            ):
                self._offer(proposal, step, now)

    def _may_be_offered(self, call: Call) -> bool:
        if call.ending_because is not None or call.returns_to is not None:
            return False
        if call.state is CallState.WAITING:
            return True
        if self.groups[call.group].strategy != RING_ALL:
            return False
        offers = [self.seats[seat].offer for seat in call.ringing]
        return not any(offer.taken or offer.by_hand for offer in offers if offer is not None)
