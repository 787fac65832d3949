"""Recognition under blows, beside a recording of the same voice: afterwards the text is complete. And long calls."""

import asyncio
import time
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path

import psutil
import pytest

from asr.audiosocket import AudioSocketServer
from asr.fakes import ScriptedRecogniser
from asr.leg import Leg
from asr.models import TEST_MODEL
from asr.recogniser import Heard, Recogniser, Voice, VoskRecogniser
from asr.recognition import Recognition
from asr.repair import Repair
from asr.service import Transcription
from asr.utterances import Utterance
from asr.workers import Workers
from hotline.bus import Bus
from hotline.clock import FakeClock, SystemClock
from hotline.database import Database
from hotline.facts.recordings import RecordingReady
from hotline.settings import Asr
from tests.integration.asr_spies import FakeSpies, read_wav, silence
from tests.integration.test_asr_service import connected, ended
from tests.unit.test_asr_leg import buzz

SPEECH = Path(__file__).parents[1] / "speech"
_ROWS = [line.split("\t") for line in (SPEECH / "transcripts.tsv").read_text("utf-8").splitlines()[1:]]
TEXTS = {name.removesuffix(".wav"): text for name, _, _, text in _ROWS}
NAMES = ("18_held", "12_held", "00_held")
ASR = Asr(repair_wait_seconds=0)


class Shelf:
    """The recording of the citizen's voice."""

    def __init__(self, path: Path, voice: bytes) -> None:
        self.path = path
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
            file.writeframes(voice)

    @asynccontextmanager
    async def sound(self, recording_id: str, track: str) -> AsyncIterator[Path]:
        yield self.path


class OnTime(FakeSpies):
    """As Asterisk: what is said while no spy listens is gone."""

    begun: float | None = None

    async def spy_audio(self, uniqueid: str, stream: str) -> str:
        if uniqueid == "c1":
            self.begun = self.begun or time.monotonic()
            self._positions[uniqueid] = int((time.monotonic() - self.begun) * 16000) // 320 * 320
        return await super().spy_audio(uniqueid, stream)


class Sticking:
    """A recogniser whose thread sticks for good in the middle of the second sentence, once."""

    def __init__(self, engine: VoskRecogniser, workers: Workers, at: float) -> None:
        self.engine, self.workers, self.at = engine, workers, at
        self.begun: float | None = None
        self.stuck = False

    def open_voice(self, *, later: bool = False, call_id: str = "") -> Voice:
        return _StickingVoice(self, self.engine.open_voice(later=later))


class _StickingVoice:
    def __init__(self, sticking: Sticking, voice: Voice) -> None:
        self.sticking, self.voice = sticking, voice

    async def hear(self, audio: bytes) -> Sequence[Heard]:
        ours = self.sticking
        ours.begun = ours.begun or time.monotonic()
        if not ours.stuck and time.monotonic() - ours.begun > ours.at:
            ours.stuck = True
            await ours.workers.run(lambda: time.sleep(4))
        return await self.voice.hear(audio)

    async def settle(self) -> Heard:
        return await self.voice.settle()

    def close(self) -> None:
        self.voice.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'asr.db'}", Bus())
    await opened.create_all()
    yield opened
    await opened.close()


