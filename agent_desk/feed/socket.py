"""The WebSocket of the live feed: a snapshot first, then every change, until one side has had enough.

The screen joins the hub *before* the snapshot is read, so nothing falls between the two; its queue is settled in the
same step in which the snapshot reads memory, so nothing comes twice.
"""

import asyncio
import itertools
import json
from contextlib import suppress

import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from agent_desk.armour import is_foreign
from agent_desk.feed.hub import SeatTaken
from agent_desk.feed.outbox import NOT_SIGNED_IN, SEAT_TAKEN, TRY_AGAIN, Outbox
from agent_desk.feed.shape import Frame
from agent_desk.guard import Desk, desk_of, session_of
from agent_desk.snapshot import take_desk_snapshot
from agent_desk.watching import show_own_control, show_parked, show_room
from hotline.errors import HotlineError, NotSignedIn, Unavailable
from hotline.security import Person, may

PING: Frame = {"type": "ping", "data": {}}
_CLOSE_SECONDS = 5.0
"""How long a slow browser gets to take the closing frame."""

_log = structlog.get_logger()


class BrowserGone(Exception):
    """The other side of the connection is not there any more."""


router = APIRouter()


@router.websocket("/api/feed")
async def open_feed(socket: WebSocket) -> None:
    """The live feed of whoever the cookie names."""
    if is_foreign(socket.headers):
        await socket.close()  # before the accept: the browser sees 403
        return
    await socket.accept()
    desk = desk_of(socket)
    try:
        session = await session_of(socket)
    except NotSignedIn:
        await _close(socket, NOT_SIGNED_IN)
        return
    try:
        with desk.hub.joined(session) as outbox:
            code = await _serve(socket, desk, outbox)
    except SeatTaken:
        code = SEAT_TAKEN
    except HotlineError as refused:  # say, the account's seat is not in the configuration any more
        _log.warning("a screen cannot be opened", account=session.person.account, why=refused.en)
        code = TRY_AGAIN
    await _close(socket, code)


async def take_snapshots(desk: Desk, person: Person) -> list[Frame]:
    """What this person's screens begin with. There is no ``await`` after memory is read."""
    frames: list[Frame] = []
    if may(person, "desk.use") and person.seat is not None:
        phone = desk.phones.of(person.seat)
        shown = await take_desk_snapshot(desk.rooms, person.seat, desk.settings, phone)
        frames.append({"type": "desk", "data": shown.model_dump(mode="json")})
        frames.extend(_control_frames(desk, person.seat))
    if may(person, "live.watch"):
        live = show_room(desk.rooms)
        frames.append({"type": "live", "data": live.model_dump(mode="json")})
    return frames or [dict(PING)]  # who has no snapshot still learns that from now on nothing is missed


def _control_frames(desk: Desk, seat: str) -> list[Frame]:
    """Call control as it is: by the feed like every change of it, for two ways could overtake each other."""
    if desk.rooms.control is None or desk.rooms.supervision is None:
        return []
    parked = [one.model_dump(mode="json") for one in show_parked(desk.rooms)]
    own = show_own_control(desk.rooms, seat).model_dump(mode="json")
    return [{"type": "control", "data": own}, {"type": "parked", "data": parked}]


async def _serve(socket: WebSocket, desk: Desk, outbox: Outbox) -> int | None:
    """Run the three sides of a connection until the first of them ends. Returns the close code; None when gone."""
    sides = (_send(socket, desk, outbox), _listen(socket), _beat(desk, outbox))
    tasks = [asyncio.create_task(side) for side in sides]
    ends: list[asyncio.Future[int | None]] = [*tasks, outbox.ended]
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return outbox.ended.result() if outbox.ended in done else next(iter(done)).result()
    except BrowserGone:
        return None
    except Unavailable as busy:
        _log.warning("no snapshot for a screen", account=outbox.person.account, why=busy.en)
        return TRY_AGAIN
    except Exception:  # the edge of a connection: this screen comes again, the others never notice
        _log.exception("a screen's feed failed", account=outbox.person.account)
        return TRY_AGAIN
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(socket: WebSocket, desk: Desk, outbox: Outbox) -> int | None:
    frames = await take_snapshots(desk, outbox.person)
    outbox.settle(frames)
    for seq, frame in enumerate(frames, start=1):
        await _send_frame(socket, frame, seq)
    for seq in itertools.count(len(frames) + 1):
        await _send_frame(socket, await outbox.next(), seq)
    return None


async def _send_frame(socket: WebSocket, frame: Frame, seq: int) -> None:
    text = json.dumps(frame | {"seq": seq}, ensure_ascii=False, separators=(",", ":"))
    try:
        await socket.send_text(text)
    except (WebSocketDisconnect, OSError, RuntimeError) as gone:  # Starlette's three ways to say so
        raise BrowserGone from gone


async def _listen(socket: WebSocket) -> int | None:
    """Browsers have nothing to say here; we only notice that they leave."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    return None


async def _beat(desk: Desk, outbox: Outbox) -> int | None:
    """Say that we are there, and ask whether the session still holds: the console may have ended it."""
    while True:
        await asyncio.sleep(desk.ping_seconds)
        outbox.put([dict(PING)])
        try:
            if await desk.security.sessions.with_fingerprint(outbox.session.fingerprint) is None:
                return NOT_SIGNED_IN
        except Exception:  # a database that is away signs nobody out; the next beat asks again
            _log.exception("a screen's session could not be checked", account=outbox.person.account)


async def _close(socket: WebSocket, code: int | None) -> None:
    if code is None:
        return
    with suppress(TimeoutError, WebSocketDisconnect, OSError, RuntimeError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await socket.close(code)
