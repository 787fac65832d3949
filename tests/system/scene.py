"""One call with everybody in it: agent, citizen, a department or a second seat, each with a tone of its own.

``reach`` brings it to a stage by the agent's own acts, ``happens`` does what a cell of the table says, ``is_so`` proves
where everybody is. The house of such scenes is ``scene_house``.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline.demo.cast import PhoneAgent
from hotline.demo.people import Shape
from hotline.settings import Secrets
from telephony.phone import PhoneCall
from telephony.phone.calls import IncomingCall
from tests.system.engines import AT_ONCE, FLOWS, House, hears_prompt, is_at_the_desk, open_house, speaking
from tests.system.interleavings import Cell, Where
from tests.system.raw_ami import raw_ami
from tests.system.who_hears import hears

CITIZEN, SEAT, PARTY, NEXT = 400.0, 700.0, 1100.0, 1700.0
DEPARTMENT, NOBODY = "6001", "6999"
RING_SECONDS = 60
"""Longer than an engine needs to be up again, on a busy machine too."""
PARKING_SECONDS = 60
_GROUP = {"offer_seconds": 60, "wrap_up_seconds": 0, "announce_seconds": 600}
GROUPS = [{"id": "general", "name": "综合", **_GROUP}, {"id": "second", "name": "二组", **_GROUP}]
SEATS = [
    {"id": "1001", "groups": ["general"]},
    {"id": "1002", "groups": ["general", "second"]},
    {"id": "1003", "groups": ["general"]},
]
FIRST_NUMBER, NEXT_NUMBER, INTERPRETER = "6101", "6102", "6201"
UNITS = [
    {"code": "zhujian", "name": "市住建局", "phone": NEXT_NUMBER, "duty": [{"name": "张工", "phone": FIRST_NUMBER}]},
    {"code": "fanyi", "name": "英语译员", "kind": "interpreter", "phone": INTERPRETER},
]
MENU = (
    "{ask: {do: menu, title: 主菜单, prompts: menu-main, keys: {0: waiting}, tries: 9, otherwise: bye}, "
    "waiting: {do: queue}, bye: {do: hang_up}}"
)


@asynccontextmanager
async def scene_house(folder: Path, **changes: object) -> AsyncIterator[House]:
    """A site whose citizens wait at once and whose dead engine is noticed late."""
    async with open_house(
        folder,
        groups=GROUPS,
        seats=SEATS,
        lines=[{"number": AT_ONCE, "group": "general", "flow": "at-once"}],
        organisation={"units": UNITS, "directory": [{"unit": "zhujian"}]},
        flows={**FLOWS, "menu": MENU},
        asterisk={"fallback_after_seconds": 60, "party_ring_seconds": RING_SECONDS, "parking_seconds": PARKING_SECONDS},
        **changes,
    ) as house:
        house.line = AT_ONCE
        for number in (DEPARTMENT, FIRST_NUMBER, NEXT_NUMBER, INTERPRETER):
            house.gateway.citizen(number)  # from now on the number exists
        yield house


@dataclass
class Scene:
    """See the module's docstring."""

    house: House
    stack: AsyncExitStack
    agent: PhoneAgent
    at_desk: AsyncExitStack
    """The agent's leg and screen."""
    citizen: PhoneCall
    number: str
    call_id: str
    party: PhoneCall | None = None
    ringing: IncomingCall | None = None
    second: PhoneAgent | None = None

    # -- acts -----------------------------------------------------------------------------------------------------

    async def act(self, what: str, **body: object) -> Shape:
        path = what if what in ("consult", "conference", "transfer", "keys", "mute", "pickup") else f"control/{what}"
        shown: Shape = await self.agent.person.post(f"/desk/calls/{self.call_id}/{path}", **body)
        return shown

    async def stage(self, wanted: str) -> Shape:
        """Wait until the desk's screen says so."""
        shown = await self.agent.person.get("/desk/control")
        if shown["stage"] != wanted:
            feed = self.agent.person.feed
            shown = await feed.until("control", lambda data: data["stage"] == wanted, since=len(feed.seen) - 1)
        return dict(shown)

    async def call_department(self, how: str, number: str = DEPARTMENT) -> None:
        await self.act(how, kind="phone", target=number)
        if number == DEPARTMENT:
            self.ringing = await self.house.gateway.citizen(DEPARTMENT).next_call()

    async def department_answers(self) -> None:
        assert self.ringing is not None
        self.party = await self.ringing.answer()
        await self.stack.enter_async_context(speaking(self.party, PARTY))

    async def second_seat(self, how: str, seat: str = "1003") -> None:
        """Another seat, whose agent sits there without being ready for citizens."""
        leg = await self.stack.enter_async_context(self.house.seat(seat))
        self.second = await self.stack.enter_async_context(self.house.agent(seat, leg))
        await is_at_the_desk(self.second.person)
        self.party = leg
        await self.stack.enter_async_context(speaking(leg, PARTY))
        await self.act(how, kind="seat", target=seat)

    async def reach(self, stage: str, number: str = DEPARTMENT) -> None:
        """Bring the call to a stage, by the agent's own acts."""
        match stage.removesuffix("_seat"), stage.endswith("_seat"):
            case "held", _:
                await self.act("hold")
                await hears(self.citizen, but=(SEAT,))
            case "calling", _:
                await self.call_department("consult", number)
            case "adding", _:
                await self.call_department("conference", number)
            case "sending", _:
                await self.call_department("transfer", number)
            case "consulting", with_seat:
                await (self.second_seat("consult") if with_seat else self.reach_by_phone("calling"))
                await hears(self.party_call, SEAT, but=(CITIZEN,))
                await self.stage("consulting")
            case "swapped", with_seat:
                await self.reach("consulting_seat" if with_seat else "consulting")
                await self.act("swap")
                await hears(self.citizen, SEAT, but=(PARTY,))
                await hears(self.party_call, but=(SEAT, CITIZEN))
            case "conference", with_seat:
                await (self.second_seat("conference") if with_seat else self.reach_by_phone("adding"))
                await hears(self.citizen, SEAT, PARTY)
                await self.stage("conference")
            case "together", _:
                await self.reach("conference")
                await self.act("leave")
                await hears(self.citizen, PARTY, but=(SEAT,))
            case _:
                await self.pass_on(stage)

    async def reach_by_phone(self, stage: str) -> None:
        await self.reach(stage)
        await self.department_answers()

    async def pass_on(self, stage: str) -> None:
        """Stages in which the agent has nothing more to do with the citizen."""
        match stage:
            case "parked":
                await self.act("park")
                await hears(self.citizen, but=(SEAT,))
            case "handed_over":
                await self.second_seat("transfer")
                await hears(self.citizen, PARTY, but=(SEAT,))
            case "regrouped":
                await self.agent.person.be("not_ready")  # else Asterisk's own queue, which knows no groups, finds him
                await self.act("transfer", kind="group", target="second")
                await hears(self.citizen, but=(SEAT,))
            case "in_flow":
                await self.agent.person.be("not_ready")
                since = asyncio.get_running_loop().time()
                await self.act("transfer", kind="flow", target="menu/ask")
                await hears_prompt(self.citizen, "menu-main", since=since)
            case _:
                raise AssertionError(stage)

    @property
    def party_call(self) -> PhoneCall:
        assert self.party is not None
        return self.party

    # -- what happens ---------------------------------------------------------------------------------------------

    async def happens(self, cell: Cell) -> None:
        match cell.event:
            case "busy" | "declined":
                assert self.ringing is not None
                self.ringing.reject(486 if cell.event == "busy" else 603)
            case "no_answer":
                assert self.ringing is not None
                await self.ringing.wait_ended(RING_SECONDS + 10)
            case "answered":
                await self.department_answers()
            case "cancelled":
                await self.act("resume" if cell.stage == "held" else "cancel")
            case "completed" | "merged" | "swapped" | "left" | "rejoined":
                acts = {"completed": "complete", "merged": "merge", "swapped": "swap", "left": "leave"}
                await self.act(acts.get(cell.event, "rejoin"))
            case "citizen_hangs_up":
                await self.citizen.hang_up()
            case "agent_hangs_up":
                await self.agent.hang_up(self.call_id)
            case "seat_dies":
                await self.at_desk.aclose()  # the screen first, then the leg, as a browser goes
            case "party_hangs_up":
                await self.party_call.hang_up()
            case "engine_killed":
                await self.restart()
                if cell.stage in ("calling", "adding", "sending"):
                    await self.department_answers()
            case "engine_dead":
                await self.engine_dies()
            case "not_picked_up":
                await asyncio.sleep(PARKING_SECONDS)  # nothing is to happen meanwhile
            case _:  # what the proof of the outcome does itself
                pass
        if cell.stage == "in_flow" and cell.event in ("key", "seat_dies"):
            await self.citizen.press("0")

    async def engine_dies(self) -> None:
        """Killed, and Asterisk believes that it is dead: as after ``asterisk.fallback_after_seconds``."""
        await self.house.engine.kill()
        password = Secrets(self.house.site.folder).ami_password
        async with raw_ami(self.house.site.settings.asterisk.ami_port, password) as ami:
            await ami.ask("Setvar", Variable="HOTLINE_HEARTBEAT", Value="0")

    async def restart(self) -> None:
        """kill -9, start; the agents' screens open anew."""
        if self.house.engine.running:
            await self.house.engine.kill()
        await self.house.engine.start()
        seat = self.agent.seat
        self.agent = await self.at_desk.enter_async_context(self.house.agent(seat, self.agent.leg))

    # -- where everybody is ---------------------------------------------------------------------------------------

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
                await self.hears_music()
            case Where.MUSIC:
                await self.hears_music()
                await self.act("resume")
                await self.is_so(Where.AGENT)
            case Where.PARKED:
                await self.another_seat_picks_up()
            case Where.QUEUE:
                await self.next_agent_answers()
            case Where.GONE:
                await self.nobody_is_left()

    async def hears_music(self) -> None:
        await hears(self.citizen, but=(SEAT, PARTY))
        await self.citizen.hears_sound()

    async def next_agent(self) -> PhoneAgent:
        leg = await self.stack.enter_async_context(self.house.seat("1002"))
        following = await self.stack.enter_async_context(self.house.agent("1002", leg))
        await self.stack.enter_async_context(speaking(leg, NEXT))
        return following

    async def another_seat_picks_up(self) -> None:
        following = await self.next_agent()
        await is_at_the_desk(following.person)
        (parked,) = (await following.person.get("/desk/parked"))["items"]
        assert (parked["call_id"], parked["seat"]) == (self.call_id, "1001")
        await following.person.post(f"/desk/calls/{self.call_id}/pickup")
        await hears(self.citizen, NEXT, but=(SEAT,))
        await hears(following.leg, CITIZEN)

    async def next_agent_answers(self) -> None:
        """A citizen in front of the line is offered to whoever is ready: the same call, the same id."""
        if self.agent.leg.is_up:  # he is free again and would be the next; somebody else shall be
            await self.agent.person.be("not_ready")
        following = await self.next_agent()
        await following.person.be("ready")
        offer = (await following.person.get("/desk"))["offer"]  # one who was ready a moment ago may have it already
        mine = offer is not None and offer["caller"] == self.number
        call = await (following.person.accept(offer) if mine else following.accept(self.number))
        assert call["call_id"] == self.call_id
        await hears(self.citizen, NEXT, but=(SEAT, PARTY))
        await hears(following.leg, CITIZEN, but=(SEAT, PARTY))

    async def nobody_is_left(self) -> None:
        if self.second is not None:
            await hears(self.party_call, but=(CITIZEN, SEAT))
            await self.is_idle(self.second)
        elif self.party is not None:
            await self.party.wait_ended()
        elif self.ringing is not None:
            await self.ringing.wait_ended()
        await hears(self.agent.leg, but=(CITIZEN, PARTY))
        await self.is_idle(self.agent)

    async def is_idle(self, agent: PhoneAgent) -> None:
        since = len(agent.person.feed.seen)
        if (await agent.person.get("/desk"))["seat"]["state"] != "idle":
            await agent.person.feed.until("seat", lambda seat: seat["state"] == "idle", since=since)


@asynccontextmanager
async def new_scene(house: House, number: str) -> AsyncIterator[Scene]:
    """Agent 1001 and a citizen who hear each other; everybody is let go afterwards."""
    if not house.engine.running:
        await house.engine.start()
    async with AsyncExitStack() as stack:
        at_desk = await stack.enter_async_context(AsyncExitStack())
        agent = await at_desk.enter_async_context(house.ready_agent("1001"))
        citizen = await house.dial(number)
        call = await agent.accept(number)
        await stack.enter_async_context(speaking(citizen, CITIZEN))
        await stack.enter_async_context(speaking(agent.leg, SEAT))
        await hears(citizen, SEAT)
        await hears(agent.leg, CITIZEN)
        scene = Scene(house, stack, agent, at_desk, citizen, number, call["call_id"])
        try:
            yield scene
        finally:
            if scene.ringing is not None and scene.party is None and scene.ringing.ending is None:
                scene.ringing.reject(480)
            await house.hang_up_all()
            if scene.party is not None and scene.party.is_up:
                await scene.party.hang_up()
