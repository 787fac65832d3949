"""kill -9 at the worst moments: no talk breaks off, nobody who waits is lost, nothing stands in the ledger twice."""

import asyncio
import hashlib
import io
import os
import signal
import wave
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial

import pytest
import pytest_asyncio

from hotline.demo.people import Shape, Somebody
from hotline.facts.calls import CallAdopted, CallArrived, CallEnded, CallFellBack, OfferEnded
from telephony.phone.phones import Telephone
from tests.system.engines import (
    AT_ONCE,
    FLOWS,
    GREETED,
    LINES,
    STUTTER,
    House,
    hear_each_other,
    hears_prompt,
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
    async with open_house(
        tmp_path_factory.mktemp("crash"),
        groups=GROUPS,
        lines=LINES,
        flows=FLOWS,
        asterisk={"fallback_after_seconds": 2},
    ) as house:
        house.line = AT_ONCE
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(engine_house: House) -> AsyncIterator[House]:
    """The same house for all; the engine runs and nobody is on the line, whatever the last test did."""
    if not engine_house.engine.running:
        await engine_house.engine.start()
    yield engine_house
    await engine_house.hang_up_all()


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
        assert max(gaps) < STUTTER

        began = clock()
        await house.engine.start()
        up, up_at = clock(), datetime.now(UTC)
        loop_times["engine start"] = up - began
        supervisor = await calls.enter_async_context(house.person("supervisor"))
        await until_talking(supervisor, {"1001": talk, "1002": wait})
        loop_times["up → both adopted on the supervisor's screen"] = clock() - up
        adopted = await house.until_facts(CallAdopted, bool, 2)  # screens read the floor: a moment before it is written
        assert [fact.state for fact in adopted] == ["talking", "talking"]
        loop_times["up → both adopted in the ledger"] = max((fact.at - up_at).total_seconds() for fact in adopted)
        assert loop_times["up → both adopted in the ledger"] < 2.0
        print(loop_times)
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
        since = next(fact.at for fact in adopted if fact.call_id == call_id)
        assert ended[0].talked_seconds > (ended[0].at - since).total_seconds() - 0.1


async def test_the_engine_is_killed_in_the_greeting(house: House) -> None:
    """Nobody is there: the citizen waits in Asterisk's own queue, and the engine fetches him back to its own line."""
    async with AsyncExitStack() as calls:
        citizen = await house.dial("13800000003", GREETED)
        await citizen.hears_sound()
        await house.engine.kill()
        (arrived,) = [fact for fact in await house.all(CallArrived) if fact.caller == "13800000003"]
        await hears_prompt(citizen, "please-wait")  # by the dialplan
        await house.engine.start()
        agent = await calls.enter_async_context(house.ready_agent("1001"))
        assert (await agent.accept("13800000003"))["call_id"] == arrived.call_id
        await calls.enter_async_context(in_conversation(citizen, agent.leg))
        seen = len(agent.person.feed.seen)
        await citizen.hang_up()
        assert await recording_of(agent.person, arrived.call_id, seen) > 2
        counted = await house.counted(arrived.call_id)
        assert {kind: counted[kind] for kind in ONCE} == ONCE
        assert counted["CallFellBack"] == 1


async def test_the_engine_hangs_and_comes_to_itself(house: House) -> None:
    """A hung engine keeps its sockets: the dialplan goes by the heartbeat. Who went past it is in the ledger after."""
    async with house.ready_agent("1001") as agent:
        await house.until_mirrored("1001")
        since = len(agent.person.feed.seen)
        os.kill(house.engine.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(3.5)  # the beat grows old
            citizen = await house.dial("13800000009")
            async with in_conversation(citizen, agent.leg):
                os.kill(house.engine.pid, signal.SIGCONT)
                call = await agent.person.feed.until("call", lambda call: call["state"] == "talking", since=since)
                assert call["caller"] == "13800000009"
                await hear_each_other(citizen, agent.leg)
        finally:
            os.kill(house.engine.pid, signal.SIGCONT)
        await agent.hang_up(call["call_id"])
        assert await recording_of(agent.person, call["call_id"], since) > 0
    counted = await house.counted(call["call_id"])
    expected = {"CallArrived": 1, "CallFellBack": 1, "CallConnected": 1, "CallEnded": 1, "RecordingReady": 1}
    assert {kind: counted[kind] for kind in expected} == expected


async def owed_visit(house: House, number: str) -> tuple[str, Telephone]:
    """A work order that its department has answered, so that the robot phones the citizen now: (ticket id, phone)."""
    phone = house.gateway.citizen(number)
    async with house.ready_agent("1001") as agent:
        citizen = await house.dial(number)
        call_id = (await agent.accept(number))["call_id"]
        ticket = await agent.submit(call_id, CORRECTIONS)
        await citizen.hang_up()
        await agent.person.feed.until("call", lambda call: (call["call_id"], call["state"]) == (call_id, "ended"))
    async with house.person("unitzhujian") as clerk:
        await clerk.post(f"/tickets/{ticket['id']}/actions/sign")
        reply = {"reply": "已更换灯泡,当晚恢复照明。", "contact": "已电话联系", "solved": True}
        await clerk.post(f"/tickets/{ticket['id']}/actions/reply", **reply)
    return ticket["id"], phone


async def visit_of(house: House, ticket_id: str) -> tuple[Shape, Counter[str]]:
    """The work order as its maker sees it, and how often each kind of fact stands in the ledger for it."""
    async with house.person("supervisor") as supervisor:
        ticket: Shape = await supervisor.get(f"/tickets/{ticket_id}")
    named = [fact for fact in await house.facts() if getattr(fact, "ticket_id", None) == ticket_id]
    return ticket, Counter(type(fact).__name__ for fact in named)


async def settled_visit(house: House, ticket_id: str, state: str) -> tuple[Shape, Counter[str]]:
    """After a restart: wait until the robot has settled the visit that the crash left."""
    async with house.person("admin") as admin:
        while True:
            since = len(admin.feed.seen)
            ticket, counted = await visit_of(house, ticket_id)
            if ticket["callbacks"][-1]["state"] == state:
                return ticket, counted
            await admin.feed.until("ticket", since=since)


async def test_the_engine_is_killed_while_the_robot_rings_and_again_in_its_survey(house: House) -> None:
    ticket_id, phone = await owed_visit(house, "13800000004")
    ringing = await phone.next_call()
    await house.engine.kill()
    await house.engine.start()  # Asterisk rings on; the new engine waits for what comes of it
    visit = await ringing.answer()
    await visit.hears_sound()
    await visit.press("1")
    await hears_prompt(visit, "callback-satisfied")
    await house.engine.kill()
    await visit.wait_ended()
    await house.engine.start()
    ticket, counted = await settled_visit(house, ticket_id, "closed")
    assert ticket["callbacks"][0] | {"solved": True, "satisfaction": None, "attempt": 1} == ticket["callbacks"][0]
    assert ticket["state"] == "closed"
    assert (counted["CallbackDialled"], counted["CallbackAnswered"], counted["CallbackDone"]) == (1, 1, 1)
    with pytest.raises(TimeoutError):
        await phone.next_call(timeout=1.0)


async def test_the_engine_is_killed_before_the_citizen_says_anything(house: House) -> None:
    ticket_id, phone = await owed_visit(house, "13800000005")
    visit = await (await phone.next_call()).answer()
    await visit.hears_sound()
    await house.engine.kill()
    await visit.wait_ended()
    await house.engine.start()
    ticket, counted = await settled_visit(house, ticket_id, "due")  # again by the plan, half an hour from now
    assert ticket["callbacks"][0]["attempt"] == 1
    assert counted["CallbackDialled"] == counted["CallbackAnswered"] == counted["CallbackDone"] == 1
    with pytest.raises(TimeoutError):
        await phone.next_call(timeout=1.0)


async def test_asterisk_is_killed_under_the_engine(house: House) -> None:
    """The engine starts it again, closes what died with it, and the next call goes its way."""
    async with AsyncExitStack() as calls:
        agent = await calls.enter_async_context(house.ready_agent("1001"))
        citizen = await house.dial("13800000006")
        call_id = (await agent.accept("13800000006"))["call_id"]
        await calls.enter_async_context(in_conversation(citizen, agent.leg))
        waiting = await house.dial("13800000007", GREETED)
        await hears_prompt(waiting, "welcome")
        since, pid = len(agent.person.feed.seen), house.engine.asterisk_pid
        assert pid is not None

        killed = clock()
        os.kill(pid, signal.SIGKILL)
        down = await until_health(house, asterisk="down")
        assert (down["status"], down["asterisk"]) == ("degraded", "down")
        ended = await agent.person.feed.until("call", lambda call: call["state"] == "ended", since=since, timeout=30)
        assert (ended["call_id"], ended["end_reason"]) == (call_id, "asterisk_restarted")
        up = await until_health(house, asterisk="up")
        print(f"asterisk killed → up {clock() - killed:.2f} s")
        assert up["status"] == "ok"
        assert house.engine.asterisk_pid not in (pid, None)
        seat = (await agent.person.get("/desk"))["seat"]
        assert (seat["state"], seat["call_id"]) == ("unreachable", None)

        leg = await calls.enter_async_context(house.seat("1001"))  # the phone, too, dials its seat again
        await agent.person.feed.until("seat", lambda seat: seat["state"] == "idle", since=since)
        again = await house.dial("13800000008")
        next_call = (await agent.accept("13800000008"))["call_id"]
        await calls.enter_async_context(in_conversation(again, leg))
        await again.hang_up()
        await agent.person.feed.until("call", lambda c: (c["call_id"], c["state"]) == (next_call, "ended"), since=since)
        assert await recording_of(agent.person, call_id, since) > 1  # what Asterisk had written when it died
    ends = {fact.call_id: fact.reason for fact in await house.all(CallEnded)}
    assert (ends[call_id], ends[next_call]) == ("asterisk_restarted", "citizen_hung_up")
    (lost,) = [fact.call_id for fact in await house.all(CallArrived) if fact.caller == "13800000007"]
    assert ends[lost] == "asterisk_restarted"
    assert len(ends) == len(await house.all(CallArrived)) == len(await house.all(CallEnded))


async def until_health(house: House, **wanted: str) -> Shape:
    """Ask until the engine says so of itself; nothing else tells how it is."""
    async with asyncio.timeout(30):
        while wanted.items() - (health := await house.engine.health()).items():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return health
