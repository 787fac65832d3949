"""One call's desk: fills ``flow.runner.Desk`` with the floor, the telephone and the services of other rooms."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog

from hotline.errors import HotlineError
from hotline.facts.calls import MessageLeft
from ivr import store
from ivr.flow.events import UNAVAILABLE, Answered, Ask, EnterQueue, Subject, Transfer
from ivr.flow.model import Flow
from ivr.flow.state import FlowState
from ivr.hearing import Hearing
from ivr.house import House
from ivr.orders import Step
from ivr.people import Call
from ivr.views import CallState
from telephony.port import CallerSession

_log = structlog.get_logger()
_WORKING = frozenset({"dispatched", "in_progress", "return_review", "arbitration", "suspended", "rework", "merged"})
_PROGRESS: Mapping[str, str] = {
    **dict.fromkeys(("pending", "to_dispatch"), "progress-received"),
    **dict.fromkeys(_WORKING, "progress-working"),
    **dict.fromkeys(("reply_review", "to_callback"), "progress-answered"),
}
"""State of a work order → prompt; all others are closed."""
CLOSED = "progress-closed"
_SETTLING_SECONDS = 3.0
"""How long the recogniser may take for the last words of a message."""
_UNKNOWN = Answered(UNAVAILABLE)


class CallDesk:
    """Answers one call's flow."""

    def __init__(self, house: House, call: Call, session: CallerSession) -> None:
        self._house = house
        self._call = call
        self._session = session
        self._line_group = call.group
        self._message = house.folder / "spool" / "messages" / f"{call.call_id}.wav"
        self._entered = call.promise is not None
        self._hearing: Hearing | None = None
        self.parked: FlowState | None = None
        """Where the flow goes on when a number outside does not answer."""

    # -- the line -------------------------------------------------------------------------------------------------

    @property
    def waits(self) -> bool:
        """Whether the citizen still waits for an agent, or has one on offer."""
        return self._call.state in (CallState.WAITING, CallState.OFFERED)

    @property
    def announce_seconds(self) -> float:
        """Music between two announcements."""
        return float(self._house.floor.groups[self._call.group].announce_seconds)

    def place(self) -> int:
        """The place in the line; 0 when there is nothing to announce."""
        return self._house.floor.position(self._call.call_id) if self._call.state is CallState.WAITING else 0

    def expected_wait(self) -> float | None:
        """Seconds that the citizen can expect to wait from now on."""
        now = self._house.clock.now()
        wait = self._house.floor.expected_wait(self._call.call_id, now)
        if wait is not None:
            self._house.do(self._house.floor.wait_forecast(self._call.call_id, wait, now))
        return wait

    def waited_seconds(self) -> float:
        """Since the waiting began."""
        return self._call.waited(self._house.clock.now())

    async def enter_line(self, order: EnterQueue) -> None:
        """Wait for an agent; a citizen who looked something up comes back to the same place."""
        floor = self._house.floor
        group = order.group if order.group in floor.groups else self._line_group
        if self._entered and group == self._call.group and self._call.call_id in floor.calls.lined:
            return
        self._entered = True
        step = floor.call_queued(self._call.call_id, self._house.clock.now(), group, order.priority)
        await self._house.do(step)

    # -- questions ------------------------------------------------------------------------------------------------

    async def ask(self, order: Ask) -> Answered:
        """Find something out."""
        services, call = self._house.services, self._call
        match order.subject:
            case Subject.CALENDAR:
                hours = services.hours
                return hours.judge(self._house.clock.now(), call.dialled) if hours else Answered("open")
            case Subject.QUEUE:
                return self._line_state(order.details.get("group", ""), float(order.details.get("long_seconds", "120")))
            case Subject.CALLER:
                return await self._caller()
            case Subject.DIALLED:
                return Answered(call.dialled)
            case Subject.PROGRESS:
                return await self._progress(order.details.get("number", ""))
            case Subject.KNOWLEDGE:
                return await self._article(order.details.get("article", ""))

    def _line_state(self, group: str, long_seconds: float) -> Answered:
        floor = self._house.floor
        group = group if group in floor.groups else self._line_group
        seats = [seat for seat in floor.seats.values() if group in seat.groups and seat.staffed]
        if not seats:
            return Answered("unstaffed")
        if any(seat.free for seat in seats) and not floor.waiting(group):
            return Answered("free")
        wait = floor.expected_wait_of(group, self._house.clock.now())
        return Answered("long" if wait is None or wait >= long_seconds else "waiting")

    async def _caller(self) -> Answered:
        if not self._call.caller:
            return Answered("withheld")
        since = self._house.clock.now() - timedelta(hours=24)
        if await store.count_calls(self._house.database, self._call.caller, since) > 1:
            return Answered("repeated")
        reader = self._house.services.progress
        known = await reader.progress(self._call.caller) if reader else ()
        return Answered("known" if any(one["state"] in _PROGRESS for one in known) else "new")

    async def _progress(self, digits: str) -> Answered:
        reader = self._house.services.progress
        if reader is None:
            return _UNKNOWN
        if not self._call.caller:
            return Answered("missing")
        found = await reader.progress(self._call.caller, digits)
        if not found:
            return Answered("missing")
        is_open = [one for one in found if one["state"] in _PROGRESS]
        several = not digits and len(is_open) > 1
        return Answered("several" if several else "found", progress_values((is_open or found)[0]))

    async def _article(self, article: str) -> Answered:
        services = self._house.services
        if services.articles is None or services.speaker is None:
            return _UNKNOWN
        text = await services.articles.short_answer(article)
        prompts = await services.speaker.prompts(text, article) if text else ()
        return Answered("found", prompts=tuple(prompts)) if prompts else Answered("missing")

    # -- deeds ----------------------------------------------------------------------------------------------------

    async def owe_call(self, number: str) -> Answered:
        """Promise a call."""
        try:
            taken = await self._house.owed.promise(self._call, number)
        except HotlineError as failure:
            _log.error("a call could not be promised", call=self._call.call_id, why=failure.en)
            return _UNKNOWN
        if taken:
            self._call.settled = "callback_promised"
        return Answered("taken" if taken else "refused")

    def message_file(self) -> str:
        """A file of this call's own; it goes with the session, for the call's recording holds the words."""
        self._message.parent.mkdir(parents=True, exist_ok=True)
        if (ears := self._house.services.ears) is not None:
            ears.listen(self._call.call_id, self._call.uniqueid)
        return str(self._message.with_suffix(""))

    async def keep_message(self, seconds: float) -> bool:
        """Make a work order of what was said; the citizen who hangs up now is not waited for."""
        return await asyncio.shield(self._take_message(seconds))

    async def _take_message(self, seconds: float) -> bool:
        services, call = self._house.services, self._call
        if services.messages is None or seconds < 1:
            return False
        if services.ears is not None:
            await services.ears.last_words(call.call_id, _SETTLING_SECONDS)
        try:
            await services.messages.take_message(call.call_id, call.caller, call.line, seconds)
        except HotlineError as failure:
            _log.error("a message could not be kept", call=call.call_id, why=failure.en)
            return False
        call.settled = "message_left"
        fact = MessageLeft(at=self._house.clock.now(), by="citizen", call_id=call.call_id, seconds=round(seconds, 1))
        await self._house.do(Step(facts=[fact]))
        return True

    def listen(self, flow: Flow, state: FlowState | None) -> None:
        """Spoken words press keys from now on, or no more."""
        if self._hearing is None and state is not None:
            self._hearing = Hearing(self._house, self._call)
        if self._hearing is not None:
            self._hearing.listen_for((flow, state) if state is not None else None)

    async def note(self, state: FlowState) -> None:
        """A caller's answers live with the call only."""

    async def send_out(self, order: Transfer, state: FlowState) -> None:
        """The dialplan dials when this session ends, and comes back here when nobody answers."""
        target, label = order.target, order.label
        if order.emergency:
            line = self._house.services.emergencies
            known = await line.from_flow(self._call, order.emergency) if line is not None else (order.emergency, "")
            target, label = known[0], label or known[1]
        step = self._house.floor.call_sent_out(self._call.call_id, target, label, self._house.clock.now())
        await self._house.do(step)
        await self._session.set_variable("HOTLINE_TARGET", target)
        await self._session.set_variable("HOTLINE_AFTER", "dial")
        self.parked = state

    async def end(self, reason: str) -> None:
        """The flow hangs up: nobody is offered this citizen any more, and Asterisk's queue is not entered."""
        await self._house.do(self._house.floor.call_ending(self._call.call_id, reason, self._house.clock.now()))
        await self._session.set_variable("HOTLINE_AFTER", "hangup")

    def close(self) -> None:
        """The session is over."""
        if self._hearing is not None:
            self._hearing.close()
        with suppress(OSError):
            self._message.unlink(missing_ok=True)


def progress_values(ticket: Mapping[str, Any]) -> dict[str, str]:
    """What is spoken of a work order: its number, how far it is, and the deadline while it runs."""
    prompt, due = _PROGRESS.get(str(ticket["state"]), CLOSED), str(ticket.get("due_at") or "")[:10]
    runs = bool(due) and ticket["state"] in _WORKING
    return {
        "number": str(ticket["number"]),
        "progress": prompt,
        "due": due if runs else "",
        "due_prompt": "progress-due" if runs else "",
    }
