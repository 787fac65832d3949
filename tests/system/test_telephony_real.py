"""The telephone line on a real Asterisk: handover, hang-ups, forged events that do get through, and a restart."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from uuid import uuid4

import pytest

from hotline.bus import Bus, Subscription
from hotline.errors import ConfigurationError
from hotline.settings import Secrets
from telephony.ami import AmiAddress, Patience
from telephony.asterisk import AsteriskInstallation, AsteriskProcess, render
from telephony.line import TelephonyLine
from telephony.observations import (
    AsteriskRestarted,
    CitizenFellBack,
    GoneReason,
    LegAnswered,
    LegBridged,
    LegGone,
    LegSeen,
    LegUnbridged,
    LinkDown,
    LinkUp,
    NewLeg,
    Observation,
    SeatParked,
)
from telephony.port import CallerSession, Dial, LegMissing, Result
from telephony.verbs import outside_line
from tests.system.conftest import RunningAsterisk, private_settings
from tests.system.raw_sip import RawPhone, raw_phone, ulaw_tone

CITIZEN_HERTZ, SEAT_HERTZ = 1000, 440
Kind = TypeVar("Kind", bound=Observation)


class Telephones:
    """The line, what it observed, and phones to dial with."""

    def __init__(self, running: RunningAsterisk, line: TelephonyLine, seen: Subscription) -> None:
        self.running, self.line, self._seen = running, line, seen
        self.telephone = line.telephone
        self.waiting: asyncio.Queue[CallerSession] = asyncio.Queue()
        line.route("citizen", self._receive)

    async def _receive(self, session: CallerSession) -> None:
        await session.set_variable("HOTLINE_CALL", "call_1")
        await session.set_variable("HOTLINE_AFTER", "agi")
        await session.set_music(True)
        self.waiting.put_nowait(session)
        await session.until_gone()

    async def until(self, kind: type[Kind], uniqueid: str = "", seconds: float = 5.0) -> Kind:
        """The next observation of this kind (and leg); others are passed over."""
        async with asyncio.timeout(seconds):
            async for observed in self._seen:
                if isinstance(observed, kind) and (not uniqueid or _about(observed) == uniqueid):
                    return observed
        raise AssertionError("the bus ended")

    @asynccontextmanager
    async def seat(self, seat: str = "1001") -> AsyncIterator[tuple[RawPhone, SeatParked]]:
        """A SIP seat, parked."""
        password = self.running.secrets.seat_password(seat)
        async with raw_phone(self.running.settings.asterisk.sip_port, f"{seat}-sip", password) as phone:
            assert await phone.dial("seat") == 200
            phone.say(ulaw_tone(SEAT_HERTZ, 1))
            yield phone, await self.until(SeatParked)

    @asynccontextmanager
    async def citizen(self) -> AsyncIterator[tuple[RawPhone, CallerSession]]:
        """A citizen, waiting in our hands."""
        async with raw_phone(self.running.settings.asterisk.sip_port, "13800000001") as phone:
            assert await phone.dial("12345") == 200
            phone.say(ulaw_tone(CITIZEN_HERTZ, 1))
            async with asyncio.timeout(5):
                session = await self.waiting.get()
            yield phone, session


def _about(observed: Observation) -> str:
    return observed.uniqueid if isinstance(observed, LegSeen) else ""


def address(running: RunningAsterisk) -> AmiAddress:
    return AmiAddress("127.0.0.1", running.settings.asterisk.ami_port, "hotline", running.secrets.ami_password)


@asynccontextmanager
async def telephones(running: RunningAsterisk) -> AsyncIterator[Telephones]:
    bus = Bus()
    seen = bus.subscribe("test", Observation, capacity=10_000)
    line = TelephonyLine(
        address(running),
        bus.publish,
        agi_port=running.settings.asterisk.agi_port,
        audiosocket=("127.0.0.1", running.settings.asterisk.audiosocket_port),
        patience=Patience(first_pause=0.05, longest_pause=0.2),
    )
    async with line:
        watching = asyncio.create_task(line.watch())
        try:
            yield Telephones(running, line, seen)
        finally:
            watching.cancel()


@pytest.fixture
async def phones(asterisk: RunningAsterisk) -> AsyncIterator[Telephones]:
    async with telephones(asterisk) as phones:
        await phones.until(LinkUp)
        yield phones
        async with asyncio.timeout(5):
            while phones.telephone.legs:
                await phones.until(LegGone)


async def test_a_wrong_password_is_refused(asterisk: RunningAsterisk) -> None:
    line = TelephonyLine(replace(address(asterisk), secret="falsch"), lambda _: None, agi_port=0)
    with pytest.raises(ConfigurationError, match="ami_password"):
        async with line:
            pass


async def test_a_waiting_citizen_is_given_to_a_parked_seat_and_the_seat_comes_back(phones: Telephones) -> None:
    async with phones.seat() as (agent, parked), phones.citizen() as (citizen, session):
        began = time.perf_counter()
        await phones.telephone.bridge(session.uniqueid, parked.uniqueid)
        answered = time.perf_counter() - began
        await session.release()
        bridged = await phones.until(LegBridged, parked.uniqueid)
        assert time.perf_counter() - began < 0.5
        assert answered < 0.25
        assert phones.telephone.legs[session.uniqueid].call == "call_1"
        assert phones.telephone.legs[session.uniqueid].bridge_id == bridged.bridge_id
        await asyncio.gather(citizen.await_tone(SEAT_HERTZ), agent.await_tone(CITIZEN_HERTZ))
        await citizen.hang_up()
        await phones.until(LegUnbridged, parked.uniqueid)
        again = await phones.until(SeatParked)
        assert (again.seat, again.uniqueid) == ("1001", parked.uniqueid)
        async with asyncio.timeout(5):
            while session.uniqueid in phones.telephone.legs:
                await phones.until(LegGone)
        with pytest.raises(LegMissing):
            await phones.telephone.bridge(session.uniqueid, parked.uniqueid)


async def test_a_seat_that_frees_is_given_the_next_citizen_at_once(phones: Telephones) -> None:
    async with phones.seat() as (agent, parked), phones.citizen() as (_, first), phones.citizen() as (last, second):
        for number in range(10):  # to and fro, without a breath between: nobody is lost on the way
            await phones.telephone.bridge(second.uniqueid, parked.uniqueid)
            await second.release()
            await phones.until(LegBridged, parked.uniqueid)
            if number < 9:
                await phones.telephone.redirect(parked.uniqueid, "seat-loop", "parked")
                await phones.until(SeatParked)
                async with asyncio.timeout(5):
                    second = await phones.waiting.get()
        await asyncio.gather(last.await_tone(SEAT_HERTZ), agent.await_tone(CITIZEN_HERTZ))
        assert first.uniqueid in phones.telephone.legs


async def test_no_seat_or_citizen_is_lost_however_soon_the_next_is_given(phones: Telephones) -> None:
    """The next citizen comes as soon as the last one is known to be gone, or some milliseconds later, wherever the seat
    is on its way back by then. Citizens hang up and are hung up."""
    async with phones.seat() as (agent, parked), AsyncExitStack() as crowd:
        callers: dict[str, RawPhone] = {}
        for number in range(16):
            phone = raw_phone(phones.running.settings.asterisk.sip_port, f"139000000{number:02}")
            callers[f"139000000{number:02}"] = citizen = await crowd.enter_async_context(phone)
            assert await citizen.dial("12345") == 200
            citizen.say(ulaw_tone(CITIZEN_HERTZ, 1))
        for number in range(len(callers)):
            async with asyncio.timeout(5):
                session = await phones.waiting.get()
            await phones.telephone.bridge(session.uniqueid, parked.channel)
            await session.release()
            bridged = await phones.until(LegBridged, parked.uniqueid)
            leg = await phones.telephone.ask_leg(session.uniqueid)
            assert leg is not None
            assert leg.bridge_id == bridged.bridge_id, "both are in one bridge"
            citizen = callers[session.environment["agi_callerid"]]
            if number == len(callers) - 1:
                await asyncio.gather(citizen.await_tone(SEAT_HERTZ), agent.await_tone(CITIZEN_HERTZ))
            if number % 2:
                await citizen.hang_up()
            else:
                await phones.telephone.hang_up(session.channel)
            await phones.until(LegGone, session.uniqueid)
            await asyncio.sleep(number // 2 / 1000)
        while not phones.telephone.legs[parked.uniqueid].parked:
            await phones.until(SeatParked)
        assert phones.line.reconciler.counts["claims_refuted"] == 0


async def test_a_citizen_who_hangs_up_while_waiting_is_gone(phones: Telephones) -> None:
    async with phones.citizen() as (citizen, session):
        await citizen.hang_up()
        async with asyncio.timeout(2):
            await session.until_gone()
        gone = await phones.until(LegGone, session.uniqueid)
        assert gone.reason is GoneReason.HUNG_UP
    assert phones.line.reconciler.counts["claims_refuted"] == 0


async def test_a_citizen_let_go_without_a_word_falls_back_and_is_reported(phones: Telephones) -> None:
    async with phones.citizen() as (_, session):
        await session.set_variable("HOTLINE_AFTER", "")
        await session.release()
        fell = await phones.until(CitizenFellBack)
        assert (fell.uniqueid, fell.call) == (session.uniqueid, "call_1")


async def test_verbs_on_a_real_leg(phones: Telephones) -> None:
    telephone = phones.telephone
    async with phones.seat() as (_, parked):
        await telephone.set_variable(parked.uniqueid, "A", "市民, 热线")
        assert await telephone.get_variable(parked.uniqueid, "A") == "市民, 热线"
        await telephone.set_global("HOTLINE_TEST", "1")
        assert await telephone.get_global("HOTLINE_TEST") == "1"
        for ready in (True, True, False, False):
            await telephone.queue_ready("1001", ready)
        leg = await telephone.ask_leg(parked.channel)
        assert leg is not None
        assert leg.uniqueid == parked.uniqueid
        assert await telephone.hang_up(parked.uniqueid) is True
        await phones.until(LegGone, parked.uniqueid)
        assert await telephone.hang_up(parked.uniqueid) is False


async def test_a_spy_brings_what_a_leg_says(phones: Telephones) -> None:
    stream, heard = str(uuid4()), asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readexactly(19 + 10 * 323)
        heard.set_result(data)
        await reader.read()
        writer.close()

    port = phones.running.settings.asterisk.audiosocket_port
    server = await asyncio.start_server(listen, "127.0.0.1", port)
    async with phones.seat() as (_, parked), asyncio.timeout(10):
        spy = await phones.telephone.spy_audio(parked.uniqueid, stream)
        data = await heard
        assert data[:3] == b"\x01\x00\x10"
        assert data[3:19].hex() == stream.replace("-", "")
        assert any(data[22:])
        await phones.telephone.stop_spy(spy)
        await phones.until(LegGone, spy)
    server.close()


async def test_a_number_that_nobody_answers(phones: Telephones) -> None:
    dial = Dial(outside_line("trunk", "13800000009"), "survey", "s", f"leg_{uuid4().hex}", "12345", 1.0)
    outcome = await phones.telephone.originate(dial)
    assert outcome.result in (Result.REJECTED, Result.NO_ANSWER)
    assert outcome.channel_id == dial.channel_id


@pytest.fixture
async def open_asterisk(tmp_path: Path, installation: AsteriskInstallation) -> AsyncIterator[RunningAsterisk]:
    """One whose front door lets forged events through: the line must stand without it."""
    settings, secrets = private_settings(tmp_path), Secrets(tmp_path)
    files = render(settings, secrets, installation, tmp_path)
    pjsip = files.configuration.parent / "pjsip.conf"
    pjsip.write_text(pjsip.read_text().replace('callerid = "" <unknown>\n', ""))
    process = AsteriskProcess(installation, files, settings.asterisk, secrets.ami_password)
    await process.start()
    yield RunningAsterisk(settings, secrets, installation, files, process)
    await process.stop()


def as_caller(*lines: str) -> str:
    """A From user that ends the event it is printed in and begins one of the caller's own."""
    return quote("\r\n".join(["138", "", *lines, "", ""]), safe="")


