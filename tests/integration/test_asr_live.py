"""Real Vosk with the shipped model, on real audio, through a real AudioSocket connection into a real database.

Voices are played a few times faster than real time; times are those of the frames, so boundaries can be checked.
"""

import asyncio
import csv
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from asr.audiosocket import BYTES_PER_SECOND, AudioSocketServer
from asr.models import TEST_MODEL
from asr.recogniser import Recogniser, VoskRecogniser
from asr.recognition import Recognition, cores
from asr.service import Transcription
from asr.utterances import Utterance
from asr.workers import Workers
from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.facts.calls import CallConnected
from hotline.facts.speech import UtteranceHeard
from hotline.ledger import read
from hotline.settings import Asr
from tests.integration.asr_spies import FakeSpies, read_wav, silence

SPEECH = Path(__file__).resolve().parents[1] / "speech"
PAUSE = 1.5
SPEED = 6.0


@dataclass(frozen=True)
class Sentence:
    """A recording of ``tests/speech`` and what is said in it."""

    audio: bytes
    text: str

    @property
    def seconds(self) -> float:
        return len(self.audio) / BYTES_PER_SECOND


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    with (SPEECH / "transcripts.tsv").open(encoding="utf-8") as file:
        return [Sentence(read_wav(SPEECH / row["file"]), row["text"]) for row in csv.DictReader(file, delimiter="\t")]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'asr.db'}", Bus())
    await opened.create_all()
    yield opened
    await opened.close()


@dataclass(frozen=True)
class Ear:
    """The room under test and the spies that feed it."""

    service: Transcription
    spies: FakeSpies

    async def listen(self, *calls: CallConnected) -> None:
        """Follow the calls until all their voices have been played and settled."""
        for call in calls:
            self.service.follow(call)
        await self.spies.played(*self.spies.voices)
        for call in calls:
            self.service.end(call.call_id)
        async with asyncio.timeout(30):
            await self.service.idle()


@asynccontextmanager
async def transcribing(database: Database, voices: dict[str, bytes], speed: float) -> AsyncIterator[Ear]:
    workers = Workers(cores())
    recogniser = await VoskRecogniser.load(TEST_MODEL, workers)
    async with AudioSocketServer(0, SystemClock()) as door:
        spies = FakeSpies(door.port, voices, speed)
        service = make_service(database, door, spies, recogniser)
        yield Ear(service, spies)
        await service.stop()
    workers.close()


def make_service(
    database: Database, door: AudioSocketServer, spies: FakeSpies, recogniser: Recogniser
) -> Transcription:
    return Transcription(
        database,
        spying=spies,
        door=door,
        recogniser=recogniser,
        state=Recognition(True),
        settings=Asr(),
        clock=SystemClock(),
    )


def connected(number: int = 1) -> CallConnected:
    return CallConnected(
        at=datetime.now(UTC),
        call_id=f"call_{number}",
        seat="1001",
        account="agent1",
        citizen_channel="PJSIP/trunk-1",
        citizen_uniqueid=f"c{number}",
        seat_channel="PJSIP/1001-1",
        seat_uniqueid=f"a{number}",
    )


def in_turn(sentences: Sequence[Sentence], offset: float = 0.0) -> tuple[bytes, list[float]]:
    """The sentences one after the other with pauses, and the second at which each begins."""
    audio, begins = silence(offset), []
    for sentence in sentences:
        begins.append(len(audio) / BYTES_PER_SECOND)
        audio += sentence.audio + silence(PAUSE)
        audio += bytes(-len(audio) % 320)
    return audio, begins


def distance(one: str, other: str) -> int:
    """Characters to insert, delete or change."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def error_rate(said: Sequence[Utterance], sentences: Sequence[Sentence]) -> float:
    wanted = "".join(sentence.text for sentence in sentences)
    return distance("".join(utterance.text for utterance in said), wanted) / len(wanted)


async def test_both_sides_are_written_down_right_and_in_time(database: Database, sentences: list[Sentence]) -> None:
    citizen, agent = sentences[0:18:2], sentences[1:18:2]
    citizen_voice, citizen_begins = in_turn(citizen, 1.0)
    agent_voice, agent_begins = in_turn(agent, 4.0)
    async with transcribing(database, {"c1": citizen_voice, "a1": agent_voice}, SPEED) as ear:
        begun = datetime.now(UTC)
        await ear.listen(connected())
        said = await ear.service.transcript("call_1")
        figures = ear.service.figures
    for who, wanted, begins in (("citizen", citizen, citizen_begins), ("agent", agent, agent_begins)):
        mine = [utterance for utterance in said if utterance.who == who]
        assert error_rate(mine, wanted) < 0.06
        check_boundaries(mine, wanted, [begun + timedelta(seconds=second) for second in begins])
    assert [u.started_at for u in said] == sorted(u.started_at for u in said)
    assert len([fact async for fact in read(database, call_id="call_1", kinds=[UtteranceHeard])]) == len(said)
    assert 0.4 < figures.recognised_seconds / figures.heard_seconds < 0.95
    assert figures.lost_seconds == 0
    assert figures.failures == 0


def check_boundaries(said: Sequence[Utterance], wanted: Sequence[Sentence], begins: Sequence[datetime]) -> None:
    for utterance in said:
        index = max(i for i, begin in enumerate(begins) if begin <= utterance.started_at + timedelta(seconds=0.3))
        end = begins[index] + timedelta(seconds=wanted[index].seconds)
        assert utterance.started_at + timedelta(seconds=utterance.seconds) <= end + timedelta(seconds=0.5)
        assert utterance.confidence is not None
        assert "".join(word.text for word in utterance.words) == utterance.text
    assert len(wanted) <= len(said) <= len(wanted) + 2  # a speaker may pause inside a sentence


async def test_digits_and_answers_are_heard(database: Database, sentences: list[Sentence]) -> None:
    answers = sentences[18:]
    voice, _ = in_turn(answers, 0.5)
    async with transcribing(database, {"c1": voice, "a1": silence(20)}, SPEED) as ear:
        await ear.listen(connected())
        said = await ear.service.transcript("call_1")
        gated = ear.service.figures
    assert error_rate(said, answers) < 0.06
    assert all(utterance.who == "citizen" for utterance in said)
    assert gated.recognised_seconds < 0.75 * (len(voice) / BYTES_PER_SECOND)  # the agent's silence cost nothing


async def test_fifty_streams_at_real_time_in_bounded_memory(database: Database, sentences: list[Sentence]) -> None:
    voices = {}
    for number in range(25):
        for side, sentence in (("c", sentences[number % 18]), ("a", sentences[(number + 7) % 18])):
            voices[f"{side}{number}"] = in_turn([sentence])[0]
    async with transcribing(database, voices, 1.0) as ear:
        process = psutil.Process()
        before = process.memory_info().rss
        await ear.listen(*(connected(number) for number in range(25)))
        grown = (process.memory_info().rss - before) / 1e6
        figures = ear.service.figures
        texts = {
            f"c{n}": "".join(u.text for u in await ear.service.transcript(f"call_{n}") if u.who == "citizen")
            for n in range(25)
        }
    assert grown < 450, f"{grown:.0f} MB for 50 streams"
    assert figures.lost_seconds == 0
    assert figures.skipped == 0
    wrong = sum(distance(texts[f"c{n}"], sentences[n % 18].text) for n in range(25))
    assert wrong / sum(len(sentences[n % 18].text) for n in range(25)) < 0.06
