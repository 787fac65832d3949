"""The recogniser: what the rest of the room knows of it (two small Protocols), and Vosk behind them.

One shared model; one ``KaldiRecognizer`` per stream, whose chunks are awaited one by one, because it is not safe to
touch from two threads; decoding itself releases the GIL and runs on ``Workers``. Another engine, or workers on
another host, only need to offer the same two methods.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import vosk

from asr.audiosocket import BYTES_PER_SECOND, SAMPLE_RATE
from asr.models import voice_rate
from asr.resampling import Doubler
from asr.workers import Workers
from hotline.errors import ConfigurationError, Unavailable

_UNKNOWN = re.compile(r"\[unk\]|<unk>", re.IGNORECASE)
_BESIDE_CHINESE = re.compile(r"(?<=[\u3400-\u9fff])\s+|\s+(?=[\u3400-\u9fff])")

T = TypeVar("T")
_BELIEF = 0.3
_PAD = bytes(BYTES_PER_SECOND // 20)
"""50 ms of silence."""


class RecogniserFailed(Unavailable):
    """The recogniser refused a chunk. Its stream must be opened anew; the call knows nothing of it."""

    code = "recogniser_failed"


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; times in seconds of the voice given to its stream since it was opened."""

    text: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What the recogniser makes of the speech since the last settled text."""

    text: str
    words: tuple[Word, ...] = ()
    settled: bool = False
    """Settled text does not change any more; partial text may, and has no words."""

    @property
    def confidence(self) -> float | None:
        """Mean confidence of the words, 0 to 1; None when there is none."""
        known = [word.confidence for word in self.words if word.confidence is not None]
        return round(sum(known) / len(known), 3) if known else None

    @property
    def is_noise(self) -> bool:
        """A click or a breath: hardly a word, in which the recogniser itself does not believe."""
        return len(self.text) <= 2 and self.confidence is not None and self.confidence < _BELIEF


class Voice(Protocol):
    """One stream of one person's speech inside the recogniser."""

    async def hear(self, audio: bytes) -> Sequence[Heard]:
        """Take a chunk of 16-bit 8 kHz voice; what it made clear. Raises Unavailable: then open a new voice."""
        ...

    async def settle(self) -> Heard:
        """The speaker paused: settle what is left, perhaps an empty text. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Nobody speaks any more; what it holds is given back."""
        ...


class Recogniser(Protocol):
    """A loaded model, here or elsewhere."""

    def open_voice(self, *, later: bool = False, call_id: str = "") -> Voice:
        """A fresh stream of a call; ``later``: its work waits behind that of all others."""
        ...


def join_words(text: str) -> str:
    """Recognised words as people write them: no spaces beside Chinese, no marks for unknown words."""
    return _BESIDE_CHINESE.sub("", " ".join(_UNKNOWN.sub(" ", text).split()))


def read_settled(answer: str, padded: float = 0.0) -> Heard:
    """Vosk's JSON of a settled result; ``padded`` seconds of what it heard were not the speaker's."""
    value: dict[str, Any] = json.loads(answer)
    words = tuple(
        Word(word["word"], float(word["start"]) - padded, float(word["end"]) - padded, word.get("conf"))
        for word in value.get("result", ())
        if not _UNKNOWN.fullmatch(word["word"])
    )
    return Heard(join_words(value.get("text", "")), words, settled=True)


def read_partial(answer: str) -> Heard:
    """Vosk's JSON of a partial result."""
    return Heard(join_words(json.loads(answer).get("partial", "")))


SecondLook = Callable[[Heard, bytes, float], Heard]
"""Settled words, the voice they were heard in, and the second at which that began; the words put right. On a thread."""


