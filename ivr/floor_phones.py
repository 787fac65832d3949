"""Events of seats whose desk phone is rung per call: picked up or not, registered or not; and moving over.

Theory of operation. The phone is rung under an id that names seat and offer. Picked up, its leg parks and is heard of;
only if that very offer still stands is a citizen bridged to it. Any other leg of a rung seat is hung up: the offer was
withdrawn meanwhile, somebody else was faster, an engine died. (A seat that another one asks is rung by call control.)
What follows from a call's end is not asked for here but settled: a rung seat's leg that is in no call and on its way
into none is hung up (``Seat.leg_is_left``).
"""

from datetime import datetime
from enum import StrEnum

from hotline.errors import RuleBroken
from hotline.facts.screens import SeatChanged
from hotline.facts.seats import SeatKindChosen
from ivr.orders import HangUp, MirrorReadiness, Step
from ivr.people import RING, Seat, SeatLeg
from ivr.settling import Settling
from ivr.views import SeatKind, SeatStatus
from telephony.observations import PhoneState

MISSED = "漏接"
"""The reason given to a seat that did not answer (RONA: ring on no answer)."""


class RingEnd(StrEnum):
    """Why a phone that was rung is not picked up."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"


_ENDS = {
    RingEnd.NO_ANSWER: ("timed_out", MISSED),
    RingEnd.BUSY: ("rejected", "话机占线"),
    RingEnd.REJECTED: ("rejected", "话机拒接"),
    RingEnd.UNREACHABLE: ("failed", "话机不通"),
}
"""What becomes of the offer, and the reason for which the seat is not ready from then on."""


class Phones(Settling):
    """What desk phones do."""

    def kind_chosen(self, seat_id: str, kind: SeatKind, by: str, now: datetime) -> Step:
        """The agent talks by the other means from now on. Raises RuleBroken while a call or an offer is at hand."""
        seat = self.seat(seat_id)
        step = Step()
        if seat.kind is kind:
            return step
        if seat.call_id is not None or seat.offer is not None or seat.leg_is_left:
            raise RuleBroken(
                "通话或振铃中不能切换话路,请在通话结束后再切换",
                "not during a call or an offer; change over when it has ended",
                code="seat_busy",
            )
        self._move_to(seat, kind, step, now, by)
        return self._settle(step, now, seats=[seat])

    def _move_to(self, seat: Seat, kind: SeatKind, step: Step, now: datetime, by: str) -> None:
        if seat.mirrored:
            step.orders.append(MirrorReadiness(seat.id, ready=False, phone=seat.kind is SeatKind.RUNG))
            seat.mirrored = False
        if seat.leg is not None:
            step.orders.append(HangUp(seat.leg.channel))
            seat.leg = None
        seat.kind = kind
        step.facts.append(SeatKindChosen(at=now, by=by, seat=seat.id, account=seat.account, kind=kind.value))
        step.tell([SeatChanged(seat=seat.id)])

    def phone_seen(self, seat_id: str, state: PhoneState, now: datetime) -> Step:
        """The seat's phone was observed to be away, free or busy. One that goes away while it rings has no offer."""
        step = Step()
        seat = self.seats.get(seat_id)
        if seat is None or seat.phone is state:
            return step
        if PhoneState.ABSENT in (seat.phone, state):
            step.tell([SeatChanged(seat=seat_id)])
        seat.phone = state
        if seat.kind is not SeatKind.RUNG:
            return step
        if state is PhoneState.ABSENT and seat.offer is not None and not seat.offer.answered:
            self.calls[seat.offer.call_id].first = True
            self._end_offer(seat, seat.offer, "withdrawn", step, now)
        return self._settle(step, now, seats=[seat])

    def ring_ended(self, ring_id: str, why: RingEnd, now: datetime) -> Step:
        """A phone that rang was not picked up. The citizen keeps the front; the seat is not ready, and why."""
        step = Step()
        seat = next((s for s in self.seats.values() if s.offer is not None and s.offer.ring_id == ring_id), None)
        if seat is None or seat.offer is None or seat.offer.answered:
            return step
        offer, (outcome, reason) = seat.offer, _ENDS[why]
        offer.ring_id = None  # it is gone already
        self.calls[offer.call_id].first = True
        self._end_offer(seat, offer, outcome, step, now)
        self._choose(seat, SeatStatus.NOT_READY, reason, step, now, by="system")
        return self._settle(step, now, seats=[seat])

    def expects_ring(self, ring_id: str) -> bool:
        """Whether the offer for which this leg rings still stands."""
        return any(seat.offer is not None and seat.offer.ring_id == ring_id for seat in self.seats.values())

    def leg_found(self, seat_id: str, leg: SeatLeg, *, parked: bool, bridged: bool, now: datetime) -> Step:
        """A seat's leg lives: seen when the link came up, or given a citizen by Asterisk's own queue.

        A rung phone's is kept until it is known who is with it; see ``let_phones_go``.
        """
        seat = self.seats.get(seat_id)
        if seat is None or seat.kind is SeatKind.NAILED:
            return self.leg_parked(seat_id, leg, now)
        if self.expects_ring(leg.uniqueid):
            return self.leg_parked(seat_id, leg, now) if parked else Step()
        if not parked and not bridged:
            return Step(orders=[HangUp(leg.uniqueid)] if leg.uniqueid.startswith(RING) else [])
        if seat.leg is None:
            seat.leg = leg
        return Step()

    def let_phones_go(self, now: datetime) -> Step:
        """It is known by now who talks with whom: rung phones with nobody are hung up."""
        return self._settle(Step(), now, seats=[seat for seat in self.seats.values() if seat.leg_is_left])

    def leg_parked(self, seat_id: str, leg: SeatLeg, now: datetime) -> Step:
        """A seat's channel is up and stands alone. Another one that lingers is hung up: one seat, one leg."""
        step = Step()
        seat = self.seats.get(seat_id)
        if seat is None or (seat.kind is SeatKind.NAILED and leg.uniqueid.startswith(RING)):
            step.orders.append(HangUp(leg.channel))
            return step
        if seat.kind is SeatKind.RUNG:
            return self._picked_up(seat, leg, step, now)
        if seat.leg == leg:  # back from a talk: nothing to write, and the next citizen waits for no commit
            if seat.returning is not None:
                self._bring_back(seat, step, now)
            return self._settle(step, now)
        if seat.leg is not None and seat.leg.uniqueid != leg.uniqueid:
            step.orders.append(HangUp(seat.leg.channel))
            seat.mirrored = None  # the end of a seat's leg takes it out of the fallback queue, as the dialplan has it
        seat.leg = leg
        if seat.unwatched_since is not None:  # somebody sits down here: the screen that follows has its time, too
            seat.unwatched_since = now
        self._bring_back(seat, step, now)
        return self._settle(step, now, seats=[seat])

    def _picked_up(self, seat: Seat, leg: SeatLeg, step: Step, now: datetime) -> Step:
        if seat.leg == leg:  # back from a talk: settled as the call is
            return self._settle(step, now, seats=[seat])
        if seat.call_id is not None and seat.leg is None and not leg.uniqueid.startswith(RING):
            seat.leg = leg  # rung to be asked by another seat
            return self._settle(step, now, seats=[seat])
        offer = seat.offer
        if offer is None or offer.ring_id != leg.uniqueid or offer.answered:
            step.orders.append(HangUp(leg.channel))
            return step
        call = self.calls[offer.call_id]
        seat.leg, offer.answered = leg, True
        self._take(seat, offer, call, step, now)
        self._withdraw_offers_of(call, step, now, but=seat.id)
        return self._settle(step, now, seats=[seat])
