"""Is speech recognised, by which model and where, and if not, why? A fault turns recognition off and nothing else."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from asr.hotwords import takes_grammar, with_names
from asr.models import find_model
from asr.pool import Pool, open_pool
from asr.recogniser import Recogniser, VoskRecogniser
from asr.workers import Workers
from hotline.errors import ConfigurationError
from hotline.settings import Asr, Secrets, Settings

_log = structlog.get_logger()

_STREAMS_PER_CORE = 40


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


async def load_recogniser(
    settings: Settings, workers: Workers, names: Iterable[str] = ()
) -> tuple[Recogniser | None, Recognition]:
    """The recogniser, or why there is none. ``names``: what it listens for beside the site's units and places."""
    if not settings.asr.enabled:
        return None, Recognition(False, reason_zh="配置中已关闭(asr.enabled)", reason_en="turned off (asr.enabled)")
    try:
        model = find_model(settings.asr.model, settings.storage.folder)
        recogniser = await VoskRecogniser.load(model.folder, workers)
        if settings.asr.hot_words and takes_grammar(model.folder):
            hot = [*names, *_site_names(settings)]
            recogniser = await workers.run(lambda: with_names(recogniser, hot))
    except ConfigurationError as failure:
        _log.error("recognition is off; calls go on without it", reason=failure.en)
        return None, Recognition(False, reason_zh=failure.zh, reason_en=failure.en)
    _log.info("recognition is on", model=model.folder.name, found_by=model.found_by, test_model=model.is_test_model)
    return recogniser, Recognition(True, model=model.folder)


def _site_names(settings: Settings) -> Iterator[str]:
    organisation = settings.organisation
    yield from (unit.name for unit in organisation.units)
    for county, places in organisation.places.items():
        yield from (county, *places)


@dataclass(frozen=True, slots=True)
class Opened:
    """What this site recognises with."""

    recogniser: Recogniser | None
    state: Recognition
    pool: Pool | None
    """The other machines, when the site has some; then it is the recogniser."""
    load: Callable[[], Awaitable[tuple[Recogniser | None, Recognition]]]
    """Looks again for a model of the engine's own."""


@asynccontextmanager
async def open_recognition(settings: Settings, names: Iterable[str] = ()) -> AsyncIterator[Opened]:
    """Load the model, reach for the other machines; either may be missing. Raises nothing of its own."""
    async with AsyncExitStack() as stack:
        workers = Workers(settings.asr.workers or cores())
        stack.callback(workers.close)

        async def load() -> tuple[Recogniser | None, Recognition]:
            return await load_recogniser(settings, workers, names)

        if not settings.asr.enabled or not settings.asr.hosts:
            yield Opened(*await load(), None, load)
            return
        own = (await load())[0] if settings.asr.own_model else None
        secret = Secrets(settings.storage.folder).asr_secret
        pool = await stack.enter_async_context(
            open_pool(settings.asr.hosts, secret, own=own, own_streams=streams_of(settings.asr), tls=settings.asr.tls)
        )
        yield Opened(pool, Recognition(True), pool, load)


@asynccontextmanager
async def bigger_model(folder: str) -> AsyncIterator[Recogniser | None]:
    """The night's model on a thread of its own; None, and a line in the log, when it cannot be used."""
    workers = Workers(1)
    try:
        try:
            found: Recogniser | None = await VoskRecogniser.load(find_model(folder, Path(folder)).folder, workers)
        except ConfigurationError as failure:
            _log.error("the bigger model cannot be used", reason=failure.en)
            found = None
        yield found
    finally:
        workers.close()


def streams_of(settings: Asr) -> int:
    """The live voices that this machine follows."""
    return settings.max_streams or _STREAMS_PER_CORE * cores()


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))
