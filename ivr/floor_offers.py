"""Events of offers: accepted, rejected, connected, failed.

An offer is fenced by its number. It leaves the state *made* exactly once: accepted, rejected, timed out or withdrawn.
``accept`` closes the fence before any channel is touched, and that of every other seat where the same citizen rang;
a second accept, a late one or one from another tab finds it closed.
"""

from datetime import datetime

from hotline.errors import RuleBroken
from ivr.orders import Step
from ivr.settling import Settling
from ivr.views import CallState, SeatKind, SeatStatus
from telephony.observations import PhoneState

REJECTED = "拒接"
"""The reason given to a seat whose agent gave an offered citizen back."""
FAILED = "接通失败"
"""The reason given to a seat that answers by itself and could not be connected."""


class Offers(Settling):
    """What agents and the telephone do with offers."""

    def accept(self, seat_id: str, offer_id: int, account: str, now: datetime) -> Step:
        """The agent accepts. Raises RuleBroken when the offer is no longer open."""
        seat, offer, call = self._open_offer(seat_id, offer_id)
        if seat.kind is SeatKind.RUNG and seat.phone is PhoneState.ABSENT:
            raise RuleBroken("话机未注册,无法振铃", "the desk phone is not registered", code="no_phone")
        if seat.kind is SeatKind.NAILED and seat.leg is None:
            raise RuleBroken("座席话路未接通,请稍候", "this seat has no audio leg now", code="no_leg")
        seat.account = seat.account or account
        step = Step()
        self._take(seat, offer, call, step, now)
        self._withdraw_offers_of(call, step, now, but=seat_id)  # it rang elsewhere too: nobody else can win now
        return self._settle(step, now, seats=[seat])

    def reject(self, seat_id: str, offer_id: int, now: datetime) -> Step:
        """The agent gives the citizen back and is not ready from then on, else the same call would return at once.

        An accepted one too, as long as the phone only rings.
        """
        seat = self.seat(seat_id)
        if seat.offer is not None and seat.offer.ring_id is not None and not seat.offer.answered:
            seat.offer.taken = False
        seat, offer, call = self._open_offer(seat_id, offer_id)
        step = Step()
        call.first = True
        self._end_offer(seat, offer, "rejected", step, now)
        self._choose(seat, SeatStatus.NOT_READY, REJECTED, step, now, by=seat.account or "system")
        return self._settle(step, now, calls=[call], seats=[seat])

    def connected(self, call_id: str, offer_id: int, seat_id: str, now: datetime) -> Step:
        """The bridge stands."""
        step = Step()
        seat, call = self.seats[seat_id], self.calls.live.get(call_id)
        if call is None:
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
            if call is not None and self.groups[call.group].answer == "auto":  # else it would be tried without end
                self._choose(seat, SeatStatus.NOT_READY, FAILED, step, now, by="system")
        if call is not None and call.state is not CallState.ENDED:
            call.first = True
        return self._settle(step, now, calls=[call] if call else [], seats=[seat])
