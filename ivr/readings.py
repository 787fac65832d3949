"""Readings of the floor and of the kept calls, in the shapes that screens show."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hotline.database import Database
from ivr import store
from ivr.figures import WINDOW
from ivr.floor import Floor
from ivr.kpi import Kpi, kpi_of, tally
from ivr.people import Call
from ivr.views import CallView, GroupView, LiveView, OfferView, SeatState, SeatStatus
from ivr.waiting_reasons import why_waiting


def offer_view(floor: Floor, seat_id: str, now: datetime) -> OfferView | None:
    """The offer this seat may accept now, or for which its phone rings; None when there is none or it was taken."""
    offer = floor.seat(seat_id).offer
    if offer is None or offer.answered or (offer.taken and offer.ring_id is None):
        return None
    call = floor.calls[offer.call_id]
    return OfferView(
        offer_id=offer.offer_id,
        call_id=call.call_id,
        caller=call.caller,
        line=call.line,
        waited_seconds=call.waited(now),
        expires_at=offer.expires_at,
        reason=offer.reason,
        ringing=offer.ring_id is not None,
        accepted=offer.taken,
    )


def live_view(floor: Floor, now: datetime) -> LiveView:
    """The whole room."""
    return LiveView(
        groups=tuple(group_view(floor, group, now) for group in floor.groups),
        waiting=tuple(_waiting_view(floor, call) for call in floor.waiting()),
        seats=tuple(seat.view() for seat in floor.seats.values()),
        figures=floor.figures.read(now),
        at=now,
    )


def _waiting_view(floor: Floor, call: Call) -> CallView:
    needs = {**floor.groups[call.group].needs, **call.needs}
    return replace(call.view(), because=why_waiting(call, floor, needs))


def group_view(floor: Floor, group_id: str, now: datetime) -> GroupView:
    """One group: its line of citizens and its seats."""
    waiting = floor.waiting(group_id)
    seats = [seat for seat in floor.seats.values() if group_id in seat.groups]
    figures = floor.figures.of_group(group_id, now)
    busy = {SeatState.TALKING, SeatState.OFFERED, SeatState.WRAP_UP}
    return GroupView(
        id=group_id,
        name=floor.groups[group_id].name,
        waiting=len(waiting),
        longest_wait_seconds=max((call.waited(now) for call in waiting), default=0.0),
        ready=sum(seat.free for seat in seats),
        busy=sum(seat.state in busy for seat in seats),
        not_ready=sum(seat.status is SeatStatus.NOT_READY and seat.state not in busy for seat in seats),
        answered_15s_rate=figures.prompt_rate,
        abandoned=figures.abandoned,
        trend=floor.figures.waiting_trend(group_id, now),
    )


async def kpi_over(
    database: Database,
    begins: datetime,
    ends: datetime,
    group: str | None = None,
    duty: str | None = None,
    seats: Sequence[str] | None = None,
) -> Kpi:
    """Figures of the calls that arrived in (``begins``, ``ends``], by the formulas of the live page.

    ``duty`` keeps to the calls that a duty session of this name answered. Occupancy is of ``seats``, or of all.
    """
    counts = tally(await store.load_outcomes(database, begins, ends, group, duty))
    times = await store.load_seat_times(database, begins, kept=ends - begins + WINDOW)
    return kpi_of(counts, times.occupancy(begins, ends, seats))


async def calls_this_month(database: Database, phone: str, now: datetime, zone: ZoneInfo) -> int:
    """Calls of this number since the first of the month in local time."""
    first = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return await store.count_calls(database, phone, first)
