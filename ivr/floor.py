"""The floor: every live call and every seat, and what each event does to them. No I/O, ``now`` passed in.

Theory of operation. An event method changes the floor and returns a ``Step``: facts that are now true, signals
for the screens, orders for the hands. Every method ends in ``_settle``, which offers waiting calls to free seats and
compares what each touched seat is seen doing with what was last shown. So no path can forget either.

Real phones send late and doubled events: an event about a call or a seat that is gone changes nothing. Events of
citizens, offers and seats have a page each; here is what time does, and who is where.
"""

from datetime import datetime

from ivr.floor_assignments import Assignments
from ivr.floor_citizens import Citizens
from ivr.floor_offers import REJECTED, Offers
from ivr.floor_parties import Parties
from ivr.floor_phones import MISSED
from ivr.floor_seats import Seats
from ivr.ground import UNWATCHED_GRACE
from ivr.moves import FORCED_BREAK
from ivr.orders import Step
from ivr.people import Call, Seat
from ivr.settling import overflow_time
from ivr.views import CallState, SeatStatus

__all__ = ["FORCED_BREAK", "MISSED", "REJECTED", "UNWATCHED_GRACE", "Floor"]


class Floor(Citizens, Offers, Seats, Parties, Assignments):
    """All calls and seats of one engine."""

    def remember(self, call: Call) -> None:
        """Take in a call that was kept by an earlier engine. Oldest first."""
        self.calls[call.call_id] = call
        self.figures.note(call)
        recent = self.recent_times.get(call.group)
        if recent is not None and call.ended_at is not None and call.connected_at is not None:
            recent.add(call.talked_seconds, recent.wrap_up)

    # -- time -----------------------------------------------------------------------------------------------------

    def next_due(self) -> datetime | None:
        """When ``tick`` has something to do next."""
        dues = [*self._dues_of_seats.values(), *self._dues_of_overflow()]
        return min(dues, default=None)

    def tick(self, now: datetime) -> Step:
        """Let time pass: offers run out, wrap-ups and breaks end, calls overflow, unwatched seats go offline."""
        step = Step()
        touched = [self.seats[seat] for seat, due in self._dues_of_seats.items() if due <= now]
        for seat in touched:
            self._let_offer_run_out(seat, step, now)
            if seat.wrap_up_until is not None and seat.wrap_up_until <= now:
                self._end_wrap_up(seat, step, now)
            if seat.break_until is not None and seat.break_until <= now:
                self._end_break(seat, step, now)
            if seat.returning_until is not None and seat.returning_until <= now:
                self._stop_waiting_for(seat, step)
            if seat.unwatched_since is not None and seat.unwatched_since + UNWATCHED_GRACE <= now:
                seat.unwatched_since = None
                self._go_offline(seat, step, now)
        return self._settle(step, now, seats=touched)

    def _let_offer_run_out(self, seat: Seat, step: Step, now: datetime) -> None:
        offer = seat.offer
        if offer is None or offer.expires_at > now:
            return
        self.calls[offer.call_id].first = True
        if offer.taken and (offer.ring_id is None or offer.answered):
            # accepted, and then neither connected nor failed: whoever had it in hand is lost
            self._end_offer(seat, offer, "failed", step, now)
            return
        self._end_offer(seat, offer, "timed_out", step, now)
        self._choose(seat, SeatStatus.NOT_READY, MISSED, step, now, by="system")

    def _dues_of_overflow(self) -> list[datetime]:
        return [
            overflow_time(call, rule)
            for call in self.calls.lined.values()
            for rule in self.groups[call.group].overflow
            if call.state is CallState.WAITING and rule.after_seconds is not None and rule.to not in call.overflow
        ]

    def live_call_of(self, phone: str) -> Call | None:
        """The call in which this citizen is now, if any."""
        return next((call for call in self.calls.live.values() if call.caller == phone), None)

    def seat_with_leg(self, uniqueid: str) -> Seat | None:
        """The seat to which this leg belongs."""
        return next((s for s in self.seats.values() if s.leg is not None and s.leg.uniqueid == uniqueid), None)

    def by_uniqueid(self, uniqueid: str) -> Call | None:
        """The live call whose citizen's channel has this unique id."""
        return self.calls.with_uniqueid(uniqueid)
