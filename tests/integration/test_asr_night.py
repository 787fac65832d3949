"""Reading again by night, on a real database and a real track: what changes, what stays, when it stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from asr.fakes import ScriptedRecogniser
from asr.night import NightReading
from asr.recogniser import Recogniser
from asr.recognition import bigger_model
from asr.transcript import TranscriptStore
from asr.utterances import SpokenWord, Utterance
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.facts.recordings import RecordingReady
from hotline.facts.speech import UtteranceReread
from hotline.ledger import read
from hotline.security import Deed
from hotline.settings import Night
from tests.integration.asr_spies import read_wav, silence
from tests.integration.test_asr_endurance import SPEECH, TEXTS, Shelf, database

__all__ = ["database"]
ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 3, 2, 16, tzinfo=UTC)  # midnight in Shanghai
BEGAN = NIGHT - timedelta(hours=5)
DEED = Deed(who="agent1001", what="utterance_corrected", whom="u", from_where="", detail={})


def said(text: str, start: float, seconds: float, sure: float = 0.6) -> Utterance:
    at = BEGAN + timedelta(seconds=start)
    words = (SpokenWord(text, 0.0, seconds, sure),)
    return Utterance(
        call_id="call_1", who="citizen", text=text, started_at=at, seconds=seconds, confidence=sure, words=words
    )


class House:
    def __init__(self, database: Database, folder: Path, voice: bytes, bigger: Recogniser | None) -> None:
        self.clock, self.database, self.loads = FakeClock(NIGHT), database, 0
        self.store = TranscriptStore(database, self.clock)
        self.bigger = bigger
        self.night = NightReading(
            database, self.store, Shelf(folder / "citizen.wav", voice), load=self.load, zone=ZONE, clock=self.clock,
            settings=Night(model="big", wait_seconds=0),
        )  # fmt: skip
        self.seconds = len(voice) / 16000

    @asynccontextmanager
    async def load(self) -> AsyncIterator[Recogniser | None]:
        self.loads += 1
        yield self.bigger

    async def recorded(self, *utterances: Utterance) -> None:
        for one in utterances:
            await self.store.add(one)
        async with self.database.unit_of_work() as uow:
            uow.record(
                RecordingReady(
                    at=BEGAN, call_id="call_1", recording_id="rec_1", sha256="0" * 64, seconds=self.seconds,
                    tracks=("mix", "citizen"), started_at=BEGAN,
                )
            )  # fmt: skip

    async def reread(self) -> list[UtteranceReread]:
        facts = [entry.fact async for entry in read(self.database, kinds=[UtteranceReread])]
        return [fact for fact in facts if isinstance(fact, UtteranceReread)]


async def test_a_better_text_stands_beside_the_first_with_its_words_marked(database: Database, tmp_path: Path) -> None:
    house = House(database, tmp_path, silence(6.0), ScriptedRecogniser("路灯坏了", "已经三天了"))
    first, second = said("路等坏了", 1.0, 1.2), said("已经三天了", 3.0, 1.2)
    await house.recorded(first, second)
    assert await house.night.work() == 1
    one, two = await house.store.of_call("call_1")
    assert (one["text"], one["display"], one["reread"]) == ("路等坏了", "路灯坏了。", ["路灯坏了"])
    assert (two["text"], two["reread"]) == ("已经三天了", [])
    assert [(fact.before, fact.text) for fact in await house.reread()] == [("路等坏了", "路灯坏了")]
    assert await house.night.work() == 0, "what was read is not read again"
    assert house.loads == 1, "and the model stays on the disk"


async def test_what_a_person_put_right_stays(database: Database, tmp_path: Path) -> None:
    house = House(database, tmp_path, silence(4.0), ScriptedRecogniser("别的话"))
    first = said("路等坏了", 1.0, 1.2)
    await house.recorded(first)
    await house.store.correct("call_1", first.id, "路灯坏了", "agent1001", DEED)
    assert await house.night.work() == 0
    assert (await house.store.of_call("call_1"))[0]["display"] == "路灯坏了"


async def test_morning_ends_the_work_and_a_missing_model_breaks_nothing(database: Database, tmp_path: Path) -> None:
    house = House(database, tmp_path, silence(4.0), ScriptedRecogniser("路灯坏了"))
    await house.recorded(said("路等坏了", 1.0, 1.2))
    house.clock.advance(7 * 3600)
    assert await house.night.work() == 0, "it is seven in the morning"
    house.clock.advance(16 * 3600)
    house.bigger = None
    assert await house.night.work() == 0
    house.bigger = ScriptedRecogniser("路灯坏了", failures=1)
    assert await house.night.work() == 0, "it failed: it stays owed"
    assert await house.night.work() == 1
    async with bigger_model(str(tmp_path / "none")) as found:
        assert found is None


async def test_a_real_model_reads_a_real_voice_again(database: Database, tmp_path: Path) -> None:
    name = "12_held"
    voice = silence(1.0) + read_wav(SPEECH / f"{name}.wav") + silence(1.0)
    async with bigger_model("tiny") as model:
        house = House(database, tmp_path, voice, model)
        await house.recorded(said("路面鸡水严重", 1.0, len(voice) / 16000 - 2.0))
        assert await house.night.work() == 1
    (made,) = await house.store.of_call("call_1")
    assert made["display"].replace("，", "").rstrip("。") == TEXTS[name]
    assert made["words"][0][1] >= 0
    assert made["reread"]
