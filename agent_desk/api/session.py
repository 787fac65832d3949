"""Signing in and out, and who one is."""

from fastapi import APIRouter, Request, Response

from agent_desk.guard import COOKIE, Desk, DeskDep, SessionDep, SignedIn, address_of
from agent_desk.models import Credentials, Me
from agent_desk.refusals import documented
from hotline.security import Person, may

router = APIRouter(prefix="/api", tags=["session"])


@router.post("/login", responses=documented(401, 403, 413, 423, 503))
async def login(wish: Credentials, request: Request, response: Response, desk: DeskDep) -> Me:
    """Sign in. The session is the cookie that comes back; scripts of the page cannot read it."""
    session = await desk.security.sessions.sign_in(wish.account, wish.password, address_of(request))
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=desk.settings.web.session_hours * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return show_me(session.person, desk)


@router.post("/logout", status_code=204, responses=documented(401, 403, 413))
async def logout(request: Request, response: Response, desk: DeskDep, session: SessionDep, _me: SignedIn) -> None:
    """Sign out. Open screens of this session go dark."""
    await desk.security.sessions.sign_out(session, address_of(request))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.get("/me", responses=documented(401, 403))
async def me(person: SignedIn, desk: DeskDep) -> Me:
    """Who is signed in."""
    return show_me(person, desk)


def show_me(person: Person, desk: Desk) -> Me:
    """The API's Me."""
    return Me(
        account=person.account,
        name=person.name,
        roles=sorted(person.roles),
        seat=person.seat,
        unit=person.unit,
        summaries=desk.rooms.summaries is not None and may(person, "call.read"),
    )
