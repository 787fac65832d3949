"""The verbs of call control on a real Asterisk; who hears whom is measured by tones, one pitch for each party."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from hotline.bus import Bus
from hotline.errors import RuleBroken
from hotline.ids import new_id
from telephony.ami import AmiAddress
from telephony.line import TelephonyLine
from telephony.observations import LinkUp, SeatParked
from telephony.phone import PhoneCall, ScriptedGateway, ScriptedPhone
from telephony.port import CallerSession, Dial, Result
from telephony.verbs import Telephone, outside_line
from tests.system.conftest import RunningAsterisk
from tests.system.engines import speaking
from tests.system.who_hears import hears

CITIZEN, SEAT, PARTY, SUPERVISOR = 400.0, 700.0, 1100.0, 1700.0


@dataclass
class Talk:
    """A citizen and a seat who hear each other, each with a tone of their own; and whoever comes in addition."""

    telephone: Telephone
    gateway: ScriptedGateway
    stack: AsyncExitStack
    running: RunningAsterisk
    waiting: "asyncio.Queue[CallerSession]"
    citizen: PhoneCall
    seat: PhoneCall
    citizen_id: str
    seat_id: str

    async def nail_up(self, seat: str, pitch: float) -> tuple[PhoneCall, str]:
        call, uniqueid = await nail_up(self.stack, self.running, self.telephone, seat)
        await self.stack.enter_async_context(speaking(call, pitch))
        return call, uniqueid

    async def send(self, uniqueid: str, context: str, exten: str, **variables: str) -> None:
        for name, value in variables.items():
            await self.telephone.set_variable(uniqueid, name, value)
        await self.telephone.redirect(uniqueid, context, exten)

    async def hold(self) -> None:
        holder = self.telephone.legs[self.seat_id].channel
        await self.send(self.citizen_id, "held", "hold", HOTLINE_HOLDER=holder)

    async def party(self, exten: str, join: str, number: str = "6001") -> tuple[PhoneCall, str]:
        """Dial a department; it answers and speaks."""
        uniqueid = new_id("party")
        dial = Dial(
            outside_line("trunk", number), "party", exten, uniqueid, "12345", 10.0,
            {"HOTLINE_JOIN": self.telephone.legs[join].channel},
        )  # fmt: skip
        phone = self.gateway.citizen(number)
        dialling = asyncio.create_task(self.telephone.originate(dial))
        call = await (await phone.next_call()).answer()
        assert (await dialling).result is Result.ANSWERED
        await self.stack.enter_async_context(speaking(call, PARTY))
        return call, uniqueid


async def nail_up(
    stack: AsyncExitStack, running: RunningAsterisk, telephone: Telephone, seat: str
) -> tuple[PhoneCall, str]:
    server = ("127.0.0.1", running.settings.asterisk.sip_port)
    password = running.secrets.seat_password(seat)
    phone = await stack.enter_async_context(ScriptedPhone(seat, server, user=f"{seat}-sip", password=password))
    before = set(telephone.legs)  # the last test's leg may be on its way out still
    call = await phone.dial("seat")
    stack.push_async_callback(call.hang_up)
    async with asyncio.timeout(5):
        while not (  # noqa: ASYNC110
            found := [
                leg for leg in telephone.legs.values() if leg.seat == seat and leg.parked and leg.uniqueid not in before
            ]
        ):
            await asyncio.sleep(0.02)
    return call, found[0].uniqueid


@asynccontextmanager
async def talking(running: RunningAsterisk) -> AsyncIterator[Talk]:
    bus, ports = Bus(), running.settings.asterisk
    waiting: asyncio.Queue[CallerSession] = asyncio.Queue()

    async def receive(session: CallerSession) -> None:
        await session.set_variable("HOTLINE_AFTER", "agi")
        waiting.put_nowait(session)
        await session.until_gone()

    async with AsyncExitStack() as stack:
        seen = stack.enter_context(bus.subscribe("test", LinkUp, SeatParked, capacity=1000))
        line = TelephonyLine(
            AmiAddress("127.0.0.1", ports.ami_port, "hotline", running.secrets.ami_password),
            bus.publish, agi_port=ports.agi_port, audiosocket=("127.0.0.1", ports.audiosocket_port),
        )  # fmt: skip
        line.route("citizen", receive)
        await stack.enter_async_context(line)
        watching = asyncio.create_task(line.watch())
        stack.callback(watching.cancel)
        await anext(aiter(seen))
        gateway = await stack.enter_async_context(
            ScriptedGateway(("127.0.0.1", ports.sip_port), (ports.trunk.host, ports.trunk.port))
        )
        seat, seat_id = await nail_up(stack, running, line.telephone, "1001")
        citizen = await gateway.citizen("13800000001").dial("12345")
        stack.push_async_callback(citizen.hang_up)
        session = await waiting.get()
        await line.telephone.bridge(session.uniqueid, seat_id)
        await session.release()
        await stack.enter_async_context(speaking(citizen, CITIZEN))
        await stack.enter_async_context(speaking(seat, SEAT))
        talk = Talk(
            line.telephone, gateway, stack, running, waiting, citizen, seat, session.uniqueid, seat_id
        )  # fmt: skip
        await hears(talk.citizen, SEAT)
        await hears(talk.seat, CITIZEN)
        yield talk


@pytest.fixture
async def talk(asterisk: RunningAsterisk) -> AsyncIterator[Talk]:
    async with talking(asterisk) as talk:
        yield talk


async def test_hold_gives_music_and_resume_brings_back(talk: Talk) -> None:
    await talk.hold()
    await hears(talk.citizen, but=(SEAT,))
    await talk.citizen.hears_sound()  # music
    await hears(talk.seat, but=(CITIZEN,))
    await talk.send(talk.citizen_id, "held", "join", HOTLINE_JOIN=talk.telephone.legs[talk.seat_id].channel)
    await hears(talk.citizen, SEAT)
    await hears(talk.seat, CITIZEN)


async def test_a_held_citizen_whose_seat_dies_is_in_front_of_the_line(talk: Talk) -> None:
    await talk.hold()
    await hears(talk.citizen, but=(SEAT,))
    await talk.seat.hang_up()
    async with asyncio.timeout(4):
        session = await talk.waiting.get()
    assert session.uniqueid == talk.citizen_id


async def test_mute_and_keys(talk: Talk) -> None:
    await talk.telephone.mute(talk.seat_id, True)
    await hears(talk.citizen, but=(SEAT,))
    await hears(talk.seat, CITIZEN)
    await talk.telephone.mute(talk.seat_id, False)
    await hears(talk.citizen, SEAT)
    await talk.telephone.press_keys(talk.citizen_id, "4#")
    assert [await talk.citizen.next_key(), await talk.citizen.next_key()] == ["4", "#"]
    with pytest.raises(RuleBroken):
        await talk.telephone.press_keys(talk.citizen_id, "1\r\n")


async def test_consult_then_complete_then_the_department_hangs_up(talk: Talk) -> None:
    await talk.hold()
    party, party_id = await talk.party("talk", talk.seat_id)
    await hears(party, SEAT, but=(CITIZEN,))
    await hears(talk.seat, PARTY, but=(CITIZEN,))
    await hears(talk.citizen, but=(SEAT, PARTY))
    await talk.send(talk.citizen_id, "held", "join", HOTLINE_JOIN=talk.telephone.legs[party_id].channel)
    await hears(party, CITIZEN, but=(SEAT,))
    await hears(talk.citizen, PARTY, but=(SEAT,))
    await hears(talk.seat, but=(CITIZEN, PARTY))
    await party.hang_up()
    async with asyncio.timeout(4):
        assert (await talk.waiting.get()).uniqueid == talk.citizen_id


async def test_three_parties_leave_and_come_back(talk: Talk) -> None:
    party, party_id = await talk.party("add", talk.citizen_id)
    await hears(talk.citizen, SEAT, PARTY)
    await hears(talk.seat, CITIZEN, PARTY)
    await hears(party, CITIZEN, SEAT)
    await talk.telephone.redirect(talk.seat_id, "seat-loop", "parked")  # the agent leaves the two together
    await hears(talk.citizen, PARTY, but=(SEAT,))
    await hears(party, CITIZEN, but=(SEAT,))
    citizen = talk.telephone.legs[talk.citizen_id].channel
    await talk.send(talk.seat_id, "seat-loop", "join", HOTLINE_JOIN=citizen)
    await hears(talk.citizen, SEAT, PARTY)
    await hears(party, CITIZEN, SEAT)
    assert await talk.telephone.hang_up(party_id)  # thrown out
    await hears(talk.citizen, SEAT, but=(PARTY,))
    await hears(talk.seat, CITIZEN, but=(PARTY,))
    assert talk.waiting.empty()


async def test_swap_and_merge(talk: Talk) -> None:
    await talk.hold()
    party, party_id = await talk.party("talk", talk.seat_id)
    await hears(party, SEAT, but=(CITIZEN,))
    seat = talk.telephone.legs[talk.seat_id].channel
    await talk.send(party_id, "party", "hold", HOTLINE_JOIN=seat)
    await talk.send(talk.citizen_id, "held", "join", HOTLINE_JOIN=seat)
    await hears(talk.citizen, SEAT, but=(PARTY,))
    await hears(party, but=(SEAT, CITIZEN))
    await talk.hold()
    await talk.send(party_id, "party", "join", HOTLINE_JOIN=seat)
    await hears(party, SEAT, but=(CITIZEN,))
    await talk.send(talk.citizen_id, "held", "add", HOTLINE_JOIN=talk.telephone.legs[party_id].channel)
    await hears(talk.citizen, SEAT, PARTY)
    await hears(party, SEAT, CITIZEN)


async def test_listen_whisper_barge_take_over(talk: Talk) -> None:
    supervisor, supervisor_id = await talk.nail_up("1002", SUPERVISOR)
    for options, with_seat in (("uqE", False), ("uqEw", True), ("uqE", False)):
        await talk.send(
            supervisor_id, "seat-loop", "spy", HOTLINE_SPY=talk.seat_id, HOTLINE_SPY_OPTIONS=options
        )  # fmt: skip
        await hears(supervisor, CITIZEN, SEAT)
        await hears(talk.citizen, SEAT, but=(SUPERVISOR,))
        if with_seat:
            await hears(talk.seat, CITIZEN, SUPERVISOR)
        else:
            await hears(talk.seat, CITIZEN, but=(SUPERVISOR,))
    seat = talk.telephone.legs[talk.seat_id].channel
    await talk.send(supervisor_id, "seat-loop", "join", HOTLINE_JOIN=seat)  # barge in, after ChanSpy
    await hears(talk.citizen, SEAT, SUPERVISOR)
    await hears(talk.seat, CITIZEN, SUPERVISOR)
    await hears(supervisor, CITIZEN, SEAT)
    await talk.telephone.redirect(talk.seat_id, "seat-loop", "parked")  # take over
    await hears(talk.citizen, SUPERVISOR, but=(SEAT,))
    await hears(supervisor, CITIZEN, but=(SEAT,))
    await hears(talk.seat, but=(CITIZEN, SUPERVISOR))
    assert talk.waiting.empty()
