"""Is speech recognised, by which model, and if not, why? Finds and loads the model; a fault turns recognition off."""

import os
from dataclasses import dataclass
from pathlib import Path

import structlog

from asr.models import find_model
from asr.recogniser import Recogniser, VoskRecogniser
from asr.workers import Workers
from hotline.errors import ConfigurationError
from hotline.settings import Settings

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recognition:
    """Whether speech is recognised, and if not, why."""

    on: bool
    model: Path | None = None
    reason_zh: str = ""
    reason_en: str = ""

    @property
    def reason(self) -> str | None:
        """Why it is off, in both languages; None when it is on."""
        return None if self.on else f"{self.reason_zh} / {self.reason_en}"


async def load_recogniser(settings: Settings, workers: Workers) -> tuple[Recogniser | None, Recognition]:
    """The recogniser, or why there is none."""
    if not settings.asr.enabled:
        return None, Recognition(False, reason_zh="配置中已关闭(asr.enabled)", reason_en="turned off (asr.enabled)")
    try:
        model = find_model(settings.asr.model, settings.storage.folder)
        recogniser = await VoskRecogniser.load(model.folder, workers)
    except ConfigurationError as failure:
        _log.error("recognition is off; calls go on without it", reason=failure.en)
        return None, Recognition(False, reason_zh=failure.zh, reason_en=failure.en)
    _log.info("recognition is on", model=model.folder.name, found_by=model.found_by, test_model=model.is_test_model)
    return recogniser, Recognition(True, model=model.folder)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))