class VoskVoice:
    """One ``KaldiRecognizer``, made when the first sound comes: a silent leg costs nothing."""

    def __init__(
        self, model: vosk.Model, workers: Workers, *, later: bool = False, second_look: SecondLook | None = None,
        rate: int = SAMPLE_RATE,
    ) -> None:  # fmt: skip
        self._model = model
        self._rate = rate
        self._doubler = Doubler() if rate != SAMPLE_RATE else None
        self._second_look = second_look
        self._since_settled = bytearray()
        self._fed = 0.0
        self._workers = workers
        self._later = later
        self._native: vosk.KaldiRecognizer | None = None
        self._at_endpoint = False
        self._padded = 0.0

    async def hear(self, audio: bytes) -> Sequence[Heard]:
        return await self._guard(lambda: self._decode(audio))

    async def settle(self) -> Heard:
        if self._native is None:
            return Heard("", settled=True)
        return await self._guard(self._flush)

    def close(self) -> None:
        self._native = None

    def _decode(self, audio: bytes) -> list[Heard]:
        native = self._open()
        self._fed += len(audio) / BYTES_PER_SECOND
        if self._second_look is not None:
            self._since_settled += audio
        self._at_endpoint = bool(native.AcceptWaveform(self._wide(audio)))
        if self._at_endpoint:
            return [self._looked_at(read_settled(native.Result(), self._padded))]
        return [read_partial(native.PartialResult())]

    def _flush(self) -> Heard:
        native = self._open()
        if self._at_endpoint:  # Vosk would go on with old sound in its window; only a running one starts clean
            native.AcceptWaveform(self._wide(_PAD))
            self._padded += len(_PAD) / BYTES_PER_SECOND
            self._at_endpoint = False
        return self._looked_at(read_settled(native.FinalResult(), self._padded))

    def _wide(self, audio: bytes) -> bytes:
        """The voice at the model's rate."""
        return self._doubler.double(audio) if self._doubler else audio

    def _looked_at(self, heard: Heard) -> Heard:
        audio = bytes(self._since_settled)
        self._since_settled.clear()
        if self._second_look is None or not heard.words:
            return heard
        return self._second_look(heard, audio, self._fed - len(audio) / BYTES_PER_SECOND)

    def _open(self) -> vosk.KaldiRecognizer:
        if self._native is None:
            self._native = vosk.KaldiRecognizer(self._model, self._rate)
            self._native.SetWords(True)
        return self._native

    async def _guard(self, work: Callable[[], T]) -> T:
        try:
            return await self._workers.run(work, later=self._later)
        except Unavailable:
            raise
        except Exception as failure:  # vosk raises nothing more precise
            raise RecogniserFailed("语音识别出错", f"the recogniser failed: {failure}") from failure


class VoskRecogniser:
    """A Vosk model in memory, shared by all streams."""

    def __init__(
        self, model: vosk.Model, workers: Workers, second_look: SecondLook | None = None, rate: int = SAMPLE_RATE
    ) -> None:
        self.rate = rate
        """Samples a second that the model is given."""
        self._model = model
        self._workers = workers
        self._second_look = second_look

    def looking_twice(self, second_look: SecondLook) -> "VoskRecogniser":
        """The same model, whose settled words are looked at once more."""
        return VoskRecogniser(self._model, self._workers, second_look, self.rate)

    @property
    def model(self) -> vosk.Model:
        """The model itself, for whoever hands in a second look."""
        return self._model

    @classmethod
    async def load(cls, folder: Path, workers: Workers) -> "VoskRecogniser":
        """Read the model, seconds for a big one. Raises ConfigurationError when Vosk cannot."""
        vosk.SetLogLevel(-1)
        rate = voice_rate(folder)
        try:
            return cls(await workers.run(lambda: vosk.Model(str(folder))), workers, rate=rate)
        except Exception as failure:  # vosk raises nothing more precise
            raise ConfigurationError(
                f"asr.model: {folder} 无法作为 Vosk 模型加载,请重新下载(hotline model fetch)",
                f"asr.model: Vosk cannot load {folder}: {failure}; fetch it again (hotline model fetch)",
            ) from failure

    def open_voice(self, *, later: bool = False, call_id: str = "") -> VoskVoice:
        """A fresh stream; cheap until it hears something."""
        return VoskVoice(self._model, self._workers, later=later, second_look=self._second_look, rate=self.rate)
