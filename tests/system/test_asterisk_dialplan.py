"""The dialplan on a real Asterisk, without the engine: what must work when the engine is dead, killed or slow."""

import asyncio
import time
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.system.conftest import RunningAsterisk
from tests.system.raw_agi import agi_process
from tests.system.raw_ami import Message, RawAmi, raw_ami
from tests.system.raw_sip import RawPhone, loudest, raw_phone, ulaw_tone

CITIZEN_HERTZ, SEAT_HERTZ = 1000, 440
CITIZEN_TONE, SEAT_TONE = ulaw_tone(CITIZEN_HERTZ, 1), ulaw_tone(SEAT_HERTZ, 1)
WAITS = ("SET MUSIC ON", "NOOP waiting")


class Desk:
    """The tables of a test: who dials, who parks, what AMI says."""

    def __init__(self, running: RunningAsterisk, ami: RawAmi, stack: AsyncExitStack) -> None:
        self.running, self.ami, self._stack = running, ami, stack
        self.agi_port = running.settings.asterisk.agi_port

    async def phone(self, user: str, password: str = "") -> RawPhone:
        """A telephone that is closed after the test."""
        port = self.running.settings.asterisk.sip_port
        return await self._stack.enter_async_context(raw_phone(port, user, password))

    async def park(self, seat: str) -> tuple[RawPhone, str]:
        """Park a SIP seat; return its phone and channel."""
        since = len(self.ami.seen)
        phone = await self.phone(f"{seat}-sip", self.running.secrets.seat_password(seat))
        assert await phone.dial("seat") == 200
        phone.say(SEAT_TONE)
        return phone, (await self.ami.event("SeatParked", since=since, Seat=seat))["Channel"]

    async def citizen(self, number: str = "13800000001") -> tuple[RawPhone, Message]:
        """A citizen dials 12345; return his phone and the channel's first event."""
        since = len(self.ami.seen)
        phone = await self.phone(number)
        assert await phone.dial("12345") == 200
        phone.say(CITIZEN_TONE)
        return phone, await self.ami.event("Newchannel", since=since, Context="citizens")

    async def set_heartbeat(self, age: float = 0.0) -> None:
        """As the engine does every second; ``age`` seconds ago."""
        await self.ami.ask("Setvar", Variable="HOTLINE_HEARTBEAT", Value=str(int(time.time() - age)))


@pytest.fixture
async def desk(asterisk: RunningAsterisk) -> AsyncIterator[Desk]:
    async with _desk(asterisk) as desk:
        yield desk


@asynccontextmanager
async def _desk(running: RunningAsterisk) -> AsyncIterator[Desk]:
    async with (
        raw_ami(running.settings.asterisk.ami_port, running.secrets.ami_password) as ami,
        AsyncExitStack() as stack,
    ):
        await ami.ask("Setvar", Variable="HOTLINE_HEARTBEAT", Value="0")
        yield Desk(running, ami, stack)
        await stack.aclose()
        await _until_quiet(ami)


async def _until_quiet(ami: RawAmi) -> None:
    """Leave no call behind for the next test."""
    async with asyncio.timeout(5):
        while channels := await ami.channels():
            for channel in channels:
                await ami.ask("Hangup", Channel=channel["Channel"])


async def _hear_each_other(citizen: RawPhone, seat: RawPhone) -> None:
    await asyncio.gather(citizen.await_tone(SEAT_HERTZ), seat.await_tone(CITIZEN_HERTZ))


async def test_without_an_engine_a_citizen_reaches_a_parked_seat(desk: Desk) -> None:
    seat, channel = await desk.park("1001")
    began = time.monotonic()
    citizen, arrived = await desk.citizen()
    await desk.ami.event("CallFellBack", Uniqueid=arrived["Uniqueid"])
    await _hear_each_other(citizen, seat)
    assert time.monotonic() - began < 3, "no prompt delays a citizen whom somebody can answer"
    since = len(desk.ami.seen)
    await citizen.hang_up()
    again = await desk.ami.event("SeatParked", since=since, Seat="1001")
    assert again["Channel"] == channel, "the seat's own leg goes back to its place"


