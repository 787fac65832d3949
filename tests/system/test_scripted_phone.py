"""The scripted phone against a real Asterisk: what pyVoIP got wrong must be right here, or every later test lies."""

import asyncio
import gc
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hotline.settings import Secrets
from telephony.asterisk import AsteriskInstallation, AsteriskProcess, render
from telephony.phone import CallOver, CallRefused, PhoneCall, ScriptedGateway, ScriptedPhone
from telephony.phone.raw import FORGED_SHUTDOWN, RawCaller, RawInvite
from tests.system.conftest import RunningAsterisk, private_settings

# A switch of our own in front of the hotline's: numbers that show what a phone does.
DIALPLAN = """
[citizens]
exten => 9001,1,Answer()
 same => n,Echo()
exten => 9002,1,Answer()
 same => n,Read(KEYS,,11,,1,5)
 same => n,Dial(PJSIP/${KEYS}@trunk,20)
exten => 9003,1,Answer()
 same => n,Wait(0.5)
 same => n,SendDTMF(159#)
 same => n,Wait(30)
exten => 9004,1,Answer()
 same => n,Wait(0.5)
 same => n,Hangup(16)
exten => _138XXXXXXXX,1,Dial(PJSIP/${EXTEN}@trunk,20)
"""
MODULES = ("app_dial", "app_echo", "app_read", "app_senddtmf", "res_pjsip_dtmf_info")
ZHANG, LI = "13800000001", "13800000002"


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory, installation: AsteriskInstallation) -> Iterator[RunningAsterisk]:
    folder = tmp_path_factory.mktemp("switch")
    settings, secrets = private_settings(folder), Secrets(folder)
    files = render(settings, secrets, installation, folder)
    etc = files.configuration.parent
    with (etc / "extensions.conf").open("a") as dialplan, (etc / "modules.conf").open("a") as modules:
        dialplan.write(DIALPLAN)
        modules.writelines(f"load = {module}.so\n" for module in MODULES)
    process = AsteriskProcess(installation, files, settings.asterisk, secrets.ami_password)
    asyncio.run(process.start())
    try:
        yield RunningAsterisk(settings, secrets, installation, files, process)
    finally:
        asyncio.run(process.stop())


@pytest.fixture
async def gateway(switch: RunningAsterisk) -> AsyncIterator[ScriptedGateway]:
    asterisk = switch.settings.asterisk
    bind = (asterisk.trunk.host, asterisk.trunk.port)
    async with ScriptedGateway(server=(asterisk.host, asterisk.sip_port), bind=bind) as gateway:
        yield gateway


async def connect(gateway: ScriptedGateway) -> tuple[PhoneCall, PhoneCall]:
    """Zhang dials Li through Asterisk; both ends of the answered call."""
    calling = gateway.citizen(ZHANG).start_call(LI)
    ringing = await gateway.citizen(LI).next_call()
    await calling.wait_ringing()
    called = await ringing.answer()
    await calling.wait_answered()
    return calling, called


async def test_two_bridged_phones_hear_each_other(gateway: ScriptedGateway) -> None:
    calling, called = await connect(gateway)
    async with asyncio.TaskGroup() as talk:
        talk.create_task(calling.say_tone(700, 1.0))
        talk.create_task(called.say_tone(1100, 1.0))
        heard = [talk.create_task(called.hears_tone(700)), talk.create_task(calling.hears_tone(1100))]
    assert all(task.result() < 1.0 for task in heard)
    with pytest.raises(TimeoutError):
        await called.hears_tone(1100, timeout=0.3)
    await calling.hang_up()
    assert not (await called.wait_ended()).by_us


async def test_called_side_hangs_up(gateway: ScriptedGateway) -> None:
    calling, called = await connect(gateway)
    assert (await called.hang_up()).by_us
    ending = await calling.wait_ended()
    assert (ending.by_us, ending.status) == (False, 200)


async def test_keys_reach_asterisk_which_dials_them(gateway: ScriptedGateway) -> None:
    li = gateway.citizen(LI)  # plugged in before it is called: the gateway knows no other numbers
    call = await gateway.citizen(ZHANG).dial("9002")
    await call.press(LI)
    ringing = await li.next_call()
    assert ringing.dialled == LI
    ringing.reject(486)
    await call.hang_up()


async def test_keys_from_asterisk_are_received_once_each(gateway: ScriptedGateway) -> None:
    call = await gateway.citizen(ZHANG).dial("9003")
    assert [await call.next_key() for _ in range(4)] == ["1", "5", "9", "#"]
    await call.hang_up()


async def test_the_caller_is_told_of_a_busy_phone_and_of_an_unknown_number(gateway: ScriptedGateway) -> None:
    calling = gateway.citizen(ZHANG).start_call(LI)
    (await gateway.citizen(LI).next_call()).reject(486)
    with pytest.raises(CallRefused) as refused:
        await calling.wait_answered()
    assert refused.value.status == 486
    with pytest.raises(CallRefused) as refused:
        await gateway.citizen(ZHANG).dial("7777")
    assert refused.value.status == 404


