"""Listening to a recording. Every act of listening is in the audit trail before the first byte leaves."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse

from agent_desk.guard import Desk, DeskDep, Listener, SessionDep, address_of
from agent_desk.refusals import documented
from hotline.errors import Forbidden, NotFound, Unavailable
from hotline.security import Deed, Person, may

router = APIRouter(prefix="/api", tags=["recordings"])
_AUDIO = {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
    "/recordings/{recording_id}/audio",
    response_class=FileResponse,
    responses={
        **documented(401, 403, 404, 503),
        200: {"description": "The whole track", **_AUDIO},
        206: {"description": "The part asked for by Range", **_AUDIO},
        416: {"description": "No such range"},
    },
)
async def listen(
    recording_id: Annotated[str, Path(max_length=64)],
    request: Request,
    desk: DeskDep,
    session: SessionDep,
    person: Listener,
    track: Annotated[Literal["mix", "citizen", "agent"], Query()] = "mix",
) -> FileResponse:
    """One track as WAV; Range is supported, so a player can seek."""
    audio = await desk.rooms.recordings.track(recording_id, track)
    await _demand_right(desk, audio.call_id, person)
    if not await asyncio.to_thread(audio.path.is_file):
        raise Unavailable(
            "录音文件暂时无法读取,请联系管理员", "the audio file cannot be read now; tell the administrator"
        )
    if desk.listening.is_new((session.fingerprint, recording_id, track)):
        deed = Deed(
            who=person.account,
            what="recording_played",
            whom=recording_id,
            from_where=address_of(request),
            detail={"track": track, "call_id": audio.call_id},
        )
        await desk.security.audit.note(deed)
    return FileResponse(audio.path, media_type="audio/wav", headers={"Cache-Control": "private, no-store"})


async def _demand_right(desk: Desk, call_id: str, person: Person) -> None:
    """One's own call, or the wider right, which also reaches recordings whose call the engine never saw."""
    if may(person, "recording.listen_any"):
        return
    try:
        call = await desk.rooms.call_centre.find_call(call_id)
    except NotFound:
        call = None
    if call is None or call.seat is None or call.seat != person.seat:
        raise Forbidden("您无权收听这段录音", "you have no right to hear this recording")
