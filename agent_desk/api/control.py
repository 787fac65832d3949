"""Call control for agents: hold, consult, transfer, three parties, mute, keys; the address book; a raised hand."""

from fastapi import APIRouter

from agent_desk.api.parameters import ACT, Id
from agent_desk.control_models import (
    AddressBook,
    AddressEntry,
    EchoWish,
    FlowEntry,
    GroupEntry,
    HandWish,
    KeysWish,
    MuteWish,
    ParkedCalls,
    SeatEntry,
    TargetWish,
)
from agent_desk.guard import Agent, Desk, DeskDep, seat_of
from agent_desk.live_models import Control
from agent_desk.watching import control_of, show_own_control, show_parked, supervision_of
from hotline.errors import NotFound, RuleBroken
from hotline.security import Person
from ivr.control.address_book import address_book
from ivr.control.parts import (
    Add,
    Cancel,
    Complete,
    Consult,
    Event,
    Hold,
    Leave,
    Merge,
    Park,
    Party,
    PartyKind,
    Rejoin,
    Resume,
    Send,
    SendBack,
    SendToFlow,
    Swap,
)
from ivr.views import SeatState

router = APIRouter(prefix="/api", tags=["call control"])
_PLAIN: dict[str, type[Event]] = {
    "hold": Hold,
    "resume": Resume,
    "complete": Complete,
    "cancel": Cancel,
    "swap": Swap,
    "merge": Merge,
    "leave": Leave,
    "rejoin": Rejoin,
    "park": Park,
}
"""Wishes that need nobody named. ``cancel`` also throws the party out of a talk of three."""


@router.get("/desk/control", responses=ACT)
async def control(desk: DeskDep, agent: Agent) -> Control:
    """What goes on at this seat besides the plain talk."""
    return show_own_control(desk.rooms, seat_of(agent))


@router.post("/desk/calls/{call_id}/consult", responses=ACT)
async def consult(call_id: Id, wish: TargetWish, desk: DeskDep, agent: Agent) -> Control:
    """Ask a seat or a department while the citizen hears music."""
    return await _wish(desk, agent, call_id, Consult(at=desk.clock.now(), party=_party(desk, wish), by=agent.account))


@router.post("/desk/calls/{call_id}/conference", responses=ACT)
async def conference(call_id: Id, wish: TargetWish, desk: DeskDep, agent: Agent) -> Control:
    """Bring a seat or a department into the conversation."""
    return await _wish(desk, agent, call_id, Add(at=desk.clock.now(), party=_party(desk, wish), by=agent.account))


@router.post("/desk/calls/{call_id}/transfer", responses=ACT)
async def transfer(call_id: Id, wish: TargetWish, desk: DeskDep, agent: Agent) -> Control:
    """Pass the citizen on at once: to a seat, a group's line, a department, a number or a node of a flow."""
    now, by = desk.clock.now(), agent.account
    event: Event
    match wish.kind:
        case "group":
            event = SendBack(at=now, group=wish.target, by=by)
        case "flow":
            event = SendToFlow(at=now, place=wish.target, by=by)
        case _:
            event = Send(at=now, party=_party(desk, wish), by=by)
    return await _wish(desk, agent, call_id, event)


@router.get("/desk/parked", responses=ACT)
async def parked(desk: DeskDep, _agent: Agent) -> ParkedCalls:
    """The citizens who wait to be picked up."""
    return ParkedCalls(items=show_parked(desk.rooms))


@router.post("/desk/calls/{call_id}/pickup", responses=ACT)
async def pick_up(call_id: Id, desk: DeskDep, agent: Agent) -> Control:
    """Take a parked citizen; of two who try, one is told that the other was quicker."""
    await control_of(desk.rooms).pick_up(seat_of(agent), call_id, agent)
    return show_own_control(desk.rooms, seat_of(agent))


