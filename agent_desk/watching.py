"""What a seat's screen is told about call control, from the rooms that know."""

from agent_desk.control_models import ParkedCall
from agent_desk.live_models import Control, Live, Recognition, Watching
from agent_desk.ports import Rooms
from agent_desk.shapes import show_live
from hotline.errors import NotFound
from hotline.logs import mask_phone
from ivr.control.service import CallControl
from ivr.control.supervision import Supervision
from ivr.views import SeatView


def control_of(rooms: Rooms) -> CallControl:
    """Raises NotFound where there is none."""
    if rooms.control is None:
        raise NotFound("通话控制未启用", "call control is off")
    return rooms.control


def supervision_of(rooms: Rooms) -> Supervision:
    """Raises NotFound where there is none."""
    if rooms.supervision is None:
        raise NotFound("班长功能未启用", "supervision is off")
    return rooms.supervision


def show_parked(rooms: Rooms) -> list[ParkedCall]:
    """The citizens whom any seat may pick up; their numbers are seen by who does."""
    calls = [ParkedCall.model_validate(call) for call in control_of(rooms).parked()]
    return [call.model_copy(update={"caller": mask_phone(call.caller)}) for call in calls]


def show_control(rooms: Rooms, seat: str) -> Control:
    """The API's Control of a seat."""
    supervision = supervision_of(rooms)
    shown = Control.model_validate(control_of(rooms).view(seat))
    watched = sorted({watch.mode for watch in supervision.watched_by(seat)})
    raised = supervision.hands_up.get(seat)
    hand = {
        "hand_raised": raised is not None,
        "hand_note": raised.note if raised is not None else "",
        "hand_since": raised.at if raised is not None else None,
    }
    watch = supervision.watches.get(seat)
    watching = Watching(seat=watch.seat, call_id=watch.call_id, mode=watch.mode) if watch is not None else None
    return shown.model_copy(update={"watched": watched, "watching": watching, **hand})


def show_own_control(rooms: Rooms, seat: str) -> Control:
    """The same for the seat's own screen, which sees supervisors only where the site's settings let it."""
    shown = show_control(rooms, seat)
    return shown if rooms.watching_visible else shown.model_copy(update={"watched": []})


def show_room(rooms: Rooms) -> Live:
    """The supervisor's room at this instant; of call control what is out of the ordinary."""
    centre = rooms.call_centre
    live = centre.live()
    callers = {seat.id: caller_at(rooms, seat) for seat in live.seats}
    busy: set[str] = set()
    if rooms.supervision is not None and rooms.control is not None:
        watches, sagas = rooms.supervision.watches, rooms.control.sagas
        busy = {watch.seat for watch in watches.values()} | set(watches)
        busy |= set(rooms.supervision.hands_up) | {saga.seat for saga in sagas.values()}
    controls = [show_control(rooms, seat) for seat in sorted(busy)]
    return show_live(live, callers, controls).model_copy(update={"recognition": show_recognition(rooms)})


def show_recognition(rooms: Rooms) -> Recognition | None:
    """How live transcription fares; None where there is none."""
    return Recognition.model_validate(rooms.recognition()) if rooms.recognition is not None else None


def caller_at(rooms: Rooms, seat: SeatView) -> str:
    """The masked number of the citizen at this seat, empty when there is none."""
    call = rooms.call_centre.call(seat.call_id) if seat.call_id else None
    return mask_phone(call.caller) if call is not None else ""
