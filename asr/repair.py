"""The second pass: after a call, what the live transcript misses is transcribed from the recording.

Driven by ``RecordingReady``, and at the start by the ledger: a call that ended while the model was missing or the
engine was dead is taken up then. One recording at a time, behind every live voice, while cores are quiet. Doing it
twice finds nothing to do: what was repaired is covered.
"""

import asyncio
import wave
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from asr.gaps import Span, conversation_began, covered_by, uncovered, within
from asr.quiet import QuietCores
from asr.recogniser import Recogniser
from asr.second_pass import find_speech, transcribe
from asr.timeline import FedClock
from asr.transcript import TranscriptStore
from hotline.bus import SubscriberTooSlow
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError, Unavailable
from hotline.facts.calls import CallArrived, CallConnected, CallFellBack
from hotline.facts.recordings import RecordingReady
from hotline.ledger import read
from hotline.settings import Asr

_log = structlog.get_logger()

PARTIES = ("citizen", "agent")
_LOOK_BACK = timedelta(days=7)
"""How far back a starting engine looks for recordings without a second pass; older ones on demand."""


class Archive(Protocol):
    """What the recordings room gives."""

    def sound(self, recording_id: str, track: str) -> AbstractAsyncContextManager[Path]:
        """The track as an 8 kHz mono WAV file, there inside the block. Raises HotlineError when there is none."""
        ...


class Live(Protocol):
    """What live transcription tells the second pass; ``Transcription`` is one."""

    @property
    def recogniser(self) -> Recogniser | None:
        """The loaded model; None while recognition is off."""
        ...

    async def model_loaded(self) -> None:
        """Return once there is a model; it may come back while we run."""
        ...

    async def call_settled(self, call_id: str) -> None:
        """Return once the call's last live words are stored."""
        ...


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a second pass found."""

    missing_seconds: float = 0.0
    """Speech of which the transcript had no words."""
    utterances: int = 0
    whole: bool = True
    """False when the recogniser failed on a stretch: it is tried again."""

    def plus(self, other: "Repaired") -> "Repaired":
        """Both tracks together."""
        return Repaired(
            round(self.missing_seconds + other.missing_seconds, 2),
            self.utterances + other.utterances,
            self.whole and other.whole,
        )


class Repair:
    """The service."""

    def __init__(
        self,
        database: Database,
        transcripts: TranscriptStore,
        archive: Archive,
        *,
        live: Live,
        settings: Asr,
        clock: Clock,
    ) -> None:
        self._database, self._transcripts, self._archive = database, transcripts, archive
        self._live, self._settings, self._clock = live, settings, clock
        self._queue: asyncio.Queue[RecordingReady] = asyncio.Queue()
        self._subscription = database.bus.subscribe("repair", RecordingReady, capacity=10_000)

    async def run(self) -> None:
        """Repair what is owed, then whatever gets ready, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._work())

    async def owed(self, since: datetime) -> list[RecordingReady]:
        """The recordings of that time whose second pass is not done, oldest first."""
        ready = [entry.fact async for entry in read(self._database, kinds=[RecordingReady], since=since)]
        facts = [fact for fact in ready if isinstance(fact, RecordingReady)]
        return [fact for fact in facts if not await self._transcripts.is_repaired(fact.recording_id)]

    async def recordings_of(self, call_id: str) -> list[RecordingReady]:
        """The recordings of a call, its second pass done or not."""
        ready = [entry.fact async for entry in read(self._database, call_id=call_id, kinds=[RecordingReady])]
        return [fact for fact in ready if isinstance(fact, RecordingReady)]

    async def repair(self, ready: RecordingReady) -> Repaired:
        """Complete the transcript of one recording. Raises Unavailable: no model, no audio; then it stays owed."""
        recogniser = self._live.recogniser
        if recogniser is None:
            raise Unavailable("语音识别未启用,暂不能补转写", "recognition is off: nothing can be transcribed now")
        began = ready.started_at or ready.at - timedelta(seconds=ready.seconds)
        facts = [entry.fact async for entry in read(self._database, call_id=ready.call_id, kinds=_TALK)]
        talk = conversation_began(facts, began)
        found = Repaired()
        for who in (who for who in PARTIES if talk is not None and who in ready.tracks):
            said = await self._repair_track(ready, who, began, talk or 0.0, recogniser)
            found = found.plus(said)
        if found.whole:
            await self._transcripts.note_repair(ready, found.utterances, found.missing_seconds)
        _log.info("transcript repaired", call_id=ready.call_id, utterances=found.utterances, whole=found.whole)
        return found

    async def _repair_track(
        self, ready: RecordingReady, who: str, began: datetime, talk: float, recogniser: Recogniser
    ) -> Repaired:
        known = [said for said in await self._transcripts.transcript(ready.call_id) if said.who == who]
        try:
            async with self._archive.sound(ready.recording_id, who) as path:
                speech = within(await asyncio.to_thread(find_speech, path, self._settings), talk)
                gaps = uncovered(speech, covered_by(known, began))
                heard = await self._hear(path, gaps, recogniser, ready.call_id, who, began)
        except (OSError, wave.Error, EOFError) as failure:
            raise Unavailable("录音无法读取,暂不能补转写", f"the track cannot be read: {failure}") from failure
        return replace(heard, missing_seconds=sum(gap.seconds for gap in gaps))

    async def _hear(
        self, path: Path, gaps: Sequence[Span], recogniser: Recogniser, call_id: str, who: str, began: datetime
    ) -> Repaired:
        quiet, said, whole = QuietCores(self._settings.repair_wait_seconds), 0, True
        voice, fed = recogniser.open_voice(later=True), FedClock()
        for gap in gaps:
            await quiet.wait()
            try:
                async for utterance in transcribe(path, gap, voice, fed, call_id=call_id, who=who, began=began):
                    said += await self._transcripts.add(utterance)
            except Unavailable as failure:
                _log.warning("a stretch was not transcribed", call_id=call_id, who=who, reason=failure.en)
                voice, fed, whole = recogniser.open_voice(later=True), FedClock(), False
        return Repaired(utterances=said, whole=whole)

    async def _listen(self) -> None:
        while True:
            for fact in await self.owed(self._clock.now() - _LOOK_BACK):
                self._queue.put_nowait(fact)
            try:
                async for message in self._subscription:
                    if isinstance(message, RecordingReady):
                        self._queue.put_nowait(message)
                return
            except SubscriberTooSlow:
                self._subscription = self._database.bus.subscribe("repair", RecordingReady, capacity=10_000)

    async def _work(self) -> None:
        while True:
            ready = await self._queue.get()
            await self._live.model_loaded()
            try:
                await self._live.call_settled(ready.call_id)
                if not await self._transcripts.is_repaired(ready.recording_id):
                    await self.repair(ready)
            except HotlineError as failure:  # stays owed: the next start, or ``hotline asr repair``
                _log.warning("second pass put off", call_id=ready.call_id, reason=failure.en)
            except Exception:  # the edge of the loop: one recording's fault ends no other's second pass
                _log.exception("second pass broke", call_id=ready.call_id)


_TALK = (CallArrived, CallConnected, CallFellBack)
