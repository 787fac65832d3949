"""Every line of the demo, and the test speech, is understood by the tiny model over a telephone line (μ-law)."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import vosk

from telephony.phone import mulaw, read_sound

REPOSITORY = Path(__file__).resolve().parents[2]
MODEL = REPOSITORY / "asr/models/vosk-model-tiny-zh-12345"


@pytest.fixture(scope="module")
def model() -> vosk.Model:
    vosk.SetLogLevel(-1)
    return vosk.Model(str(MODEL))


def recognise(model: vosk.Model, wav: Path) -> str:
    """The text of a whole file, as heard through G.711, without spaces."""
    silence = np.zeros(4800, np.int16)
    line = mulaw.decode(mulaw.encode(np.concatenate([silence, read_sound(wav), silence]))).astype("<i2").tobytes()
    recogniser = vosk.KaldiRecognizer(model, 8000)
    parts = [recogniser.Result() for at in range(0, len(line), 3200) if recogniser.AcceptWaveform(line[at : at + 3200])]
    return "".join(json.loads(part)["text"] for part in [*parts, recogniser.FinalResult()]).replace(" ", "")


def lines(folder: str) -> list[tuple[Path, str]]:
    with (REPOSITORY / folder / "transcripts.tsv").open(encoding="utf-8") as file:
        return [(REPOSITORY / folder / line["file"], line["text"]) for line in csv.DictReader(file, delimiter="\t")]


DEMO = lines("hotline/demo/speech")


@pytest.mark.parametrize(("wav", "text"), DEMO, ids=[wav.stem for wav, _ in DEMO])
def test_demo_line_is_understood(model: vosk.Model, wav: Path, text: str) -> None:
    assert recognise(model, wav) == text


def test_most_of_the_test_speech_is_understood(model: vosk.Model) -> None:
    understood = [recognise(model, wav) == text for wav, text in lines("tests/speech")]
    assert len(understood) == 30
    assert sum(understood) >= 20
