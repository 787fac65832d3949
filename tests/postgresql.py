"""A PostgreSQL of our own for one run of tests or measurements: a temporary cluster on a free port.

No system service is touched: the server is our child, works in a temporary folder, listens on the loopback alone and
is ended by its process id. It refuses to run as root, so root starts it as an unprivileged user.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline.demo.site import free_ports
from tests.system_packages import find

_OWNER = "hotline"
_PATIENCE_SECONDS = 30.0
FORGETFUL = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_wal_size=128MB")
"""A power cut would lose everything; a test has nothing to lose."""
_MEMORY = Path("/dev/shm")
_ENOUGH_MEMORY = 1 << 30


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server that answers."""

    port: int

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's URL of one of its databases."""
        return f"postgresql+asyncpg://{_OWNER}@127.0.0.1:{self.port}/{database}"

    def dsn(self, database: str = "postgres") -> str:
        """The same for asyncpg itself."""
        return self.url(database).replace("+asyncpg", "")


def is_installed() -> bool:
    """Whether this machine has the server's programs."""
    return find("initdb") is not None and find("postgres") is not None


def in_memory() -> Path | None:
    """Where files are memory, if there is room: copying a database takes a tenth of the time there."""
    there = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH_MEMORY
    return _MEMORY if there else None


@contextmanager
def temporary_cluster(folder: Path | None = None, settings: Sequence[str] = FORGETFUL) -> Iterator[Cluster]:
    """Make it below ``folder`` (None: the system's), start it, hand it out, end it, delete it.

    ``settings``: NAME=VALUE of postgresql.conf.
    """
    initdb, postgres = find("initdb"), find("postgres")
    assert initdb is not None
    assert postgres is not None
    user, port = _unprivileged(), free_ports()["web_port"]
    with tempfile.TemporaryDirectory(prefix="hotline-pg-", dir=folder) as home:
        if user is not None:
            shutil.chown(home, user)
        data, log = Path(home, "data"), Path(home, "log")
        words = [initdb, "-D", str(data), "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(words, cwd=home, user=user, capture_output=True, text=True, check=False)
        if made.returncode:
            raise RuntimeError(f"initdb: {made.stderr or made.stdout}")
        fixed = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={home}")
        options = [word for setting in (*fixed, "max_connections=200", *settings) for word in ("-c", setting)]
        with log.open("w", encoding="utf-8") as file:
            server = subprocess.Popen(
                [postgres, "-D", str(data), *options], cwd=home, user=user, stdout=file, stderr=file
            )
        try:
            _await(server, port, log)
            yield Cluster(port)
        finally:
            server.send_signal(signal.SIGINT)  # "fast": sessions are cut, the files are closed
            server.wait(_PATIENCE_SECONDS)


def _unprivileged() -> str | None:
    """Whom root lets it run as; None where we are nobody special ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ready = find("pg_isready")
    assert ready is not None
    until = time.monotonic() + _PATIENCE_SECONDS
    while subprocess.run([ready, "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode:
        if server.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(encoding='utf-8')}")
        time.sleep(0.05)
