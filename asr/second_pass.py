"""Transcribing stretches of a recorded track: the same gate and the same recogniser as live, at a lower priority."""

import asyncio
import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asr.activity import FRAME_BYTES, Activity, SpeechEnded, SpeechFrame, SpeechStarted, webrtc_detector
from asr.audiosocket import BYTES_PER_SECOND, SAMPLE_RATE
from asr.gaps import Span
from asr.recogniser import Heard, Voice
from asr.settled import utterance_of
from asr.timeline import FedClock
from asr.utterances import Utterance
from hotline.errors import Unavailable
from hotline.settings import Asr

_CHUNK = 0.8
"""Seconds per step: a live voice that comes meanwhile waits no longer than this takes to decode, some 20 ms."""
_RIM = 0.15
"""Seconds of voice before and after a gap that help the recogniser with its first and last sound."""


def find_speech(path: Path, settings: Asr) -> list[Span]:
    """Where somebody speaks on the track. Blocking: half a second for an hour. Raises OSError, wave.Error."""
    gate = Activity(
        webrtc_detector(settings.vad_aggressiveness),
        preroll_ms=settings.preroll_ms,
        hangover_ms=settings.hangover_ms,
    )
    spans: list[Span] = []
    first = start = at = datetime(1, 1, 2, tzinfo=UTC)
    with wave.open(str(path), "rb") as file:
        _check(file)
        while len(frame := file.readframes(FRAME_BYTES // 2)) == FRAME_BYTES:
            for event in gate.frame(frame, at):
                match event:
                    case SpeechStarted(begun):
                        start = begun
                    case SpeechEnded(ended):
                        spans.append(_span(first, start, ended))
                    case SpeechFrame():
                        pass
            at += timedelta(milliseconds=20)
        spans += [_span(first, start, end.at) for end in gate.finish() if isinstance(end, SpeechEnded)]
    return spans


async def transcribe(
    path: Path, stretch: Span, voice: Voice, fed: FedClock, *, call_id: str, who: str, began: datetime
) -> AsyncIterator[Utterance]:
    """What is said in ``stretch`` of the track. Raises Unavailable (then the voice is spoilt), OSError."""
    start = max(stretch.start - _RIM, 0.0)
    audio = await asyncio.to_thread(_read, path, start, stretch.end + _RIM)
    step = int(_CHUNK * SAMPLE_RATE) * 2
    heard: list[Heard] = []
    for offset in range(0, len(audio), step):
        chunk = audio[offset : offset + step]
        fed.feed(len(chunk) / BYTES_PER_SECOND, began + timedelta(seconds=start + offset / BYTES_PER_SECOND))
        heard += [one for one in await voice.hear(chunk) if one.settled]
    heard.append(await voice.settle())
    for one in heard:
        if one.text and not one.is_noise:
            yield utterance_of(one, fed, call_id=call_id, who=who, otherwise=_instants(stretch, began), repaired=True)
    fed.forget()


def _instants(stretch: Span, began: datetime) -> tuple[datetime, datetime]:
    return began + timedelta(seconds=stretch.start), began + timedelta(seconds=stretch.end)


def _read(path: Path, start: float, end: float) -> bytes:
    with wave.open(str(path), "rb") as file:
        _check(file)
        first = min(int(start * SAMPLE_RATE), file.getnframes())
        file.setpos(first)
        return bytes(file.readframes(int(end * SAMPLE_RATE) - first))


def _check(file: wave.Wave_read) -> None:
    if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, SAMPLE_RATE):
        raise Unavailable("录音格式不符,无法补转写", "the track is not 8 kHz 16-bit mono")


def _span(first: datetime, start: datetime, end: datetime) -> Span:
    return Span((start - first).total_seconds(), (end - first).total_seconds())
