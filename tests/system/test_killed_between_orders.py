"""kill -9 between any two orders of every operation: taken up or undone, and the citizen is never lost.

The cells are made from the saga's own tables.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
import pytest_asyncio

from ivr.control.parts import Command, PickUp, Stage
from ivr.control.saga import MOVES, SEAT_MOVES
from tests.system.engines import House
from tests.system.interleavings import Where
from tests.system.scene import CITIZEN, PARTY, SEAT, Scene, new_scene, scene_house
from tests.system.who_hears import hears

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150), pytest.mark.long]
_numbers = iter(range(13830000001, 13830009999))
Cell = tuple[str, str, int]
"""Stage, event, orders carried out before the death."""
CELLS: list[Cell] = [
    (f"{stage}{suffix}", kind.__name__, done)
    for suffix, moves in (("", MOVES), ("_seat", SEAT_MOVES))
    for stage, events in moves.items()
    for kind, move in events.items()
    if issubclass(kind, Command) and kind is not PickUp
    for done in range(len(move.orders))
]
ACTS = {
    "Hold": "hold", "Resume": "resume", "Cancel": "cancel", "Complete": "complete", "Swap": "swap", "Merge": "merge",
    "Leave": "leave", "Rejoin": "rejoin", "Park": "park", "Consult": "consult", "Add": "conference",
}  # fmt: skip
PASSED_ON = {"Send": ("phone", "6001"), "SendBack": ("group", "second"), "SendToFlow": ("flow", "menu/ask")}

BROUGHT_WITHIN = 30.0
"""Seconds; some looks of aftercare at the world, on a busy machine."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    # Without recognition an engine is up sooner; that it does no harm test_interleavings shows.
    async with scene_house(tmp_path_factory.mktemp("killed"), asr={"enabled": False}) as house:
        await house.engine.kill()
        house.engine.module = "tests.system.dying_engine"
        yield house


async def act(scene: Scene, event: str, with_seat: bool) -> None:
    """The agent's wish; the engine dies over it."""
    with suppress(httpx.HTTPError):
        match event:
            case "Consult" | "Add" if with_seat:
                await scene.second_seat(ACTS[event])
            case "Send" if with_seat:
                await scene.second_seat("transfer")
            case "Consult" | "Add":
                await scene.act(ACTS[event], kind="phone", target="6001")
            case "Send" | "SendBack" | "SendToFlow":
                kind, target = PASSED_ON[event]
                await scene.act("transfer", kind=kind, target=target)
            case _:
                await scene.act(ACTS[event])


async def is_cared_for(house: House, scene: Scene) -> None:
    """With somebody, or with music on behalf of an operation that the agent can end, or in front of the line."""
    stage = (await scene.agent.person.get("/desk/control"))["stage"]
    parked = (await scene.agent.person.get("/desk/parked"))["items"]
    if stage in (Stage.HELD, Stage.CALLING, Stage.CONSULTING):
        await scene.act("resume" if stage == Stage.HELD else "cancel")
        await scene.is_so(Where.AGENT)
    elif parked:
        await scene.is_so(Where.PARKED)
    elif await stands_in_line(house, scene):
        await scene.is_so(Where.QUEUE)


async def stands_in_line(house: House, scene: Scene) -> bool:
    """Until somebody talks with the citizen (False) or the line has him (True): it takes some seconds."""
    async with house.person("supervisor") as chief, asyncio.timeout(BROUGHT_WITHIN):
        while True:
            for pitch in (SEAT, PARTY):
                with suppress(AssertionError):
                    await hears(scene.citizen, pitch, timeout=1.0)
                    await hears(scene.agent.leg if pitch == SEAT else scene.party_call, CITIZEN)
                    return False
            if scene.call_id in {call["call_id"] for call in (await chief.get("/live"))["waiting"]}:
                return True


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(map(str, cell)))
async def test_nobody_is_lost(house: House, cell: Cell) -> None:
    stage, event, done = cell
    with_seat = stage.endswith("_seat")
    async with new_scene(house, str(next(_numbers))) as scene:
        if stage.removesuffix("_seat") != Stage.TALKING:
            await scene.reach("held" if stage == "held_seat" else stage)
        if event in PASSED_ON or event == "Park":  # the fallback queue, which knows no groups, shall not find him
            await scene.agent.person.be("not_ready")
        house.site.config.with_name("die").write_text(f"{event} {done}", encoding="utf-8")
        await act(scene, event, with_seat)
        await house.engine.wait()
        await scene.restart()
        await is_cared_for(house, scene)
        if with_seat and event == "Complete":  # whoever has the citizen now: the other seat is left alone
            await hears(scene.agent.leg, but=(PARTY,))