async def test_a_seat_takes_one_citizen_after_the_other_and_is_never_disturbed(desk: Desk) -> None:
    seat, _ = await desk.park("1001")
    first, _ = await desk.citizen("13800000001")
    await _hear_each_other(first, seat)
    second, waiting = await desk.citizen("13800000002")
    await desk.ami.event("QueueCallerJoin", Uniqueid=waiting["Uniqueid"], seconds=10)
    await _stays_alone(desk, waiting["Uniqueid"])
    await _hear_each_other(first, seat)
    since = len(desk.ami.seen)
    began = time.monotonic()
    await first.hang_up()
    await desk.ami.event("BridgeEnter", since=since, Uniqueid=waiting["Uniqueid"], seconds=10)
    await _hear_each_other(second, seat)
    assert time.monotonic() - began < 10


async def test_the_seat_hears_a_beep_before_its_citizen(desk: Desk) -> None:
    """Nothing rings at a parked seat, and without an engine nothing lights up either."""
    seat, _ = await desk.park("1001")
    citizen = await desk.phone("13800000001")
    assert await citizen.dial("12345") == 200  # and says nothing
    async with asyncio.timeout(5):
        while loudest(await seat.hear(0.1)) < 1000:
            pass


async def test_a_second_citizen_goes_to_the_seat_that_is_free(desk: Desk) -> None:
    first_seat, _ = await desk.park("1001")
    first, _ = await desk.citizen("13800000001")
    await _hear_each_other(first, first_seat)
    second_seat, _ = await desk.park("1002")
    second, _ = await desk.citizen("13800000002")
    await asyncio.gather(_hear_each_other(second, second_seat), _hear_each_other(first, first_seat))


async def _stays_alone(desk: Desk, uniqueid: str) -> None:
    """For two rounds of the queue the second citizen is in no bridge."""
    with pytest.raises(TimeoutError):
        await desk.ami.event("BridgeEnter", Uniqueid=uniqueid, seconds=2.5)


async def test_killing_the_engine_sends_a_waiting_citizen_to_the_fallback_queue(desk: Desk) -> None:
    await desk.set_heartbeat()
    with agi_process(desk.agi_port, *WAITS) as engine:
        citizen, arrived = await desk.citizen()
        await desk.ami.event("MusicOnHoldStart", Uniqueid=arrived["Uniqueid"])
        began = time.monotonic()
        engine.kill()
        await desk.ami.event("CallFellBack", Uniqueid=arrived["Uniqueid"], seconds=3)
        assert time.monotonic() - began <= 1.0
    await desk.set_heartbeat(age=60)
    seat, _ = await desk.park("1002")
    await _hear_each_other(citizen, seat)


async def test_a_citizen_bridged_by_the_engine_talks_on_and_is_recorded_when_it_dies(desk: Desk) -> None:
    await desk.set_heartbeat()
    seat, seat_channel = await desk.park("1001")
    with agi_process(desk.agi_port, "SET VARIABLE HOTLINE_AFTER hangup", *WAITS) as engine:
        citizen, arrived = await desk.citizen()
        await desk.ami.event("MusicOnHoldStart", Uniqueid=arrived["Uniqueid"])
        answer = await desk.ami.ask("Bridge", Channel1=arrived["Channel"], Channel2=seat_channel)
        assert answer["Response"] == "Success"
        await _hear_each_other(citizen, seat)
        engine.kill()
        await _hear_each_other(citizen, seat)
    since = len(desk.ami.seen)
    await desk.ami.ask("Hangup", Channel=arrived["Channel"])
    await desk.ami.event("SeatParked", since=since, Seat="1001")
    assert await desk.ami.variable("SEAT_1001") == seat_channel
    for direction in ("in", "out"):
        path = desk.running.files.monitor / f"{arrived['Uniqueid']}-{direction}.wav"
        assert await _loudness(path) > 1000, direction


