"""Every cell of the table of interleavings, on the real Asterisk with the real engine; tones prove who hears whom."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from hotline.demo.cast import PhoneAgent
from hotline.demo.people import Refusal, Shape
from hotline.facts.calls import CallConnected, CallEnded, CallQueued
from hotline.facts.control import CallHeld, PartyCalled, PartyJoined, PartyLeft
from telephony.phone import PhoneCall
from telephony.phone.calls import IncomingCall
from tests.system.engines import House, open_house, speaking
from tests.system.interleavings import KILLS, OTHERS, Cell, Where
from tests.system.who_hears import hears

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120), pytest.mark.long]
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 60, "wrap_up_seconds": 0, "announce_seconds": 600}]
CITIZEN, SEAT, PARTY, NEXT = 400.0, 700.0, 1100.0, 1700.0
DEPARTMENT = "6001"
NOBODY = "6999"


@dataclass
class Scene:
    """One call with everybody in it."""

    house: House
    stack: AsyncExitStack
    agent: PhoneAgent
    citizen: PhoneCall
    number: str
    call_id: str
    party: PhoneCall | None = None
    ringing: IncomingCall | None = None

    async def act(self, what: str, **body: object) -> Shape:
        path = what if what in ("consult", "conference", "transfer", "keys", "mute") else f"control/{what}"
        shown: Shape = await self.agent.person.post(f"/desk/calls/{self.call_id}/{path}", **body)
        return shown

    async def stage(self, wanted: str) -> Shape:
        """Wait until the desk's screen says so."""
        shown = await self.agent.person.get("/desk/control")
        if shown["stage"] != wanted:
            shown = await self.agent.person.feed.until(
                "control", lambda data: data["stage"] == wanted, since=len(self.agent.person.feed.seen) - 1
            )
        return dict(shown)

    async def call_department(self, how: str, number: str = DEPARTMENT) -> None:
        await self.act(how, kind="phone", target=number)
        if number == DEPARTMENT:
            self.ringing = await self.house.gateway.citizen(DEPARTMENT).next_call()

    async def department_answers(self) -> None:
        assert self.ringing is not None
        self.party = await self.ringing.answer()
        await self.stack.enter_async_context(speaking(self.party, PARTY))

    async def reach(self, stage: str, number: str = DEPARTMENT) -> None:
        """Bring the call to a stage, by the agent's own acts."""
        match stage:
            case "held":
                await self.act("hold")
                await hears(self.citizen, but=(SEAT,))
            case "calling":
                await self.call_department("consult", number)
            case "adding":
                await self.call_department("conference", number)
            case "sending":
                await self.call_department("transfer", number)
            case "consulting":
                await self.reach("calling")
                await self.department_answers()
                await hears(self.party_call, SEAT, but=(CITIZEN,))
                await self.stage("consulting")
            case "swapped":
                await self.reach("consulting")
                await self.act("swap")
                await hears(self.citizen, SEAT, but=(PARTY,))
                await hears(self.party_call, but=(SEAT, CITIZEN))
            case "conference":
                await self.reach("adding")
                await self.department_answers()
                await hears(self.citizen, SEAT, PARTY)
                await self.stage("conference")
            case "together":
                await self.reach("conference")
                await self.act("leave")
                await hears(self.citizen, PARTY, but=(SEAT,))

    @property
    def party_call(self) -> PhoneCall:
        assert self.party is not None
        return self.party

    async def happens(self, cell: Cell) -> None:
        match cell.event:
            case "busy":
                assert self.ringing is not None
                self.ringing.reject(486)
            case "no_answer":
                assert self.ringing is not None
                self.ringing.reject(480)
            case "cancelled":
                await self.act("resume" if cell.stage == "held" else "cancel")
            case "answered":
                await self.department_answers()
            case "citizen_hangs_up":
                await self.citizen.hang_up()
            case "seat_dies":
                await self.agent.leg.hang_up()
            case "party_hangs_up":
                await self.party_call.hang_up()
            case "engine_killed":
                await self.house.engine.kill()
                await self.house.engine.start()
            case _:
                pass

    async def is_so(self, where: Where) -> None:
        """Prove the outcome."""
        seat, citizen = self.agent.leg, self.citizen
        match where:
            case Where.AGENT:
                await hears(citizen, SEAT, but=(PARTY,))
                await hears(seat, CITIZEN, but=(PARTY,))
            case Where.PARTY:
                await hears(citizen, PARTY, but=(SEAT,))
                await hears(self.party_call, CITIZEN, but=(SEAT,))
            case Where.THREE:
                await hears(citizen, SEAT, PARTY)
                await hears(seat, CITIZEN, PARTY)
                await hears(self.party_call, CITIZEN, SEAT)
            case Where.HELD:
                await hears(self.party_call, SEAT, but=(CITIZEN,))
                await hears(seat, PARTY, but=(CITIZEN,))
                await hears(citizen, but=(SEAT, PARTY))
                await citizen.hears_sound()
            case Where.QUEUE:
                await self.next_agent_answers()
            case Where.GONE:
                await self.nobody_is_left()

    async def next_agent_answers(self) -> None:
        """A citizen in front of the line is offered to whoever is ready: the same call, the same id."""
        if self.agent.leg.is_up:  # he is free again and would be the next; somebody else shall be
            await self.agent.person.be("not_ready")
        leg = await self.stack.enter_async_context(self.house.seat("1002"))
        following = await self.stack.enter_async_context(self.house.agent("1002", leg))
        await following.person.be("ready")
        call = await following.accept(self.number)
        assert call["call_id"] == self.call_id
        await self.stack.enter_async_context(speaking(following.leg, NEXT))
        await hears(self.citizen, NEXT, but=(SEAT, PARTY))
        await hears(following.leg, CITIZEN, but=(SEAT, PARTY))

    async def nobody_is_left(self) -> None:
        if self.party is not None:
            await self.party.wait_ended()
        elif self.ringing is not None:
            await self.ringing.wait_ended()
        await hears(self.agent.leg, but=(CITIZEN, PARTY))
        seat = (await self.agent.person.get("/desk"))["seat"]
        if seat["state"] != "idle":
            await self.agent.person.feed.until("seat", lambda seat: seat["state"] == "idle")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("interleavings"), groups=GROUPS) as house:
        yield house


