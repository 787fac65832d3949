"""``hotline recordings …`` as an operator meets it: exit codes and what is printed."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from typer.testing import CliRunner

from hotline.bus import Bus
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.settings import load_settings
from recordings.commands import recordings_command
from recordings.sealing import Keyring
from recordings.service import Folders, Recordings
from tests.integration.test_recordings_mixdown import CITIZEN_HZ, tone, write_wav
from tests.integration.test_recordings_service import KnownCalls

LONG_AGO = datetime.now(UTC) - timedelta(days=40)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site that keeps recordings for 30 days and has one that is 40 days old."""
    values = {
        "storage": {"folder": "var"},
        "lines": [{"number": "12345", "label": "12345", "group": "general"}],
        "groups": [{"id": "general", "name": "综合"}],
        "seats": [{"id": "1001", "name": "一号", "groups": ["general"]}],
        "recordings": {"retention_days": 30},
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    asyncio.run(_record(path))
    return path


async def _record(config: Path) -> None:
    settings = load_settings(config)
    folders = Folders.below(settings.storage.folder)
    folders.spool.mkdir(parents=True)
    file = write_wav(folders.spool / "1.1-in.wav", tone(CITIZEN_HZ, 0.2))
    database = await Database.open(settings.database_url, Bus())
    await database.create_all()
    clock = FakeClock(LONG_AGO)
    service = Recordings(database, clock, folders, calls=KnownCalls(), zone=ZoneInfo("Asia/Shanghai"))
    file_age = LONG_AGO.timestamp() - 60
    os.utime(file, (file_age, file_age))
    assert await service.adopt_orphans() == 1
    await database.close()


def run(config: Path, *words: str) -> tuple[int, str]:
    """The exit code and all that was printed."""
    result = CliRunner().invoke(recordings_command, [*words, "--config", str(config)])
    return result.exit_code, result.output


def test_verify_then_purge(config: Path) -> None:
    assert run(config, "verify") == (0, "1 recordings, 2 tracks, 0 faults / 1 条录音,2 个声道,0 处异常\n")
    code, told = run(config, "purge", "--dry-run")
    assert (code, told.count("unseen-1.1"), "1 would be deleted" in told) == (0, 1, True)
    assert "1 deleted" in run(config, "purge")[1]
    assert run(config, "verify")[1].startswith("0 recordings")
    assert not list((config.parent / "var/recordings").rglob("*.wav"))


def test_verify_ends_with_one_when_a_file_is_gone(config: Path) -> None:
    for file in (config.parent / "var/recordings").rglob("citizen.wav"):
        file.unlink()
    code, told = run(config, "verify")
    assert code == 1
    assert told.startswith("missing\t")


def test_a_bad_configuration_is_named(config: Path) -> None:
    config.write_text("lines: 7", encoding="utf-8")
    code, told = run(config, "verify")
    assert code == 2
    assert "lines" in told


def test_one_sealed_file_is_opened_with_nothing_but_the_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_RECORDINGS_KEY", "k" * 40)
    folder = config.parent
    plain = write_wav(folder / "mix.wav", tone(CITIZEN_HZ, 0.2))
    Keyring.of("k" * 40, seals=True).seal(plain, folder / "mix.wav.sealed")
    opened = folder / "opened.wav"
    assert run(config, "unseal", str(folder / "mix.wav.sealed"), str(opened))[0] == 0
    assert opened.read_bytes() == plain.read_bytes()
    assert run(config, "unseal", str(folder / "mix.wav.sealed"), str(opened))[0] == 2, "nothing is overwritten"
    opened.unlink()
    monkeypatch.setenv("HOTLINE_RECORDINGS_KEY", "x" * 40)
    assert run(config, "unseal", str(folder / "mix.wav.sealed"), str(opened))[0] == 1
    assert not opened.exists()
