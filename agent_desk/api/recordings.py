"""Listening to a recording. Every act of listening is in the audit trail before the first byte leaves."""

import asyncio
import shutil
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask
from starlette.responses import Response

from agent_desk.api.parameters import ACT, BINARY, READ, Id
from agent_desk.guard import Desk, DeskDep, Exporter, Holder, Listener, SessionDep, address_of
from agent_desk.models import HoldWish, Peaks, Recording
from agent_desk.ranges import answer_part
from hotline.errors import Forbidden, NotFound, Unavailable
from hotline.security import Deed, Person, may
from recordings.tracks import Track

router = APIRouter(prefix="/api", tags=["recordings"])
_MEDIA_TYPES = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".opus": "audio/ogg"}
_PRIVATE = {"Cache-Control": "private, no-store"}
_AUDIO = {"content": {"audio/wav": BINARY}}


@router.get(
    "/recordings/{recording_id}/audio",
    response_class=FileResponse,
    responses={
        **READ,
        200: {"description": "The whole track", **_AUDIO},
        206: {"description": "The part asked for by Range", **_AUDIO},
        416: {"description": "No such range"},
    },
)
async def listen(
    recording_id: Id,
    request: Request,
    desk: DeskDep,
    session: SessionDep,
    person: Listener,
    track: Annotated[Track, Query()] = Track.MIX,
) -> Response:
    """One track in the archive's format; Range is supported, so a player can seek."""
    audio = await desk.rooms.recordings.track(recording_id, track)
    await _demand_right(desk, audio.call_id, person)
    if not await asyncio.to_thread(audio.path.is_file):
        raise Unavailable(
            "录音文件暂时无法读取,请联系管理员", "the audio file cannot be read now; tell the administrator"
        )
    plain = audio.path.name.removesuffix(".sealed")
    is_sealed = plain != audio.path.name
    sealed = await asyncio.to_thread(desk.rooms.recordings.sealed, audio.path) if is_sealed else None
    if desk.listening.is_new((session.fingerprint, recording_id, track)):
        deed = Deed(
            who=person.account,
            what="recording_played",
            whom=recording_id,
            from_where=address_of(request),
            detail={"track": track, "call_id": audio.call_id},
        )
        await desk.security.audit.note(deed)
    media_type = _MEDIA_TYPES.get("." + plain.rpartition(".")[2], "audio/wav")
    if sealed is not None:
        return await answer_part(sealed, request.headers.get("range"), media_type, _PRIVATE)
    return FileResponse(audio.path, media_type=media_type, headers=_PRIVATE)


@router.get("/recordings/{recording_id}/peaks", responses=READ)
async def waveform(
    recording_id: Id, desk: DeskDep, person: Listener, buckets: Annotated[int, Query(ge=50, le=4000)] = 800
) -> Peaks:
    """The picture of both voices, for whoever may listen."""
    track = await desk.rooms.recordings.track(recording_id, "mix")
    await _demand_right(desk, track.call_id, person)
    return Peaks.model_validate(await desk.rooms.recordings.peaks(recording_id, buckets))


@router.get(
    "/recordings/{recording_id}/export",
    response_class=FileResponse,
    responses={**READ, 200: {"description": "A marked copy", **_AUDIO}},
)
async def export(
    recording_id: Id,
    request: Request,
    desk: DeskDep,
    person: Exporter,
    track: Annotated[Track, Query()] = Track.MIX,
) -> FileResponse:
    """A copy to take away, as WAV; its lowest bits say whose copy it is and when it was made. Audited."""
    audio = await desk.rooms.recordings.track(recording_id, track)
    copy = await desk.rooms.recordings.export(recording_id, track, person.account)
    deed = Deed(
        who=person.account,
        what="recording_exported",
        whom=recording_id,
        from_where=address_of(request),
        detail={"track": track, "call_id": audio.call_id},
    )
    await desk.security.audit.note(deed)
    leave = BackgroundTask(shutil.rmtree, copy.parent, ignore_errors=True)
    name = f"{recording_id}-{track}-{person.account}.wav"
    return FileResponse(copy, media_type="audio/wav", filename=name, headers=_PRIVATE, background=leave)


@router.post("/recordings/{recording_id}/hold", responses=ACT)
async def hold(recording_id: Id, wish: HoldWish, request: Request, desk: DeskDep, person: Holder) -> Recording:
    """Legal hold: the recording outlives its period until the hold is lifted. Audited."""
    shape = await desk.rooms.recordings.hold(recording_id, wish.held, wish.reason, person.account)
    deed = Deed(
        who=person.account,
        what="recording_held" if wish.held else "recording_hold_lifted",
        whom=recording_id,
        from_where=address_of(request),
        detail={"reason": wish.reason},
    )
    await desk.security.audit.note(deed)
    return Recording.model_validate(shape)


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
