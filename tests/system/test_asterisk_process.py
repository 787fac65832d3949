"""Starting, losing, finding again and stopping a real Asterisk."""

import asyncio
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.errors import ConfigurationError, Unavailable
from hotline.settings import Secrets
from telephony.asterisk import AsteriskInstallation, AsteriskProcess, render
from telephony.asterisk.process import find_running
from tests.system.conftest import RunningAsterisk, private_settings
from tests.system.raw_ami import raw_ami
from tests.system.raw_sip import raw_phone, ulaw_tone


def _process(folder: Path, installation: AsteriskInstallation) -> tuple[AsteriskProcess, RunningAsterisk]:
    settings, secrets = private_settings(folder), Secrets(folder)
    files = render(settings, secrets, installation, folder)
    process = AsteriskProcess(installation, files, settings.asterisk, secrets.ami_password)
    return process, RunningAsterisk(settings, secrets, installation, files, process)


def _again(running: RunningAsterisk, password: str = "") -> AsteriskProcess:
    """What an engine that comes up later holds of the same Asterisk."""
    secret = password or running.secrets.ami_password
    return AsteriskProcess(running.installation, running.files, running.settings.asterisk, secret)


def _start_and_die(running: RunningAsterisk) -> None:
    asyncio.run(_again(running).start())
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def killed_engine(tmp_path: Path, installation: AsteriskInstallation) -> Iterator[RunningAsterisk]:
    """An Asterisk whose engine was killed with -9 after it had started it."""
    running = _process(tmp_path, installation)[1]
    engine = multiprocessing.get_context("spawn").Process(target=_start_and_die, args=(running,))
    engine.start()
    engine.join()
    engine.close()
    yield running
    if left := find_running(running.files):
        os.kill(left, signal.SIGKILL)


async def test_it_starts_in_seconds_and_knows_every_endpoint(
    tmp_path: Path, installation: AsteriskInstallation
) -> None:
    process, running = _process(tmp_path, installation)
    began = time.monotonic()
    await process.start()
    try:
        assert time.monotonic() - began < 10
        async with raw_ami(running.settings.asterisk.ami_port, running.secrets.ami_password) as ami:
            answer = await ami.ask("PJSIPShowEndpoints")
            await ami.event("EndpointListComplete", ActionID=answer["ActionID"])
            names = {m["ObjectName"] for m in ami.seen if m.get("Event") == "EndpointList"}
        seats = {seat.id for seat in running.settings.seats}
        assert names == {"trunk", *seats, *(f"{seat}-sip" for seat in seats)}
    finally:
        await process.stop()
    assert find_running(running.files) is None
    assert not running.files.pid_file.exists()


def test_it_starts_without_complaints(fresh_asterisk: RunningAsterisk) -> None:
    log = fresh_asterisk.files.log.read_text()
    assert not re.findall(r"^.*(?:ERROR|WARNING).*$", log, re.MULTILINE)


def test_passwords_are_readable_by_us_only(fresh_asterisk: RunningAsterisk) -> None:
    etc = fresh_asterisk.files.configuration.parent
    assert {path.stat().st_mode & 0o077 for path in etc.iterdir()} == {0}


@pytest.mark.parametrize("key", ["sip_port", "http_port", "ami_port"])
async def test_a_taken_port_is_named(tmp_path: Path, installation: AsteriskInstallation, key: str) -> None:
    process, running = _process(tmp_path, installation)
    kind = socket.SOCK_DGRAM if key == "sip_port" else socket.SOCK_STREAM
    port = getattr(running.settings.asterisk, key)
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", port))
        if kind is socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(ConfigurationError, match=rf"{port}.*asterisk\.{key}"):
            await process.start()


async def test_an_asterisk_left_by_a_killed_engine_is_adopted(killed_engine: RunningAsterisk) -> None:
    pid = find_running(killed_engine.files)
    assert pid is not None, "it outlives its engine"
    engine = _again(killed_engine)
    await engine.start()
    assert (engine.pid, engine.attached) == (pid, True)
    await engine.stop()
    assert find_running(killed_engine.files) is None


async def test_conversations_go_on_while_it_is_adopted(killed_engine: RunningAsterisk) -> None:
    asterisk = killed_engine.settings.asterisk
    async with (
        raw_phone(asterisk.sip_port, "1001-sip", killed_engine.secrets.seat_password("1001")) as seat,
        raw_phone(asterisk.sip_port, "13800000001") as citizen,
    ):
        assert await seat.dial("seat") == 200
        assert await citizen.dial("12345") == 200
        seat.say(ulaw_tone(440, 1))
        citizen.say(ulaw_tone(1000, 1))
        await citizen.await_tone(440)
        engine = _again(killed_engine)
        await engine.start()
        await asyncio.gather(citizen.await_tone(440), seat.await_tone(1000))
        assert not citizen.ended.is_set()
    await engine.stop()


async def test_an_asterisk_with_another_password_is_not_ours(killed_engine: RunningAsterisk) -> None:
    with pytest.raises(ConfigurationError, match=r"asterisk\.ami_port"):
        await _again(killed_engine, "another-password").start()
    assert find_running(killed_engine.files), "and is left alone"


def test_a_pid_of_somebody_else_is_not_adopted(tmp_path: Path, installation: AsteriskInstallation) -> None:
    _, running = _process(tmp_path, installation)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        running.files.pid_file.write_text(f"{other.pid}\n")
        assert find_running(running.files) is None
        other.communicate(b"\n")


async def test_a_dead_asterisk_is_started_again(tmp_path: Path, installation: AsteriskInstallation) -> None:
    process, running = _process(tmp_path, installation)
    await process.start()
    again = asyncio.Event()
    watching = asyncio.create_task(process.watch(again.set))
    try:
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(10):
            await again.wait()
        assert process.pid not in (None, first)
        assert process.restarts == 1
        async with raw_ami(running.settings.asterisk.ami_port, running.secrets.ami_password) as ami:
            await ami.event("FullyBooted")
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await process.stop()


async def test_one_that_cannot_start_says_where_to_look(tmp_path: Path, installation: AsteriskInstallation) -> None:
    process, running = _process(tmp_path, installation)
    modules = running.files.configuration.parent / "modules.conf"
    modules.write_text(modules.read_text() + "require = no_such_module.so\n")
    with pytest.raises(Unavailable, match="log/messages"):
        await process.start()
    assert process.pid is None
