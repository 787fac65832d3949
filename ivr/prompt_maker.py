"""Makes the shipped prompts with espeak-ng: robotic, but understood, free of rights and the same on every machine."""

import hashlib
import json
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hotline.errors import ConfigurationError, Unavailable
from ivr.english import ENGLISH_PROMPTS
from ivr.prompts import BEEP, PROMPTS

RATE = 8000
MANIFEST = "manifest.json"

_PEAK = 16000.0  # of 32767: telephone networks clip what is near full scale
_BEEP_TEXT = "700 Hz, 0.2 s"


@dataclass(frozen=True)
class Voice:
    """How espeak-ng speaks: a ``variant`` of its voice, ``rate`` in words a minute, ``pitch`` 0…99."""

    variant: str = "f2"
    rate: int = 190
    pitch: int = 50
    tongue: str = "cmn-latn-pinyin"
    """Plain ``cmn`` of espeak-ng 1.51 reads most characters as English."""

    @property
    def name(self) -> str:
        """The voice's full name."""
        return self.tongue + (f"+{self.variant}" if self.variant else "")


PROMPT_VOICE = Voice()
VOICES: Mapping[str, Voice] = {"zh": PROMPT_VOICE, "en": Voice(rate=160, tongue="en-gb")}
TEXTS: Mapping[str, Mapping[str, str]] = {"zh": PROMPTS, "en": ENGLISH_PROMPTS}
"""Language → name → words."""


def make_prompts(folder: Path, names: Iterable[str], language: str = "zh") -> None:
    """Write ``<name>.wav`` for each name and note its text in the manifest.

    Raises ConfigurationError without espeak-ng, Unavailable when it fails, KeyError for an unknown name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = read_manifest(folder)
    for name in names:
        samples = make_beep() if name == BEEP else speak(TEXTS[language][name], VOICES[language])
        write_wav(folder / f"{name}.wav", samples)
        manifest[name] = recipe_of(name, language)
    known = {name: recipe for name, recipe in sorted(manifest.items()) if name in wanted_prompts(language)}
    (folder / MANIFEST).write_text(json.dumps(known, indent=1) + "\n")


def wanted_prompts(language: str = "zh") -> list[str]:
    """Every name that the hotline may play in this language."""
    return [*TEXTS[language], BEEP]


def find_faults(folder: Path, language: str = "zh") -> dict[str, str]:
    """Names whose file is ``missing`` or ``stale`` (made from other words or in another voice)."""
    manifest = read_manifest(folder)
    faults = {}
    for name in wanted_prompts(language):
        if not (folder / f"{name}.wav").is_file():
            faults[name] = "missing"
        elif manifest.get(name) != recipe_of(name, language):
            faults[name] = "stale"
    return faults


def recipe_of(name: str, language: str = "zh") -> str:
    """A short hash of all that decides how the prompt sounds."""
    voice, texts = VOICES[language], TEXTS[language]
    recipe = _BEEP_TEXT if name == BEEP else f"{texts[name]}|{voice.name}|{voice.rate}|{voice.pitch}|{_PEAK}"
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


def read_manifest(folder: Path) -> dict[str, str]:
    """Name → recipe of the files that lie there; empty where there is no manifest."""
    try:
        return {str(name): str(recipe) for name, recipe in json.loads((folder / MANIFEST).read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def speak(text: str, voice: Voice = PROMPT_VOICE) -> npt.NDArray[np.int16]:
    """Text → 8 kHz samples, silence at the ends cut to 50 ms, at one peak level."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise ConfigurationError(
            "未找到 espeak-ng，请执行：apt-get install -y espeak-ng",
            "espeak-ng is not installed; run: apt-get install -y espeak-ng",
        )
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        options = ["-v", voice.name, "-s", str(voice.rate), "-p", str(voice.pitch), "-w", str(spoken)]
        try:
            subprocess.run([program, *options, "--", text], check=True, capture_output=True, timeout=30)
            with wave.open(str(spoken), "rb") as file:
                rate, frames = file.getframerate(), file.readframes(file.getnframes())
        except (subprocess.SubprocessError, OSError, wave.Error, EOFError) as error:
            raise Unavailable(f"espeak-ng 失败：{error}", f"espeak-ng failed: {error}") from error
    return level(trim(resample(np.frombuffer(frames, "<i2").astype(np.float64), rate)))


def make_beep() -> npt.NDArray[np.int16]:
    """A short soft tone."""
    t = np.arange(int(0.2 * RATE)) / RATE
    fade = np.minimum(1.0, np.minimum(t, t[::-1]) / 0.01)
    return level(np.sin(2 * np.pi * 700 * t) * fade)


def resample(samples: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """From ``rate`` down to 8 kHz by cutting the spectrum: nothing above 4 kHz folds back into the speech."""
    length = len(samples) * RATE // rate
    spectrum = np.fft.rfft(samples)[: length // 2 + 1]
    return np.fft.irfft(spectrum, length) * length / max(1, len(samples))


def trim(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cut the silence at both ends, but for 50 ms."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.max(np.abs(samples), initial=1.0))
    margin = RATE // 20
    return samples[max(0, loud[0] - margin) : loud[-1] + margin] if len(loud) else samples


def level(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    """Bring the loudest sample to one height, so that no prompt shouts."""
    return np.asarray(np.round(samples * (_PEAK / np.max(np.abs(samples), initial=1e-9))), np.int16)


def write_wav(path: Path, samples: npt.NDArray[np.int16]) -> None:
    """8 kHz, mono, 16-bit, replaced in one step."""
    fresh = path.with_suffix(".new")
    with wave.open(str(fresh), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(samples.astype("<i2").tobytes())
    fresh.replace(path)