async def test_forged_events_that_get_through_are_not_believed(open_asterisk: RunningAsterisk) -> None:
    async with telephones(open_asterisk) as phones:
        await phones.until(LinkUp)
        async with phones.seat() as (_, parked), phones.citizen() as (_, session):
            await phones.telephone.bridge(session.uniqueid, parked.uniqueid)
            await session.release()
            bridged = await phones.until(LegBridged, parked.uniqueid)
            about = [f"Channel: {parked.channel}", "ChannelState: 6", "ChannelStateDesc: Up", "CallerIDNum: 1"]
            about += ["CallerIDName: x", "ConnectedLineNum: x", "ConnectedLineName: x", "Language: zh", "AccountCode: "]
            about += ["Context: seat-loop", "Exten: parked", "Priority: 2", f"Uniqueid: {parked.uniqueid}"]
            about += [f"Linkedid: {parked.uniqueid}"]
            for forgery in (
                ["Event: Shutdown", "Shutdown: Cleanly"],
                ["Event: Hangup", *about, "Cause: 16", "Cause-txt: Normal"],
                ["Event: BridgeLeave", f"BridgeUniqueid: {bridged.bridge_id}", *about],
                ["Event: OriginateResponse", "Response: Success", "ActionID: 1", f"Uniqueid: {parked.uniqueid}"],
            ):
                async with raw_phone(open_asterisk.settings.asterisk.sip_port, "x") as forger:
                    forger.from_header = f"<sip:{as_caller(*forgery)}@127.0.0.1>"
                    await forger.dial("12345")
            leg = await phones.telephone.ask_leg(parked.uniqueid)  # all that was forged has been read before the answer
            assert leg == phones.telephone.legs[parked.uniqueid]
            assert phones.line.link.counts["malformed"] >= 4
            assert phones.line.link.counts["connects"] == 1
            await phones.line.telephone.hang_up(session.uniqueid)
            told: set[tuple[type[LegSeen], str]] = set()
            while not told >= {(LegUnbridged, parked.uniqueid), (LegGone, session.uniqueid)}:  # in either order
                seen = await phones.until(LegSeen)
                told.add((type(seen), seen.uniqueid))


async def test_a_restarted_asterisk_ends_the_legs_and_takes_new_ones(fresh_asterisk: RunningAsterisk) -> None:
    async with telephones(fresh_asterisk) as phones:
        await phones.until(LinkUp)
        async with phones.seat() as (_, parked):
            await fresh_asterisk.process.stop()
            await phones.until(LinkDown)
            await fresh_asterisk.process.start()
            await phones.until(AsteriskRestarted, seconds=15)
            gone = await phones.until(LegGone, parked.uniqueid)
            assert gone.reason is GoneReason.ASTERISK_RESTARTED
            await phones.until(LinkUp)
        async with phones.seat() as (_, again):
            assert again.seat == "1001"


async def test_another_line_finds_what_lives(phones: Telephones) -> None:
    async with phones.seat() as (_, parked):
        bus = Bus()
        seen = bus.subscribe("second", Observation)
        async with TelephonyLine(address(phones.running), bus.publish, agi_port=0) as second:
            assert parked.uniqueid in second.telephone.legs
            kinds = [type(await anext(seen)) for _ in range(4)]
            assert kinds == [NewLeg, LegAnswered, SeatParked, LinkUp]
