"""The shipped prompts are whole and up to date; making them says clearly what is missing."""

import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from hotline.errors import ConfigurationError
from ivr.prompt_maker import (
    RATE,
    TEXTS,
    VOICES,
    find_faults,
    make_prompts,
    resample,
    speak,
    wanted_prompts,
    write_wav,
)
from ivr.prompts import BEEP, PROMPT_FOLDER, SHIPPED_PROMPTS
from ivr.speaker import SynthesisedSpeech, shorten
from telephony.phone import read_sound

Sound = npt.NDArray[np.float64]
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="apt-get install -y espeak-ng")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_prompt_is_shipped_in_the_form_that_asterisk_plays(language: str) -> None:
    folder = SHIPPED_PROMPTS / language / "hotline"
    assert find_faults(folder, language) == {}
    for name in wanted_prompts(language):
        samples = read_sound(folder / f"{name}.wav")
        assert 0.1 < len(samples) / 8000 < 12
        assert 15000 < np.max(np.abs(samples)) < 20000
    assert sum(file.stat().st_size for file in folder.iterdir()) < 3_500_000


ENGLISH = TEXTS["en"]
HEARD: dict[str, Sound] = {
    name: read_sound(SHIPPED_PROMPTS / f"en/hotline/{name}.wav").astype(np.float64) for name in ENGLISH
}


@pytest.mark.parametrize("name", ENGLISH)
def test_an_english_prompt_is_as_long_and_as_loud_as_its_words(name: str) -> None:
    """What can be judged without an English ear or recogniser: nothing is cut off, clipped, too faint or too fast."""
    sound, letters = HEARD[name], len(ENGLISH[name])
    loud = np.flatnonzero(np.abs(sound) > 0.01 * np.max(np.abs(sound)))
    assert loud[0] <= 0.06 * RATE
    assert len(sound) - loud[-1] <= 0.06 * RATE
    spoken = (loud[-1] - loud[0]) / RATE / letters
    assert 0.04 < spoken < (0.09 if letters >= 12 else 0.16), "seconds a letter"
    assert np.max(np.abs(sound)) < 0.6 * 32767
    assert -28 < 20 * np.log10(np.sqrt(np.mean(np.square(sound))) / 32767) < -14, "dB below full scale"


def test_no_two_english_prompts_sound_the_same() -> None:
    pairs = (pair for pair in combinations(HEARD, 2) if pair[0].rstrip("s") != pair[1].rstrip("s"))
    same = [(one, two) for one, two in pairs if likeness(HEARD[one], HEARD[two]) > 0.85]
    assert not same, "nineteen and ninety are the nearest, at 0.79; a plural may sound like its singular"


@needs_espeak
def test_each_english_file_says_the_words_of_its_name() -> None:
    spoken = {name: speak(text, VOICES["en"]).astype(np.float64) for name, text in ENGLISH.items()}
    assert [name for name in ENGLISH if likeness(HEARD[name], spoken[name]) < 0.95] == []


@needs_espeak
def test_the_same_words_give_the_same_sound(tmp_path: Path) -> None:
    """Not the same bytes: once in some thousand times, on a busy machine, espeak-ng speaks a little otherwise."""
    make_prompts(tmp_path, ["d3", BEEP])
    assert set(find_faults(tmp_path)) == set(wanted_prompts()) - {"d3", BEEP}
    first = read_sound(tmp_path / "d3.wav").astype(np.float64)
    make_prompts(tmp_path, ["d3", "d4"])
    second, other = (read_sound(tmp_path / f"{name}.wav").astype(np.float64) for name in ("d3", "d4"))
    assert likeness(first, second) > 0.95
    assert likeness(first, other) < 0.5, "two words do not sound the same"


def likeness(one: Sound, other: Sound) -> float:
    """The best correlation of the two, wherever they begin: 1 for the same sound."""
    size = 1 << (len(one) + len(other)).bit_length()
    product = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    return float(np.max(product) / (np.linalg.norm(one) * np.linalg.norm(other)))


def test_other_words_make_a_prompt_stale(tmp_path: Path) -> None:
    shutil.copytree(PROMPT_FOLDER, tmp_path, dirs_exist_ok=True)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"welcome": "', '"welcome": "old'))
    (tmp_path / "goodbye.wav").unlink()
    assert find_faults(tmp_path) == {"welcome": "stale", "goodbye": "missing"}
    manifest.write_text("no json")
    assert len(find_faults(tmp_path)) == len(wanted_prompts())


def test_without_espeak_the_command_to_type_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigurationError, match="apt-get install -y espeak-ng"):
        speak("您好")


def test_resampling_keeps_a_tone_and_drops_what_cannot_be_carried() -> None:
    t = np.arange(22050) / 22050
    kept = resample(1000 * np.sin(2 * np.pi * 1000 * t), 22050)
    dropped = resample(1000 * np.sin(2 * np.pi * 6000 * t), 22050)
    assert len(kept) == 8000
    assert np.max(np.abs(kept)) == pytest.approx(1000, rel=0.02)
    assert np.max(np.abs(dropped)) < 20


def test_a_wav_is_replaced_in_one_step(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.ones(80, np.int16))
    assert len(read_sound(tmp_path / "a.wav")) == 80
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


@needs_espeak
async def test_a_text_is_read_out_once_and_the_sites_own_recording_wins(tmp_path: Path) -> None:
    speech = SynthesisedSpeech(tmp_path)
    (prompt,) = await speech.prompts("可以提取公积金。", "kb_x")
    made = tmp_path / "zh" / f"{prompt}.wav"
    born = made.stat().st_mtime_ns
    assert await speech.prompts("可以提取公积金。", "kb_x") == (prompt,)
    assert made.stat().st_mtime_ns == born
    write_wav(tmp_path / "zh/hotline/kb_x.wav", np.ones(80, np.int16))
    assert await speech.prompts("可以提取公积金。", "kb_x") == ("hotline/kb_x",)


async def test_where_nothing_can_be_read_out_there_are_no_prompts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert await SynthesisedSpeech(tmp_path).prompts("您好", "kb_x") == ()


def test_a_long_text_is_cut_at_a_sentence() -> None:
    assert shorten("一" * 100 + "。" + "二" * 200) == "一" * 100 + "。"
    assert len(shorten("一" * 999)) == 240