def spoken() -> tuple[bytes, float]:
    """Three sentences, and where the middle of the second one is, in seconds."""
    first, second, third = (read_wav(SPEECH / f"{name}.wav") for name in NAMES)
    voice = silence(0.3) + first + silence(1.2)
    middle = (len(voice) + len(second) // 3) / 16000
    return voice + second + silence(1.2) + third + silence(1.5), middle


async def live_and_repaired(
    database: Database, folder: Path, recogniser: Recogniser, engine: Recogniser, spies: OnTime, door: AudioSocketServer
) -> tuple[list[Utterance], list[Utterance]]:
    """The transcript at the end of the call, and after the second pass."""
    service = Transcription(
        database,
        spying=spies,
        door=door,
        recogniser=recogniser,
        state=Recognition(True),
        settings=ASR,
        clock=SystemClock(),
        back_off=(1.5,) * 3,
    )
    async with database.unit_of_work() as uow:
        uow.record(connected(agent=""))
    began = datetime.now(UTC)
    service.follow(connected(agent=""))
    await spies.played("c1")
    service.end("call_1")
    async with asyncio.timeout(20):
        await service.idle()
    live = await service.transcript("call_1")
    voice = spies.voices["c1"]
    shelf = Shelf(folder / "citizen.wav", voice)
    ready = RecordingReady(
        at=ended().at,
        call_id="call_1",
        recording_id="rec_1",
        sha256="0" * 64,
        seconds=len(voice) / 16000,
        tracks=("mix", "citizen"),
        started_at=began,
    )
    live_end = Ended(engine)
    repair = Repair(database, service.transcripts, shelf, live=live_end, settings=ASR, clock=SystemClock())
    await repair.repair(ready)
    await service.stop()
    return live, await service.transcript("call_1")


class Ended:
    """Live transcription after the call."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.recogniser: Recogniser | None = recogniser

    async def model_loaded(self) -> None:
        return None

    async def call_settled(self, call_id: str) -> None:
        return None


def missing(text: str, wanted: str) -> int:
    """How many characters of ``wanted`` are not in ``text``, in order."""
    return len(wanted) - sum(block.size for block in SequenceMatcher(None, wanted, text, False).get_matching_blocks())


@pytest.mark.parametrize("blow", ["socket cut", "thread stuck"])
async def test_after_a_blow_the_text_is_complete(database: Database, tmp_path: Path, blow: str) -> None:
    voice, middle = spoken()
    workers = Workers(1, patience=1.0)
    engine = await VoskRecogniser.load(TEST_MODEL, workers)
    async with AudioSocketServer(0, SystemClock()) as door:
        cut = {"c1": int(middle * 50)} if blow == "socket cut" else {}
        spies = OnTime(door.port, {"c1": voice}, cut_after=cut)
        recogniser = Sticking(engine, workers, middle - 0.5) if blow == "thread stuck" else engine
        live, whole = await live_and_repaired(database, tmp_path, recogniser, engine, spies, door)
    workers.close()
    wanted = "".join(TEXTS[name] for name in NAMES)
    assert missing("".join(said.text for said in live), wanted) >= 2, "the blow hit something"
    assert missing("".join(said.text for said in whole), wanted) <= 1, [said.text for said in whole]
    assert any(said.repaired for said in whole)
    assert [said.started_at for said in whole] == sorted(said.started_at for said in whole)


@pytest.mark.timeout(150)
async def test_two_hours_of_talk_need_no_more_memory_than_twenty_minutes() -> None:
    class Nobody:
        said = 0

        def partial(self, call_id: str, who: str, text: str) -> None:
            pass

        async def settled(self, utterance: Utterance) -> None:
            self.said += 1

    clock, nobody = FakeClock(datetime(2026, 3, 2, tzinfo=UTC)), Nobody()
    leg = Leg("call_1", "citizen", recogniser=ScriptedRecogniser(), settings=ASR, clock=clock, report=nobody)
    following = asyncio.create_task(leg.run())
    minute = (buzz(1.0) + silence(3.0)) * 15
    used = []
    process = psutil.Process()
    for _ in range(120):
        for at in range(0, len(minute), 16000):
            clock.advance(1.0)
            leg.heard(minute[at : at + 16000], clock.now())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        used.append(process.memory_info().rss)
    leg.finish()
    await following
    assert leg.figures.lost_seconds == 0
    assert leg.activity.frames == pytest.approx(120 * 60 * 50, abs=60)
    assert nobody.said >= 120 * 14
    assert max(used[20:]) - used[19] < 4 * 2**20, "bytes"
    assert timedelta(hours=2) <= clock.now() - datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_two_hours_through_vosk_need_no_more_memory_than_half_an_hour() -> None:
    class Listener:
        said = 0

        def partial(self, call_id: str, who: str, text: str) -> None:
            pass

        async def settled(self, utterance: Utterance) -> None:
            self.said += len(utterance.text)

    workers = Workers(1)
    engine = await VoskRecogniser.load(TEST_MODEL, workers)
    clock, listener = FakeClock(datetime(2026, 3, 2, tzinfo=UTC)), Listener()
    leg = Leg("call_1", "citizen", recogniser=engine, settings=ASR, clock=clock, report=listener)
    following = asyncio.create_task(leg.run())
    spoken_minute = b"".join(read_wav(SPEECH / f"{name}.wav") + silence(4.0) for name in NAMES)
    minute = spoken_minute + silence(60.0 - len(spoken_minute) / 16000)
    process, used = psutil.Process(), []
    for _ in range(120):
        for at in range(0, len(minute), 16000):
            clock.advance(1.0)
            leg.heard(minute[at : at + 16000], clock.now())
            while leg.waiting_seconds > 5:  # noqa: ASYNC110 (as fast as it follows: nothing may be dropped)
                await asyncio.sleep(0.01)
        used.append(process.memory_info().rss)
    leg.finish()
    await following
    workers.close()
    assert leg.figures.lost_seconds == 0
    words = sum(len(TEXTS[name]) for name in NAMES)
    assert listener.said > 0.9 * 120 * words
    grown = (max(used[30:]) - used[29]) / 2**20
    print(f"two hours: {used[-1] / 2**20:.0f} MiB, grown {grown:.1f} MiB since half an hour")
    assert grown < 8
