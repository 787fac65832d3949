"""The citizen's side of a call until somebody answers: greeting, music, the place in the line spoken now and then.

Runs in the FastAGI session, so keys and announcements are ours. While music plays nothing is sent: should the
engine die, the closed socket sends the citizen on to Asterisk's own queue within half a second.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from ivr.people import Call
from ivr.prompts import expected_wait_prompts, position_prompts
from ivr.views import CallState
from telephony.port import CallerSession

GREETING = "hotline/welcome"
PLEASE_WAIT = "hotline/please-wait"


@dataclass(frozen=True, slots=True)
class WaitLimit:
    """What is offered to a citizen, once, who has waited so long: a callback that keeps the place, a message."""

    after_seconds: float
    offer: Callable[[CallerSession, Call], Awaitable[bool]]
    """Returns whether the citizen took it and waits no longer."""


async def greet(session: CallerSession, *, returning: bool) -> None:
    """One short greeting; who comes back from a talk that broke off hears that we are looking for an agent."""
    await session.answer()
    await session.play(PLEASE_WAIT if returning else GREETING)


async def wait_for_agent(
    session: CallerSession,
    call: Call,
    position: Callable[[], int],
    announce_seconds: float,
    expected_wait: Callable[[], float | None] = lambda: None,
    limit: WaitLimit | None = None,
    now: Callable[[], datetime] | None = None,
) -> None:
    """Return when the citizen is gone, taken (the session is released then) or took what ``limit`` offers.

    ``expected_wait``: seconds from now, None when unknown. Raises CallerGone.
    """
    while call.state in (CallState.WAITING, CallState.OFFERED):
        if call.state is CallState.WAITING and (place := position()) > 0:
            await session.play_many([*position_prompts(place), *expected_wait_prompts(expected_wait())])
        if limit is not None and now is not None and call.waited(now()) >= limit.after_seconds:
            if call.state is CallState.WAITING and await limit.offer(session, call):
                return
            limit = None
        if call.state not in (CallState.WAITING, CallState.OFFERED):
            return
        await session.set_music(True)
        try:
            async with asyncio.timeout(announce_seconds):
                await session.until_gone()
            return
        except TimeoutError:
            await session.set_music(False)
