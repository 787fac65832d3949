"""One leg with a scripted recogniser: utterances, partials, faults, memory. Voice is a loud buzz, silence is zeros."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from asr.audiosocket import BYTES_PER_SECOND
from asr.fakes import ScriptedRecogniser
from asr.leg import Leg
from asr.utterances import Utterance
from hotline.clock import FakeClock
from hotline.settings import Asr

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def buzz(seconds: float) -> bytes:
    """What webrtcvad takes for voice: a 160 Hz pulse train with a formant-like ring."""
    period = [int(9000 * (0.93**n) * (1 if n % 8 < 4 else -1)) for n in range(50)]
    samples = (period * (int(seconds * 8000) // 50 + 1))[: int(seconds * 8000)]
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)


def silence(seconds: float) -> bytes:
    return bytes(int(seconds * BYTES_PER_SECOND) // 2 * 2)


class Notebook:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.partials: list[str] = []
        self.utterances: list[Utterance] = []
        self.told = asyncio.Event()

    def partial(self, call_id: str, who: str, text: str) -> None:
        self.partials.append(text)

    async def settled(self, utterance: Utterance) -> None:
        self.utterances.append(utterance)
        self.told.set()


class Line:
    """Brings voice to a leg in 20 ms frames, each stamped as it would arrive."""

    def __init__(self, recogniser: ScriptedRecogniser) -> None:
        self.clock, self.notebook = FakeClock(START), Notebook()
        self.leg = Leg(
            "call_1", "citizen", recogniser=recogniser, settings=Asr(), clock=self.clock, report=self.notebook
        )

    def say(self, audio: bytes) -> None:
        for offset in range(0, len(audio), 320):
            self.clock.advance(0.02)
            self.leg.heard(audio[offset : offset + 320], self.clock.now())

    async def close(self) -> None:
        self.leg.finish()
        async with asyncio.timeout(5):
            await self.leg.run()


async def test_each_stretch_of_speech_is_one_utterance_with_its_time() -> None:
    line = Line(ScriptedRecogniser("路灯坏了", "谢谢"))
    line.say(silence(1) + buzz(2) + silence(2) + buzz(1) + silence(1))
    await line.close()
    first, second = line.notebook.utterances
    assert (first.text, second.text) == ("路灯坏了", "谢谢")
    assert abs(first.started_at - (START + timedelta(seconds=1))) < timedelta(seconds=0.4)
    assert abs(second.started_at - (START + timedelta(seconds=5))) < timedelta(seconds=0.4)
    assert line.notebook.partials[:2] == ["路灯坏", "路灯坏了"]  # bigger steps while much is waiting
    assert first.id.startswith("call_1-citizen-")


async def test_silence_reaches_no_recogniser() -> None:
    line = Line(ScriptedRecogniser())
    line.say(silence(20))
    await line.close()
    assert line.notebook.utterances == []
    assert line.leg.activity.passed == 0


async def test_odd_pieces_make_the_same_frames() -> None:
    line = Line(ScriptedRecogniser("好的"))
    audio = silence(0.5) + buzz(1) + silence(1)
    for offset in range(0, len(audio), 202):
        line.clock.advance(min(202, len(audio) - offset) / BYTES_PER_SECOND)
        line.leg.heard(audio[offset : offset + 202], line.clock.now())
    await line.close()
    assert [said.text for said in line.notebook.utterances] == ["好的"]
    assert line.leg.activity.frames == len(audio) // 320


async def test_a_refused_chunk_costs_a_voice_not_the_leg() -> None:
    recogniser = ScriptedRecogniser("还在", failures=2)
    line = Line(recogniser)
    line.say(buzz(2) + silence(1))
    await line.close()
    assert [said.text for said in line.notebook.utterances] == ["还在"]
    assert line.leg.figures.failures == 2
    assert recogniser.voices == 3


async def test_a_broken_recogniser_ends_in_quiet() -> None:
    line = Line(ScriptedRecogniser(failures=1000))
    line.say((buzz(2) + silence(1)) * 3)
    await line.close()
    assert line.notebook.utterances == []
    assert line.leg.figures.failures == 3


async def test_a_slow_recogniser_loses_the_oldest_voice_and_counts_it() -> None:
    line = Line(ScriptedRecogniser())
    line.say(buzz(40))
    assert line.leg.figures.lost_seconds == pytest.approx(10)
    await line.close()


async def test_an_utterance_ends_although_nothing_more_comes() -> None:
    line = Line(ScriptedRecogniser("喂"))
    line.say(buzz(1))
    running = asyncio.create_task(line.leg.run())
    await asyncio.sleep(0)
    line.clock.advance(2)
    async with asyncio.timeout(5):
        await line.notebook.told.wait()
    assert line.notebook.utterances[0].text == "喂"
    line.leg.finish()
    await running