async def test_a_caller_who_gives_up_stops_the_ringing(gateway: ScriptedGateway) -> None:
    calling = gateway.citizen(ZHANG).start_call(LI)
    ringing = await gateway.citizen(LI).next_call()
    ringing.ignore()
    assert (await calling.hang_up()).status == 487
    assert (await ringing.wait_ended()).status == 487


async def test_hang_up_by_asterisk(gateway: ScriptedGateway) -> None:
    call = await gateway.citizen(ZHANG).dial("9004")
    assert not (await call.wait_ended()).by_us
    with pytest.raises(CallOver):
        await call.say_tone(500, 0.1)


async def test_the_answer_is_acknowledged_the_first_time(gateway: ScriptedGateway) -> None:
    """pyVoIP's ACK carried a random tag, so that Asterisk repeated its 200 and gave up after half a minute."""
    citizen = gateway.citizen(ZHANG)
    call = await citizen.dial("9001")
    with pytest.raises(TimeoutError):  # Asterisk would repeat it after 0.5 and 1.5 s
        await call.wait_ended(timeout=2.0)
    assert list(citizen.line.journal).count("200 INVITE") == 1
    await call.hang_up()


@pytest.mark.long
@pytest.mark.timeout(90)
async def test_a_call_lasts_longer_than_half_a_minute(gateway: ScriptedGateway) -> None:
    call = await gateway.citizen(ZHANG).dial("9001")
    with pytest.raises(TimeoutError):
        await call.wait_ended(timeout=36)
    since = asyncio.get_running_loop().time()
    await call.say_tone(900, 0.3)
    assert await call.hears_tone(900, since=since) < 0.5
    await call.hang_up()


async def test_speech_comes_back_recognisably(gateway: ScriptedGateway, tmp_path: Path) -> None:
    """Echo through Asterisk: the recording of what came back has the length and loudness of what was said."""
    call = await gateway.citizen(ZHANG).dial("9001")
    call.record_to(tmp_path / "echo.wav")
    await call.say_tone(440, 1.0)
    await call.hears_silence(0.3)
    await call.hang_up()
    assert 1.2 < (tmp_path / "echo.wav").stat().st_size / 16000 < 2.5


async def test_a_seat_logs_in_with_its_password(switch: RunningAsterisk) -> None:
    asterisk = switch.settings.asterisk
    server = (asterisk.host, asterisk.sip_port)
    password = switch.secrets.seat_password("1001")
    async with ScriptedPhone("1001", server, user="1001-sip", password=password) as seat:
        call = await seat.dial("seat")
        assert call.is_up
        await call.hang_up()
    async with ScriptedPhone("1001", server, user="1001-sip", password="wrong") as thief:
        with pytest.raises(CallRefused) as refused:
            await thief.dial("seat")
        assert refused.value.status == 401


async def test_twenty_calls_at_once_leave_nothing_behind(gateway: ScriptedGateway) -> None:
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    since = asyncio.get_running_loop().time()
    citizens = [gateway.citizen(f"139000000{n:02}") for n in range(20)]
    calls = await asyncio.gather(*(citizen.dial("9001") for citizen in citizens))
    tones = [500 + 120 * n for n in range(20)]
    await asyncio.gather(*(call.say_tone(hz, 0.6) for call, hz in zip(calls, tones, strict=True)))
    await asyncio.gather(*(call.hears_tone(hz, since=since) for call, hz in zip(calls, tones, strict=True)))
    assert threading.active_count() == threads
    await asyncio.gather(*(call.hang_up() for call in calls))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == files


@pytest.mark.parametrize("caller", [FORGED_SHUTDOWN, "1" * 500, "%00"])
async def test_hostile_callers_reach_asterisk_and_leave_it_alive(
    switch: RunningAsterisk, gateway: ScriptedGateway, caller: str
) -> None:
    """Sent as written, and answered; what the hotline's own dialplan makes of them is tested with that."""
    asterisk = switch.settings.asterisk
    async with RawCaller((asterisk.host, asterisk.sip_port)) as hostile:
        assert await hostile.invite(RawInvite("9001", caller)) == 200
    call = await gateway.citizen(ZHANG).dial("9001")
    await call.hang_up()


@pytest.mark.parametrize("caller", ["", "1' OR '1'='1", "1\r\nX: y"])
async def test_what_is_no_uri_is_dropped(switch: RunningAsterisk, gateway: ScriptedGateway, caller: str) -> None:
    asterisk = switch.settings.asterisk
    async with RawCaller((asterisk.host, asterisk.sip_port)) as hostile:
        with pytest.raises(TimeoutError):
            await hostile.invite(RawInvite("9001", caller), timeout=0.5)
    call = await gateway.citizen(ZHANG).dial("9001")
    await call.hang_up()
