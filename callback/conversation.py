"""One conversation of the robot with whoever picked up: a flow is played by the ivr room, answers are kept here.

Each answer is in the ledger before the next prompt is heard, so that a hang-up, or a killed engine, loses none.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Protocol

import structlog

from callback.announcements import is_machine
from callback.answers import ending
from callback.hearing import Hearing, Listening
from callback.lifecycle import Event, State
from callback.port import VISIT, Row
from callback.tasks import CallbackTasks
from hotline.errors import HotlineError
from telephony.port import CallerGone, CallerSession

_log = structlog.get_logger()
AGENT = "agent"
"""Why a conversation ended whose citizen goes to a live agent."""
MACHINE_SECONDS = 4.0
"""How long an announcement is listened to before it is taken for an answering machine."""
_MATTER = "关于您反映的：{}"


class Interviews(Protocol):
    """The ivr room's flows."""

    def knows(self, flow: str) -> bool:
        """Whether there is such a flow."""
        ...

    async def hold(
        self, flow_name: str, session: CallerSession, values: Mapping[str, str], notes: "Notes", *, matter: str = "",
        language: str = "zh",
    ) -> str:  # fmt: skip
        """Play a flow to its end; returns why it ended. Raises ``CallerGone`` when the citizen hangs up."""
        ...


class Notes:
    """What is said in one conversation, written down at once."""

    def __init__(self, tasks: CallbackTasks, row: Row, folder: Path, listening: Listening | None) -> None:
        self._tasks, self._folder, self._listening = tasks, folder, listening
        self.row = row
        self.question = ""
        self.changed: Callable[[], None] = lambda: None
        """Told when something else is being asked."""

    async def answer(self, name: str, key: str) -> None:
        """Keep an answer."""
        self.row = await self._tasks.keep(self.row, name, key)
        if self._listening is not None:
            self._listening.answered()

    def ask(self, name: str, meant: Callable[[str], str | None]) -> None:
        """What is being asked now."""
        self._now_asking(name)
        if self._listening is not None:
            self._listening.ask(name, meant)

    def say_freely(self) -> Path:
        """Where free words may be recorded; the attempt's own recording holds them for good."""
        self._now_asking("words")
        if self._listening is not None:
            self._listening.write()
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / str(self.row["channel_id"])

    def _now_asking(self, question: str) -> None:
        if question != self.question:
            self.question = question
            self.changed()

    async def said(self, seconds: float) -> bool:
        """Write down what the recogniser understood of it. The citizen who hangs up now is not waited for."""
        if self._listening is None:
            return seconds > 0
        await asyncio.shield(self._write(self._listening))
        return True

    async def _write(self, listening: Listening) -> None:
        await listening.last_words()
        if listening.words:
            self.row = await self._tasks.note_words(self.row, listening.words)

    def close(self) -> None:
        """The scratch file goes."""
        with suppress(OSError):
            (self._folder / f"{self.row['channel_id']}.wav").unlink(missing_ok=True)


class Conversation:
    """Holds conversations and settles their tasks."""

    def __init__(self, tasks: CallbackTasks, interviews: Interviews, folder: Path) -> None:
        self._tasks = tasks
        self._interviews = interviews
        self._folder = folder
        self.hearing: Hearing | None = None
        """Set when answers may be spoken too."""

    async def hold(self, row: Row, session: CallerSession, settle: "Settle", begun: "Begun") -> None:
        """The whole conversation. A hang-up ends it with what was said until then. Raises HotlineError."""
        if row["state"] == State.DIALLING:
            row = await self._tasks.answer(row)
        async with AsyncExitStack() as stack:
            listening = await stack.enter_async_context(self.hearing.listening(session)) if self.hearing else None
            notes = Notes(self._tasks, row, self._folder, listening)
            stack.callback(notes.close)
            begun(notes)
            try:
                why = await self._talk(notes, session, listening)
            except CallerGone:
                why = ""
            found = listening.machine if listening is not None else None
        if why == AGENT:
            await self._to_agent(notes, session)
        else:
            await settle(notes.row, found or ending(notes.row["answers"], why), notes.row["answers"])
        await _hang_up(session, keep=why == AGENT)

    async def _talk(self, notes: Notes, session: CallerSession, listening: Listening | None) -> str:
        row = notes.row
        if is_machine(session.query.get("found", "")):
            if listening is not None:  # it may be the network, which says more than "a machine"
                await session.wait_key(MACHINE_SECONDS)
            return Event.MACHINE.value
        matter = _MATTER.format(row["title"]) if row["kind"] == VISIT and row["title"] else ""
        values = {"caller": row["phone"], "number": row["number"]}
        flow = row["flow"] or row["kind"]
        if not self._interviews.knows(flow):
            _log.error("there is no such flow, the return visit's serves", flow=flow, task=row["id"])
            flow = VISIT
        said = {"matter": matter, "language": row["language"]}
        return await self._interviews.hold(flow, session, values, notes, **said)

    async def _to_agent(self, notes: Notes, session: CallerSession) -> None:
        """The dialplan leads the citizen into the line when this session ends, without an engine too."""
        row = notes.row = await self._tasks.hand_over(notes.row)
        with suppress(CallerGone):
            await session.set_variable("HOTLINE_PHONE", row["phone"])
            await session.set_variable("HOTLINE_AFTER", "agent")


class Settle(Protocol):
    """Ends a task."""

    async def __call__(self, row: Row, event: Event, answers: Mapping[str, str], /) -> object: ...


class Begun(Protocol):
    """Told of a conversation's notes when it begins."""

    def __call__(self, notes: Notes, /) -> None: ...


async def _hang_up(session: CallerSession, *, keep: bool) -> None:
    with suppress(CallerGone, HotlineError):
        if not keep:
            await session.hang_up()