@router.post("/desk/calls/{call_id}/keys", responses=ACT)
async def press_keys(call_id: Id, wish: KeysWish, desk: DeskDep, agent: Agent) -> Control:
    """Keypad tones to whom the agent talks with."""
    await control_of(desk.rooms).press_keys(seat_of(agent), call_id, wish.keys, agent)
    return show_own_control(desk.rooms, seat_of(agent))


@router.post("/desk/calls/{call_id}/mute", responses=ACT)
async def mute(call_id: Id, wish: MuteWish, desk: DeskDep, agent: Agent) -> Control:
    """Let nobody hear the agent, on the server's side; it ends with the talk."""
    await control_of(desk.rooms).mute(seat_of(agent), wish.muted, agent)
    return show_own_control(desk.rooms, seat_of(agent))


@router.post("/desk/calls/{call_id}/control/{act}", responses=ACT)
async def plain_act(call_id: Id, act: str, desk: DeskDep, agent: Agent) -> Control:
    """hold, resume, complete, cancel, swap, merge, leave, rejoin, park."""
    kind = _PLAIN.get(act)
    if kind is None:
        raise NotFound("没有这个操作", "there is no such act")
    return await _wish(desk, agent, call_id, kind(at=desk.clock.now(), by=agent.account))


@router.post("/desk/hand", responses=ACT)
async def raise_hand(wish: HandWish, desk: DeskDep, agent: Agent) -> Control:
    """Ask the supervisor for help, or no longer."""
    await supervision_of(desk.rooms).raise_hand(seat_of(agent), wish.raised, wish.note, agent)
    return show_own_control(desk.rooms, seat_of(agent))


@router.post("/desk/echo", responses=ACT)
async def echo(wish: EchoWish, desk: DeskDep, agent: Agent) -> EchoWish:
    """Hear oneself, to try the headset; ends by itself after half a minute, and with the next call."""
    if desk.rooms.echo is None:
        raise NotFound("回声测试未启用", "the echo test is off")
    await (desk.rooms.echo.start if wish.on else desk.rooms.echo.stop)(seat_of(agent), agent)
    return wish


@router.get("/address-book", responses=ACT)
async def read_address_book(desk: DeskDep, agent: Agent) -> AddressBook:
    """Departments with the number to try first at this hour, seats, groups."""
    settings, live = desk.settings, desk.rooms.call_centre.live()
    local = desk.clock.now().astimezone(settings.site.zone)
    return AddressBook(
        units=[AddressEntry.model_validate(entry) for entry in address_book(settings.organisation.units, local)],
        seats=[
            SeatEntry(id=seat.id, name=seat.name, agent_name=seat.agent_name, free=seat.state is SeatState.IDLE)
            for seat in live.seats
            if seat.id != agent.seat
        ],
        groups=[GroupEntry(id=group.id, name=group.name) for group in settings.groups],
        flows=[FlowEntry.model_validate(entry) for entry in control_of(desk.rooms).flow_places()],
    )


async def _wish(desk: Desk, agent: Person, call_id: str, event: Event) -> Control:
    await control_of(desk.rooms).wish(seat_of(agent), call_id, event, agent)
    return show_own_control(desk.rooms, seat_of(agent))


def _party(desk: Desk, wish: TargetWish) -> Party:
    room = control_of(desk.rooms)
    match wish.kind:
        case "seat":
            return room.party(PartyKind.SEAT, wish.target)
        case "phone":
            return room.party(PartyKind.PHONE, wish.target)
        case "unit":
            local = desk.clock.now().astimezone(desk.settings.site.zone)
            for entry in address_book(desk.settings.organisation.units, local):
                if entry.code == wish.target:
                    first, *others = entry.numbers
                    return room.party(PartyKind.PHONE, first, entry.name, tuple(others))
            raise NotFound("通讯录中没有该单位的电话", "that unit has no telephone in the address book")
        case _:
            raise RuleBroken(
                "技能组和语音流程只能直接转接", "a group or a flow can only be transferred to", code="not_a_party"
            )
