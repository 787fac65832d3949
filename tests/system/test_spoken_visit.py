"""A return visit answered by voice on the real Asterisk: what is said decides, keys where it is not understood."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from hotline.facts.speech import UtteranceHeard
from hotline.facts.tickets import TicketMoved
from ivr.prompt_maker import Voice, speak
from telephony.phone import PhoneCall
from tests.system.engines import House, open_house
from tests.system.visited import PACE, TONES, Ledger, prepare

VOICE = Voice("cmn-latn-pinyin+Andy", 150)
MURMUR = "路灯不亮"
"""Heard well enough, but no answer to anything that is asked."""


@dataclass(frozen=True)
class Citizen:
    """Question → what is said there; one digit is a key, pressed."""

    number: str
    says: Sequence[tuple[str, str]]
    answers: dict[str, str]
    moved_to: str
    """What becomes of the work order."""


CONTENT = Citizen(
    "13900000001",
    (("solved", "是的"), ("satisfied", "满意"), ("manner", "基本满意"), ("words", "#")),
    {"solved": "1", "satisfied": "2", "manner": "3"},
    "closed",
)
DISSATISFIED = Citizen(
    "13900000002",
    (("solved", "没有解决"), ("satisfied", "不满意"), ("manner", "非常不满意"), ("reason", MURMUR), ("reason", "3"),
     ("agent", "2"), ("words", "#")),
    {"solved": "2", "satisfied": "4", "manner": "5", "reason": "3"},
    "rework",
)  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_what_is_said_is_the_disposition(tmp_path: Path) -> None:
    prepare(tmp_path / "site")
    async with open_house(tmp_path / "site", callback={**PACE, "lines": 2}) as house:
        ledger = Ledger(house.database, house.site)
        orders = {one.number: await ledger.owe(one.number) for one in (CONTENT, DISSATISFIED)}
        await asyncio.gather(*(talk(house, one) for one in (CONTENT, DISSATISFIED)))
        rows = await ledger.until_all_were_phoned(2, timeout=40)
        for one in (CONTENT, DISSATISFIED):
            row = rows[one.number]
            assert row["answers"] == one.answers, (one.number, row["answers"], await heard(house))
            moves = [fact for fact in await house.all(TicketMoved) if fact.ticket_id == orders[one.number]]
            assert one.moved_to in {move.to_state for move in moves}


async def talk(house: House, citizen: Citizen) -> None:
    """Answer the telephone, and each question as it is asked."""
    ringing = await house.gateway.citizen(citizen.number).next_call(timeout=60)
    call = await ringing.answer()
    since = 0.0
    for question, said in citizen.says:
        if said != "3":  # the key follows the word that was not understood, at the same question
            await call.hears_tone(TONES[f"callback-{question}"], 30, since)
        since = asyncio.get_running_loop().time()
        if len(said) == 1:
            await call.press(said)
        else:
            await say(house, call, said)
    await call.wait_ended(60)


async def say(house: House, call: PhoneCall, said: str) -> None:
    """Say it, and wait until it was understood, where nothing else tells that it was."""
    await asyncio.sleep(0.3)  # people breathe between the tone and their answer
    await call.say(speak(said, VOICE))
    if said == MURMUR:
        await house.until_facts(UtteranceHeard, lambda fact: "路灯" in fact.text, timeout=20)


async def heard(house: House) -> list[tuple[str, float | None]]:
    """What the recogniser made of it all."""
    return [(fact.text, fact.confidence) for fact in await house.all(UtteranceHeard)]
