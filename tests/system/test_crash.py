"""kill -9 at the worst moments: no talk breaks off, nobody who waits is lost, nothing stands in the ledger twice."""

import asyncio
import hashlib
import io
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest
import pytest_asyncio

from hotline.demo.people import Shape, Somebody
from hotline.facts.calls import CallAdopted, CallEnded, CallFellBack, OfferEnded
from tests.system.engines import (
    House,
    hear_each_other,
    in_conversation,
    live_seat,
    longest_gap,
    open_house,
    speaking,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(150)]
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 100, "wrap_up_seconds": 0, "announce_seconds": 30}]
ONCE = {"CallArrived": 1, "CallQueued": 1, "CallConnected": 1, "CallAdopted": 1, "CallEnded": 1, "RecordingReady": 1}
CORRECTIONS = {"title": "路灯不亮", "description": "河湾村路灯不亮", "category": "市政公用/路灯井盖", "place": "沂水县"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("crash"), groups=GROUPS) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(engine_house: House) -> House:
    """The same house for all; the engine runs, whatever the last test did to it."""
    if not engine_house.engine.running:
        await engine_house.engine.start()
    return engine_house


def clock() -> float:
    return asyncio.get_running_loop().time()


async def recording_of(person: Somebody, call_id: str, since: int) -> float:
    """Wait for the call's recording, play it, check it against its hash; seconds."""
    told = await person.feed.until("recording", lambda one: one["call_id"] == call_id, since=since, timeout=30)
    audio = (await person.http.get(f"/api/recordings/{told['id']}/audio?track=mix")).content
    assert hashlib.sha256(audio).hexdigest() == told["sha256"]
    with wave.open(io.BytesIO(audio)) as file:
        return float(file.getnframes() / file.getframerate())


async def until_talking(supervisor: Somebody, calls: dict[str, str]) -> None:
    """Until the supervisor sees each seat talking in its call."""
    live: Shape = supervisor.feed.seen[0]["data"]
    for seat, call_id in calls.items():
        talking = partial(shows, seat=seat, call_id=call_id)
        if not talking(live_seat(live, seat)):
            await supervisor.feed.until("live.seat", talking)


def shows(shown: Shape, *, seat: str, call_id: str) -> bool:
    return (shown["id"], shown["state"], shown["call_id"]) == (seat, "talking", call_id)


async def test_the_engine_is_killed_while_two_talk_and_one_waits(house: House) -> None:
    loop_times: dict[str, float] = {}
    async with AsyncExitStack() as calls, AsyncExitStack() as before:
        leg1 = await calls.enter_async_context(house.seat("1001"))
        leg2 = await calls.enter_async_context(house.seat("1002"))
        first = await before.enter_async_context(house.agent("1001", leg1))
        second = await before.enter_async_context(house.agent("1002", leg2))
        await first.ready()
        talking = await house.dial("13800000001")
        talk = (await first.accept("13800000001"))["call_id"]
        await second.ready()
        waiting = await house.dial("13800000002")
        offer = await second.person.feed.until("offer", lambda one: one["caller"] == "13800000002")
        wait: str = offer["call_id"]
        await calls.enter_async_context(in_conversation(talking, leg1, 600))
        await waiting.hears_sound(since=clock())  # music

        killed = clock()
        await house.engine.kill()
        await before.aclose()
        await calls.enter_async_context(speaking(waiting, 1300))
        await calls.enter_async_context(speaking(leg2, 1950))
        await asyncio.gather(waiting.hears_tone(1950, 15, killed), leg2.hears_tone(1300, 15, killed))
        loop_times["killed → fallback agent audio, both ways"] = clock() - killed
        await hear_each_other(talking, leg1, 600)
        gaps = longest_gap(talking, 900, killed), longest_gap(leg1, 600, killed)
        loop_times["longest gap of the pair"] = max(gaps)
        assert max(gaps) < 1.0

        began = clock()
        await house.engine.start()
        up = clock()
        loop_times["engine start"] = up - began
        supervisor = await calls.enter_async_context(house.person("supervisor"))
        await until_talking(supervisor, {"1001": talk, "1002": wait})
        loop_times["up → both adopted on the supervisor's screen"] = clock() - up
        print(loop_times)
        assert clock() - up < 2.0
        assert [fact.state for fact in await house.all(CallAdopted)] == ["talking", "talking"]
        assert [fact.outcome for fact in await house.all(OfferEnded)] == ["accepted", "withdrawn"]
        assert [fact.call_id for fact in await house.all(CallFellBack)] == [wait]

        first = await calls.enter_async_context(house.agent("1001", leg1))
        second = await calls.enter_async_context(house.agent("1002", leg2))
        assert (await first.person.get("/desk"))["call"]["call_id"] == talk
        ticket = await first.submit(talk, CORRECTIONS)
        assert ticket["call_id"] == talk
        assert ticket["state"] == "dispatched"
        await hear_each_other(talking, leg1, 600)
        await hear_each_other(waiting, leg2, 1300)

        seen1, seen2 = len(first.person.feed.seen), len(second.person.feed.seen)
        await talking.hang_up()
        await second.hang_up(wait)
        await waiting.wait_ended()
        assert await recording_of(first.person, talk, seen1) > 2
        assert await recording_of(second.person, wait, seen2) > 2
    for call_id, reason in ((talk, "citizen_hung_up"), (wait, "agent_hung_up")):
        counted = await house.counted(call_id)
        assert {kind: counted[kind] for kind in ONCE} == ONCE
        ended = [fact for fact in await house.facts(call_id) if isinstance(fact, CallEnded)]
        assert [fact.reason for fact in ended] == [reason]
        assert ended[0].talked_seconds > 1