_numbers = iter(range(13810000001, 13810009999))


@pytest_asyncio.fixture(loop_scope="module")
async def scene(house: House) -> AsyncIterator[Scene]:
    if not house.engine.running:
        await house.engine.start()
    number = str(next(_numbers))
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(house.ready_agent("1001"))
        citizen = await house.dial(number)
        call = await agent.accept(number)
        await stack.enter_async_context(speaking(citizen, CITIZEN))
        await stack.enter_async_context(speaking(agent.leg, SEAT))
        await hears(citizen, SEAT)
        await hears(agent.leg, CITIZEN)
        scene = Scene(house, stack, agent, citizen, number, call["call_id"])
        yield scene
        if scene.ringing is not None and scene.party is None and scene.ringing.ending is None:
            scene.ringing.reject(480)
        await house.hang_up_all()
        if scene.party is not None and scene.party.is_up:
            await scene.party.hang_up()


@pytest.mark.parametrize("cell", OTHERS, ids=lambda cell: cell.name)
async def test_cell(scene: Scene, cell: Cell) -> None:
    await scene.reach(cell.stage, NOBODY if cell.event == "invalid" else DEPARTMENT)
    await scene.happens(cell)
    await scene.is_so(cell.outcome)


@pytest.mark.parametrize("cell", KILLS, ids=lambda cell: cell.name)
async def test_cell_with_a_killed_engine(house: House, scene: Scene, cell: Cell) -> None:
    """The agent's screen comes back by itself; here a new one is opened to go on."""
    await scene.reach(cell.stage)
    await scene.happens(cell)
    await scene.is_so(cell.outcome)
    if cell.stage == "conference":  # the new engine goes on with it
        async with house.person("agent1001") as person:
            await person.post(f"/desk/calls/{scene.call_id}/control/leave")
        await scene.is_so(Where.PARTY)


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


async def test_what_makes_no_sense_is_refused(scene: Scene) -> None:
    for what in ("resume", "complete", "swap", "merge", "leave", "rejoin", "cancel"):
        with pytest.raises(Refusal) as refusal:
            await scene.act(what)
        assert refusal.value.status == 409
    with pytest.raises(Refusal):
        await scene.act("consult", kind="seat", target="1003")  # nobody sits there
    with pytest.raises(Refusal):
        await scene.act("consult", kind="phone", target="12\r\n3")
    await scene.is_so(Where.AGENT)
