"""Spoken answers of a return visit: what the citizen says is made into the key it stands for.

The key goes in through Asterisk, as if it had been pressed, so that a prompt is cut short and there is one way for an
answer to come in. Recognition that is off, late or unsure changes nothing: the keys work as they always do. The same
ears tell an announcement of the network from a citizen, and write down what is said in free words.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from callback.announcements import announced
from callback.lifecycle import Event
from callback.spoken import LEAST_CONFIDENCE, meant_answer
from hotline.bus import Bus, SubscriberTooSlow
from hotline.errors import HotlineError
from hotline.facts.speech import UtteranceHeard
from telephony.port import CallerSession

SETTLING_SECONDS = 3.0
"""How long the recogniser may take for the last words."""


class Ears(Protocol):
    """Live recognition."""

    def listen(self, call_id: str, uniqueid: str) -> None:
        """Follow what this leg says."""
        ...

    async def last_words(self, call_id: str, seconds: float) -> None:
        """Return when what was said is settled, or after ``seconds``."""
        ...

    def end(self, call_id: str) -> None:
        """Follow it no longer."""
        ...


class Presser(Protocol):
    """The telephony room's verbs. Raise HotlineError."""

    async def press_for(self, channel: str, key: str) -> None:
        """As if the party of this leg had pressed the key."""
        ...

    async def hang_up(self, channel: str, cause: int = 16) -> bool:
        """End a leg."""
        ...


class Listening:
    """One citizen's voice."""

    def __init__(self, bus: Bus, presser: Presser, session: CallerSession, ears: Ears) -> None:
        self._bus, self._presser, self._session, self._ears = bus, presser, session, ears
        self._question = ""
        self._meant: Callable[[str], str | None] = _nothing
        self._asking = self._answered = False
        self._writing = False
        self._words: list[str] = []
        self.machine: Event | None = None
        """An announcement spoke, and was hung up."""

    def ask(self, question: str, meant: Callable[[str], str | None]) -> None:
        """From now on words mean what they mean at this question; what it does not know, ``meant`` may."""
        self._question, self._meant, self._asking, self._writing = question, meant, True, False

    def answered(self) -> None:
        """Somebody is there: no words are an announcement's any more."""
        self._answered = True

    def write(self) -> None:
        """What is said from now on is kept as it is."""
        self._writing, self._asking = True, False

    async def last_words(self) -> None:
        """Wait until what was said is written, not for long."""
        await self._ears.last_words(self._session.uniqueid, SETTLING_SECONDS)

    @property
    def words(self) -> str:
        """What was said in free words."""
        return "".join(self._words)

    async def follow(self) -> None:
        """Press for the citizen until cancelled."""
        heard = self._bus.subscribe("return visit", UtteranceHeard, capacity=5000)
        with heard, suppress(SubscriberTooSlow):  # keys still work
            async for message in heard:
                if isinstance(message, UtteranceHeard) and message.call_id == self._session.uniqueid:
                    await self._take(message)

    async def _take(self, said: UtteranceHeard) -> None:
        if said.who != "citizen":
            return
        if self._writing:
            self._words.append(said.text)
            return
        if not self._answered and (found := announced(said.text)) is not None:
            self.machine = found
            with suppress(HotlineError):
                await self._presser.hang_up(self._session.channel)
            return
        key = self._key(said)
        if key is None:
            return
        self._asking = False  # one answer for one question; the next one is asked anew
        with suppress(HotlineError):  # the leg is gone, or the link is: keys still work
            await self._presser.press_for(self._session.channel, key)

    def _key(self, said: UtteranceHeard) -> str | None:
        if not self._asking:
            return None
        if (key := meant_answer(self._question, said.text, said.confidence)) is not None:
            return key
        short = "".join(said.text.split())
        if len(short) > _LONGEST or (said.confidence is not None and said.confidence < LEAST_CONFIDENCE):
            return None
        meant = self._meant(short)
        known = (
            meant_answer(self._question, "1", None) is not None
        )  # whose answers are known better than by a word in them
        return None if known and meant is not None and meant in _GRADES else meant


_LONGEST = 12
"""Signs of an answer that is looked through for a word; whoever says more tells a story."""


_GRADES = "12345"


def _nothing(_: str) -> str | None:
    return None


class Hearing:
    """Listens to citizens during return visits."""

    def __init__(self, bus: Bus, presser: Presser, ears: Ears) -> None:
        self._bus, self._presser, self._ears = bus, presser, ears

    @asynccontextmanager
    async def listening(self, session: CallerSession) -> AsyncIterator[Listening]:
        """Follow this citizen's voice inside the block."""
        listening = Listening(self._bus, self._presser, session, self._ears)
        following = asyncio.create_task(listening.follow(), name=f"return visit {session.uniqueid}")
        await asyncio.sleep(0)  # subscribed before anything can be said
        self._ears.listen(session.uniqueid, session.uniqueid)
        try:
            yield listening
        finally:
            self._ears.end(session.uniqueid)
            following.cancel()
