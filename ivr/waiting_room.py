"""The citizen's side of a call until somebody answers: greeting, music, the place in the line spoken now and then.

Runs in the FastAGI session, so keys and announcements are ours. While music plays nothing is sent: should the
engine die, the closed socket sends the citizen on to Asterisk's own queue within half a second.
"""

import asyncio
from collections.abc import Callable

from ivr.people import Call
from ivr.prompts import position_prompts
from ivr.views import CallState
from telephony.port import CallerSession

GREETING = "hotline/welcome"
PLEASE_WAIT = "hotline/please-wait"


async def greet(session: CallerSession, *, returning: bool) -> None:
    """One short greeting; who comes back from a talk that broke off hears that we are looking for an agent."""
    await session.answer()
    await session.play(PLEASE_WAIT if returning else GREETING)


async def wait_for_agent(
    session: CallerSession, call: Call, position: Callable[[], int], announce_seconds: float
) -> None:
    """Return when the citizen is gone or taken (the session is released then). Raises CallerGone."""
    while call.state in (CallState.WAITING, CallState.OFFERED):
        if call.state is CallState.WAITING and (place := position()) > 0:
            await session.play_many(position_prompts(place))
        if call.state not in (CallState.WAITING, CallState.OFFERED):
            return
        await session.set_music(True)
        try:
            async with asyncio.timeout(announce_seconds):
                await session.until_gone()
            return
        except TimeoutError:
            await session.set_music(False)
