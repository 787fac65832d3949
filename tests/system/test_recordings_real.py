"""Recordings of a real Asterisk: who is in which file, when, and what is left after it is killed in mid-word."""

import array
import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline.bus import Bus
from hotline.clock import FakeClock
from hotline.database import Database
from recordings.service import Folders, Recordings
from recordings.spool import Spool
from telephony.phone import PhoneCall, ScriptedGateway
from tests.integration.test_recordings_mixdown import loudness, samples
from tests.integration.test_recordings_service import KnownCalls
from tests.system.conftest import RunningAsterisk

CITIZEN_HZ = 700
RATE = 8000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'recordings.db'}", Bus())
    await database.create_all()
    yield database
    await database.close()


def gateway_of(asterisk: RunningAsterisk) -> ScriptedGateway:
    """The carrier's gateway in front of this Asterisk."""
    ours = asterisk.settings.asterisk
    return ScriptedGateway(server=(ours.host, ours.sip_port), bind=(ours.trunk.host, ours.trunk.port))


async def speak(gateway: ScriptedGateway, seconds: float) -> PhoneCall:
    """A citizen dials while no engine runs, hears something, and speaks; the call is still up."""
    call = await gateway.citizen("13800000001").dial("12345")
    await call.hears_sound()
    await call.say_tone(CITIZEN_HZ, seconds)
    return call


async def archived(asterisk: RunningAsterisk, database: Database, folder: Path) -> tuple[dict[str, Any], Path]:
    """What a starting engine makes of the one recording in the spool, a minute later."""
    (left,) = Spool(asterisk.files.monitor).left()
    folders = Folders(asterisk.files.monitor, folder / "recordings")
    clock = FakeClock(datetime.now(UTC) + timedelta(minutes=1))
    service = Recordings(database, clock, folders, calls=KnownCalls(), zone=ZoneInfo("Asia/Shanghai"))
    assert await service.adopt_orphans() == 1
    (shape,) = await service.of_call(f"unseen-{left.uniqueid}")
    return shape, (await service.track(shape["id"], "mix")).path.parent


def spoken_seconds(sound: "array.array[int]") -> float:
    """For how many tenths of a second the citizen's tone is in it."""
    step = RATE // 10
    return sum(loudness(sound[at : at + step], CITIZEN_HZ) > 1000 for at in range(0, len(sound) - step, step)) / 10


async def test_each_voice_has_its_track_and_both_are_in_the_mix(
    asterisk: RunningAsterisk, database: Database, tmp_path: Path
) -> None:
    for old in asterisk.files.monitor.glob("*.wav"):
        old.unlink()  # of the tests before: they share this Asterisk
    async with gateway_of(asterisk) as gateway:
        call = await speak(gateway, 2.0)
        (left,) = Spool(asterisk.files.monitor).left()
        assert not left.is_final, "a living call's file must never look finished"
        await call.hang_up()
        async with asyncio.timeout(10):
            while not Spool(asterisk.files.monitor).left()[0].is_final:  # noqa: ASYNC110 (no event tells it)
                await asyncio.sleep(0.05)
    assert set(Spool(asterisk.files.monitor).find(left.uniqueid)) == {"citizen", "agent"}
    shape, folder = await archived(asterisk, database, tmp_path)
    citizen, agent, mix = (samples(folder / f"{track}.wav") for track in ("citizen", "agent", "mix"))
    assert len(citizen) == len(agent) == len(mix) == round(shape["seconds"] * RATE)
    assert 1.8 <= spoken_seconds(citizen) <= 2.2
    assert spoken_seconds(agent) <= 0.2
    assert spoken_seconds(mix) >= 1.8
    assert max(agent) > 500, "the prompt is in the other track"


async def test_what_was_said_until_asterisk_was_killed_plays(
    fresh_asterisk: RunningAsterisk, database: Database, tmp_path: Path
) -> None:
    async with gateway_of(fresh_asterisk) as gateway:
        call = await speak(gateway, 7.0)
        assert fresh_asterisk.process.pid is not None
        os.kill(fresh_asterisk.process.pid, signal.SIGKILL)
        shape, folder = await archived(fresh_asterisk, database, tmp_path)
        assert call.ending is None, "the citizen's phone noticed nothing: Asterisk had no time for a BYE"
    assert 4.0 <= spoken_seconds(samples(folder / "citizen.wav")) <= 7.2  # the last 32 KiB (2 s) were in its buffer
    assert spoken_seconds(samples(folder / "mix.wav")) >= 4.0
    assert shape["seconds"] >= 4.0
