"""The desk at one instant, as a browser needs it when it opens or comes back.

What is slow (transcript, draft, earlier work orders) is read first, what is in memory last and in one step; when the
call changed meanwhile, it is read again. So the parts belong together.
"""

from agent_desk.callers import about_caller
from agent_desk.models import (
    Call,
    CallerShown,
    DeskSnapshot,
    Draft,
    EmergencyPlatform,
    Offer,
    Seat,
    SipAccount,
    TicketSummary,
    Utterance,
)
from agent_desk.ports import CallCentre, Rooms
from hotline.errors import Unavailable
from hotline.settings import Settings
from ivr.views import CallState, CallView, OfferView, SeatState

RECENT = 10
_TRIES = 5


async def offer_with_history(rooms: Rooms, offer: OfferView) -> Offer:
    """The offer and what this citizen asked before. A history that cannot be read delays no citizen: it is empty."""
    try:
        history = await rooms.work_orders.history(offer.caller) if offer.caller else []
    except Unavailable:
        history = []
    tickets = [TicketSummary.model_validate(item) for item in history]
    return show_offer(offer, tickets, await about_caller(rooms, offer.caller, tickets, offer.call_id))


def show_offer(offer: OfferView, history: list[TicketSummary], about: CallerShown | None = None) -> Offer:
    """The API's Offer."""
    return Offer(
        offer_id=offer.offer_id,
        call_id=offer.call_id,
        caller=offer.caller,
        line=offer.line,
        waited_seconds=offer.waited_seconds,
        expires_at=offer.expires_at,
        reason=offer.reason,
        ringing=offer.ringing,
        accepted=offer.accepted,
        history=history,
        about=about,
    )


async def take_desk_snapshot(rooms: Rooms, seat: str, settings: Settings, sip: SipAccount) -> DeskSnapshot:
    """The whole desk of ``seat``. From the last reading of memory to the return there is no ``await``.

    Raises Unavailable when the desk would not hold still.
    """
    centre = rooms.call_centre
    for _ in range(_TRIES):
        call, offer = _own_call(centre, seat), centre.offer_for(seat)
        said = await rooms.transcripts.of_call(call.call_id) if call else []
        draft = await rooms.work_orders.draft(call.call_id) if call else None
        shown = await offer_with_history(rooms, offer) if offer else None
        recent = await centre.recent_calls(seat, RECENT)
        now_call, now_offer = _own_call(centre, seat), centre.offer_for(seat)
        if _id_of(call) == _id_of(now_call) and _id_of(offer) == _id_of(now_offer):
            return DeskSnapshot(
                seat=Seat.model_validate(centre.seat(seat)),
                offer=shown,
                call=Call.model_validate(now_call) if now_call else None,
                transcript=[Utterance.model_validate(item) for item in said],
                draft=Draft.model_validate(draft) if draft else None,
                reasons=settings.reasons,
                rest_approval=settings.rest_approval,
                emergency=[EmergencyPlatform.model_validate(one) for one in settings.emergency],
                sip=sip,
                recent=[Call.model_validate(item) for item in recent],
            )
    raise Unavailable("座席状态变化过快,请重试", "the desk changes too fast to be read; try again")


def _own_call(centre: CallCentre, seat: str) -> CallView | None:
    """The seat's call; none while it is only asked about another's, or listens to it."""
    call = centre.call_for(seat)
    elsewhere = call is not None and call.state is CallState.TALKING and call.seat not in (None, seat)
    return None if elsewhere and centre.seat(seat).state is SeatState.TALKING else call


def _id_of(view: CallView | OfferView | None) -> str | int | None:
    match view:
        case CallView():
            return view.call_id
        case OfferView():
            return view.offer_id
        case None:
            return None
