"""Test sentences, and how far a text is from what was said."""

import random
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SPEECH = Path(__file__).resolve().parents[1] / "tests/speech"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One recorded sentence: a voice that the test model never heard, 8 kHz."""

    path: Path
    text: str
    sound: bytes


def sentences(*kinds: str) -> list[Sentence]:
    """The sentences of these kinds, in order."""
    rows = [line.split("\t") for line in (SPEECH / "transcripts.tsv").read_text("utf-8").splitlines()[1:]]
    return [Sentence(SPEECH / row[0], row[3], _read(SPEECH / row[0])) for row in rows if row[1] in kinds]


def conversation(said: Sequence[Sentence], *, seed: int) -> Iterator[tuple[bytes, bytes]]:
    """(citizen's leg, agent's leg) turn by turn: one speaks, the other's line has only its noise; pauses between."""
    noise = np.random.default_rng(seed)
    pause = random.Random(seed)
    for number, sentence in enumerate(said):
        gap = pause.uniform(0.6, 1.6)
        frames = len(sentence.sound) // 2 + int(gap * 8000)
        frames -= frames % 160
        voice = np.frombuffer(sentence.sound, dtype="<i2")
        speaker = noise.integers(-4, 5, frames).astype("<i2")
        speaker[: len(voice)] += voice[:frames]
        listener = noise.integers(-4, 5, frames).astype("<i2")
        pair = speaker.tobytes(), listener.tobytes()
        yield pair if number % 2 == 0 else (pair[1], pair[0])


def error_rate(heard: str, said: str) -> float:
    """Character error rate: edits per character said, as percent."""
    row = list(range(len(heard) + 1))
    for at, wanted in enumerate(said, 1):
        before, row[0] = row[0], at
        for column, got in enumerate(heard, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (wanted != got))
    return 100 * row[-1] / max(len(said), 1)


def _read(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        return bytes(file.readframes(file.getnframes()))
