"""Flows on a real Asterisk: keys and words, in the greeting and while waiting; judged by ear and by the ledger."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from hotline.demo.cast import SPEECH
from hotline.facts import Fact
from hotline.facts.calls import CallConnected, CallEnded, CallPromised, CallQueued, CallSentOut, MessageLeft
from hotline.facts.recordings import RecordingReady
from hotline.facts.speech import UtteranceHeard
from hotline.facts.tickets import TicketMoved
from telephony.phone.calls import read_sound
from telephony.phone.tones import RATE
from tests.system.conftest import REPOSITORY
from tests.system.engines import House, hears_prompt, in_conversation, likeness, open_house

F = TypeVar("F", bound=Fact)
LINES = [
    {"number": "12345", "label": "市民热线", "group": "general"},
    {"number": "12319", "label": "城建热线", "group": "general", "flow": "full-menu"},
    {"number": "12320", "label": "应急", "group": "general", "flow": "outside"},
]
OUTSIDE = """
flow: outside
start: go
nodes:
  go: {do: transfer, target: "119", label: 消防, otherwise: sorry}
  sorry: {do: play, prompts: no-answer, next: wait}
  wait: {do: queue}
"""
ASKING = """
flow: asking
start: ask
nodes:
  ask:
    do: menu
    prompts: callback-satisfied
    keys: {1: good, 2: good, 3: good, 4: bad, 5: bad}
    words: {1: [非常满意], 2: [满意], 3: [基本满意], 4: [不满意], 5: [非常不满意]}
    answers: true
    wait_seconds: 8
    tries: 1
    otherwise: wait
  good: {do: play, prompts: progress-is, next: wait}
  bad: {do: play, prompts: no-answer, next: wait}
  wait: {do: queue}
