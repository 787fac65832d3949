"""One leg of a call on its way from voice to utterances.

``heard`` takes what the AudioSocket brings and never waits; ``run`` follows at the recogniser's pace. What piles up
beyond half a minute is dropped, oldest first, and counted: memory is bounded and one slow stream delays no other.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from asr.activity import FRAME_BYTES, Activity, SpeechEnded, SpeechEvent, SpeechFrame, SpeechStarted, webrtc_detector
from asr.audiosocket import BYTES_PER_SECOND
from asr.recogniser import Heard, Recogniser
from asr.settled import utterance_of
from asr.timeline import ArrivalClock, FedClock
from asr.utterances import Utterance
from hotline.clock import Clock
from hotline.errors import Unavailable
from hotline.settings import Asr

_log = structlog.get_logger()

_CHUNK = BYTES_PER_SECOND // 5
"""Voice per step of the recogniser: 200 ms, one partial text each."""
_HURRY = BYTES_PER_SECOND
"""With more than this waiting, steps are four times as long."""
_MOST_WAITING = 30 * BYTES_PER_SECOND
_FAILURES_IN_A_ROW = 3
"""After so many the leg is left to transcription after the call."""


class Report(Protocol):
    """Who is told what was said."""

    def partial(self, call_id: str, who: str, text: str) -> None:
        """The words so far; empty text takes back what was shown."""
        ...

    async def settled(self, utterance: Utterance) -> None:
        """An utterance is complete. Raises nothing."""
        ...


@dataclass
class LegFigures:
    """Counters of one leg, in seconds and times."""

    lost_seconds: float = 0.0
    """Voice dropped because the recogniser was too slow."""
    failures: int = 0


class Leg:
    """The voice of one party of one call."""

    def __init__(
        self, call_id: str, who: str, *, recogniser: Recogniser, settings: Asr, clock: Clock, report: Report
    ) -> None:
        self.call_id, self.who = call_id, who
        self.figures = LegFigures()
        self.activity = Activity(
            webrtc_detector(settings.vad_aggressiveness),
            preroll_ms=settings.preroll_ms,
            hangover_ms=settings.hangover_ms,
        )
        self.muted = False
        """Whether what is said now is nobody's business: the recording is paused."""
        self._recogniser, self._clock, self._report = recogniser, clock, report
        self._voice = recogniser.open_voice(call_id=call_id)
        self._arrival, self._fed = ArrivalClock(), FedClock()
        self._waiting: deque[tuple[datetime, bytes]] = deque()
        self._waiting_bytes = 0
        self._woken = asyncio.Event()
        self._over = False
        self._idle_seconds = settings.hangover_ms / 1000 + 0.1
        self._rest = b""
        self._chunk = bytearray()
        self._shown = ""
        self._speech_at = clock.now()
        self._failed_in_a_row = 0

    def heard(self, audio: bytes, arrived: datetime) -> None:
        """Voice whose last sample arrived now."""
        start = self._arrival.stamp(len(audio) / BYTES_PER_SECOND, arrived)
        if self.muted or self._over or self._failed_in_a_row >= _FAILURES_IN_A_ROW:
            return
        self._waiting.append((start, audio))
        self._waiting_bytes += len(audio)
        while self._waiting_bytes > _MOST_WAITING:
            dropped = len(self._waiting.popleft()[1])
            self._waiting_bytes -= dropped
            self.figures.lost_seconds += dropped / BYTES_PER_SECOND
        self._woken.set()

    @property
    def waiting_seconds(self) -> float:
        """Voice that arrived and was not looked at yet."""
        return self._waiting_bytes / BYTES_PER_SECOND

    def finish(self) -> None:
        """No more voice will come; ``run`` ends once everything is settled."""
        self._over = True
        self._woken.set()

    async def run(self) -> None:
        """Follow the voice until ``finish``. What fails inside is logged and counted, never raised."""
        try:
            while self._waiting or not self._over:
                await self._wake()
                for frame, at in self._frames():
                    await self._follow(self.activity.frame(frame, at))
                await self._follow(self.activity.silence(self._clock.now()))
            await self._follow(self.activity.finish())
        finally:
            self._voice.close()

    async def _wake(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._idle_seconds if self.activity.speaking else None):
                await self._woken.wait()
        self._woken.clear()

    def _frames(self) -> Iterator[tuple[bytes, datetime]]:
        while self._waiting:
            at, audio = self._waiting.popleft()
            self._waiting_bytes -= len(audio)
            at, audio = at - _length(self._rest), self._rest + audio
            whole = len(audio) - len(audio) % FRAME_BYTES
            self._rest = audio[whole:]
            for offset in range(0, whole, FRAME_BYTES):
                yield audio[offset : offset + FRAME_BYTES], at + timedelta(seconds=offset / BYTES_PER_SECOND)

    async def _follow(self, events: Iterator[SpeechEvent]) -> None:
        for event in events:
            match event:
                case SpeechStarted(at):
                    self._speech_at = at
                case SpeechFrame(audio, at):
                    self._fed.feed(len(audio) / BYTES_PER_SECOND, at)
                    self._chunk += audio
                    if len(self._chunk) >= (_CHUNK if self._waiting_bytes < _HURRY else 4 * _CHUNK):
                        await self._guard(self._hear)
                case SpeechEnded():
                    await self._guard(self._hear)
                    await self._guard(self._settle)

    async def _hear(self) -> None:
        audio = bytes(self._chunk)
        self._chunk.clear()
        for heard in await self._voice.hear(audio) if audio else ():
            await self._tell(heard)

    async def _settle(self) -> None:
        await self._tell(await self._voice.settle())
        self._fed.forget()

    async def _tell(self, heard: Heard) -> None:
        text = "" if heard.settled and heard.is_noise else heard.text
        if heard.settled and text:
            self._shown = ""
            await self._report.settled(self._utterance(heard))
        elif text != self._shown:
            self._shown = text
            self._report.partial(self.call_id, self.who, text)

    def _utterance(self, heard: Heard) -> Utterance:
        otherwise = (self._speech_at, self._clock.now())
        return utterance_of(heard, self._fed, call_id=self.call_id, who=self.who, otherwise=otherwise)

    async def _guard(self, step: Callable[[], Awaitable[None]]) -> None:
        if self._failed_in_a_row >= _FAILURES_IN_A_ROW:
            return
        try:
            await step()
        except Unavailable as failure:
            self._start_again(failure)
        else:
            self._failed_in_a_row = 0

    def _start_again(self, failure: Unavailable) -> None:
        """The voice is spoilt: the rest of the sentence goes to a new one, at once."""
        self.figures.failures += 1
        self._failed_in_a_row += 1
        self._voice.close()
        self._voice, self._fed = self._recogniser.open_voice(call_id=self.call_id), FedClock()
        given_up = self._failed_in_a_row >= _FAILURES_IN_A_ROW
        _log.warning("recognition failed", call_id=self.call_id, who=self.who, reason=failure.en, given_up=given_up)


def _length(audio: bytes) -> timedelta:
    return timedelta(seconds=len(audio) / BYTES_PER_SECOND)
