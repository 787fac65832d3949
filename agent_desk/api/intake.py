"""The door for all channels: machines come with their channel's token, people of the hotline with their session."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse

from agent_desk.api.parameters import ACT, BINARY, RAW_BODY, READ, Id
from agent_desk.guard import Desk, DeskDep, TicketAttacher, TicketReader, desk_of, session_of
from agent_desk.models import Acknowledgement, Attachment, IntakeWish, Progress
from agent_desk.refusals import documented
from hotline.errors import NotFound, NotSignedIn
from hotline.security import Person, demand
from tickets.intake import Channel

router = APIRouter(prefix="/api", tags=["intake"])
Number = Annotated[str, Path(pattern=r"^\d{1,20}$")]
FileName = Annotated[str, Query(max_length=120)]
_ANY = {"content": {"application/octet-stream": BINARY}}


async def sender_of(channel: Channel, request: Request) -> Person | None:
    """The signed-in person, or None for the channel's machine. Raises NotSignedIn and Forbidden."""
    desk: Desk = desk_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not desk.tokens.holds(channel.value, token.strip()):
            raise NotSignedIn("接入令牌不正确", "the channel's token is wrong")
        return None
    session = await session_of(request)
    demand(session.person, "intake.record")
    return session.person


Sender = Annotated[Person | None, Depends(sender_of)]


@router.post("/intake/{channel}", responses=documented(401, 403, 409, 413, 503))
async def receive(channel: Channel, wish: IntakeWish, desk: DeskDep, sender: Sender) -> Acknowledgement:
    """A matter comes in. The same ``sender_id`` again gives the same number."""
    found = await desk.rooms.intake.receive(
        channel.value, wish.sender_id, wish.fields(), sender, confidential=wish.confidential
    )
    return Acknowledgement.model_validate(found)


@router.get("/intake/{channel}/{number}", responses=READ)
async def ask_progress(
    channel: Channel, number: Number, desk: DeskDep, _sender: Sender, phone: Annotated[str, Query(max_length=32)]
) -> Progress:
    """How a matter goes, whichever channel it came by, for who knows its number and its telephone number."""
    return Progress.model_validate(await desk.rooms.intake.progress(number, phone))


@router.post("/intake/{channel}/{number}/attachments", responses=ACT, openapi_extra=RAW_BODY)
async def attach_from_outside(
    channel: Channel, number: Number, request: Request, desk: DeskDep, sender: Sender, name: FileName = ""
) -> Attachment:
    """A picture, film or document to a matter that this sender handed in; the body is the file itself."""
    row = await desk.rooms.intake.find(channel.value, number, sender)
    by = sender.account if sender else f"channel:{channel.value}"
    return Attachment.model_validate(await desk.rooms.attachments.add(row["id"], name, request.stream(), by))


@router.post("/tickets/{ticket_id}/attachments", responses=ACT, openapi_extra=RAW_BODY)
async def attach(
    ticket_id: Id, request: Request, desk: DeskDep, person: TicketAttacher, name: FileName = ""
) -> Attachment:
    """A picture, film or document to a work order that this person may see."""
    ticket = await desk.rooms.work_orders.ticket(ticket_id, person)
    return Attachment.model_validate(
        await desk.rooms.attachments.add(ticket["id"], name, request.stream(), person.account)
    )


@router.get(
    "/tickets/{ticket_id}/attachments/{attachment_id}",
    response_class=FileResponse,
    responses={
        **READ,
        200: {"description": "The file", **_ANY},
        206: {"description": "The part asked for by Range", **_ANY},
        416: {"description": "No such range"},
    },
)
async def open_attachment(ticket_id: Id, attachment_id: Id, desk: DeskDep, viewer: TicketReader) -> FileResponse:
    """The file, of the work order or of one above it, for a player or a picture; Range is supported."""
    ticket = await desk.rooms.work_orders.ticket(ticket_id, viewer)
    if attachment_id not in {one["id"] for one in ticket.get("attachments", ())}:
        raise NotFound("没有这个附件", "there is no such attachment")
    file = await desk.rooms.attachments.find([ticket["id"], *ticket.get("above", ())], attachment_id)
    return FileResponse(
        file.path, media_type=file.media_type, filename=file.name, content_disposition_type="inline",
        headers={"Cache-Control": "private, no-store"},
    )  # fmt: skip
