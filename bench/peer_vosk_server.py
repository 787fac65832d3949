"""The peer: what vosk-server's WebSocket server does with a stream, written after its public ``asr_server.py``.

One ``KaldiRecognizer`` per connection with word times, every message of audio given to ``AcceptWaveform`` on a thread
pool, a full or a partial result after each, ``FinalResult`` at the end. No gating: silence is decoded too. Its
WebSocket itself is left out, as our AudioSocket is: the transports cost next to nothing beside decoding.
"""

import asyncio
import json
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import vosk

from asr.recogniser import join_words

CHUNK = 3200
"""Bytes of one message: 0.2 s at 8 kHz, as its own clients send."""


@dataclass
class PeerStream:
    """One connection."""

    model: vosk.Model
    pool: Executor
    settled: list[str] = field(default_factory=list)
    partial: str = ""
    recogniser: Any = None

    async def message(self, audio: bytes) -> str:
        """One message of audio; the whole text as the client knows it now."""
        loop = asyncio.get_running_loop()
        if self.recogniser is None:
            self.recogniser = vosk.KaldiRecognizer(self.model, 8000)
            self.recogniser.SetWords(True)
        self._take(await loop.run_in_executor(self.pool, self._chunk, audio))
        return self.text

    async def end(self) -> str:
        """``{"eof": 1}``: the whole text."""
        loop = asyncio.get_running_loop()
        if self.recogniser is not None:
            self._take(await loop.run_in_executor(self.pool, self.recogniser.FinalResult))
        return self.text

    @property
    def text(self) -> str:
        """Everything so far."""
        return "".join([*self.settled, self.partial])

    def _chunk(self, audio: bytes) -> str:
        if self.recogniser.AcceptWaveform(audio):
            return str(self.recogniser.Result())
        return str(self.recogniser.PartialResult())

    def _take(self, answer: str) -> None:
        value: dict[str, Any] = json.loads(answer)
        if "text" in value:
            self.partial = ""
            self.settled.append(join_words(value["text"]))
        else:
            self.partial = join_words(value.get("partial", ""))
