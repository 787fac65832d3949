"""The recordings' own process: what it makes is what a thread makes, and whoever dies, nothing is lost or left."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

import psutil
import pytest

from recordings.archive import Archive, hash_file
from recordings.legs import Legs
from recordings.making import Apart, OnThread
from recordings.sealing import OPEN, Keyring
from recordings.spool import Spool
from recordings.tracks import Track, Voice
from recordings.workshop import Failed, Gone, Made, Order, Outcome, Silent, Unfinished, Workshop
from tests.integration.test_recordings_mixdown import AGENT_HZ, tone, write_wav

ROOT = Path(__file__).parents[2]


_tone = cache(tone)


def workshop(folder: Path, keys: Keyring = OPEN) -> Workshop:
    (folder / "spool").mkdir(parents=True, exist_ok=True)
    return Workshop(Spool(folder / "spool"), Archive(folder / "archive"), "wav", keys)


def left_by(folder: Path, uniqueid: str, seconds: float = 0.5, *, finished: bool = True) -> Path:
    """The files of a citizen's channel, and of a seat's in the same talk."""
    (folder / "spool").mkdir(parents=True, exist_ok=True)
    for name, hertz in (
        (f"{uniqueid}-out", AGENT_HZ),
        (f"voice_{uniqueid}-in", AGENT_HZ),
        (f"{uniqueid}-in", 440),
    ):
        path = write_wav(folder / "spool" / f"{name}.wav", _tone(hertz, seconds), finished=finished)
        os.utime(path, (1_777_600_000, 1_777_600_000))
    return path


def order(uniqueid: str, *, as_they_are: bool = False) -> Order:
    legs = Legs(uniqueid, (Voice(f"voice_{uniqueid}", Track.AGENT, "李坐席"),))
    return Order(f"rec_{uniqueid}", f"2026/05/01/call_{uniqueid}", legs, as_they_are)


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[Apart]:
    making = Apart(workshop(tmp_path))
    yield making
    await making.end()


def worker() -> psutil.Process:
    """The one process of ours that makes recordings."""
    (one,) = workers_of(psutil.Process())
    return one


def workers_of(engine: psutil.Process) -> list[psutil.Process]:
    return [child for child in engine.children() if "recordings.worker" in child.cmdline()]


async def test_the_process_makes_what_a_thread_makes_and_leaves_talks_the_machine(tmp_path: Path, apart: Apart) -> None:
    orders = [order(name) for name in ("9.1", "9.2", "9.3", "9.4", "9.5")]
    for folder in (tmp_path, tmp_path / "thread"):
        left_by(folder, "9.1")
        left_by(folder, "9.2").write_bytes(b"no wav at all " * 10)
        left_by(folder, "9.3", finished=False)
        left_by(folder, "9.4", 0)
    made = await apart.make(orders)
    assert made == await OnThread(workshop(tmp_path / "thread")).make(orders)
    assert [type(one) for one in made] == [Made, Failed, Unfinished, Silent, Gone]
    assert isinstance(made[0], Made)
    path = tmp_path / "archive/2026/05/01/call_9.1/mix.wav"
    assert (made[0].seconds, made[0].stored[0].sha256) == (0.5, hash_file(path))
    assert worker().nice() == psutil.Process().nice() + 10
    (tmp_path / "archive").rename(tmp_path / "kept")
    (tmp_path / "archive").write_text("in the way, as a full disk is")
    (failed,) = await apart.make([order("9.1")])
    assert isinstance(failed, Failed)
    assert "Not a directory" in failed.error


async def test_a_sealed_recording_is_made_with_the_sites_key(tmp_path: Path) -> None:
    keys = Keyring.of("k" * 40, seals=True)
    left_by(tmp_path, "9.1")
    making = Apart(workshop(tmp_path, keys))
    try:
        await making.make([order("9.1")])
        assert not any("k" * 40 in word for word in worker().cmdline())
    finally:
        await making.end()
    sealed = keys.open(tmp_path / "archive/2026/05/01/call_9.1/mix.wav.sealed")
    assert next(sealed.read(0, 4)) == b"RIFF"


async def test_killed_in_its_work_a_new_process_makes_all_of_it(tmp_path: Path, apart: Apart) -> None:
    names = [f"9.{number}" for number in range(40)]
    for name in names:
        left_by(tmp_path, name, 2.0)
    await apart.make([])
    first = worker()
    making = asyncio.create_task(apart.make([order(name) for name in names]))
    while not list((tmp_path / "archive").glob("2026/05/01/*")):  # noqa: ASYNC110 (no event tells it)
        await asyncio.sleep(0.001)
    assert not making.done()
    first.kill()
    assert all(isinstance(one, Made) for one in await making)
    assert len(list((tmp_path / "archive").glob("2026/05/01/*/mix.wav"))) == 40
    assert worker().pid != first.pid


class Deadly(Workshop):
    """Dies of one file, as where there is not memory enough: the kernel kills whoever asks for it."""

    def make(self, order: Order) -> Outcome:
        if order.recording_id == "rec_9.2":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().make(order)


async def test_a_file_that_kills_the_process_fails_alone(tmp_path: Path) -> None:
    for name in ("9.1", "9.2", "9.3"):
        left_by(tmp_path, name)
    making = Apart(Deadly(Spool(tmp_path / "spool"), Archive(tmp_path / "archive"), "wav", OPEN))
    try:
        outcomes = await making.make([order(name) for name in ("9.1", "9.2", "9.3")])
    finally:
        await making.end()
    assert [type(one) for one in outcomes] == [Made, Failed, Made]


ENGINE = """
import asyncio, sys
from pathlib import Path
from recordings.archive import Archive
from recordings.making import Apart
from recordings.sealing import OPEN
from recordings.spool import Spool
from recordings.workshop import Workshop

async def main():
    folder = Path(sys.argv[1])
    await Apart(Workshop(Spool(folder / "spool"), Archive(folder / "archive"), "wav", OPEN)).make([])
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_an_engine_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    engine = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ENGINE, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert engine.stdout is not None
    async with asyncio.timeout(30):
        await engine.stdout.readline()
    (left,) = workers_of(psutil.Process(engine.pid))
    left.suspend()  # it cannot notice anything by itself: the kernel ends it
    engine.send_signal(signal.SIGKILL)
    await engine.communicate()
    await asyncio.to_thread(psutil.wait_procs, [left], 10)
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE


async def test_it_ends_with_the_room_and_is_started_again_when_needed(tmp_path: Path, apart: Apart) -> None:
    assert workers_of(psutil.Process()) == [], "there is nothing to be made yet"
    left_by(tmp_path, "9.1")
    await apart.make([order("9.1")])
    await apart.end()
    await apart.end()
    assert workers_of(psutil.Process()) == []
    (made,) = await apart.make([order("9.1")])
    assert isinstance(made, Made)
