"""Live transcription on a real database and real sockets, with a scripted recogniser: who is listened to, and when."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asr.audiosocket import AudioSocketServer
from asr.fakes import ScriptedRecogniser
from asr.recogniser import Recogniser
from asr.recognition import Recognition, load_recogniser
from asr.service import Transcription, open_transcription
from asr.utterances import Utterance
from asr.workers import Workers
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.facts.calls import CallAdopted, CallConnected, CallEnded
from hotline.facts.screens import RecognitionChanged
from hotline.facts.speech import PartialHeard, UtteranceHeard
from hotline.ledger import read
from hotline.settings import Asr, Group, Line, Seat, Settings
from tests.integration.asr_spies import FakeSpies, silence
from tests.unit.test_asr_leg import buzz

FAST = (0.05,) * 3
SAYING = buzz(0.6) + silence(1.0)


@pytest.fixture
async def door() -> AsyncIterator[AudioSocketServer]:
    async with AudioSocketServer(0, SystemClock()) as server:
        yield server


@asynccontextmanager
async def transcribing(
    database: Database, door: AudioSocketServer, spies: FakeSpies, recogniser: Recogniser | None, *, streams: int = 0
) -> AsyncIterator[Transcription]:
    service = Transcription(
        database,
        spying=spies,
        door=door,
        recogniser=recogniser,
        state=Recognition(recogniser is not None),
        settings=Asr(max_streams=streams),
        clock=SystemClock(),
        back_off=FAST,
    )
    running = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        await service.stop()
        running.cancel()


def connected(call_id: str = "call_1", *, citizen: str = "c1", agent: str = "a1") -> CallConnected:
    return CallConnected(
        at=datetime.now(UTC),
        call_id=call_id,
        seat="1001",
        account="agent1",
        citizen_channel="PJSIP/trunk-1",
        citizen_uniqueid=citizen,
        seat_channel="PJSIP/1001-1",
        seat_uniqueid=agent,
    )


def ended(call_id: str = "call_1") -> CallEnded:
    return CallEnded(
        at=datetime.now(UTC), call_id=call_id, reason="citizen_hung_up", waited_seconds=1, talked_seconds=2
    )


async def quiet(service: Transcription) -> None:
    async with asyncio.timeout(10):
        await service.idle()


async def test_a_call_is_transcribed_on_both_sides_and_lands_in_the_ledger(
    database: Database, door: AudioSocketServer
) -> None:
    spies = FakeSpies(door.port, {"c1": SAYING * 2, "a1": silence(0.5) + SAYING}, speed=10)
    with database.bus.subscribe("test", UtteranceHeard, PartialHeard) as heard:
        async with transcribing(database, door, spies, ScriptedRecogniser()) as service:
            database.bus.publish(connected())
            await spies.played("c1", "a1")
            assert service.figures.live == 2
            database.bus.publish(ended())
            await quiet(service)
            said = await service.transcript("call_1")
        heard.close()
        messages = [message async for message in heard]
    assert sorted(u.who for u in said) == ["agent", "citizen", "citizen"]
    assert [u.started_at for u in said] == sorted(u.started_at for u in said)
    assert {m.who for m in messages if isinstance(m, PartialHeard)} == {"agent", "citizen"}
    entries = [entry.fact async for entry in read(database, call_id="call_1", kinds=[UtteranceHeard])]
    assert len(entries) == 3
    shapes = await service.transcripts.of_call("call_1")
    assert [shape["id"] for shape in shapes] == [u.id for u in said]
    assert len(spies.stopped) == 2  # the seat's leg does not hang up: its spy must be ended


async def test_a_dying_spy_is_asked_for_again(database: Database, door: AudioSocketServer) -> None:
    spies = FakeSpies(door.port, {"c1": SAYING * 3, "a1": silence(1)}, speed=10, cut_after={"c1": 60}, refusals=1)
    async with transcribing(database, door, spies, ScriptedRecogniser()) as service:
        service.follow(connected())
        await spies.played("c1", "a1")
        service.end("call_1")
        await quiet(service)
        assert len(await service.transcript("call_1")) == 3
        assert service.figures.spied_again == 2
    assert spies.asked.total() == 4


async def test_tries_are_bounded(database: Database, door: AudioSocketServer) -> None:
    spies = FakeSpies(door.port, {"c1": b"", "a1": b""}, refusals=100)
    async with transcribing(database, door, spies, ScriptedRecogniser()) as service:
        service.follow(connected())
        await quiet(service)
    assert spies.asked == {"c1": 4, "a1": 4}


async def test_the_same_call_twice_is_one_and_another_seat_takes_over(
    database: Database, door: AudioSocketServer
) -> None:
    spies = FakeSpies(door.port, {"c1": silence(1), "a1": silence(1), "a2": SAYING}, speed=10)
    async with transcribing(database, door, spies, ScriptedRecogniser("您好")) as service:
        service.follow(connected())
        service.follow(connected())
        await spies.played("c1", "a1")
        service.follow(connected(agent="a2"))
        await spies.played("a2")
        assert len(spies.stopped) == 1
        service.end("call_1")
        await quiet(service)
        assert [(u.who, u.text) for u in await service.transcript("call_1")] == [("agent", "您好")]
    assert spies.asked == {"c1": 1, "a1": 1, "a2": 1}


async def test_a_call_that_outlived_the_engine_is_listened_to_again(
    database: Database, door: AudioSocketServer
) -> None:
    async with database.unit_of_work() as uow:
        uow.record(connected(agent="a0"))
        uow.record(connected(agent="a1"))  # the call was handed to another seat before the engine died
    spies = FakeSpies(door.port, {"c1": SAYING, "a1": silence(0.2)}, speed=10)
    async with transcribing(database, door, spies, ScriptedRecogniser("接着说")) as service:
        database.bus.publish(CallAdopted(at=datetime.now(UTC), call_id="call_1", state="talking"))
        database.bus.publish(CallAdopted(at=datetime.now(UTC), call_id="call_unknown", state="talking"))
        await spies.played("c1", "a1")
        service.end("call_1")
        await quiet(service)
        assert [u.text for u in await service.transcript("call_1")] == ["接着说"]
    assert spies.asked == {"c1": 1, "a1": 1}


async def test_too_many_streams_give_up_agents_first(database: Database, door: AudioSocketServer) -> None:
    names = [f"{who}{n}" for n in (1, 2, 3) for who in "ca"]
    spies = FakeSpies(door.port, dict.fromkeys(names, SAYING), speed=10)
    async with transcribing(database, door, spies, ScriptedRecogniser(), streams=3) as service:
        for n in (1, 2, 3):
            service.follow(connected(f"call_{n}", citizen=f"c{n}", agent=f"a{n}"))
        await spies.played("c1", "c2", "c3")
        assert service.figures.skipped == 3
        for n in (1, 2, 3):
            service.end(f"call_{n}")
        await quiet(service)
        for n in (1, 2, 3):
            assert [u.who for u in await service.transcript(f"call_{n}") if u.who == "citizen"] == ["citizen"]


async def test_stopping_settles_the_last_words(database: Database, door: AudioSocketServer) -> None:
    spies = FakeSpies(door.port, {"c1": buzz(1), "a1": b""}, speed=10)
    async with transcribing(database, door, spies, ScriptedRecogniser("最后一句")) as service:
        service.follow(connected())
        await spies.played("c1")
    assert [u.text for u in await service.transcript("call_1")] == ["最后一句"]


async def test_a_recogniser_that_hangs_delays_nothing(database: Database, door: AudioSocketServer) -> None:
    recogniser = ScriptedRecogniser()
    recogniser.answering.clear()
    spies = FakeSpies(door.port, {"c1": SAYING, "a1": SAYING}, speed=10)
    async with transcribing(database, door, spies, recogniser) as service:
        service.follow(connected())
        await spies.played("c1", "a1")
        async with asyncio.timeout(2):
            await service.stop(seconds=0.3)
    assert await service.transcript("call_1") == []


async def test_screens_hear_of_voices_that_begin_end_and_are_left_out(
    database: Database, door: AudioSocketServer
) -> None:
    spies = FakeSpies(door.port, {"c1": silence(1), "a1": silence(1)}, speed=10)
    with database.bus.subscribe("screen", RecognitionChanged) as changes:
        async with transcribing(database, door, spies, ScriptedRecogniser(), streams=1) as service:
            seen = []
            service.follow(connected())
            async with asyncio.timeout(20):
                async for _ in changes:
                    seen.append((service.figures.live, service.figures.skipped))
                    if len(seen) == 2:
                        service.end("call_1")
                    if seen[-1][0] == 0:
                        break
    assert seen == [(1, 1), (1, 1), (0, 1)]


async def test_an_utterance_is_stored_once(database: Database, door: AudioSocketServer) -> None:
    said = Utterance(
        call_id="call_1", who="citizen", text="喂", started_at=datetime.now(UTC), seconds=0.5, confidence=None
    )
    async with transcribing(database, door, FakeSpies(door.port, {}), None) as service:
        assert await service.transcripts.add(said)
        assert not await service.transcripts.add(said)
        assert await service.transcript("call_1") == [said]
    assert len([entry async for entry in read(database, call_id="call_1")]) == 1


async def test_recognition_off_leaves_calls_alone(database: Database, door: AudioSocketServer) -> None:
    spies = FakeSpies(door.port, {})
    async with transcribing(database, door, spies, None) as service:
        service.follow(connected())
        assert service.figures.live == 0
    assert not spies.asked


def site(tmp_path: Path, asr: Asr, port: int) -> Settings:
    return Settings.model_validate(
        {
            "storage": {"folder": tmp_path},
            "asterisk": {"audiosocket_port": port},
            "lines": [Line(number="12345", group="general")],
            "groups": [Group(id="general", name="综合")],
            "seats": [Seat(id="1001", groups=["general"])],
            "asr": asr,
        }
    )


@pytest.mark.parametrize(
    ("asr", "reason"),
    [(Asr(enabled=False), "turned off"), (Asr(model="no-such-folder"), "not a folder")],
    ids=["turned off", "wrong path"],
)
async def test_why_recognition_is_off_is_said(tmp_path: Path, asr: Asr, reason: str) -> None:
    workers = Workers(1)
    recogniser, state = await load_recogniser(site(tmp_path, asr, 9092), workers)
    workers.close()
    assert recogniser is None
    assert not state.on
    assert reason in (state.reason or "")


async def test_the_room_opens_and_closes_as_a_whole(database: Database, tmp_path: Path, unused_tcp_port: int) -> None:
    spies = FakeSpies(unused_tcp_port, {"c1": silence(0.2), "a1": silence(0.2)}, speed=10)
    settings = site(tmp_path, Asr(model="tiny"), unused_tcp_port)
    async with open_transcription(settings, database, spying=spies, clock=SystemClock()) as service:
        assert service.state.on
        assert service.state.reason is None
        service.follow(connected())
        await spies.played("c1", "a1")
    assert service.figures.live == 0
