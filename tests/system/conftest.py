"""A private Asterisk for the whole test session: free ports, a temporary folder, ended afterwards.

    def test_something(asterisk: RunningAsterisk) -> None:
        asterisk.settings.asterisk.ami_port, asterisk.secrets.ami_password, asterisk.files.monitor …

The fetched tree is the repository's ``var/asterisk`` (fetched when absent). Tests share this Asterisk: leave no
calls behind.
A test that kills or restarts Asterisk takes ``fresh_asterisk`` instead, which is its own.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hotline.demo.site import free_ports
from hotline.settings import Secrets, Settings, check_settings
from telephony.asterisk import AsteriskFiles, AsteriskInstallation, AsteriskProcess, ensure_asterisk, render

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class RunningAsterisk:
    """What a test needs to know about it."""

    settings: Settings
    secrets: Secrets
    installation: AsteriskInstallation
    files: AsteriskFiles
    process: AsteriskProcess


def private_settings(folder: Path, **changes: Any) -> Settings:
    """Settings of a small site on free ports; ``changes`` replace whole sections."""
    asterisk = free_ports() | {"fallback_after_seconds": 2}
    values = {
        "storage": {"folder": str(folder)},
        "web": {"port": asterisk.pop("web_port")},
        "asterisk": asterisk,
        "lines": [{"number": "12345", "label": "市民热线", "group": "general"}],
        "groups": [{"id": "general", "name": "综合"}],
        "seats": [{"id": str(number), "groups": ["general"]} for number in range(1001, 1007)],
        **changes,
    }
    return check_settings(values, base=folder)


@contextmanager
def running_asterisk(folder: Path, installation: AsteriskInstallation, **changes: Any) -> Iterator[RunningAsterisk]:
    """Start one, hand it out, end it."""
    settings = private_settings(folder, **changes)
    secrets = Secrets(folder)
    prompts = REPOSITORY / "ivr/sounds"
    files = render(settings, secrets, installation, folder, prompts=prompts if prompts.exists() else None)
    process = AsteriskProcess(installation, files, settings.asterisk, secrets.ami_password)
    asyncio.run(process.start())
    try:
        yield RunningAsterisk(settings, secrets, installation, files, process)
    finally:
        asyncio.run(process.stop())


@pytest.fixture(scope="session")
def installation() -> AsteriskInstallation:
    """The Asterisk of this machine, or the fetched one (20 s the first time)."""
    return ensure_asterisk(REPOSITORY / "var")


@pytest.fixture(scope="session")
def asterisk(tmp_path_factory: pytest.TempPathFactory, installation: AsteriskInstallation) -> Iterator[RunningAsterisk]:
    """The session's Asterisk: seats 1001 to 1006, line 12345, heartbeat older than 2 s is dead."""
    with running_asterisk(tmp_path_factory.mktemp("asterisk"), installation) as running:
        yield running


@pytest.fixture
def fresh_asterisk(tmp_path: Path, installation: AsteriskInstallation) -> Iterator[RunningAsterisk]:
    """One for this test alone."""
    with running_asterisk(tmp_path, installation) as running:
        yield running
