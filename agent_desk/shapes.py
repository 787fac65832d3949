"""From views and stored rows to the API's shapes, with numbers masked for those who are not on the call."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent_desk.live_models import Control, Live, WaitingCall
from agent_desk.models import Call, Shape
from hotline.logs import mask_phone
from hotline.security import Person, may
from ivr.views import CallView, LiveView


def as_json(shape: type[Shape], value: object) -> dict[str, Any]:
    """``value`` (a view or a dict) as the JSON object that ``shape`` allows."""
    return shape.model_validate(value).model_dump(mode="json")


def show_call(call: CallView, viewer: Person) -> Call:
    """The call; its number is whole only for the agent whose seat has or had it."""
    shown = Call.model_validate(call)
    if viewer.seat is not None and call.seat == viewer.seat:
        return shown
    return shown.model_copy(update={"caller": mask_phone(call.caller)})


def show_live(live: LiveView, callers: Mapping[str, str], controls: Sequence[Control]) -> Live:
    """The room for a supervisor: every number masked. ``callers`` are by seat, masked already."""
    shown = Live.model_validate(live)
    seats = [seat.model_copy(update={"caller": callers.get(seat.id, "")}) for seat in shown.seats]
    waiting = [mask_waiting(call) for call in live.waiting]
    return shown.model_copy(update={"seats": seats, "waiting": waiting, "controls": list(controls)})


def mask_waiting(call: CallView) -> WaitingCall:
    """A citizen in the line, as supervisors see it."""
    return WaitingCall.model_validate(call).model_copy(update={"caller": mask_phone(call.caller)})


def mask_call(call: CallView) -> Call:
    """The call as somebody sees it who is not in it."""
    return Call.model_validate(call).model_copy(update={"caller": mask_phone(call.caller)})


def may_see_call(call: CallView, viewer: Person) -> bool:
    """One's own calls, or everybody's with the wider right."""
    return may(viewer, "call.read_any") or (viewer.seat is not None and call.seat == viewer.seat)
