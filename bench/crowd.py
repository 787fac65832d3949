"""Many at once: seats and citizens by SIPp, agents by their desks' HTTP and live feed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from bench.sipp_load import Sipp, sipp
from bench.stage import Stage
from hotline.demo.people import Refusal, Somebody, signed_in
from hotline.demo.site import free_ports
from hotline.settings import Secrets

PATIENCE_SECONDS = 30
Talk = Callable[[], float]
"""How long the next talk lasts, in seconds."""


@asynccontextmanager
async def agents_at_work(stage: Stage, talk: Talk, tell: Callable[[str], None]) -> AsyncIterator[None]:
    """Every seat of the stage nailed up, its agent signed in, ready, and hanging up when a talk is over."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_seats_on_the_line(stage))
        for number, seat in enumerate(stage.seats, 1):
            person = await stack.enter_async_context(signed_in(stage.site.url, stage.site.logins[f"agent{seat}"]))
            await person.be_ready()
            await stack.enter_async_context(_at_work(person, talk))
            tell(f"seats ready: {number}")
        yield


@asynccontextmanager
async def citizens(
    stage: Stage, number: str, *, calls: int, per_second: float, at_once: int | None = None, name: str = "citizens"
) -> AsyncIterator[Sipp]:
    """SIPp dials ``number`` so many times, at most ``at_once`` of them on the line; who waits too long hangs up."""
    patience = PATIENCE_SECONDS * 1000 if at_once is None else 600_000
    arguments = ["-s", number, "-m", str(calls), "-r", str(per_second), "-l", str(at_once or calls)]
    async with sipp(
        "citizen", stage.site.folder / f"sipp-{name}", arguments, server=stage.sip_server,
        FIRST_DIGITS="1390", RTP_PORT=9, PATIENCE_MS=patience,
    ) as crowd:  # fmt: skip
        yield crowd


@asynccontextmanager
async def _at_work(person: Somebody, talk: Talk) -> AsyncIterator[None]:
    """The agent works meanwhile. What made him stop is raised at the end: without him the engine would look slow."""
    working = asyncio.create_task(_work(person, talk))
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _work(person: Somebody, talk: Talk) -> None:
    """Talk with each citizen for a while, then hang up, until cancelled."""
    since, last = len(person.feed.seen), ""

    def somebody_else(call: dict[str, Any]) -> bool:
        return bool(call["state"] == "talking" and call["call_id"] != last)  # the last one is told of till he is gone

    while True:
        call = await person.feed.until("call", somebody_else, since=since, timeout=86400)
        since, last = len(person.feed.seen), call["call_id"]
        await asyncio.sleep(talk())
        try:
            await person.post(f"/desk/calls/{last}/hangup")
        except Refusal as refusal:
            if refusal.error.get("code") != "not_in_call":  # the citizen was quicker
                raise


@asynccontextmanager
async def _seats_on_the_line(stage: Stage) -> AsyncIterator[Sipp]:
    """SIPp nails the seats up; each speaks quiet noise all the while, else its leg would be ended as dead."""
    folder = stage.site.folder / "sipp-seats"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    voice = folder / "voice.ulaw"
    await asyncio.to_thread(voice.write_bytes, bytes([0xFE, 0x7E]) * 8000)
    secrets = Secrets(stage.site.folder)
    users = [
        f"{seat}-sip;[authentication username={seat}-sip password={secrets.seat_password(seat)}]"
        for seat in stage.seats
    ]
    many = str(len(users))
    media = str(free_ports()["rtp_first"])  # another benchmark may run beside this one
    arguments = ["-m", many, "-r", "10", "-l", many, "-mp", media]
    async with sipp(
        "seat", folder, arguments, server=stage.sip_server, users=users, VOICE_FILE=voice.absolute()
    ) as running:
        yield running
