"""Who speaks when: a gate over 20 ms frames, so that silence costs no recognition.

Pure: frames and their times in, events out. Speech starts when most of the last few frames are voiced, and the
frames just before (pre-roll) come with it, because a Chinese initial is quieter than the detector likes. It ends
after ``hangover_ms`` without voice, be it silent frames or no frames at all. Of a pause only the beginning is passed
on at once, the rest when speech goes on: a recogniser that is given a stretch of silence alone invents a word.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import webrtcvad

FRAME_MS = 20
FRAME_BYTES = 320
"""One frame: 160 samples of 16 bits at 8 kHz."""
_FRAME = timedelta(milliseconds=FRAME_MS)
_TAIL = timedelta(milliseconds=200)
_WINDOW, _VOICED = 5, 3
"""Speech starts when 3 of the last 5 frames are voiced: a click is shorter."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody began to speak; ``at`` is the start of the pre-roll."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SpeechFrame:
    """One frame that belongs to speech and that began at ``at``."""

    audio: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """Nobody has spoken for the hangover; ``at`` is the end of the last voiced frame."""

    at: datetime


SpeechEvent = SpeechStarted | SpeechFrame | SpeechEnded


def webrtc_detector(aggressiveness: int) -> Callable[[bytes], bool]:
    """webrtcvad on 8 kHz frames. 0 lets most through, 3 least. One detector per stream: it has a memory."""
    vad = webrtcvad.Vad(aggressiveness)
    return lambda frame: bool(vad.is_speech(frame, 8000))


class Activity:
    """The gate of one stream."""

    def __init__(self, is_voiced: Callable[[bytes], bool], *, preroll_ms: int, hangover_ms: int) -> None:
        self._is_voiced = is_voiced
        self._preroll: deque[SpeechFrame] = deque(maxlen=max(preroll_ms // FRAME_MS, _WINDOW))
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self._held: list[SpeechFrame] = []
        self._hangover = timedelta(milliseconds=hangover_ms)
        self._last_voice: datetime | None = None
        self.frames = 0
        """Frames seen."""
        self.passed = 0
        """Frames that went on to the recogniser."""

    @property
    def speaking(self) -> bool:
        """Whether speech has started and not ended."""
        return self._last_voice is not None

    def frame(self, audio: bytes, at: datetime) -> Iterator[SpeechEvent]:
        """What one frame means. ``at`` is when it began; frames come in order."""
        yield from self.silence(at)
        self.frames += 1
        frame, voiced = SpeechFrame(audio, at), self._is_voiced(audio)
        if not self.speaking:
            yield from self._wait(frame, voiced)
            return
        yield from self._go_on(frame, voiced)
        yield from self.silence(at + _FRAME)

    def silence(self, until: datetime) -> Iterator[SpeechEvent]:
        """Nothing voiced came before ``until``: ends the speech when that is longer than the hangover."""
        if self._last_voice is not None and until - self._last_voice >= self._hangover:
            yield from self.finish()

    def finish(self) -> Iterator[SpeechEvent]:
        """The stream is over: so is the speech."""
        if self._last_voice is not None:
            ended, self._last_voice = SpeechEnded(self._last_voice), None
            self._recent.clear()
            self._preroll.extend(self._held)
            self._held.clear()
            yield ended

    def _go_on(self, frame: SpeechFrame, voiced: bool) -> Iterator[SpeechEvent]:
        assert self._last_voice is not None
        self._held.append(frame)
        if voiced:
            self._last_voice = frame.at + _FRAME
        if voiced or frame.at - self._last_voice < _TAIL:
            self.passed += len(self._held)
            yield from self._held
            self._held.clear()

    def _wait(self, frame: SpeechFrame, voiced: bool) -> Iterator[SpeechEvent]:
        if self._preroll and frame.at - self._preroll[-1].at > self._hangover:
            self._preroll.clear()  # older than a gap: not the beginning of this sentence
            self._recent.clear()
        self._preroll.append(frame)
        self._recent.append(voiced)
        if self._recent.count(True) < _VOICED:
            return
        self._last_voice = frame.at + _FRAME
        self.passed += len(self._preroll)
        yield SpeechStarted(self._preroll[0].at)
        yield from self._preroll
        self._preroll.clear()
