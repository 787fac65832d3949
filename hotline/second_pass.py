"""``hotline asr repair``: second passes on demand, beside an engine or without one."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime

from asr.recogniser import Recogniser
from asr.recognition import open_recognition
from asr.repair import Repair, Repaired
from asr.transcript import TranscriptStore
from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.errors import Unavailable
from hotline.facts.recordings import RecordingReady
from hotline.migrations import migrate
from hotline.settings import Settings
from recordings.calls import NobodysCalls
from recordings.keys import keys_of
from recordings.service import Folders, Recordings


class _OnlyModel:
    """A model without live calls."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.recogniser: Recogniser | None = recogniser

    async def model_loaded(self) -> None:
        """It is there."""

    async def call_settled(self, call_id: str) -> None:
        """No call is live here."""


async def repair_transcripts(
    settings: Settings, *, call: str | None, since: datetime, show: Callable[[RecordingReady, Repaired], None]
) -> None:
    """Second passes on demand: one call's, or all that are owed. Raises HotlineError: no model, no audio."""
    async with AsyncExitStack() as stack:
        database, clock = await Database.open(settings.database_url, Bus()), SystemClock()
        stack.push_async_callback(database.close)
        await migrate(database)
        opened = await stack.enter_async_context(open_recognition(settings))
        if opened.recogniser is None:
            raise Unavailable(opened.state.reason_zh, opened.state.reason_en)
        folders = Folders.below(settings.storage.folder)
        keys = keys_of(settings)
        archive = Recordings(database, clock, folders, calls=NobodysCalls(), zone=settings.site.zone, keys=keys)
        store, live = TranscriptStore(database, clock), _OnlyModel(opened.recogniser)
        repair = Repair(database, store, archive, live=live, settings=settings.asr, clock=clock)
        for ready in await (repair.owed(since) if call is None else repair.recordings_of(call)):
            show(ready, await repair.repair(ready))
