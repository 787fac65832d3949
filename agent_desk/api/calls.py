"""Reading calls and citizens' earlier work orders."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from agent_desk.api.parameters import ACT, READ, Id
from agent_desk.callers import about_caller
from agent_desk.guard import CallReader, DeskDep, History, TranscriptCorrector, address_of
from agent_desk.models import (
    CallDetail,
    CallLeg,
    CitizenHistory,
    Correction,
    MachineText,
    Recording,
    TicketSummary,
    Utterance,
)
from agent_desk.shapes import may_see_call, show_call
from hotline.errors import NotFound, RuleBroken
from hotline.security import Deed

router = APIRouter(prefix="/api", tags=["calls"])
Phone = Annotated[str, Path(pattern=r"^\+?[0-9*#]{1,32}$")]


@router.get("/citizens/{phone}/tickets", responses=READ)
async def citizen_history(phone: Phone, desk: DeskDep, _viewer: History) -> CitizenHistory:
    """What a citizen asked before, open work orders first."""
    items = [TicketSummary.model_validate(item) for item in await desk.rooms.work_orders.history(phone)]
    return CitizenHistory(
        items=items,
        calls_this_month=await desk.rooms.call_centre.calls_this_month(phone),
        about=await about_caller(desk.rooms, phone, items),
    )


@router.get("/calls/{call_id}", responses=READ)
async def read_call(call_id: Id, desk: DeskDep, viewer: CallReader) -> CallDetail:
    """A call with its words and recordings: one's own, or any with the wider right."""
    call = await desk.rooms.call_centre.find_call(call_id)
    took_part = viewer.seat is not None and await desk.rooms.records.took_part(call_id, viewer.seat)
    if not may_see_call(call, viewer) and not took_part:
        raise NotFound("没有这个通话", "there is no such call")
    shown = show_call(call, viewer)
    course = await desk.rooms.control.course(call_id) if desk.rooms.control is not None else []
    legs = [CallLeg.model_validate(leg) for leg in course]
    return CallDetail(
        call=shown,
        transcript=[Utterance.model_validate(item) for item in await desk.rooms.transcripts.of_call(call_id)],
        recordings=[Recording.model_validate(item) for item in await desk.rooms.recordings.of_call(call_id)],
        ticket_id=await desk.rooms.work_orders.of_call(call_id),
        legs=[leg.model_copy(update={"who": shown.caller}) if leg.kind == "citizen" else leg for leg in legs],
    )


@router.patch("/calls/{call_id}/utterances/{utterance_id}", responses=ACT)
async def correct_utterance(
    call_id: Id,
    utterance_id: Annotated[str, Path(max_length=80)],
    wish: Correction,
    request: Request,
    desk: DeskDep,
    person: TranscriptCorrector,
) -> Utterance:
    """Put right what was misheard: in one's own call, or any with the wider right. Both versions are kept."""
    call = await desk.rooms.call_centre.find_call(call_id)
    if not may_see_call(call, person):
        raise NotFound("没有这个通话", "there is no such call")
    deed = Deed(
        who=person.account,
        what="utterance_corrected",
        whom=utterance_id,
        from_where=address_of(request),
        detail={"call_id": call_id},
    )
    transcripts = desk.rooms.transcripts
    return Utterance.model_validate(await transcripts.correct(call_id, utterance_id, wish.text, person.account, deed))


@router.post("/calls/{call_id}/summary", responses=ACT)
async def summarise(call_id: Id, desk: DeskDep, viewer: CallReader) -> MachineText:
    """A language model's summary of what was said, marked as such; nothing is stored. 409 where the site has none."""
    call = await desk.rooms.call_centre.find_call(call_id)
    if not may_see_call(call, viewer):
        raise NotFound("没有这个通话", "there is no such call")
    if desk.rooms.summaries is None:
        raise RuleBroken("本系统未配置摘要模型", "this site has no language model for summaries", code="summaries_off")
    said = [(item["who"], item["display"] or item["text"]) for item in await desk.rooms.transcripts.of_call(call_id)]
    made = await desk.rooms.summaries.summarise(said)
    return MachineText(text=made.text, model=made.model)
