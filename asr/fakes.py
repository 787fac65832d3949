"""A recogniser that behaves, for tests of what is around one: it says what it is told, late, wrongly or not at all."""

import asyncio
from collections.abc import Sequence

from asr.audiosocket import BYTES_PER_SECOND
from asr.recogniser import Heard, RecogniserFailed, Word


class ScriptedRecogniser:
    """Each stretch of speech is the next line of the script, whatever it sounds like; then ``嗯``.

    ``failures`` chunks are refused first; while ``answering`` is cleared nothing answers.
    """

    def __init__(self, *lines: str, failures: int = 0) -> None:
        self.lines = list(lines)
        self.failures = failures
        self.answering = asyncio.Event()
        """Cleared: nothing answers."""
        self.answering.set()
        self.voices = 0
        """Streams opened so far."""

    def open_voice(self, *, later: bool = False, call_id: str = "") -> "ScriptedVoice":
        """A fresh stream."""
        self.voices += 1
        return ScriptedVoice(self)


class ScriptedVoice:
    """One stream of the scripted recogniser."""

    def __init__(self, script: ScriptedRecogniser) -> None:
        self._script = script
        self._fed = 0.0
        self._began: float | None = None

    async def hear(self, audio: bytes) -> Sequence[Heard]:
        """Says the beginning of the line, one character more for each chunk."""
        await self._answer()
        if self._began is None:
            self._began = self._fed
        self._fed += len(audio) / BYTES_PER_SECOND
        line = self._script.lines[0] if self._script.lines else "嗯"
        return [Heard(line[: max(1, int((self._fed - self._began) * 4))])]

    async def settle(self) -> Heard:
        """The whole line, as one word from the first to the last sound."""
        await self._answer()
        if self._began is None:
            return Heard("", settled=True)
        line = self._script.lines.pop(0) if self._script.lines else "嗯"
        word = Word(line, self._began, self._fed, 0.9)
        self._began = None
        return Heard(line, (word,), settled=True)

    def close(self) -> None:
        """Nothing to give back."""

    async def _answer(self) -> None:
        await self._script.answering.wait()
        if self._script.failures > 0:
            self._script.failures -= 1
            raise RecogniserFailed("语音识别出错", "refused, as scripted")
