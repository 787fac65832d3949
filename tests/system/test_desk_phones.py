"""Desk phones rung per call, on a real Asterisk with a real engine: every way a ring can end, and who is cut off.

Seat 1001 has a desk and a phone that rings once accepted; 1002 has a phone only; 1003 is nailed up.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import pytest
import pytest_asyncio

from hotline.demo.people import Refusal, Shape, Somebody
from hotline.facts.calls import CallEnded, OfferEnded
from telephony.phone import PhoneCall, ScriptedPhone
from tests.system.engines import (
    AT_ONCE,
    FLOWS,
    LINES,
    House,
    hear_each_other,
    in_conversation,
    live_seat,
    open_house,
    speaking,
)
from tests.system.who_hears import hears

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 6, "wrap_up_seconds": 0}]
SEATS = [
    {"id": "1001", "groups": ["general"], "kind": "rung"},
    {"id": "1002", "groups": ["general"], "kind": "rung", "rings": "offered", "desk": False},
    {"id": "1003", "groups": ["general"]},
]
HEALED = 15.0
"""Seconds in which a seat that is cut off must be known to be away: ten, and half as much on a busy machine."""
CITIZEN, SEAT, PARTY = 600.0, 900.0, 1500.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("phones")
    changes = {"groups": GROUPS, "seats": SEATS, "lines": LINES, "asterisk": {"fallback_after_seconds": 2}}
    async with open_house(folder, flows=FLOWS, **changes) as house:
        house.line = AT_ONCE
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(whole_house: House) -> AsyncIterator[House]:
    if not whole_house.engine.running:
        await whole_house.engine.start()
    yield whole_house
    await whole_house.hang_up_all()


@dataclass
class Desk:
    """An agent with a screen and a phone."""

    person: Somebody
    phone: ScriptedPhone

    async def until_seat(self, since: int, timeout: float = 15.0, **wanted: object) -> Shape:
        seat: Shape = await self.person.feed.until(
            "seat", lambda seat: wanted.items() <= seat.items(), since=since, timeout=timeout
        )
        return seat

    async def accept(self, caller: str) -> Shape:
        """Take this citizen's offer: the phone rings."""
        offer = await self.person.feed.until("offer", lambda offer: offer["caller"] == caller, timeout=30)
        return await self.person.accept(offer)


@asynccontextmanager
async def at_the_desk(house: House) -> AsyncIterator[Desk]:
    """Ready at 1001."""
    async with house.desk_phone("1001") as phone, house.person("agent1001") as person:
        desk = Desk(person, phone)
        seat = (await person.get("/desk"))["seat"]
        since = len(person.feed.seen)
        assert seat["kind"] == "rung"
        if not seat["phone_registered"]:
            await desk.until_seat(0, phone_registered=True)
        if (await person.be("ready"))["state"] != "idle":
            await desk.until_seat(since, state="idle")
        yield desk


async def picked_up(desk: Desk, house: House, number: str) -> tuple[PhoneCall, PhoneCall, str]:
    """A citizen talks with 1001: his call, the phone's, and its name."""
    citizen = await house.dial(number)
    call_id = (await desk.accept(number))["call_id"]
    since = len(desk.person.feed.seen)
    ringing = await desk.phone.next_call()
    assert ringing.number == number
    leg = await ringing.answer()
    await desk.until_seat(since, state="talking")
    return citizen, leg, call_id


def ends(fact: OfferEnded, *, offer_id: int) -> bool:
    return fact.offer_id == offer_id


async def test_the_way_of_a_call_hold_and_the_end_by_either_side(house: House) -> None:
    async with at_the_desk(house) as desk:
        citizen, leg, call_id = await picked_up(desk, house, "13800000101")
        async with in_conversation(citizen, leg):
            await desk.person.post(f"/desk/calls/{call_id}/control/hold")
            await hears(leg, but=(CITIZEN,))
            await hears(citizen, but=(SEAT,))
            assert leg.is_up, "the phone waits while the citizen is held"
            await desk.person.post(f"/desk/calls/{call_id}/control/resume")
            await hear_each_other(citizen, leg)
            with pytest.raises(Refusal) as refused:
                await desk.person.ask("PUT", "/desk/kind", {"kind": "nailed"})
            assert refused.value.error["code"] == "seat_busy"
            since = len(desk.person.feed.seen)
            await citizen.hang_up()
        await leg.wait_ended()
        await desk.until_seat(since, state="idle")

        citizen, leg, second = await picked_up(desk, house, "13800000102")
        await leg.hang_up()  # the receiver is put down
        await citizen.wait_ended()
        (ended,) = await house.until_facts(CallEnded, lambda fact: fact.call_id == second)
        assert ended.reason == "agent_hung_up"


