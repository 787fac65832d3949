"""The second pass on real files, a real database and the shipped model: what was missed live is there afterwards."""

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from asr.models import TEST_MODEL
from asr.recogniser import Recogniser, VoskRecogniser
from asr.repair import Repair
from asr.transcript import TranscriptStore
from asr.utterances import Utterance
from asr.workers import Workers
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import NotFound, Unavailable
from hotline.facts.calls import CallArrived, CallConnected
from hotline.facts.recordings import RecordingReady
from hotline.facts.speech import UtteranceHeard
from hotline.ledger import read
from hotline.settings import Asr
from tests.integration.asr_spies import read_wav, silence

SPEECH = Path(__file__).parents[1] / "speech"
BEGAN = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SETTINGS = Asr(repair_wait_seconds=0)
NAMES = ("12_held", "00_held", "18_held")
_ROWS = [line.split("\t") for line in (SPEECH / "transcripts.tsv").read_text("utf-8").splitlines()[1:]]
TEXTS = {name.removesuffix(".wav"): text for name, _, _, text in _ROWS}


class Shelf:
    """An archive of two files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @asynccontextmanager
    async def sound(self, recording_id: str, track: str) -> AsyncIterator[Path]:
        path = self.folder / f"{track}.wav"
        if not path.is_file():
            raise NotFound("没有", "no such track")
        yield path

    def put(self, track: str, voice: bytes) -> float:
        with wave.open(str(self.folder / f"{track}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
            file.writeframes(voice)
        return len(voice) / 16000


class Live:
    """Live transcription with a model, or without."""

    def __init__(self, recogniser: Recogniser | None) -> None:
        self.recogniser = recogniser

    async def model_loaded(self) -> None:
        assert self.recogniser is not None

    async def call_settled(self, call_id: str) -> None:
        return None


@pytest.fixture
async def recogniser() -> AsyncIterator[Recogniser]:
    workers = Workers(1)
    yield await VoskRecogniser.load(TEST_MODEL, workers)
    workers.close()


async def talk(database: Database, *, seconds: float, tracks: tuple[str, ...]) -> RecordingReady:
    """The facts of a call of which a recording is ready."""
    arrived = CallArrived(
        at=BEGAN, call_id="call_1", caller="1", dialled="12345", line="12345", channel="c", uniqueid="c1"
    )
    connected = CallConnected(
        at=BEGAN,
        call_id="call_1",
        seat="1001",
        account="a",
        citizen_channel="c",
        citizen_uniqueid="c1",
        seat_channel="s",
        seat_uniqueid="s1",
    )
    ready = RecordingReady(
        at=BEGAN + timedelta(seconds=seconds + 2),
        call_id="call_1",
        recording_id="rec_1",
        sha256="0" * 64,
        seconds=seconds,
        tracks=tracks,
        started_at=BEGAN,
    )
    async with database.unit_of_work() as uow:
        for fact in (arrived, connected, ready):
            uow.record(fact)
    return ready


def repair_of(database: Database, shelf: Shelf, recogniser: Recogniser | None) -> tuple[Repair, TranscriptStore]:
    clock = FakeClock(BEGAN + timedelta(minutes=5))
    store = TranscriptStore(database, clock)
    return Repair(database, store, shelf, live=Live(recogniser), settings=SETTINGS, clock=clock), store


async def test_only_what_was_missed_is_transcribed_and_marked(
    database: Database, tmp_path: Path, recogniser: Recogniser
) -> None:
    shelf = Shelf(tmp_path)
    voices = [read_wav(SPEECH / f"{name}.wav") for name in NAMES]
    starts, track = [], silence(1.0)
    for voice in voices:
        starts.append(len(track) / 16000)
        track += voice + silence(2.0)
    seconds = shelf.put("citizen", track)
    ready = await talk(database, seconds=seconds, tracks=("mix", "citizen", "agent"))
    shelf.put("agent", silence(seconds))
    repair, store = repair_of(database, shelf, recogniser)
    live = Utterance(
        call_id="call_1",
        who="citizen",
        text="实时",
        started_at=BEGAN + timedelta(seconds=starts[1] + 0.1),
        seconds=len(voices[1]) / 16000 - 0.2,
        confidence=1.0,
    )
    await store.add(live)
    found = await repair.repair(ready)
    said = await store.transcript("call_1")
    assert [(one.text, one.repaired) for one in said] == [
        (TEXTS[NAMES[0]], True),
        ("实时", False),
        (TEXTS[NAMES[2]], True),
    ]
    for one, start in zip(said, starts, strict=True):
        assert abs((one.started_at - BEGAN).total_seconds() - start) < 0.6
    assert found.utterances == 2
    facts = [entry.fact async for entry in read(database, kinds=[UtteranceHeard])]
    assert [fact.repaired for fact in facts if isinstance(fact, UtteranceHeard)] == [False, True, True]
    again = await repair.repair(ready)
    assert again.utterances == 0
    assert await repair.owed(BEGAN) == []


async def test_without_a_model_it_stays_owed_and_is_caught_up_later(
    database: Database, tmp_path: Path, recogniser: Recogniser
) -> None:
    shelf = Shelf(tmp_path)
    seconds = shelf.put("citizen", silence(0.5) + read_wav(SPEECH / "18_held.wav") + silence(1.5))
    ready = await talk(database, seconds=seconds, tracks=("mix", "citizen"))
    repair, store = repair_of(database, shelf, None)
    with pytest.raises(Unavailable):
        await repair.repair(ready)
    later, _ = repair_of(database, shelf, recogniser)
    assert await later.owed(BEGAN) == [ready]
    await later.repair(ready)
    assert [one.text for one in await store.transcript("call_1")] == [TEXTS["18_held"]]


async def test_a_recording_whose_file_is_gone_stays_owed(
    database: Database, tmp_path: Path, recogniser: Recogniser
) -> None:
    ready = await talk(database, seconds=3, tracks=("mix", "citizen"))
    repair, _ = repair_of(database, Shelf(tmp_path), recogniser)
    with pytest.raises(NotFound):
        await repair.repair(ready)
    assert await repair.owed(BEGAN) == [ready]
