"""Who is calling, for the agent who is asked to answer: the rooms' knowledge put together, delaying nobody."""

from collections.abc import Sequence

from agent_desk.models import CallerShown, TicketSummary
from agent_desk.ports import Rooms
from hotline.errors import Unavailable

CLOSED = frozenset({"closed", "closed_direct", "archived", "refused", "merged", "void"})


async def about_caller(
    rooms: Rooms, phone: str, history: Sequence[TicketSummary], call_id: str | None = None
) -> CallerShown | None:
    """None for a withheld number, and when it cannot be read."""
    if not phone:
        return None
    try:
        record = await rooms.call_centre.caller_record(phone, call_id)
    except Unavailable:
        return None
    listing = rooms.nuisance.listed(phone) if rooms.nuisance is not None else None
    return CallerShown(
        calls_this_month=record.calls_this_month,
        last_at=record.last_at,
        last_account=record.last_account,
        gave_up_at=record.gave_up_at,
        open_orders=sum(ticket.state not in CLOSED for ticket in history),
        listed_until=listing.until if listing else None,
        listed_because=list(listing.reasons[:3]) if listing else [],
    )