def _frames(path: Path) -> bytes:
    try:
        with wave.open(str(path)) as sound:
            frames: bytes = sound.readframes(sound.getnframes())
            return frames
    except (wave.Error, EOFError):
        return b""


async def _loudness(path: Path) -> float:
    """Root mean square of a recording; waits until Asterisk has closed it."""
    for _ in range(100):  # nothing tells that the header is written
        if frames := _frames(path):
            break
        await asyncio.sleep(0.05)
    samples = memoryview(frames).cast("h")
    return float((sum(s * s for s in samples) / len(samples)) ** 0.5)


async def test_after_a_conversation_the_engine_s_wish_decides(desk: Desk) -> None:
    """``hangup`` ends the call when the agent leaves; unset sends the citizen on to somebody else."""
    await desk.set_heartbeat()
    _, seat_channel = await desk.park("1001")
    with agi_process(desk.agi_port, "SET VARIABLE HOTLINE_AFTER hangup", *WAITS):
        citizen, arrived = await desk.citizen()
        await desk.ami.event("MusicOnHoldStart", Uniqueid=arrived["Uniqueid"])
        await desk.ami.ask("Bridge", Channel1=arrived["Channel"], Channel2=seat_channel)
        await desk.ami.event("BridgeEnter", Uniqueid=arrived["Uniqueid"])
        await desk.ami.ask("Redirect", Channel=seat_channel, Context="seat-loop", Exten="parked", Priority="1")
        async with asyncio.timeout(3):
            await citizen.ended.wait()


async def test_an_agi_that_wants_the_citizen_back_gets_him(desk: Desk) -> None:
    await desk.set_heartbeat()
    with agi_process(desk.agi_port, "SET VARIABLE HOTLINE_AFTER agi", "NOOP over") as engine:
        _, arrived = await desk.citizen()
        engine.kill()
        await desk.ami.event("CallFellBack", Uniqueid=arrived["Uniqueid"], seconds=5)


async def test_a_dead_heartbeat_is_not_asked(desk: Desk) -> None:
    await desk.set_heartbeat(age=60)
    with agi_process(desk.agi_port, *WAITS):
        _, arrived = await desk.citizen()
        await desk.ami.event("CallFellBack", Uniqueid=arrived["Uniqueid"], seconds=2)


async def test_a_number_that_is_no_line_is_refused(desk: Desk) -> None:
    phone = await desk.phone("13800000001")
    assert await phone.dial("54321") == 404
    other = await desk.phone("13800000001")
    assert await other.dial("seat") == 404, "nobody parks from outside"


async def test_a_seat_with_a_wrong_password_is_refused(desk: Desk) -> None:
    phone = await desk.phone("1001-sip", "wrong")
    assert await phone.dial("seat") == 401


async def test_the_newest_leg_is_the_seat(desk: Desk) -> None:
    """A tab that vanished says nothing; the one that comes after takes the seat, and its end does not free it."""
    old, old_channel = await desk.park("1003")
    _, new_channel = await desk.park("1003")
    async with asyncio.timeout(3):
        await old.ended.wait()
    await desk.ami.event("Hangup", Channel=old_channel)  # its handler runs after the telephone has heard the BYE
    assert await desk.ami.variable("SEAT_1003") == new_channel
    assert [c["Channel"] for c in await desk.ami.channels()] == [new_channel]


async def test_a_seat_that_hangs_up_is_gone(desk: Desk) -> None:
    seat, _ = await desk.park("1004")
    await seat.hang_up()
    await desk.ami.event("SeatGone", Seat="1004")
    assert await desk.ami.variable("SEAT_1004") == ""


async def test_with_an_engine_a_seat_does_not_enlist_itself(desk: Desk) -> None:
    await desk.set_heartbeat()
    since = len(desk.ami.seen)
    await desk.park("1005")
    assert not [m for m in desk.ami.seen[since:] if m.get("Event") == "QueueMemberAdded"]
