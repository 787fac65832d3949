"""From views and stored rows to the API's shapes, with numbers masked for those who are not on the call."""

from typing import Any

from agent_desk.models import Call, Live, Shape
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


def show_live(live: LiveView) -> Live:
    """The room for a supervisor: every number masked."""
    shown = Live.model_validate(live)
    return shown.model_copy(update={"waiting": [mask_call(call) for call in live.waiting]})


def mask_call(call: CallView) -> Call:
    """The call as somebody sees it who is not in it."""
    return Call.model_validate(call).model_copy(update={"caller": mask_phone(call.caller)})


def may_see_call(call: CallView, viewer: Person) -> bool:
    """One's own calls, or everybody's with the wider right."""
    return may(viewer, "call.read_any") or (viewer.seat is not None and call.seat == viewer.seat)
