"""The text of a call is complete after it, whatever happened to recognition while people talked."""

import asyncio
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from hotline.demo.people import Shape, Somebody
from tests.system.conftest import REPOSITORY
from tests.system.engines import open_house

pytestmark = pytest.mark.timeout(150)
SPEECH = REPOSITORY / "tests/speech"
_ROWS = [line.split("\t") for line in (SPEECH / "transcripts.tsv").read_text("utf-8").splitlines()[1:]]
TEXTS = {name.removesuffix(".wav"): text for name, _, _, text in _ROWS}
ASR = {"model": "tiny", "max_streams": 1, "repair_wait_seconds": 0}


async def complete(
    person: Somebody, call_id: str, fits: Callable[[list[Shape]], bool], seconds: float = 60.0
) -> list[Shape]:
    """The transcript, once it fits and has stood still for three seconds."""
    before: list[Shape] = []
    async with asyncio.timeout(seconds):
        while True:
            said: list[Shape] = (await person.get(f"/calls/{call_id}"))["transcript"]
            if fits(said) and said == before:
                return said
            before = said
            await asyncio.sleep(3)


async def test_what_a_killed_engine_and_a_skipped_leg_missed_is_there_after_the_call(tmp_path: Path) -> None:
    async with open_house(tmp_path, asr=ASR) as house, house.seat("1001") as leg:
        async with house.agent("1001", leg) as agent:
            await agent.ready()
            citizen = await house.dial("13800000001")
            call_id = (await agent.accept("13800000001"))["call_id"]
            await asyncio.sleep(1)
            await citizen.say(SPEECH / "12_held.wav")
            await agent.person.feed.until("utterance", timeout=20)
            await leg.say(SPEECH / "28_free.wav")  # the agent's leg is not followed: one stream at most
            await house.engine.kill()
        await citizen.say(SPEECH / "00_held.wav")
        await asyncio.sleep(1.5)
        await house.engine.start()
        async with house.agent("1001", leg) as agent:
            await asyncio.sleep(2)
            await citizen.say(SPEECH / "18_held.wav")
            await agent.person.feed.until("utterance", timeout=20)
            await citizen.hang_up()
            said = await complete(agent.person, call_id, lambda said: any(one["who"] == "agent" for one in said))
    texts = [[one["text"] for one in said if one["who"] == who] for who in ("citizen", "agent")]
    for got, names in zip(texts, (("12_held", "00_held", "18_held"), ("28_free",)), strict=True):
        wanted = "".join(TEXTS[name] for name in names)
        assert SequenceMatcher(None, "".join(got), wanted, False).ratio() > 0.9, said
    repaired = [(one["who"], one["repaired"]) for one in said if one["text"][:4] in ("工作人员", "陶然路和")]
    assert repaired == [("agent", True), ("citizen", True)]
    assert any(one["who"] == "citizen" and not one["repaired"] for one in said), "what was heard live stays"


@pytest.mark.long
async def test_a_card_number_is_neither_recorded_nor_transcribed(tmp_path: Path) -> None:
    async with open_house(tmp_path, asr=ASR | {"max_streams": 0}) as house, house.ready_agent("1001") as agent:
        citizen = await house.dial("13800000001")
        call_id = (await agent.accept("13800000001"))["call_id"]
        await asyncio.sleep(1)
        await citizen.say(SPEECH / "12_held.wav")
        await agent.person.feed.until("utterance", timeout=20)
        await agent.person.post(f"/desk/calls/{call_id}/recording", paused=True)
        await asyncio.sleep(0.2)
        await citizen.say(SPEECH / "36_digits.wav")
        await asyncio.sleep(0.3)
        await agent.person.post(f"/desk/calls/{call_id}/recording", paused=False)
        await citizen.say(SPEECH / "18_held.wav")
        seen = len(agent.person.feed.seen)
        await citizen.hang_up()
        told = await agent.person.feed.until("recording", since=seen, timeout=30)
        said = await complete(agent.person, call_id, lambda said: len(said) >= 2)
        heard, wanted = "".join(one["text"] for one in said), TEXTS["12_held"] + TEXTS["18_held"]
        assert SequenceMatcher(None, heard, wanted, False).ratio() > 0.9, heard
        picture = await agent.person.get(f"/recordings/{told['id']}/peaks?buckets=200")
        digits = [at for at, _ in _silences(picture["peaks"]["citizen"], picture["seconds"] / 200, least=2.5)]
        assert digits, "the digits are silence in the recording"


def _silences(peaks: list[int], step: float, least: float) -> list[tuple[float, float]]:
    """(beginning, length) of stretches in which nothing is heard, in seconds."""
    found, begun = [], None
    for number, peak in enumerate([*peaks, 100]):
        if peak <= 3 and begun is None:
            begun = number
        elif peak > 3 and begun is not None:
            if (number - begun) * step >= least:
                found.append((begun * step, (number - begun) * step))
            begun = None
    return found
