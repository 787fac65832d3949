"""Return visits on the real Asterisk, one by one: a live agent at once, English, a carrier that goes silent."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hotline.demo.site import free_ports
from hotline.facts.callbacks import CallbackBreakerClosed, CallbackBreakerOpened, CallbackDialled
from hotline.facts.tickets import TicketMoved
from ivr.prompt_maker import write_wav
from telephony.phone import PhoneCall
from telephony.phone.tones import make_tone
from tests.system.engines import House, in_conversation, open_house
from tests.system.visited import GOOD, PACE, TONES, WAYS, Citizens, Ledger, prepare

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]
ENGLISH = 100
"""So many hertz an English prompt lies above the Chinese one."""
CONTENT = WAYS[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for prompt, hertz in TONES.items():
            write_wav(folder / "sounds/en/hotline" / f"{prompt}.wav", make_tone(hertz + ENGLISH, 0.3))
        trunk = free_ports()["trunk"] | {"qualify_seconds": 1}
        callback = {**PACE, "lines": 6}
        async with open_house(folder, asr={"enabled": False}, callback=callback, asterisk={"trunk": trunk}) as opened:
            yield opened


async def picks_up(house: House, number: str) -> PhoneCall:
    """This citizen is phoned, and answers."""
    return await (await house.gateway.citizen(number).next_call(timeout=60)).answer()


async def answers(call: PhoneCall, *said: tuple[str, str], higher: int = 0) -> None:
    """(question, key) in turn, each key when its question was heard."""
    loop, since = asyncio.get_running_loop(), 0.0
    for question, key in said:
        await call.hears_tone(TONES[f"callback-{question}"] + higher, 30, since)
        since = loop.time()
        await call.press(key)


async def until_closed(ledger: Ledger, number: str) -> dict[str, Any]:
    """The task, once it has ended."""
    async with asyncio.timeout(30):
        while (row := (await ledger.rows())[number])["state"] != "closed":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return row


async def test_a_dissatisfied_citizen_has_a_live_agent_at_once(house: House) -> None:
    number, ledger = "13900000101", Ledger(house.database, house.site)
    async with house.ready_agent("1001") as agent:
        ticket = await ledger.owe(number)
        citizen = await picks_up(house, number)
        said = (("solved", "2"), ("satisfied", "5"), ("manner", "4"), ("reason", "3"), ("agent", "1"))
        await answers(citizen, *said)
        taken = await agent.accept(number)
        async with in_conversation(citizen, agent.leg):
            row = (await ledger.rows())[number]
        assert (row["state"], row["disposition"], row["satisfaction"]) == ("human", "surveyed", 5)
        assert row["answers"] == {"solved": "2", "satisfied": "5", "manner": "4", "reason": "3"}
        assert taken["caller"] == number
        await citizen.hang_up()
        base = f"/by-hand/{row['id']}"  # the agent writes down what the talk came to
        await agent.person.post(f"{base}/take")
        await agent.person.post(f"{base}/result", disposition="surveyed", solved=False, satisfaction=4, words="仍不亮")
        redone = await house.until_facts(
            TicketMoved, lambda fact: fact.ticket_id == ticket and fact.from_state == "to_callback"
        )
        assert redone[-1].to_state in ("rework", "dispatched")
    async with house.person("supervisor") as boss:
        seen = await boss.get(f"/tickets/{ticket}")
        assert (seen["first_satisfaction"], seen["satisfaction"]) == (5, 4)  # what the robot heard, and the last word


async def test_who_presses_9_is_asked_in_english(house: House) -> None:
    number, ledger = "13900000102", Ledger(house.database, house.site)
    await ledger.owe(number)
    citizen = await picks_up(house, number)
    await answers(citizen, ("solved", "9"))
    said = (("solved", "1"), ("satisfied", "2"), ("manner", "1"), ("words", "#"))
    await answers(citizen, *said, higher=ENGLISH)
    row = await until_closed(ledger, number)
    assert (row["disposition"], row["answers"]) == ("surveyed", GOOD)


@pytest.mark.long
async def test_a_silent_carrier_makes_the_robot_quiet_until_it_is_back(house: House) -> None:
    """Nobody was rung while it was silent, so nobody loses a try; nobody presses a button to go on."""
    numbers, ledger = [f"139000002{n:02}" for n in range(10)], Ledger(house.database, house.site)
    citizens = Citizens(house, [CONTENT])
    citizens.ways = dict.fromkeys(numbers, CONTENT)
    async with citizens.at_home(), house.person("supervisor") as boss:
        house.gateway.switch_off()
        for number in numbers:
            await ledger.owe(number)
        await house.until_facts(CallbackBreakerOpened, bool, timeout=60)
        assert (await boss.get("/visits/robot"))["breaker"] == "open"
        dialled = len(await house.all(CallbackDialled))
        await house.until_facts(CallbackBreakerOpened, bool, 2, timeout=60)  # one call tried, and it was too early
        assert len(await house.all(CallbackDialled)) == dialled + 1
        assert (await house.all(CallbackBreakerClosed), sum(citizens.rung.values())) == ([], 0)
        house.gateway.switch_on()
        await house.until_facts(CallbackBreakerClosed, bool, timeout=90)
        rows = [await until_closed(ledger, number) for number in numbers]
    assert {(row["disposition"], row["attempt"]) for row in rows} == {("surveyed", 1)}
    assert set(citizens.rung.values()) == {1}
    assert {row["phone"] for row in rows} == set(numbers)
