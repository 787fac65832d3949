"""The recordings room on a real database and a real disk: from the spool to the ledger, through every mishap."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, update

from hotline import ledger
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import NotFound, Unavailable
from hotline.facts.calls import CallArrived, CallEnded
from hotline.facts.recordings import RecordingHeld, RecordingPurged, RecordingReady
from recordings.archive import hash_file
from recordings.chain import broken_links, link_of
from recordings.integrity import Fault, Verdict, verify
from recordings.sealing import OPEN, Keyring
from recordings.service import Folders, Recordings
from recordings.spool import Patience
from recordings.store import Store
from recordings.tables import State, recording_tracks
from recordings.tables import recordings as recordings_table
from recordings.watermark import read_mark
from tests.integration.test_recordings_mixdown import AGENT_HZ, CITIZEN_HZ, loudness, samples, tone, write_wav

UNIQUEID = "1777600000.7"


@dataclass
class KnownCalls:
    """Knows the calls that a test tells it."""

    live: set[str] = field(default_factory=set)
    calls: dict[str, str] = field(default_factory=dict)

    def is_live(self, uniqueid: str) -> bool:
        return uniqueid in self.live

    def is_call_live(self, call_id: str) -> bool:
        return call_id in self.live

    async def call_of(self, uniqueid: str) -> str | None:
        return self.calls.get(uniqueid)


def ninety_days(_kind: str) -> int:
    return 90


class Site:
    """A database, a spool and the service, as one run of the engine has them."""

    def __init__(self, folder: Path, database: Database, clock: FakeClock) -> None:
        self.folders = Folders.below(folder)
        self.folders.spool.mkdir(parents=True, exist_ok=True)
        self.database = database
        self.clock = clock
        self.calls = KnownCalls()
        self.service = self.fresh_service()

    def fresh_service(self, form: str = "wav", keys: Keyring = OPEN) -> Recordings:
        return Recordings(
            self.database,
            self.clock,
            self.folders,
            calls=self.calls,
            zone=ZoneInfo("Asia/Shanghai"),
            patience=Patience(begin=0.0, poll=0.01, still=0.2, limit=2.0),
            sweep_seconds=0.05,
            form=form,
            keys=keys,
        )

    def left_by(self, uniqueid: str = UNIQUEID, *, finished: bool = True, age: float = 60.0) -> list[Path]:
        """The files of a channel, last written ``age`` seconds ago by the fake clock."""
        files = [
            write_wav(self.folders.spool / f"{uniqueid}-in.wav", tone(CITIZEN_HZ, 0.5), finished=finished),
            write_wav(self.folders.spool / f"{uniqueid}-out.wav", tone(AGENT_HZ, 0.4), finished=finished),
        ]
        for file in files:
            written_at = self.clock.now().timestamp() - age
            os.utime(file, (written_at, written_at))
        return files

    async def call(self, call_id: str = "call_1", uniqueid: str = UNIQUEID, *, ended: bool = True) -> None:
        """A call's facts, as the ivr room records them."""
        async with self.database.unit_of_work() as uow:
            uow.record(
                CallArrived(
                    at=self.clock.now(),
                    call_id=call_id,
                    caller="13800000001",
                    dialled="12345",
                    line="12345 热线",
                    channel="PJSIP/trunk-00000001",
                    uniqueid=uniqueid,
                )
            )
            if ended:
                uow.record(
                    CallEnded(
                        at=self.clock.now(),
                        call_id=call_id,
                        reason="citizen_hung_up",
                        waited_seconds=1,
                        talked_seconds=2,
                    )
                )

    async def ready(self) -> list[RecordingReady]:
        """What the ledger says is ready."""
        entries = [entry.fact async for entry in ledger.read(self.database, kinds=[RecordingReady])]
        return [fact for fact in entries if isinstance(fact, RecordingReady)]

    async def verify(self) -> Verdict:
        return await verify(self.database, self.folders.archive)


@pytest.fixture
def site(tmp_path: Path, database: Database) -> Site:
    return Site(tmp_path, database, FakeClock(datetime(2026, 5, 1, 2, tzinfo=UTC)))


