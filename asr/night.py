"""The night's work: every recording of the last days is read again by the bigger model, one after the other."""

import asyncio
import wave
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from asr.gaps import Span
from asr.quiet import QuietCores
from asr.recogniser import Recogniser
from asr.repair import PARTIES, Archive
from asr.reread import in_hours, second_text
from asr.second_pass import transcribe
from asr.timeline import FedClock
from asr.transcript import TranscriptStore
from asr.utterances import SpokenWord, Utterance
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.facts.recordings import RecordingReady
from hotline.ledger import read
from hotline.settings import Night

_log = structlog.get_logger()

_LOOK_SECONDS = 60.0
_LOOK_BACK = timedelta(days=7)
_JOINT = 0.05
"""Seconds around an utterance; ``transcribe`` adds a rim of its own."""


class NightReading:
    """The service; ``load`` holds the bigger model in memory inside its block: None when it cannot be used."""

    def __init__(
        self,
        database: Database,
        transcripts: TranscriptStore,
        archive: Archive,
        *,
        load: Callable[[], AbstractAsyncContextManager[Recogniser | None]],
        settings: Night,
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self._database, self._transcripts, self._archive = database, transcripts, archive
        self._load, self._settings, self._zone, self._clock = load, settings, zone, clock

    async def run(self) -> None:
        """Work in the site's hours until cancelled."""
        while True:
            if self._is_night():
                await self.work()
            await asyncio.sleep(_LOOK_SECONDS)

    async def work(self) -> int:
        """Read what is owed again until morning; how many utterances got a second text."""
        owed = await self._owed()
        if not owed:
            return 0
        async with self._load() as recogniser:
            return await self._read_all(owed, recogniser) if recogniser is not None else 0

    async def _read_all(self, owed: list[RecordingReady], recogniser: Recogniser) -> int:
        changed = 0
        for ready in owed:
            if not self._is_night():
                break
            try:
                changed += await self.reread(ready, recogniser)
            except (HotlineError, OSError, wave.Error, EOFError) as failure:  # stays owed: the next night
                _log.warning("a recording was not read again", call_id=ready.call_id, reason=str(failure))
        return changed

    async def reread(self, ready: RecordingReady, recogniser: Recogniser) -> int:
        """One recording; how many of its utterances got a second text. Raises HotlineError, OSError."""
        began = ready.started_at or ready.at - timedelta(seconds=ready.seconds)
        said, changed = await self._transcripts.transcript(ready.call_id), 0
        for who in (who for who in PARTIES if who in ready.tracks):
            theirs = [one for one in said if one.who == who and one.corrected is None]
            if not theirs:
                continue
            voice, quiet = recogniser.open_voice(later=True), QuietCores(self._settings.wait_seconds)
            try:
                async with self._archive.sound(ready.recording_id, who) as path:
                    for one in theirs:
                        await quiet.wait()
                        stretch = _stretch(one, began)
                        parts = transcribe(path, stretch, voice, FedClock(), call_id=one.call_id, who=who, began=began)
                        changed += await self._compare(one, [part async for part in parts])
            finally:
                voice.close()
        await self._transcripts.note_reread(ready, self._settings.model, changed)
        _log.info("recording read again", call_id=ready.call_id, changed=changed)
        return changed

    async def _compare(self, first: Utterance, parts: list[Utterance]) -> int:
        words = [
            SpokenWord(word.text, max(_after(first, part) + word.start, 0.0), word.seconds, word.confidence)
            for part in parts
            for word in part.words
        ]
        known = [word.confidence for word in words if word.confidence is not None]
        sure = sum(known) / len(known) if known else None
        second = second_text(first.text, first.confidence, words, sure)
        return int(second is not None and await self._transcripts.take_second(first, second))

    async def _owed(self) -> list[RecordingReady]:
        since = self._clock.now() - _LOOK_BACK
        ready = [entry.fact async for entry in read(self._database, kinds=[RecordingReady], since=since)]
        facts = [fact for fact in ready if isinstance(fact, RecordingReady)]
        return [fact for fact in facts if not await self._transcripts.is_reread(fact.recording_id)]

    def _is_night(self) -> bool:
        begins, ends = self._settings.hours
        return in_hours(self._clock.now().astimezone(self._zone).time(), begins, ends)


def _stretch(said: Utterance, began: datetime) -> Span:
    start = (said.started_at - began).total_seconds()
    return Span(max(start - _JOINT, 0.0), start + said.seconds + _JOINT)


def _after(first: Utterance, part: Utterance) -> float:
    return round((part.started_at - first.started_at).total_seconds(), 3)
