"""A seat whose leg broke under a talk gets its citizen back: a page was reloaded, a network was away for a moment.

Asterisk lets the citizen fall back to us when the leg dies. The new leg comes a second later, or came already; the two
are connected again without an offer, for the agent never left. Only for so long is the citizen kept from other seats.
"""

from datetime import datetime, timedelta

from hotline.facts.screens import SeatChanged
from ivr.distributor import Proposal
from ivr.moves import Moves
from ivr.orders import Step
from ivr.people import Call, Seat
from ivr.views import CallState, SeatKind

RETURN_GRACE = timedelta(seconds=4)
"""The page dials anew half a second after its leg dropped, and is there a second later."""
RESUMED = "通话恢复 / the talk goes on"


class Returns(Moves):
    """What brings a talk together again."""

    def _await_return(self, call: Call, seat: Seat, step: Step, now: datetime) -> None:
        """The citizen is kept for the seat, whose screen is open and whose leg comes back, or is back, in a moment."""
        self._stop_waiting_for(seat, step)  # whoever was kept for it before is offered to anybody again
        if seat.watched and seat.kind is SeatKind.NAILED:
            call.returns_to = seat.id
            seat.returning, seat.returning_until = call.call_id, now + RETURN_GRACE

    def _bring_back(self, seat: Seat, step: Step, now: datetime) -> None:
        """The seat has a leg again: connect the citizen who was kept for it, if still waiting."""
        call = self.calls.lined.get(seat.returning or "")
        self._stop_waiting_for(seat, step)
        if call is not None and call.state is CallState.WAITING and seat.call_id is None and seat.offer is None:
            self._resume(call, seat, step, now)

    def _resume(self, call: Call, seat: Seat, step: Step, now: datetime, because: str = RESUMED) -> None:
        """Connect the two without asking the agent."""
        self._offer(Proposal(call.call_id, seat.id, because), step, now)
        if seat.offer is not None and not seat.offer.taken:
            self._take(seat, seat.offer, call, step, now)

    def _stop_waiting_for(self, seat: Seat, step: Step) -> None:
        """The seat's time is over, or it has its citizen."""
        if seat.returning is None:
            return
        if (call := self.calls.get(seat.returning)) is not None and call.returns_to == seat.id:
            call.returns_to = None
        seat.returning = seat.returning_until = None
        step.seats.add(seat.id)
        step.tell([SeatChanged(seat=seat.id)])