@asynccontextmanager
async def running(service: Recordings) -> AsyncIterator[None]:
    """The service at work; its end is a cancellation, as the engine's is."""
    task = asyncio.create_task(service.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def next_ready(site: Site) -> RecordingReady:
    """The next RecordingReady on the bus, within five seconds."""
    with site.database.bus.subscribe("test", RecordingReady) as subscription:
        fact = await asyncio.wait_for(anext(aiter(subscription)), 5)
    assert isinstance(fact, RecordingReady)
    return fact


async def test_an_ended_call_becomes_a_recording_with_its_hash_in_the_ledger(site: Site) -> None:
    files = site.left_by(age=0)
    async with running(site.service):
        waiting = asyncio.create_task(next_ready(site))
        await site.call()
        fact = await waiting
        while any(file.exists() for file in files):  # noqa: ASYNC110 (no event tells that a file is gone)
            await asyncio.sleep(0.01)
    assert (fact.call_id, fact.seconds, set(fact.tracks)) == ("call_1", 0.5, {"mix", "agent", "citizen"})
    assert await site.ready() == [fact]
    playable = await site.service.track(fact.recording_id, "mix")
    assert playable.path == site.folders.archive / "2026/05/01/call_1/mix.wav"
    assert hash_file(playable.path) == fact.sha256
    (shape,) = await site.service.of_call("call_1")
    assert (shape["id"], shape["sha256"], shape["tracks"]) == (
        fact.recording_id,
        fact.sha256,
        ["mix", "citizen", "agent"],
    )
    assert await site.verify() == Verdict(1, 3, ())


async def test_a_file_still_being_closed_is_waited_for(site: Site) -> None:
    site.left_by(finished=False, age=0)
    keeping = asyncio.create_task(site.service.keep_call("call_1", site.clock.now()))
    await site.call()
    await asyncio.sleep(0.05)
    assert await site.ready() == []
    site.left_by(finished=True, age=0)
    await keeping
    await site.service.keep_call("call_1", site.clock.now())
    assert len(await site.ready()) == 1


async def test_a_file_cut_off_by_a_crash_is_repaired(site: Site) -> None:
    site.left_by(finished=False, age=0)
    await site.call()
    await site.service.keep_call("call_1", site.clock.now())
    (fact,) = await site.ready()
    assert fact.seconds == 0.5


async def test_what_a_dead_engine_missed_is_adopted_and_living_calls_are_left_alone(site: Site) -> None:
    site.calls.live.add("9.1")
    site.calls.calls["9.2"] = "call_2"
    kept = site.left_by("9.1") + site.left_by("9.4", age=1) + site.left_by("9.5", finished=False, age=10)
    gone = site.left_by("9.2") + site.left_by("9.3", finished=False)
    assert await site.service.adopt_orphans() == 2
    assert sorted(fact.call_id for fact in await site.ready()) == ["call_2", "unseen-9.3"]
    assert all(file.exists() for file in kept)
    assert not any(file.exists() for file in gone)


async def test_doing_it_twice_or_at_once_makes_one_recording(site: Site) -> None:
    site.calls.calls[UNIQUEID] = "call_1"
    site.left_by()
    await site.call()
    ended_at = site.clock.now()
    await asyncio.gather(*(site.service.keep_call("call_1", ended_at) for _ in range(5)), site.service.adopt_orphans())
    assert len(await site.ready()) == 1


async def test_in_a_rush_all_that_ended_are_kept_in_one_round_and_chained(site: Site) -> None:
    """One of them is no sound: it fails alone."""
    with site.database.bus.subscribe("test", RecordingReady) as subscription:
        for number in range(6):
            files = site.left_by(f"9.{number}", age=0)
            if number == 3:
                files[0].write_bytes(b"no wav at all " * 10)
            await site.call(f"call_{number}", f"9.{number}")
        async with running(site.service):
            for number in range(6):
                await site.call(f"call_{number}", f"9.{number}")
            async with asyncio.timeout(5):
                said = [await anext(aiter(subscription)) for _ in range(5)]
    facts = await site.ready()
    assert facts == said
    assert [fact.call_id for fact in facts] == ["call_0", "call_1", "call_2", "call_4", "call_5"]
    assert len({fact.at for fact in facts}) == 1
    assert facts[0].previous == ""
    assert broken_links(facts) == []
    assert (await site.verify()) == Verdict(5, 15, ())


async def test_of_two_engines_on_one_database_one_writes_a_recording_down(site: Site) -> None:
    """The second finds the files before the first has cleared them, and nothing is said or counted twice."""
    site.left_by()
    await site.call()
    other = site.fresh_service()
    ended_at = site.clock.now()
    await asyncio.gather(site.service.keep_call("call_1", ended_at), other.keep_call("call_1", ended_at))
    assert len(await site.ready()) == 1
    assert await site.verify() == Verdict(1, 3, ())
    site.left_by()
    await other.adopt_orphans()
    assert not list(site.folders.spool.iterdir())


async def test_a_death_between_the_ledger_and_the_clearing_is_healed(site: Site) -> None:
    site.left_by()
    await site.call()
    await site.service.keep_call("call_1", site.clock.now())
    files = site.left_by()
    await site.fresh_service().adopt_orphans()
    assert not any(file.exists() for file in files)
    assert len(await site.ready()) == 1


async def test_a_damaged_archive_keeps_the_spool(site: Site) -> None:
    site.left_by()
    await site.call()
    await site.service.keep_call("call_1", site.clock.now())
    (site.folders.archive / "2026/05/01/call_1/mix.wav").unlink()
    files = site.left_by()
    await site.service.adopt_orphans()
    assert all(file.exists() for file in files)


async def test_a_full_disk_loses_nothing_and_is_tried_again(site: Site) -> None:
    files = site.left_by()
    await site.call()
    site.folders.archive.write_text("in the way, as a full disk is")
    await site.service.keep_call("call_1", site.clock.now())
    assert await site.ready() == []
    assert all(file.exists() for file in files)
    (failed,) = await Store(site.database).of_call("call_1")
    assert (failed.state, failed.tries, failed.retry_at) == (State.FAILED, 1, site.clock.now() + timedelta(seconds=15))
    site.folders.archive.unlink()
    await site.service.adopt_orphans()
    assert await site.ready() == []  # not yet due
    site.clock.advance(15)
    await site.service.adopt_orphans()
    assert [fact.call_id for fact in await site.ready()] == ["call_1"]
    assert not any(file.exists() for file in files)


async def test_files_that_are_no_sound_fail_without_blocking_others(site: Site) -> None:
    broken = site.left_by("9.1")
    broken[0].write_bytes(b"no wav at all " * 10)
    os.utime(broken[0], (0, 0))
    site.left_by("9.2")
    await site.service.adopt_orphans()
    assert [fact.call_id for fact in await site.ready()] == ["unseen-9.2"]
    assert broken[0].exists()


async def test_a_call_without_any_sound_is_no_recording(site: Site) -> None:
    for file in site.left_by():
        file.write_bytes(b"")
        os.utime(file, (0, 0))
    await site.service.adopt_orphans()
    assert await site.ready() == []
    assert await site.service.of_call(f"unseen-{UNIQUEID}") == []


async def test_a_call_that_left_no_file_is_passed_over(site: Site) -> None:
    await site.call()
    await site.service.keep_call("call_1", site.clock.now())
    assert await site.service.of_call("call_1") == []


async def test_altered_missing_and_forged_files_are_found(site: Site) -> None:
    for number in (1, 2, 3):
        site.left_by(f"9.{number}")
        site.calls.calls[f"9.{number}"] = f"call_{number}"
    await site.service.adopt_orphans()
    day = site.folders.archive / "2026/05/01"
    (day / "call_1/agent.wav").unlink()
    with (day / "call_2/mix.wav").open("r+b") as file:
        file.seek(1000)
        file.write(b"\x55\x55")
    write_wav(day / "call_3/mix.wav", tone(CITIZEN_HZ, 0.1))  # forged, and the table with it
    (forged,) = await site.service.of_call("call_3")
    async with site.database.unit_of_work() as uow:
        await uow.execute(
            update(recording_tracks)
            .where(recording_tracks.c.recording_id == forged["id"], recording_tracks.c.track == "mix")
            .values(sha256=hash_file(day / "call_3/mix.wav"))
        )
    verdict = await site.verify()
    assert {(finding.call_id, finding.track, finding.fault) for finding in verdict.findings} == {
        ("call_1", "agent", Fault.MISSING),
        ("call_2", "mix", Fault.ALTERED),
        ("call_3", "mix", Fault.LEDGER_DIFFERS),
    }


async def test_the_period_over_the_audio_goes_and_the_ledger_says_so(site: Site) -> None:
    site.left_by()
    await site.call()
    await site.service.keep_call("call_1", site.clock.now())
    (fact,) = await site.ready()
    assert await site.service.purge(ninety_days) == []
    site.clock.advance(90 * 86400)
    assert [kept.recording_id for kept in await site.service.purge(ninety_days, dry_run=True)] == [fact.recording_id]
    path = (await site.service.track(fact.recording_id, "mix")).path
    assert path.exists()
    await site.service.purge(ninety_days, by="admin")
    assert not path.exists()
    purged = [entry.fact async for entry in ledger.read(site.database, kinds=[RecordingPurged])]
    assert [(p.by, p.recording_id) for p in purged if isinstance(p, RecordingPurged)] == [("admin", fact.recording_id)]
    with pytest.raises(NotFound):
        await site.service.track(fact.recording_id, "mix")
    assert await site.service.purge(ninety_days) == []
    assert await site.verify() == Verdict(0, 0, ())


async def test_asking_for_what_is_not_there_says_what_is_wrong(site: Site) -> None:
    site.left_by()
    (site.folders.spool / f"{UNIQUEID}-out.wav").unlink()
    await site.call()
    await site.service.keep_call("call_1", site.clock.now())
    (shape,) = await site.service.of_call("call_1")
    for recording_id, track in ((shape["id"], "agent"), (shape["id"], "../mix"), ("rec_none", "mix")):
        with pytest.raises(NotFound):
            await site.service.track(recording_id, track)
    (site.folders.archive / "2026/05/01/call_1/mix.wav").unlink()
    with pytest.raises(Unavailable):
        await site.service.track(shape["id"], "mix")


async def test_what_is_held_outlives_its_period_and_kinds_have_their_own(site: Site) -> None:
    site.left_by()
    await site.call()
    await site.service.keep_call("call_1", site.clock.now())
    (fact,) = await site.ready()
    held = await site.service.hold(fact.recording_id, True, "立案调查", "inspector")
    assert held["held"] is True
    site.clock.advance(100 * 86400)
    assert await site.service.purge(ninety_days) == []
    await site.service.hold(fact.recording_id, False, "结案", "inspector")
    assert await site.service.purge({"call": 200}.__getitem__) == []
    assert [kept.recording_id for kept in await site.service.purge({"call": 100}.__getitem__)] == [fact.recording_id]
    said = [entry.fact async for entry in ledger.read(site.database, kinds=[RecordingHeld])]
    assert [(one.held, one.reason, one.by) for one in said if isinstance(one, RecordingHeld)] == [
        (True, "立案调查", "inspector"),
        (False, "结案", "inspector"),
    ]
    assert (await site.verify()).findings == ()


async def test_each_recording_names_the_one_before_and_a_vanished_row_shows(site: Site) -> None:
    for number in range(3):
        uniqueid = f"1777600000.{number}"
        site.left_by(uniqueid)
        await site.call(f"call_{number}", uniqueid)
        await site.service.keep_call(f"call_{number}", site.clock.now())
    first, second, third = await site.ready()
    assert (first.previous, second.previous, third.previous) == ("", link_of(first), link_of(second))
    assert broken_links([first, second, third]) == []
    assert broken_links([first, third]) == [third]
    assert broken_links([first, replace(second, sha256="f" * 64), third]) == [third]
    async with site.database.unit_of_work() as uow:
        await uow.execute(delete(recording_tracks).where(recording_tracks.c.recording_id == second.recording_id))
        await uow.execute(delete(recordings_table).where(recordings_table.c.id == second.recording_id))
    assert [(one.recording_id, one.fault) for one in (await site.verify()).findings] == [
        (second.recording_id, Fault.ROW_GONE)
    ]


@pytest.mark.parametrize("form", ["opus", "mp3"])
async def test_another_format_plays_verifies_and_gives_its_samples_back(site: Site, form: str) -> None:
    site.left_by()
    await site.call()
    service = site.fresh_service(form=form)
    await service.keep_call("call_1", site.clock.now())
    (fact,) = await site.ready()
    playable = await service.track(fact.recording_id, "mix")
    assert playable.path.suffix == f".{form}"
    assert hash_file(playable.path) == fact.sha256
    assert (await site.verify()).findings == ()
    async with service.sound(fact.recording_id, "citizen") as path:
        assert abs(len(samples(path)) / 8000 - 0.5) < 0.1
        assert loudness(samples(path)[800:3200], CITIZEN_HZ) > 1000


async def test_the_picture_of_both_voices_and_a_marked_copy(site: Site) -> None:
    site.left_by()
    await site.call()
    await site.service.keep_call("call_1", site.clock.now())
    (fact,) = await site.ready()
    picture = await site.service.peaks(fact.recording_id, 50)
    assert {name: len(peaks) for name, peaks in picture["peaks"].items()} == {"citizen": 50, "agent": 50}
    assert min(picture["peaks"]["citizen"]) > 20
    assert picture["peaks"]["agent"][-5:] == [0] * 5, "the agent was silent at the end"
    copy = await site.service.export(fact.recording_id, "mix", "inspector")
    assert (read_mark(copy) or "").startswith("inspector 20")
    assert fact.recording_id in (read_mark(copy) or "")
    original = await site.service.track(fact.recording_id, "mix")
    assert read_mark(original.path) is None
    assert max(abs(a - b) for a, b in zip(samples(original.path), samples(copy), strict=True)) <= 1
    copy.unlink()
    copy.parent.rmdir()


@pytest.mark.parametrize("form", ["wav", "opus"])
async def test_a_sealed_recording_does_all_that_an_open_one_does(site: Site, form: str) -> None:
    keys = Keyring.of("k" * 40, seals=True)
    site.left_by()
    await site.call()
    service = site.fresh_service(form, keys)
    await service.keep_call("call_1", site.clock.now())
    (fact,) = await site.ready()
    files = sorted(path.name for path in (site.folders.archive / "2026/05/01/call_1").iterdir())
    assert files == [f"{track}.{form}.sealed" for track in ("agent", "citizen", "mix")]
    assert not list(site.folders.spool.iterdir()), "what Asterisk wrote is gone once the sealed file is safe"
    playable = await service.track(fact.recording_id, "mix")
    assert hash_file(playable.path) == fact.sha256
    opened = service.sealed(playable.path)
    assert next(opened.read(0, 4)) == (b"RIFF" if form == "wav" else b"OggS")
    async with service.sound(fact.recording_id, "citizen") as path:
        assert loudness(samples(path)[800:3200], CITIZEN_HZ) > 1000
        assert path.suffix == ".wav"
    assert not path.exists(), "the opened copy is gone"
    assert set((await service.peaks(fact.recording_id, 50))["peaks"]) == {"citizen", "agent"}
    copy = await service.export(fact.recording_id, "mix", "inspector")
    assert (read_mark(copy) or "").startswith("inspector 20")
    shutil.rmtree(copy.parent)
    assert (await verify(site.database, site.folders.archive, keys)).findings == ()


async def test_without_its_key_a_sealed_recording_is_refused_and_named(site: Site) -> None:
    site.left_by()
    await site.call()
    await site.fresh_service(keys=Keyring.of("k" * 40, seals=True)).keep_call("call_1", site.clock.now())
    (fact,) = await site.ready()
    other = Keyring.of("o" * 40, seals=True)
    stranger = site.fresh_service(keys=other)
    path = (await stranger.track(fact.recording_id, "mix")).path
    with pytest.raises(Unavailable, match="does not have"):
        stranger.sealed(path)
    with pytest.raises(Unavailable, match="does not have"):
        await stranger.export(fact.recording_id, "mix", "inspector")
    with pytest.raises(Unavailable, match="does not have"):
        await stranger.peaks(fact.recording_id, 50)
    found = (await verify(site.database, site.folders.archive, other)).findings
    assert {(one.track, one.fault) for one in found} == {(track, Fault.LOCKED) for track in ("mix", "citizen", "agent")}
    with path.open("r+b") as file:
        file.seek(200)
        file.write(b"\x55\x55")
    altered = (await verify(site.database, site.folders.archive, other)).findings
    assert ("mix", Fault.ALTERED) in {(one.track, one.fault) for one in altered}
