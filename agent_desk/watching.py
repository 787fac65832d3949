"""What a seat's screen is told about call control, from the rooms that know."""

from agent_desk.control_models import Control
from agent_desk.ports import Rooms
from hotline.errors import NotFound
from ivr.control.service import CallControl
from ivr.control.supervision import Supervision


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


def show_control(rooms: Rooms, seat: str) -> Control:
    """The API's Control of a seat."""
    supervision = supervision_of(rooms)
    shown = Control.model_validate(control_of(rooms).view(seat))
    watched = sorted({watch.mode for watch in supervision.watched_by(seat)})
    return shown.model_copy(update={"watched": watched, "hand_raised": seat in supervision.hands_up})