async def test_a_phone_that_does_not_answer_is_busy_or_declines(house: House) -> None:
    ways = {"no_answer": ("timed_out", "漏接"), "busy": ("rejected", "话机占线"), "decline": ("rejected", "话机拒接")}
    async with at_the_desk(house) as desk:
        citizen = await house.dial("13800000103")
        for way, (outcome, reason) in ways.items():
            since = len(desk.person.feed.seen)
            await desk.person.be("ready")
            offer = await desk.person.feed.until("offer", since=since)
            await desk.person.accept(offer)
            ringing = await desk.phone.next_call()
            if way == "busy":
                ringing.reject(486)
            elif way == "decline":
                ringing.reject(603)
            seat = await desk.until_seat(since, status="not_ready")
            assert seat["reason"] == reason
            ended = await house.until_facts(OfferEnded, partial(ends, offer_id=offer["offer_id"]))
            assert [fact.outcome for fact in ended] == [outcome]
        assert citizen.is_up
        async with house.seat("1003") as nailed, house.agent("1003", nailed) as other:
            await other.person.be("ready")
            await other.accept("13800000103")
            async with in_conversation(citizen, other.leg):
                pass


async def test_the_citizen_hangs_up_while_the_phone_rings(house: House) -> None:
    async with at_the_desk(house) as desk:
        citizen = await house.dial("13800000104")
        await desk.accept("13800000104")
        ringing = await desk.phone.next_call()
        since = len(desk.person.feed.seen)
        await citizen.hang_up()
        assert (await ringing.wait_ended()).status == 487
        seat = await desk.until_seat(since, state="idle")
        assert seat["status"] == "ready"


async def test_a_phone_without_a_desk(house: House) -> None:
    """*1 makes it ready, an offer rings it, picking it up accepts."""
    async with house.desk_phone("1002") as phone, house.person("supervisor") as supervisor:
        since = len(supervisor.feed.seen)
        keys = await phone.dial("*1")
        await keys.wait_ended()
        await supervisor.feed.until("live.seat", lambda s: (s["id"], s["status"]) == ("1002", "ready"), since=since)
        citizen = await house.dial("13800000105")
        leg = await (await phone.next_call()).answer()
        async with in_conversation(citizen, leg):
            forced = await supervisor.get("/live")
            assert next(s for s in forced["seats"] if s["id"] == "1002")["state"] == "talking"
        await citizen.hang_up()
        await leg.wait_ended()

        citizen = await house.dial("13800000109")  # a supervisor takes the seat out while its phone rings
        ringing = await phone.next_call()
        await supervisor.post("/live/seats/1002/status", status="not_ready", reason="会议")
        assert (await ringing.wait_ended()).status == 487
        await supervisor.post("/live/seats/1002/status", status="ready", reason="")
        ringing = await phone.next_call()
        assert ringing.number == "13800000109"
        since = len(supervisor.feed.seen)
        await citizen.hang_up()
        await ringing.wait_ended()
        await (await phone.dial("*2")).wait_ended()
        await supervisor.feed.until("live.seat", lambda s: (s["id"], s["status"]) == ("1002", "not_ready"), since=since)


