"""The web server: the app made of its parts, and uvicorn inside our own event loop.

uvicorn must not take SIGTERM for itself: the composition root decides the order of stopping.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI

from agent_desk.api import (
    assessment,
    by_hand,
    calls,
    campaigns,
    control,
    desk,
    discipline,
    dossiers,
    emergency,
    health,
    intake,
    knowledge,
    live,
    nuisance,
    office,
    pressing,
    projects,
    promises,
    quality,
    recordings,
    records,
    session,
    supervision,
    ticket_lists,
    tickets,
    visits,
)
from agent_desk.armour import Armour
from agent_desk.citizen.pages import CitizenPages
from agent_desk.feed.hub import FeedHub
from agent_desk.feed.outbox import GOING_AWAY
from agent_desk.feed.socket import router as feed
from agent_desk.guard import Desk
from agent_desk.listening import Listening
from agent_desk.pages import STATIC, Pages
from agent_desk.ports import Rooms
from agent_desk.refusals import install_refusals
from agent_desk.seat_phone import SeatPhones
from agent_desk.tokens import ChannelTokens
from hotline import __version__
from hotline.bus import Bus
from hotline.clock import Clock
from hotline.errors import ConfigurationError
from hotline.security import Security
from hotline.settings import Secrets, Settings

_log = structlog.get_logger()

DRAIN_SECONDS = 5
"""How long requests under way may take when we stop."""
_LARGEST_FROM_BROWSER = 4096
_KEEPALIVE_SECONDS = 4.0
"""From one question to the next, and for each answer: a browser that is cut off is gone in 8 s."""


def create_desk(
    *, rooms: Rooms, security: Security, settings: Settings, secrets: Secrets, bus: Bus, clock: Clock
) -> Desk:
    """What the routes work with."""
    return Desk(
        rooms=rooms,
        security=security,
        settings=settings,
        phones=SeatPhones(settings, secrets),
        hub=FeedHub(bus, rooms),
        listening=Listening(clock),
        tokens=ChannelTokens(secrets),
        clock=clock,
    )


def create_app(made: Desk, pages: Pages | None = None) -> FastAPI:
    """The ASGI app: the API under /api, the live feed, and the front end for everything else."""
    app = FastAPI(
        title="hotline12345",
        version=__version__,
        description="12345 政务服务便民热线 / citizen hotline",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.desk = made
    install_refusals(app)
    for part in (
        session,
        health,
        desk,
        emergency,
        control,
        calls,
        recordings,
        ticket_lists,  # before tickets/{id}
        tickets,
        knowledge,
        live,
        nuisance,
        promises,
        intake,
        supervision,
        records,
        quality,
        pressing,
        discipline,
        assessment,
        projects,
        visits,
        by_hand,
        campaigns,
        dossiers,
        office,
    ):
        app.include_router(part.router)
    app.include_router(feed)
    if made.rooms.outreach is not None:
        app.mount("/c", CitizenPages(made.rooms.outreach.answers, made.clock, made.settings.site.zone))
    app.mount("/", pages or Pages(STATIC))
    app.add_middleware(Armour)
    return app


async def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until cancelled; then stop accepting, close the screens, let requests under way end.

    Raises ConfigurationError naming web.port when the port is taken.
    """
    listener = _listen(settings)
    hub: FeedHub = app.state.desk.hub
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws_max_size=_LARGEST_FROM_BROWSER,
            ws_ping_interval=_KEEPALIVE_SECONDS,
            ws_ping_timeout=_KEEPALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
            proxy_headers=False,
        )
    )
    async with asyncio.TaskGroup() as parts:
        hearing = parts.create_task(hub.run())
        await hub.listening.wait()
        serving = parts.create_task(server.serve(sockets=[listener]))
        _log.info("desk is open", host=settings.web.host, port=listener.getsockname()[1])
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            hub.end_all(GOING_AWAY)
            server.should_exit = True
            await asyncio.wait([serving], timeout=DRAIN_SECONDS + 2)
            raise
        finally:
            hearing.cancel()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(settings: Settings) -> socket.socket:
    """Bind before anything else starts, so that a taken port is an error of the configuration."""
    family = socket.AF_INET6 if ":" in settings.web.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.web.host, settings.web.port))
    except OSError as failure:
        listener.close()
        where = f"{settings.web.host}:{settings.web.port}"
        raise ConfigurationError(
            f"web.port: 无法监听 {where}({failure.strerror}),请换一个端口或停止占用它的程序",
            f"web.port: cannot listen on {where} ({failure.strerror}); choose another port or stop the other program",
        ) from failure
    listener.setblocking(False)
    listener.listen(1024)  # whoever connects from now on waits until we accept
    return listener
