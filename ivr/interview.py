"""A flow that we play to somebody whom we phoned: a return visit, a poll. The same flows, runner and prompts as at the
reception, but nobody waits in a line here: answers are noted down, and who wants an agent leaves for one.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from ivr.flow.book import FlowBook
from ivr.flow.events import UNAVAILABLE, Answered, Ask, EnterQueue, Transfer
from ivr.flow.interpreter import begin
from ivr.flow.meaning import meant_key
from ivr.flow.model import Choosing, Flow
from ivr.flow.runner import End, FlowRunner
from ivr.flow.state import FlowState
from ivr.services import Speaker
from telephony.port import CallerSession

AGENT = "agent"
"""Why an interview ended whose citizen goes to a live agent. Every other reason is the flow's own."""


class Notes(Protocol):
    """Whoever wants to know what is said."""

    async def answer(self, name: str, key: str) -> None:
        """The citizen chose ``key`` at the menu that keeps it as ``name``. Written down before anything goes on."""
        ...

    def ask(self, name: str, meant: Callable[[str], str | None]) -> None:
        """What is being asked now; ``meant`` is the key that spoken words stand for. Empty: nothing."""
        ...

    def say_freely(self) -> Path:
        """The citizen is about to say something in free words: where to record it, without ``.wav``."""
        ...

    async def said(self, seconds: float) -> bool:
        """So long was spoken. False when nothing of it can be kept."""
        ...


class _Interview:
    """Fills ``flow.runner.Desk``: what a line, a seat or a promise is, does not exist here."""

    waits = False
    announce_seconds = 0.0

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._kept: dict[str, str] = {}
        self.why = ""

    def begin(self, state: FlowState) -> None:
        """What is known before anything was asked."""
        self._kept = dict(state.variables)

    def place(self) -> int:
        return 0

    def expected_wait(self) -> float | None:
        return None

    def waited_seconds(self) -> float:
        return 0.0

    async def enter_line(self, order: EnterQueue) -> None:
        """To a live agent: whoever called us in leads the citizen there."""
        self.why = AGENT

    async def ask(self, order: Ask) -> Answered:
        return Answered(UNAVAILABLE)

    async def owe_call(self, number: str) -> Answered:
        return Answered("refused")

    def message_file(self) -> str:
        return str(self._notes.say_freely())

    async def keep_message(self, seconds: float) -> bool:
        return await self._notes.said(seconds)

    def listen(self, flow: Flow, state: FlowState | None) -> None:
        node = flow.nodes[state.node] if state is not None else None
        if node is None:
            self._notes.ask("", lambda _: None)
            return
        name = node.into if isinstance(node, Choosing) else None
        self._notes.ask(name or "", lambda text: meant_key(node, text))

    async def note(self, state: FlowState) -> None:
        for name, key in state.variables:
            if self._kept.get(name) != key:
                await self._notes.answer(name, key)
        self._kept = dict(state.variables)

    async def send_out(self, order: Transfer, state: FlowState) -> None:
        """Nobody is connected elsewhere from a call of ours."""
        self.why = "sent_out"

    async def end(self, reason: str) -> None:
        self.why = reason


class Interviewer:
    """Holds interviews. Fills the callback room's ``Interviews``."""

    def __init__(self, book: FlowBook, speaker: Speaker | None = None) -> None:
        self._book = book
        self._speaker = speaker

    def knows(self, flow: str) -> bool:
        """Whether there is such a flow now."""
        self._book.refresh()
        return flow in self._book.names

    async def hold(
        self, flow_name: str, session: CallerSession, values: Mapping[str, str], notes: Notes, *, matter: str = "",
        language: str = "zh",
    ) -> str:  # fmt: skip
        """The whole interview; returns why it ended (``AGENT``, or the flow's own reason).

        ``matter`` is read out where the flow says ``$matter``. Raises ``CallerGone`` when the citizen hangs up,
        ``ConfigurationError`` when there is no such flow.
        """
        flow = self._book.flow(flow_name)
        spoken = await self._speaker.prompts(matter, "matter") if matter and self._speaker is not None else ()
        step = begin(flow, {**values, "matter": next(iter(spoken), ""), "language": language})
        interview = _Interview(notes)
        interview.begin(step.state)
        end = await FlowRunner(flow, session, interview).run(step)
        return interview.why if end is not End.TAKEN else AGENT