async def test_a_phone_cut_off_in_a_call_and_while_idle(house: House) -> None:
    """No BYE, no sound: the citizen is served anew, the seat is away in time, and comes back with its cable."""
    loop = asyncio.get_running_loop()
    async with at_the_desk(house) as desk, house.ready_agent("1003") as other:
        await other.person.be("not_ready", None)
        citizen, _, _ = await picked_up(desk, house, "13800000106")
        await other.ready()
        since, began = len(desk.person.feed.seen), loop.time()
        desk.phone.unplug()
        await other.accept("13800000106")
        async with in_conversation(citizen, other.leg):
            await desk.until_seat(since, state="unreachable")
            healed = loop.time() - began
            print(f"phone cut off in a call → served anew and away: {healed:.1f} s")
            assert healed < HEALED
        since = len(desk.person.feed.seen)
        desk.phone.plug_in()
        await desk.until_seat(since, state="idle")
        since, began = len(desk.person.feed.seen), loop.time()
        desk.phone.unplug()
        await desk.until_seat(since, state="unreachable")
        print(f"idle phone cut off → away: {loop.time() - began:.1f} s")
        assert loop.time() - began < HEALED


async def test_a_colleague_at_a_desk_phone_is_asked_and_takes_over(house: House) -> None:
    """Consultation, three together, and passing on, with a colleague whose phone must be rung first."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(at_the_desk(house))
        other = await stack.enter_async_context(house.desk_phone("1002"))
        citizen, leg, call_id = await picked_up(desk, house, "13800000108")
        for phone, pitch in ((citizen, CITIZEN), (leg, SEAT)):
            await stack.enter_async_context(speaking(phone, pitch))
        control = f"/desk/calls/{call_id}"
        await desk.person.post(f"{control}/consult", kind="seat", target="1002")
        (await other.next_call()).reject(486)  # busy: the citizen is back
        await hear_each_other(citizen, leg)
        await desk.person.post(f"{control}/consult", kind="seat", target="1002")
        asked = await (await other.next_call()).answer()
        await stack.enter_async_context(speaking(asked, PARTY))
        await hears(leg, PARTY, but=(CITIZEN,))
        await desk.person.post(f"{control}/control/merge")
        await hears(citizen, SEAT, PARTY)
        since = len(desk.person.feed.seen)
        await desk.person.post(f"{control}/control/leave")
        await hears(citizen, PARTY, but=(SEAT,))
        await leg.wait_ended()  # whoever left has put the phone down
        await desk.until_seat(since, state="idle")
        async with house.person("supervisor") as supervisor:
            assert live_seat(await supervisor.get("/live"), "1002")["state"] == "talking"
        await citizen.hang_up()
        await asked.wait_ended()


@pytest.mark.long
async def test_the_engine_is_killed_while_the_phone_rings_and_while_they_talk(house: House) -> None:
    """Without an engine the fallback queue rings the phone; the next engine finds them talking, and goes on."""
    async with AsyncExitStack() as calls:
        phone = await calls.enter_async_context(house.desk_phone("1001"))
        async with house.person("agent1001") as person:
            desk = Desk(person, phone)
            await person.be("ready")
            citizen = await house.dial("13800000107")
            await desk.accept("13800000107")
            ringing = await phone.next_call()
            await house.engine.kill()
        await ringing.answer()  # nobody is there: it is hung up, and rung again by the queue
        await ringing.wait_ended()
        leg = await (await phone.next_call(timeout=20)).answer()
        await calls.enter_async_context(speaking(citizen, CITIZEN))
        await calls.enter_async_context(speaking(leg, SEAT))
        await hear_each_other(citizen, leg)
        await house.engine.start()
        person = await calls.enter_async_context(house.person("agent1001"))
        desk = Desk(person, phone)
        seat = (await person.get("/desk"))["seat"]
        if seat["state"] != "talking":
            seat = await desk.until_seat(0, state="talking")
        call_id = seat["call_id"]
        await person.post(f"/desk/calls/{call_id}/control/hold")
        await hears(citizen, but=(SEAT,))
        await person.post(f"/desk/calls/{call_id}/control/resume")
        await hear_each_other(citizen, leg)
        await house.engine.kill()
        await hear_each_other(citizen, leg)
        await house.engine.start()
        await hear_each_other(citizen, leg)
        await citizen.hang_up()
        await leg.wait_ended()
        counted = await house.counted(call_id)
        await house.until_facts(CallEnded, lambda fact: fact.call_id == call_id)
        assert counted["CallAdopted"] == 2
