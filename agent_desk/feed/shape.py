"""Who is shown what: one pure function from a piece of news and a viewer to the frames for that viewer's screen."""

from typing import Any

from agent_desk import live_models, models
from agent_desk.feed.news import (
    AlarmNews,
    CallNews,
    CampaignNews,
    ControlNews,
    DeskNews,
    FiguresNews,
    FollowedNews,
    GroupNews,
    HandListNews,
    LetterNews,
    News,
    OfferGoneNews,
    OfferNews,
    ParkedNews,
    PromisesNews,
    RecognitionNews,
    RobotNews,
    SeatNews,
    TicketNews,
    WaitingNews,
)
from agent_desk.shapes import as_json, mask_waiting
from hotline.security import Person, Role, may

Frame = dict[str, Any]
"""{"type", "data"}; the sender adds "seq"."""

STATES = frozenset(
    {
        "seat",
        "offer",
        "call",
        "live.seat",
        "live.waiting",
        "live.group",
        "live.figures",
        "live.control",
        "live.recognition",
        "control",
        "parked",
        "robot",
    }
)
"""Types that show something as it is now, read from memory: a newer one makes an older one pointless."""


_PRESSING = (Role.SUPERVISOR, Role.INSPECTOR)


def shape(news: News, viewer: Person) -> list[Frame]:
    """The frames that ``viewer`` may and should see; often none."""
    match news:
        case SeatNews(view=seat, caller=caller):
            frames = [_frame("seat", models.Seat, seat)] if _sits_at(viewer, seat.id) else []
            if may(viewer, "live.watch"):
                shown = as_json(live_models.LiveSeat, seat) | {"caller": caller}
                frames.append({"type": "live.seat", "data": shown})
            return frames
        case OfferNews(seat=seat, offer=offer):
            return [{"type": "offer", "data": dict(offer)}] if _sits_at(viewer, seat) else []
        case OfferGoneNews(seat=seat, offer_id=offer_id, outcome=outcome):
            data = {"offer_id": offer_id, "outcome": outcome}
            return [{"type": "offer_ended", "data": data}] if _sits_at(viewer, seat) else []
        case CallNews(seat=seat, view=call):
            return [_frame("call", models.Call, call)] if _sits_at(viewer, seat) else []
        case DeskNews(seat=seat, type=type_, data=data):
            return [{"type": type_, "data": dict(data)}] if _sits_at(viewer, seat) else []
        case FollowedNews(type=type_, data=data):
            return [{"type": f"live.{type_}", "data": dict(data)}] if may(viewer, "call.supervise") else []
        case TicketNews(summary=summary):
            return [{"type": "ticket", "data": dict(summary)}] if _concerns(news, viewer) else []
        case LetterNews(unit=unit, data=data):
            theirs = viewer.has(Role.DEPARTMENT) and viewer.unit == unit
            return [{"type": "letter", "data": dict(data)}] if theirs or viewer.has(*_PRESSING) else []
        case WaitingNews(calls=calls):
            waiting = [mask_waiting(call).model_dump(mode="json") for call in calls]
            return [{"type": "live.waiting", "data": waiting}] if may(viewer, "live.watch") else []
        case GroupNews(view=group):
            return _for_watchers(viewer, "live.group", models.Group, group)
        case ControlNews(data=data):
            return [{"type": "live.control", "data": dict(data)}] if may(viewer, "live.watch") else []
        case ParkedNews(items=items):
            at_desk = viewer.seat is not None and viewer.has(Role.AGENT)
            return [{"type": "parked", "data": [dict(item) for item in items]}] if at_desk else []
        case PromisesNews():
            return [{"type": "promises", "data": {}}] if may(viewer, "promise.keep") else []
        case RobotNews(data=data):
            return [{"type": "robot", "data": dict(data)}] if may(viewer, "callback.watch") else []
        case HandListNews():
            return [{"type": "by_hand_list", "data": {}}] if may(viewer, "callback.hand") else []
        case CampaignNews(campaign_id=campaign_id):
            return [{"type": "campaign", "data": {"id": campaign_id}}] if may(viewer, "campaign.read") else []
        case AlarmNews(data=data):
            return [{"type": "live.alarm", "data": dict(data)}] if may(viewer, "live.watch") else []
        case RecognitionNews(data=data):
            return [{"type": "live.recognition", "data": dict(data)}] if may(viewer, "live.watch") else []
        case FiguresNews(view=figures):
            return _for_watchers(viewer, "live.figures", models.Figures, figures)


def key_of(frame: Frame) -> tuple[str, str] | None:
    """What a state frame is about: of two with the same key, the newer one holds. None for what just happened."""
    if frame["type"] not in STATES:
        return None
    named = frame["type"] in ("live.seat", "live.group")
    if frame["type"] == "live.control":
        return frame["type"], str(frame["data"]["seat"])
    return frame["type"], str(frame["data"]["id"]) if named else ""


def _sits_at(viewer: Person, seat: str | None) -> bool:
    return seat is not None and viewer.seat == seat and viewer.has(Role.AGENT)


def _concerns(news: TicketNews, viewer: Person) -> bool:
    if news.alarm and may(viewer, "live.watch"):
        return True
    if viewer.has(Role.DEPARTMENT) and viewer.unit is not None and news.summary["unit"] == viewer.unit:
        return True
    return viewer.has(Role.AGENT) and (viewer.account in news.accounts or _sits_at(viewer, news.seat))


def _for_watchers(viewer: Person, type_: str, kind: type[models.Shape], view: object) -> list[Frame]:
    return [_frame(type_, kind, view)] if may(viewer, "live.watch") else []


def _frame(type_: str, kind: type[models.Shape], view: object) -> Frame:
    return {"type": type_, "data": as_json(kind, view)}