"""
HERE = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.timeout(240)


async def until(house: House, kind: type[F], fits: Callable[[F], object] = lambda _: True, seconds: float = 20.0) -> F:
    """The first fact of this kind that fits, once it stands in the ledger."""
    async with asyncio.timeout(seconds):
        for _ in itertools.count():
            for fact in await house.all(kind):
                if fits(fact):
                    return fact
            await asyncio.sleep(0.2)
    raise AssertionError


async def test_a_message_its_progress_and_a_word_for_a_key(tmp_path: Path) -> None:
    async with open_house(tmp_path / "site", lines=LINES[:2]) as house, asyncio.TaskGroup() as citizens:
        citizens.create_task(a_message_and_its_progress(house))
        citizens.create_task(a_word_for_a_key(house))


async def a_message_and_its_progress(house: House) -> None:
    phone, loop = "13800000001", asyncio.get_running_loop()
    # A message: key 4 in the menu, spoken, ended by hanging up, as people do.
    call = await house.dial(phone, "12319")
    await hears_prompt(call, "welcome")
    await hears_prompt(call, "menu-main", timeout=20)
    await call.press("4")
    await hears_prompt(call, "message-please")
    await call.hears_silence(1.0)
    await call.say(SPEECH / "lamp-1.wav")
    await asyncio.sleep(1.0)
    await call.hang_up()
    left = await until(house, MessageLeft)
    made = await until(house, TicketMoved, lambda moved: moved.call_id == left.call_id)
    assert made.to_state == "to_dispatch"
    async with house.person("supervisor") as supervisor:
        ticket = await supervisor.get(f"/tickets/{made.ticket_id}")
        assert ticket["description"].startswith("【电话留言")
        assert "路灯" in ticket["description"]
        await until(house, RecordingReady, lambda ready: ready.call_id == left.call_id)
        assert len((await supervisor.get(f"/tickets/{made.ticket_id}"))["recordings"]) == 1

    # Key 1 in the greeting of the standard flow tells how far it is, and leads to the waiting room.
    began = loop.time()
    call = await house.dial(phone)
    await call.hears_sound()
    await call.press("1")
    await hears_prompt(call, "progress-is")
    assert loop.time() - began < 5.0 + 6.0  # the greeting, of 5 s, was cut short
    await hears_prompt(call, "progress-received", timeout=25)
    await until(house, CallQueued, lambda queued: queued.call_id != left.call_id)
    # The same again while music plays.
    heard_at = loop.time()
    await asyncio.sleep(9)  # the place in the line and the hint; then music
    await call.press("1")
    await hears_prompt(call, "progress-is", since=heard_at)
    # An agent takes her out of the middle of it.
    async with house.seat("1001") as leg, house.agent("1001", leg) as agent:
        await agent.person.be("ready")
        taken = await agent.accept(phone)
        async with in_conversation(call, agent.leg):
            pass
        connected = await until(house, CallConnected)
        assert connected.call_id == taken["call_id"]
        assert len([one for one in await house.all(CallQueued) if one.call_id == taken["call_id"]]) == 1
    await call.hang_up()


async def a_word_for_a_key(house: House) -> None:
    """Another citizen, of whom no work order is known, asks for hers: 查询进度."""
    call = await house.dial("13800000005", "12319")
    loop = asyncio.get_running_loop()
    await hears_prompt(call, "menu-main", timeout=20)
    heard_at = loop.time()
    await call.say(HERE / "speech/56_menu.wav")
    await hears_prompt(call, "progress-number", since=heard_at, timeout=10)
    whole = read_sound(REPOSITORY / "ivr/sounds/zh/hotline/menu-main.wav").astype(np.float64)
    heard = call.heard.samples(heard_at - 5)
    assert likeness(heard, whole[3 * RATE : 4 * RATE]) > 0.8, "the menu went on while nothing was said"
    assert likeness(heard, whole[-2 * RATE :]) < 0.5, "the citizen's voice cut the prompt: nobody heard its end"
    await call.hang_up()


@pytest.mark.long
async def test_spoken_answers_and_keys_where_they_are_not_understood(tmp_path: Path) -> None:
    own = tmp_path / "site/flows/asking.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(ASKING, encoding="utf-8")
    lines = [*LINES[:1], {"number": "12320", "label": "回访", "group": "general", "flow": "asking"}]
    async with open_house(tmp_path / "site", lines=lines) as house:
        for wav, way in (("48_menu", "progress-is"), ("52_menu", "no-answer")):  # 非常满意, 不满意
            call = await house.dial("13800000004", "12320")
            await hears_prompt(call, "callback-satisfied")
            spoken_at = asyncio.get_running_loop().time()
            await call.say(HERE / f"speech/{wav}.wav")
            await hears_prompt(call, way, since=spoken_at)
            await call.hang_up()
        # 没有解决 answers no question of this menu: nothing happens, and the key still works.
        call = await house.dial("13800000004", "12320")
        await hears_prompt(call, "callback-satisfied")
        await call.say(HERE / "speech/54_menu.wav")
        said = await until(house, UtteranceHeard, lambda heard: "没有解决" in heard.text.replace(" ", ""))
        assert not await house.all(CallQueued, said.call_id)
        pressed_at = asyncio.get_running_loop().time()
        await call.press("1")
        await hears_prompt(call, "progress-is", since=pressed_at)
        await call.hang_up()


@pytest.mark.long
async def test_night_and_a_number_outside(tmp_path: Path) -> None:
    night = {"day_hours": [["00:00", "00:00:01"]]}
    own = tmp_path / "site/flows/outside.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(OUTSIDE, encoding="utf-8")
    async with open_house(tmp_path / "site", lines=LINES, ivr=night) as house:
        # Nobody is there: a call is owed, and the citizen hears so.
        call = await house.dial("13800000002")
        await hears_prompt(call, "night", timeout=20)
        await hears_prompt(call, "callback-promised", timeout=20)
        await call.wait_ended(15)
        promised = await until(house, CallPromised)
        ended = await until(house, CallEnded, lambda one: one.call_id == promised.call_id)
        assert ended.reason == "callback_promised"

        # 119 does not answer: back in our hands, in front of the line.
        call = await house.dial("13800000003", "12320")
        sent = await until(house, CallSentOut)
        assert (sent.target, sent.label) == ("119", "消防")
        await hears_prompt(call, "no-answer", timeout=45)
        async with house.seat("1001") as leg, house.agent("1001", leg) as agent:
            await agent.person.be("ready")
            assert (await agent.accept("13800000003"))["call_id"] == sent.call_id
        await call.hang_up()
