"""Who asks, and whether they may: the dependencies that every route declares.

A route says ``viewer: Annotated[Person, Requires("live.watch")]``; the permission table says which roles that is.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from agent_desk.feed.hub import FeedHub
from agent_desk.listening import Listening
from agent_desk.ports import Rooms
from agent_desk.seat_phone import SeatPhones
from agent_desk.tokens import ChannelTokens
from hotline.clock import Clock
from hotline.errors import NotFound, NotSignedIn, RuleBroken
from hotline.security import Person, Security, Session, demand
from hotline.settings import Settings
from tickets.oversight import Oversight

COOKIE = "hotline_session"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the routes work with; one per app, on ``app.state.desk``."""

    rooms: Rooms
    security: Security
    settings: Settings
    phones: SeatPhones
    hub: FeedHub
    listening: Listening
    tokens: ChannelTokens
    clock: Clock
    ping_seconds: float = 15.0
    """How often a screen hears that it is still connected, and how often we ask whether its session still holds."""


def desk_of(connection: HTTPConnection) -> Desk:
    """The app's desk."""
    desk: Desk = connection.app.state.desk
    return desk


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from, for the audit trail."""
    return connection.client.host if connection.client else "unknown"


async def session_of(connection: HTTPConnection) -> Session:
    """The session of the browser's cookie. Raises NotSignedIn."""
    token = connection.cookies.get(COOKIE, "")
    session = await desk_of(connection).security.sessions.who(token)
    if session is None:
        raise NotSignedIn("请先登录", "please sign in first")
    return session


class Permission:
    """A dependency that lets only those pass who have ``permission``, and gives the route the person."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    async def __call__(self, session: Annotated[Session, Depends(session_of)]) -> Person:
        demand(session.person, self.permission)
        return session.person


def seat_of(person: Person) -> str:
    """The seat that this agent works at. Raises RuleBroken when the account has none."""
    if person.seat is None:
        raise RuleBroken("该账号没有绑定座席", "this account is bound to no seat", code="no_seat")
    return person.seat


def oversight_of(desk: Desk) -> Oversight:
    """Raises NotFound where there is none."""
    if desk.rooms.oversight is None:
        raise NotFound("监督考核未启用", "oversight is off")
    return desk.rooms.oversight


DeskDep = Annotated[Desk, Depends(desk_of)]
SessionDep = Annotated[Session, Depends(session_of)]
Agent = Annotated[Person, Depends(Permission("desk.use"))]
SignedIn = Annotated[Person, Depends(Permission("account.self"))]
History = Annotated[Person, Depends(Permission("citizen.history"))]
CallReader = Annotated[Person, Depends(Permission("call.read"))]
Exporter = Annotated[Person, Depends(Permission("recording.export"))]
Holder = Annotated[Person, Depends(Permission("recording.hold"))]
TranscriptCorrector = Annotated[Person, Depends(Permission("transcript.correct"))]
Listener = Annotated[Person, Depends(Permission("recording.listen"))]
KnowledgeReader = Annotated[Person, Depends(Permission("knowledge.read"))]
DirectoryReader = Annotated[Person, Depends(Permission("directory.read"))]
TicketReader = Annotated[Person, Depends(Permission("ticket.read"))]
TicketAttacher = Annotated[Person, Depends(Permission("ticket.attach"))]
FigureReader = Annotated[Person, Depends(Permission("ticket.figures"))]
TicketExporter = Annotated[Person, Depends(Permission("ticket.export"))]
TicketActor = Annotated[Person, Depends(Permission("ticket.act"))]
CallbackReader = Annotated[Person, Depends(Permission("callback.read"))]
CallbackWatcher = Annotated[Person, Depends(Permission("callback.watch"))]
CallbackPauser = Annotated[Person, Depends(Permission("callback.pause"))]
CallbackExporter = Annotated[Person, Depends(Permission("callback.export"))]
CallbackHand = Annotated[Person, Depends(Permission("callback.hand"))]
CallbackDialler = Annotated[Person, Depends(Permission("callback.dial"))]
CampaignReader = Annotated[Person, Depends(Permission("campaign.read"))]
CampaignRunner = Annotated[Person, Depends(Permission("campaign.run"))]
Supervisor = Annotated[Person, Depends(Permission("call.supervise"))]
PromiseKeeper = Annotated[Person, Depends(Permission("promise.keep"))]
NuisanceReader = Annotated[Person, Depends(Permission("nuisance.read"))]
NuisanceDecider = Annotated[Person, Depends(Permission("nuisance.decide"))]
Watcher = Annotated[Person, Depends(Permission("live.watch"))]
QualityReader = Annotated[Person, Depends(Permission("quality.read"))]
Scorer = Annotated[Person, Depends(Permission("quality.score"))]
Appellant = Annotated[Person, Depends(Permission("quality.appeal"))]
SupervisionReader = Annotated[Person, Depends(Permission("supervision.read"))]
Presser = Annotated[Person, Depends(Permission("supervision.act"))]
LetterReader = Annotated[Person, Depends(Permission("letter.read"))]
LetterAnswerer = Annotated[Person, Depends(Permission("letter.answer"))]
Referrer = Annotated[Person, Depends(Permission("referral.send"))]
Discipline = Annotated[Person, Depends(Permission("referral.open"))]
DisciplineCounter = Annotated[Person, Depends(Permission("discipline.summary"))]
AssessmentReader = Annotated[Person, Depends(Permission("assessment.read"))]
Assessor = Annotated[Person, Depends(Permission("assessment.decide"))]
ExclusionAsker = Annotated[Person, Depends(Permission("assessment.ask"))]
ProjectReader = Annotated[Person, Depends(Permission("project.read"))]
ProjectKeeper = Annotated[Person, Depends(Permission("project.keep"))]
DossierReader = Annotated[Person, Depends(Permission("dossier.read"))]
DossierKeeper = Annotated[Person, Depends(Permission("dossier.keep"))]
