"""Spoken answers of a return visit: what the citizen says is made into the key it stands for.

The key goes in through Asterisk, as if it had been pressed, so that a prompt is cut short and there is one way for an
answer to come in. Recognition that is off, late or unsure changes nothing: the keys work as they always do.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from callback.spoken import meant_answer
from callback.survey import Question
from hotline.bus import Bus, SubscriberTooSlow
from hotline.errors import HotlineError
from hotline.facts.speech import UtteranceHeard
from telephony.port import CallerSession


class Ears(Protocol):
    """Live recognition."""

    def listen(self, call_id: str, uniqueid: str) -> None:
        """Follow what this leg says."""
        ...

    def end(self, call_id: str) -> None:
        """Follow it no longer."""
        ...


class Presser(Protocol):
    """The telephony room's verb. Raises HotlineError."""

    async def press_for(self, channel: str, key: str) -> None:
        """As if the party of this leg had pressed the key."""
        ...


class Listening:
    """One citizen's answers. ``question`` is what is being asked now."""

    def __init__(self, bus: Bus, presser: Presser, session: CallerSession) -> None:
        self.question = Question.DONE
        self._bus, self._presser, self._session = bus, presser, session

    async def follow(self) -> None:
        """Press for the citizen until cancelled."""
        heard = self._bus.subscribe("return visit", UtteranceHeard, capacity=5000)
        with heard, suppress(SubscriberTooSlow):  # keys still work
            async for message in heard:
                if isinstance(message, UtteranceHeard) and message.call_id == self._session.uniqueid:
                    await self._take(message)

    async def _take(self, said: UtteranceHeard) -> None:
        key = meant_answer(self.question, said.text, said.confidence) if said.who == "citizen" else None
        if key is None:
            return
        self.question = Question.DONE  # one answer for one question; the next one is asked anew
        with suppress(HotlineError):  # the leg is gone, or the link is: keys still work
            await self._presser.press_for(self._session.channel, key)


class Hearing:
    """Listens to citizens during return visits."""

    def __init__(self, bus: Bus, presser: Presser, ears: Ears) -> None:
        self._bus, self._presser, self._ears = bus, presser, ears

    @asynccontextmanager
    async def listening(self, session: CallerSession) -> AsyncIterator[Listening]:
        """Follow this citizen's voice inside the block."""
        listening = Listening(self._bus, self._presser, session)
        following = asyncio.create_task(listening.follow(), name=f"return visit {session.uniqueid}")
        await asyncio.sleep(0)  # subscribed before anything can be said
        self._ears.listen(session.uniqueid, session.uniqueid)
        try:
            yield listening
        finally:
            self._ears.end(session.uniqueid)
            following.cancel()
