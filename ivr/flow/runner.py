"""The hands of a flow: carries its orders out on one citizen's leg and brings back what happened. Decides nothing.

``Desk`` is what a flow needs of the house beyond the leg itself. A question that cannot be answered in time is answered
``unavailable``: a flow always has a way for that.
"""

import asyncio
from collections.abc import Awaitable
from enum import StrEnum
from typing import Protocol

import structlog

from ivr.flow.events import (
    UNAVAILABLE,
    Answered,
    Ask,
    EnterQueue,
    Event,
    HangUp,
    KeyPressed,
    Play,
    Quiet,
    Record,
    Recorded,
    RequestCallback,
    Transfer,
    WaitedTooLong,
)
from ivr.flow.interpreter import Step, advance
from ivr.flow.model import Flow
from ivr.flow.spoken import english_position, english_wait
from ivr.flow.state import FlowState
from ivr.prompts import BEEP, expected_wait_prompts, position_prompts
from telephony.port import CallerGone, CallerSession

_log = structlog.get_logger()
ASK_SECONDS = 4.0
"""How long a citizen listens to nothing while something is looked up."""
_LONGEST_REST = 3600.0


class End(StrEnum):
    """Why the session is given back to the dialplan."""

    TAKEN = "taken"
    """An agent has the citizen, or the citizen left the line."""
    HUNG_UP = "hung_up"
    SENT_OUT = "sent_out"
    """To a number outside."""


class Desk(Protocol):
    """One call's house: what the flow may ask of it."""

    @property
    def waits(self) -> bool:
        """Whether the citizen still waits for an agent, or has one on offer."""
        ...

    @property
    def announce_seconds(self) -> float:
        """Music between two announcements."""
        ...

    def place(self) -> int:
        """The place in the line; 0 when there is nothing to announce."""
        ...

    def expected_wait(self) -> float | None:
        """Seconds that the citizen can expect to wait from now on; None when nobody can say."""
        ...

    def waited_seconds(self) -> float:
        """Since the waiting began."""
        ...

    async def enter_line(self, order: EnterQueue) -> None:
        """The citizen waits for an agent from now on; who waits already keeps the place."""
        ...

    async def ask(self, order: Ask) -> Answered:
        """Find something out."""
        ...

    async def owe_call(self, number: str) -> Answered:
        """Promise a call: ``taken`` or ``refused``."""
        ...

    def message_file(self) -> str:
        """Where a message may be recorded; absolute, without ``.wav``."""
        ...

    async def keep_message(self, seconds: float) -> bool:
        """Make a work order of the message just left. False when it cannot be kept."""
        ...

    def listen(self, flow: Flow, state: FlowState | None) -> None:
        """Spoken words press keys from now on, by what they mean at the state's node; None: no more."""
        ...

    async def note(self, state: FlowState) -> None:
        """Variables changed: an answer was given."""
        ...

    async def send_out(self, order: Transfer, state: FlowState) -> None:
        """Have the dialplan connect the citizen with a number outside; ``state`` is what a failure returns to."""
        ...

    async def end(self, reason: str) -> None:
        """The flow is about to hang up."""
        ...


class FlowRunner:
    """One citizen's way through one version of a flow."""

    def __init__(self, flow: Flow, session: CallerSession, desk: Desk) -> None:
        self._flow = flow
        self._session = session
        self._desk = desk
        self._language = "zh"
        self.state: FlowState | None = None

    async def run(self, step: Step) -> End:
        """Until the citizen is taken, sent out or hung up. Raises ``CallerGone``."""
        while True:
            state = self.state = step.state
            await self._speak(state.order.language)
            listens = isinstance(state.order, Play | EnterQueue) and state.order.listening
            self._desk.listen(self._flow, state if listens else None)
            event = await self._carry_out(state)
            if isinstance(event, End):
                return event
            step = advance(self._flow, state, event)
            if step.state.variables != state.variables:
                await self._desk.note(step.state)
            _log.debug("flow", flow=self._flow.name, node=step.state.node, order=step.state.order.kind)

    async def _carry_out(self, state: FlowState) -> Event | End:
        match state.order:
            case Play() as order:
                return await self._play(order)
            case Ask() as order:
                return await self._answer(self._desk.ask(order))
            case EnterQueue() as order:
                return await self._wait(order)
            case RequestCallback(number=number):
                return await self._answer(self._desk.owe_call(number))
            case Record() as order:
                return await self._record(order)
            case Transfer() as order:
                await self._desk.send_out(order, state)
                return End.SENT_OUT
            case HangUp(reason=reason):
                await self._desk.end(reason)
                await self._session.hang_up()
                return End.HUNG_UP

    async def _play(self, order: Play) -> Event:
        key = await self._session.play_many(order.prompts, order.keys)
        if key is None and order.wait_seconds:
            key = await self._session.wait_key(order.wait_seconds)
        return KeyPressed(key) if key else Quiet()

    async def _wait(self, order: EnterQueue) -> Event | End:
        """Music, and now and then the place in the line, until somebody takes the citizen, a key, or the time is up."""
        await self._desk.enter_line(order)
        while self._desk.waits:
            if (place := self._desk.place()) > 0:
                key = await self._session.play_many([*self._announcement(place), *order.hint], order.keys)
                if key:
                    return KeyPressed(key)
            if not self._desk.waits:
                break
            await self._session.set_music(True)
            key = await self._session.rest(self._rest_seconds(order), order.keys)
            await self._session.set_music(False)
            if key:
                return KeyPressed(key)
            if order.longest_wait_seconds and self._desk.waited_seconds() >= order.longest_wait_seconds:
                return WaitedTooLong()
        return End.TAKEN

    def _rest_seconds(self, order: EnterQueue) -> float:
        left = order.longest_wait_seconds - self._desk.waited_seconds() if order.longest_wait_seconds else _LONGEST_REST
        return max(0.1, min(self._desk.announce_seconds, left))

    async def _record(self, order: Record) -> Event:
        """Most people end a message by hanging up: what was said until then counts."""
        await self._session.play(f"hotline/{BEEP}")
        loop = asyncio.get_running_loop()
        began = loop.time()
        limits = {"seconds": order.maximum_seconds, "silence": order.silence_seconds}
        try:
            recorded = await self._session.record(self._desk.message_file(), **limits, key=order.terminator)
        except CallerGone:
            await self._desk.keep_message(loop.time() - began)
            raise
        spoken = recorded.seconds if recorded.key else recorded.seconds - order.silence_seconds
        kept = spoken > 0.5 and await self._desk.keep_message(recorded.seconds)
        return Recorded("kept" if kept else "", recorded.seconds if kept else 0.0)

    async def _answer(self, asking: Awaitable[Answered]) -> Answered:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await asking
        except TimeoutError:
            return Answered(UNAVAILABLE)
        except CallerGone:
            raise
        except Exception:  # whatever breaks in a lookup, the citizen goes on
            _log.exception("a question of the flow broke", flow=self._flow.name)
            return Answered(UNAVAILABLE)

    def _announcement(self, place: int) -> list[str]:
        wait = self._desk.expected_wait()
        if self._language == "en":
            return [*english_position(place), *english_wait(wait)]
        return [*position_prompts(place), *expected_wait_prompts(wait)]

    async def _speak(self, language: str) -> None:
        if language != self._language:
            await self._session.set_variable("CHANNEL(language)", language)
            self._language = language
