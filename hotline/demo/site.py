"""A site of its own for a demonstration or a test: a folder with settings, free ports, accounts and a database.

Everything lies below one folder and listens on loopback, so that several run beside each other.
"""

import asyncio
import fcntl
import functools
import json
import os
import random
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.demo.people import Login
from hotline.migrations import migrate
from hotline.security import Passwords, Security, seed_accounts
from hotline.settings import Settings, load_settings

ALL_DAY = [["00:00", "23:59:59"]]
_RTP_PORTS = 2000
_ABOVE_EPHEMERAL = range(61000, 65500)


@dataclass(frozen=True)
class Site:
    """A site ready to be run."""

    config: Path
    settings: Settings
    logins: Mapping[str, Login]

    @property
    def url(self) -> str:
        """Where browsers go."""
        return f"http://{self.settings.web.host}:{self.settings.web.port}"

    @property
    def folder(self) -> Path:
        """Where its data lies."""
        return self.settings.storage.folder


async def prepare_site(
    folder: Path, base: Settings, *, fresh_ports: bool, passwords: Passwords | None = None, **changes: Mapping[str, Any]
) -> Site:
    """Write ``folder/config.yaml`` from ``base`` with ``changes`` by section, migrate, and seed the accounts.

    ``passwords`` hashes theirs, and is closed.
    """
    values = base.model_dump(mode="json")
    values["storage"] = {"folder": ".", "downloads": str(base.downloads.resolve()), "database": ""}
    values["callback"] |= {"windows": ALL_DAY, "working_days_only": False}
    if fresh_ports:
        values["asterisk"] |= free_ports()
        values["web"]["port"] = values["asterisk"].pop("web_port")
    for section, change in changes.items():
        values[section] = values[section] | dict(change) if isinstance(values[section], dict) else change
    config = folder / "config.yaml"
    await asyncio.to_thread(_write, config, yaml.safe_dump(values, allow_unicode=True, sort_keys=False))
    settings = load_settings(config)
    return Site(config, settings, await _seed(settings, passwords))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


async def _seed(settings: Settings, passwords: Passwords | None) -> Mapping[str, Login]:
    """Accounts of the demonstration; their passwords are kept in a file only we can read, so that it can run again."""
    path = settings.storage.folder / "logins.json"
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    database = await Database.open(settings.database_url, Bus())
    try:
        await migrate(database)
        security = Security.open(database, SystemClock(), settings.web.session_hours, passwords)
        for seeded in await seed_accounts(security.accounts, settings):
            if seeded.password is not None:
                known[seeded.account.account] = seeded.password
        security.close()
    finally:
        await database.close()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(known, file, indent=1)
    return {account: Login(account, password) for account, password in known.items()}


def ports_free(settings: Settings) -> bool:
    """Whether nobody uses the ports of these settings now."""
    ports = settings.asterisk
    tcp = (ports.http_port, ports.ami_port, ports.agi_port, ports.audiosocket_port, settings.web.port)
    wanted = [(socket.SOCK_STREAM, port) for port in tcp]
    wanted += [(socket.SOCK_DGRAM, port) for port in (ports.sip_port, ports.trunk.port)]
    try:
        with ExitStack() as held:
            for kind, port in wanted:
                taken = held.enter_context(socket.socket(socket.AF_INET, kind))
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind is socket.SOCK_STREAM)
                taken.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def free_ports() -> dict[str, Any]:
    """Ports nobody uses now, in the shape of the ``asterisk`` section, and ``web_port``; no number twice.

    They are promised to us until this process ends: several prepare sites at once. They lie above the kernel's own
    range, which it hands to anybody's outgoing connection at any moment. Settings refuse one number for two keys, also
    where one is TCP and the other UDP, so each is free for both.
    """
    names = ("http_port", "ami_port", "agi_port", "audiosocket_port", "web_port", "sip_port", "trunk")
    ports: dict[str, Any] = {}
    candidates = iter(random.sample(_ABOVE_EPHEMERAL, len(_ABOVE_EPHEMERAL)))
    for name in names:
        port = next((port for port in candidates if _reserve(port) and _is_free(port)), None)
        if port is None:
            raise OSError("no free port")
        ports[name] = port
    first = _free_range(_RTP_PORTS)
    trunk = {"host": "127.0.0.1", "port": ports.pop("trunk")}
    return ports | {"trunk": trunk, "rtp_first": first, "rtp_last": first + _RTP_PORTS}


def _reserve(port: int) -> bool:
    """Whether no other process of ours has picked it: between picking and use it is only promised. Until we end.

    A byte of one file for each port, locked: locks go with their process, however it ends.
    """
    try:
        fcntl.lockf(_promises(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


@functools.cache
def _promises() -> int:
    """The file, opened once and never closed: closing it would give every port back."""
    path = Path(tempfile.gettempdir()) / f"hotline12345-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _is_free(port: int) -> bool:
    """Whether nobody on loopback has it, for TCP or for UDP."""
    with ExitStack() as held:
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                held.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_range(size: int) -> int:
    """The first port of a run of UDP ports below the kernel's own range, with nobody on its ends and middle."""
    starts = range(12000, 32000 - size, size + 100)
    for first in random.sample(starts, len(starts)):
        with ExitStack() as held:
            try:
                for port in (first, first + size // 2, first + size):
                    held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise OSError("no free range of UDP ports")
