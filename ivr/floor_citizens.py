"""Events of citizens: they arrive, wait, are taken by Asterisk's own queue, come back, and are gone."""

from datetime import datetime

from hotline.facts.calls import CallArrived, CallEnded, CallFellBack, CallQueued, CallSentOut, WaitForecast
from hotline.facts.screens import CallChanged, FiguresChanged
from ivr.orders import Step
from ivr.people import Call
from ivr.settling import Settling
from ivr.views import CallState


class Citizens(Settling):
    """What citizens' channels do."""

    def call_arrived(self, call: Call, now: datetime) -> Step:
        """A citizen's channel reached us; the greeting plays."""
        step = Step()
        self.calls[call.call_id] = call
        self.figures.note(call)
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
                promise=call.promise,
            )
        )
        step.tell([CallChanged(call_id=call.call_id), FiguresChanged()])
        return self._settle(step, now, calls=[call])

    def call_queued(self, call_id: str, now: datetime, group: str | None = None, priority: int = 0) -> Step:
        """The citizen waits for a seat (of ``group``) from now on; a call that waited before keeps its place."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.state in (CallState.ENDED, CallState.OFFERED, CallState.TALKING):
            return step
        if call.queued_at is None:
            call.queued_at = now
        call.group, call.priority = group or call.group, max(call.priority, priority)
        self.calls.move(call, CallState.WAITING)
        self.figures.note(call)
        step.facts.append(CallQueued(at=now, call_id=call_id, group=call.group))
        return self._settle(step, now, calls=[call])

    def wait_forecast(self, call_id: str, seconds: float, now: datetime) -> Step:
        """The citizen is about to be told the place in the line and this wait. Only the first time counts."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.told_at is not None:
            return step
        call.told_wait, call.told_at = seconds, now
        step.calls.add(call_id)  # kept with the call, to be measured against what happens
        place = self.position(call_id)
        step.facts.append(WaitForecast(at=now, call_id=call_id, place=place, seconds=round(seconds, 3)))
        return step

    def call_sent_out(self, call_id: str, target: str, label: str, now: datetime) -> Step:
        """Asterisk connects the citizen with a number outside; out of the line meanwhile, in front on coming back."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.state in (CallState.ENDED, CallState.TALKING):
            return step
        self._withdraw_offers_of(call, step, now)
        self.calls.move(call, CallState.FALLBACK)
        call.first = call.queued_at is not None
        step.facts.append(CallSentOut(at=now, call_id=call_id, target=target, label=label))
        return self._settle(step, now, calls=[call])

    def call_ending(self, call_id: str, reason: str, now: datetime) -> Step:
        """The flow is about to hang up: nobody is offered the citizen any more."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.state in (CallState.ENDED, CallState.TALKING):
            return step
        call.ending_because = reason
        self._withdraw_offers_of(call, step, now)
        return self._settle(step, now, calls=[call])

    def call_fell_back(self, call_id: str, now: datetime) -> Step:
        """Asterisk's own queue has this citizen."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.state in (CallState.ENDED, CallState.FALLBACK):
            return step
        self._withdraw_offers_of(call, step, now)
        self._leave_seat(call, step, now, "fell_back")
        self.calls.move(call, CallState.FALLBACK)
        call.first = True
        step.facts.append(CallFellBack(at=now, call_id=call_id))
        return self._settle(step, now, calls=[call])

    def call_gone(self, call_id: str, now: datetime, reason: str | None = None) -> Step:
        """The citizen's channel is gone (asked and confirmed)."""
        step = Step()
        call = self.calls.get(call_id)
        if call is None or call.state is CallState.ENDED:
            return step
        self._withdraw_offers_of(call, step, now)
        seat = self.seats.get(call.seat or "")
        talked = call.talked(now)
        call.ended_at, call.talking_since, call.talked_seconds = now, None, talked
        call.end_reason = reason or call.ending_because or _why_gone(call)
        self.calls.move(call, CallState.ENDED)
        self.figures.note(call)
        if seat is not None and seat.call_id == call_id:
            self._start_wrap_up(seat, call, step, now)
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
        if call is None or call.state is CallState.ENDED or call.ending_because is not None:
            return Step()
        seat = self.seats.get(call.seat or "")
        call.accompanied = False
        if seat is not None and seat.call_id == call_id:
            step, left = Step(), call.seat_uniqueid
            self._part(call, seat, step, now, "broke_off")
            if seat.leg is not None and seat.leg.uniqueid != left and seat.offer is None:  # a new leg was quicker
                self._resume(call, seat, step, now)
            else:  # the leg is dead and we have not heard of it, or it is on its way to its parking place
                self._await_return(call, seat, step, now)
            return self._settle(step, now, calls=[call], seats=[seat])
        if call.state is not CallState.TALKING:
            return Step()
        call.talked_seconds, call.talking_since = call.talked(now), None  # the seat had left; the others went too
        call.first, call.seat = True, None
        self.calls.move(call, CallState.WAITING)
        return self._settle(Step(), now, calls=[call])


def _why_gone(call: Call) -> str:
    if call.connected_at is not None:
        return "citizen_hung_up"
    if call.settled is not None:
        return call.settled
    if call.promise is not None:
        return "callback_dropped"
    return "abandoned" if call.queued_at is not None else "hung_up_in_greeting"
