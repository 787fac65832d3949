"""A SIP caller who forges AMI events through line breaks in his INVITE, and other callers who lie.

Found out here: with no ``callerid`` on the trunk's endpoint Asterisk prints the decoded From in Newchannel, before any
line of the dialplan; with one it does not. The last test keeps the attack alive to prove that the others are sharp.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from hotline.settings import Secrets
from telephony.asterisk import AsteriskInstallation, AsteriskProcess, render
from tests.system.conftest import RunningAsterisk, private_settings
from tests.system.raw_ami import RawAmi, raw_ami
from tests.system.raw_sip import raw_phone


def forged(event: str) -> str:
    """The user part of a SIP address that is a whole AMI event, percent-encoded."""
    return quote(f"138\r\n\r\nEvent: {event}\r\nPrivilege: system,all\r\nUniqueid: 1.1\r\nForged: yes\r\n\r\n", safe="")


EVENTS = ("Shutdown", "Hangup", "OriginateResponse")


@pytest.fixture
async def ami(asterisk: RunningAsterisk) -> AsyncIterator[RawAmi]:
    async with raw_ami(asterisk.settings.asterisk.ami_port, asterisk.secrets.ami_password) as ami:
        await ami.ask("Setvar", Variable="HOTLINE_HEARTBEAT", Value="0")
        yield ami


async def _call_and_end(port: int, ami: RawAmi, *, sender: str, number: str = "12345", extra: str = "") -> int:
    """One call with these headers, hung up at once; returns its status when all its events are here."""
    async with raw_phone(port, "13800000001") as phone:
        phone.from_header = sender
        phone.extra_headers = extra
        since = len(ami.seen)
        status = await phone.dial(number)
    if status == 200:
        await ami.event("Hangup", since=since)
    await ami.ask("Ping")
    return status


def _assert_nothing_forged(ami: RawAmi) -> None:
    assert b"Forged: yes" not in ami.raw
    events = [message.get("Event") for message in ami.seen]
    assert not {"Shutdown", "OriginateResponse"} & set(events)


@pytest.mark.parametrize("event", EVENTS)
async def test_line_breaks_in_from_forge_nothing(asterisk: RunningAsterisk, ami: RawAmi, event: str) -> None:
    user = forged(event)
    assert await _call_and_end(asterisk.settings.asterisk.sip_port, ami, sender=f"<sip:{user}@127.0.0.1>") == 200
    _assert_nothing_forged(ami)
    assert await _number_of_last_call(ami) == "", "he is served, without a number"


@pytest.mark.parametrize("event", EVENTS)
async def test_line_breaks_elsewhere_forge_nothing(asterisk: RunningAsterisk, ami: RawAmi, event: str) -> None:
    user, port = forged(event), asterisk.settings.asterisk.sip_port
    sender = "<sip:13800000001@127.0.0.1>"
    assert await _call_and_end(port, ami, sender=sender, number=f"12345{user[3:]}") == 404
    assert await _call_and_end(port, ami, sender=sender, number=user) == 404
    for header in ("P-Asserted-Identity", "Remote-Party-ID", "Diversion", "P-Preferred-Identity"):
        value = f'"{user}" <sip:{user}@127.0.0.1>'
        assert await _call_and_end(port, ami, sender=sender, extra=f"{header}: {value}\r\n") == 200
    assert await _call_and_end(port, ami, sender=f'"{user}" {sender}') == 200
    _assert_nothing_forged(ami)


@pytest.mark.parametrize(
    ("sender", "number"),
    [
        ("<sip:13800000001@10.0.0.1>", "13800000001"),
        ("sip:13800000001@10.0.0.1", "13800000001"),
        ('"a@b<sip:9@x>" <sip:13800000001@127.0.0.1>', "13800000001"),
        ('"x;y>,z\\" ${q}" <sip:13800000002;phone-context=a@127.0.0.1:5060;user=phone>', "13800000002"),
        ("<tel:+8613800000003>", "+8613800000003"),
        ("<sip:anonymous@anonymous.invalid>", ""),
        ("<sip:10.0.0.1:5060>", ""),
        ('"张三" <sip:05391234567@127.0.0.1>', "05391234567"),
        (f"<sip:{'9' * 500}@127.0.0.1>", "9" * 32),
        ("<sip:$(id)+1*@127.0.0.1>", "+1*"),
        ("<sip:1%24%7BSHELL(id)%7D@127.0.0.1>", ""),
    ],
)
async def test_the_caller_s_number(asterisk: RunningAsterisk, ami: RawAmi, sender: str, number: str) -> None:
    assert await _call_and_end(asterisk.settings.asterisk.sip_port, ami, sender=sender) in (200, 400)
    assert await _number_of_last_call(ami) == number


async def _number_of_last_call(ami: RawAmi) -> str:
    """The citizen's number in the last event of the call, empty when it is unknown."""
    last = next(m for m in reversed(ami.seen) if m.get("Event") == "Hangup")
    return last["CallerIDNum"].replace("<unknown>", "")


async def test_the_attack_is_real_without_our_setting(tmp_path: Path, installation: AsteriskInstallation) -> None:
    settings, secrets = private_settings(tmp_path), Secrets(tmp_path)
    files = render(settings, secrets, installation, tmp_path)
    pjsip = files.configuration.parent / "pjsip.conf"
    pjsip.write_text(pjsip.read_text().replace('callerid = "" <unknown>\n', ""))
    process = AsteriskProcess(installation, files, settings.asterisk, secrets.ami_password)
    await process.start()
    try:
        async with raw_ami(settings.asterisk.ami_port, secrets.ami_password) as ami:
            user = forged("Shutdown")
            async with raw_phone(settings.asterisk.sip_port, "13800000001") as phone:
                phone.from_header = f"<sip:{user}@127.0.0.1>"
                await phone.dial("12345")
            async with asyncio.timeout(5):
                await ami.event("Shutdown", Forged="yes")
    finally:
        await process.stop()
