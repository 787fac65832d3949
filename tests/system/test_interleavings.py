"""Every cell of the table of interleavings, on the real Asterisk with the real engine; tones prove who hears whom."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hotline.demo.people import Refusal
from hotline.facts.calls import CallConnected, CallEnded, CallQueued
from hotline.facts.control import CallHeld, PartyCalled, PartyJoined, PartyLeft
from tests.system.engines import House
from tests.system.interleavings import SAMPLE, TABLE, Cell, Where
from tests.system.scene import (
    CITIZEN,
    DEPARTMENT,
    FIRST_NUMBER,
    INTERPRETER,
    NEXT_NUMBER,
    NOBODY,
    PARTY,
    SEAT,
    Scene,
    new_scene,
    scene_house,
)
from tests.system.who_hears import hears

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
_numbers = iter(range(13810000001, 13810009999))
CELLS = [
    pytest.param(cell, id=cell.name, marks=[] if cell.name in SAMPLE else [pytest.mark.long])
    for cell in sorted(TABLE, key=lambda cell: (cell.name not in SAMPLE, cell.event))
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with scene_house(tmp_path_factory.mktemp("interleavings")) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def scene(house: House) -> AsyncIterator[Scene]:
    async with new_scene(house, str(next(_numbers))) as scene:
        yield scene


@pytest.mark.parametrize("cell", CELLS)
async def test_cell(scene: Scene, cell: Cell) -> None:
    await scene.reach(cell.stage, NOBODY if cell.event == "invalid" else DEPARTMENT)
    await scene.happens(cell)
    await scene.is_so(cell.outcome)
    if cell.event == "engine_dead":  # the engine that comes at last finds it so
        await scene.restart()
        await scene.is_so(cell.outcome)


async def test_the_next_number_is_tried_and_an_interpreter_is_the_third(house: House, scene: Scene) -> None:
    """Duty roster, then the department's own number; keypad tones and muting by the way."""
    book = await scene.agent.person.get("/address-book")
    (department, interpreter) = book["units"]
    assert (department["numbers"], department["on_duty"]) == ([FIRST_NUMBER, NEXT_NUMBER], "张工")
    assert (interpreter["kind"], interpreter["numbers"]) == ("interpreter", [INTERPRETER])
    assert {"target": "menu/ask", "flow": "测试", "title": "主菜单"} in book["flows"]

    await scene.act("consult", kind="unit", target="zhujian")
    (await house.gateway.citizen(FIRST_NUMBER).next_call()).reject(480)
    scene.ringing = await house.gateway.citizen(NEXT_NUMBER).next_call()
    assert (await scene.agent.person.get("/desk/control"))["party"]["target"] == NEXT_NUMBER
    await scene.department_answers()
    await scene.is_so(Where.HELD)
    async with house.person("agent1001") as screen:  # a page that opens now begins with what goes on
        await screen.feed.until("control", lambda shown: shown["stage"] == "consulting")
    await scene.act("keys", keys="4#")
    assert [await scene.party_call.next_key(), await scene.party_call.next_key()] == ["4", "#"]
    await scene.act("cancel")
    await scene.is_so(Where.AGENT)
    called = await house.all(PartyCalled, scene.call_id)
    assert [(fact.target, fact.name, fact.why) for fact in called] == [
        (FIRST_NUMBER, "市住建局", "consult"),
        (NEXT_NUMBER, "市住建局", "consult"),
    ]

    await scene.act("conference", kind="unit", target="fanyi")
    scene.ringing = await house.gateway.citizen(INTERPRETER).next_call()
    await scene.department_answers()
    await scene.is_so(Where.THREE)
    await scene.act("mute", muted=True)
    await hears(scene.citizen, PARTY, but=(SEAT,))
    await hears(scene.agent.leg, CITIZEN, PARTY)
    await scene.act("mute", muted=False)
    await scene.is_so(Where.THREE)


@pytest.mark.long
async def test_a_new_engine_goes_on_with_what_the_old_one_began(scene: Scene) -> None:
    await scene.reach("conference")
    await scene.restart()
    await scene.is_so(Where.THREE)
    await scene.act("leave")
    await scene.is_so(Where.PARTY)
    await scene.act("rejoin")
    await scene.is_so(Where.THREE)


@pytest.mark.long
async def test_facts_of_a_warm_transfer(house: House, scene: Scene) -> None:
    await scene.reach("consulting")
    await scene.act("complete")
    await scene.is_so(Where.PARTY)
    await scene.citizen.hang_up()
    await scene.party_call.wait_ended()
    await scene.agent.person.feed.until("call", lambda call: call["state"] == "ended")
    (held,) = await house.all(CallHeld, scene.call_id)
    (called,) = await house.all(PartyCalled, scene.call_id)
    (joined,) = await house.all(PartyJoined, scene.call_id)
    (left,) = await house.all(PartyLeft, scene.call_id)
    assert (called.target, called.why) == (DEPARTMENT, "consult")
    assert left.reason in ("citizen_gone", "hung_up")  # both legs end at once; which is seen first is open
    assert held.at <= called.at <= joined.at < left.at
    assert left.talked_seconds > 0.3
    counted = [len(await house.all(kind, scene.call_id)) for kind in (CallQueued, CallConnected, CallEnded)]
    assert counted == [1, 1, 1]


@pytest.mark.long
async def test_to_and_fro_many_times_costs_nobody_the_line(scene: Scene) -> None:
    """A seat that was moved from bridge to bridge goes on one step further than it stood: there must be one."""
    await scene.second_seat("consult")
    for _ in range(10):
        for act in ("swap", "swap", "cancel"):
            await scene.act(act)
        await scene.act("consult", kind="seat", target="1003")
    await scene.is_so(Where.HELD)
    await scene.act("cancel")
    await scene.is_so(Where.AGENT)


async def test_what_makes_no_sense_is_refused(scene: Scene) -> None:
    for what in ("resume", "complete", "swap", "merge", "leave", "rejoin", "cancel"):
        with pytest.raises(Refusal) as refusal:
            await scene.act(what)
        assert refusal.value.status == 409
    for wish in (
        {"kind": "seat", "target": "1003"},  # nobody sits there
        {"kind": "phone", "target": "12\r\n3"},
        {"kind": "flow", "target": "menu/ask"},  # a flow cannot be asked
    ):
        with pytest.raises(Refusal):
            await scene.act("consult", **wish)
    for target in ("menu/nowhere", "nowhere/ask", "menu", "../menu/ask"):
        with pytest.raises(Refusal) as refusal:
            await scene.act("transfer", kind="flow", target=target)
        assert refusal.value.status == 409
    with pytest.raises(Refusal) as refusal:
        await scene.act("pickup")
    assert refusal.value.status == 409
    await scene.is_so(Where.AGENT)
