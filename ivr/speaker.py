"""Reads texts out: the site's own recording when there is one, else espeak-ng, once per text and kept."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

import structlog

from hotline.errors import HotlineError
from ivr.prompt_maker import speak, write_wav

_log = structlog.get_logger()
LONGEST_TEXT = 240
"""Characters; who wants more asks a person."""


class SynthesisedSpeech:
    """Fills ``services.Speaker``. ``sounds``: Asterisk's folder of languages."""

    def __init__(self, sounds: Path) -> None:
        self._folder = sounds / "zh" / "hotline"

    async def prompts(self, text: str, name: str) -> Sequence[str]:
        """The prompts that say ``text``; none when this machine cannot speak."""
        if (self._folder / f"{name}.wav").is_file():
            return (f"hotline/{name}",)
        spoken = shorten(text)
        file = f"spoken/{hashlib.sha256(spoken.encode()).hexdigest()[:16]}"
        path = self._folder / f"{file}.wav"
        if not path.is_file():
            try:
                await asyncio.to_thread(_make, path, spoken)
            except (HotlineError, OSError) as failure:
                _log.warning("a text could not be read out", article=name, why=str(failure))
                return ()
        return (f"hotline/{file}",)


def shorten(text: str) -> str:
    """Whole sentences up to the longest text."""
    if len(text) <= LONGEST_TEXT:
        return text
    cut = max(text.rfind(mark, 0, LONGEST_TEXT) for mark in "。；！？")
    return text[: cut + 1] if cut > 0 else text[:LONGEST_TEXT]


def _make(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, speak(text))
