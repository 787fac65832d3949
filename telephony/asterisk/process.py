"""Run Asterisk: start it, notice when it dies, find it again, stop it.

Asterisk carries the conversations, so it must outlive us: it has a session of its own, and an engine that starts
again after a kill -9 adopts the Asterisk that still runs instead of starting a second one. Parent and child are treated
alike: a pidfd tells the end of either.
"""

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import structlog

from hotline.errors import HotlineError, Unavailable
from hotline.settings import Asterisk
from telephony.asterisk.installation import AsteriskInstallation
from telephony.asterisk.ports import require_free_ports
from telephony.asterisk.probe import await_fully_booted, reload_configuration
from telephony.asterisk.render import AsteriskFiles

_SECONDS_TO_START = 60.0
_SECONDS_TO_STOP = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_SECONDS_OF_HEALTH = 60.0

_log = structlog.get_logger(__name__)


class AsteriskProcess:
    """One Asterisk on this machine, ours to start and stop.

    ``start`` → ``watch`` (in a task, until cancelled) → ``stop``; or no ``stop``, to leave the conversations running.
    """

    def __init__(
        self, installation: AsteriskInstallation, files: AsteriskFiles, settings: Asterisk, password: str
    ) -> None:
        self._installation = installation
        self._files = files
        self._settings = settings
        self._password = password
        self._child: subprocess.Popen[bytes] | None = None
        self.pid: int | None = None
        self.attached = False
        """Whether it ran already when we came."""
        self.restarts = 0

    async def start(self) -> None:
        """Adopt the Asterisk that an earlier engine left, else start one; return when it is fully booted.

        Raises ConfigurationError (port taken, foreign Asterisk on our port) or Unavailable (does not come up).
        """
        pid = find_running(self._files)
        self.attached = pid is not None
        if pid is None:
            require_free_ports(self._settings)
            pid = self._spawn()
        self.pid = pid
        try:
            await self._until_ready(pid)
        except HotlineError:
            if not self.attached:
                await self.stop()
            raise
        if self.attached:
            await reload_configuration(self._settings.ami_port, self._password)
        _log.info(
            "asterisk_ready", pid=pid, attached=self.attached, version=".".join(map(str, self._installation.version))
        )

    async def watch(self, on_restart: Callable[[], None] = lambda: None) -> None:
        """Restart Asterisk when it dies, with growing pauses, until cancelled. ``on_restart``: after each success."""
        loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE
        while self.pid is not None:
            began = loop.time()
            await _await_exit(self.pid)
            code = self._reap()
            _log.error("asterisk_died", pid=self.pid, code=code, log=str(self._files.log))
            pause = _FIRST_PAUSE if loop.time() - began > _SECONDS_OF_HEALTH else pause
            pause = await self._start_again(pause)
            self.restarts += 1
            on_restart()

    async def stop(self) -> None:
        """End it: SIGTERM, after 10 s SIGKILL. Calls in progress end. Harmless when it does not run."""
        pid, self.pid = self.pid, None
        if pid is None:
            return
        for number, seconds in ((signal.SIGTERM, _SECONDS_TO_STOP), (signal.SIGKILL, _SECONDS_TO_STOP)):
            try:
                os.kill(pid, number)
                async with asyncio.timeout(seconds):
                    await _await_exit(pid)
                break
            except ProcessLookupError:
                break
            except TimeoutError:
                _log.warning("asterisk_slow_to_stop", pid=pid, signal=number.name)
        self._reap()
        self._files.pid_file.unlink(missing_ok=True)

    async def _start_again(self, pause: float) -> float:
        while True:
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                await self.start()
            except HotlineError as failure:
                _log.error("asterisk_restart_failed", reason=str(failure), next_try_seconds=round(pause, 1))
                continue
            return pause

    async def _until_ready(self, pid: int) -> None:
        """FullyBooted, or the reason why it will not come: whichever happens first."""
        ready = asyncio.ensure_future(
            await_fully_booted(self._settings.ami_port, self._password, seconds=_SECONDS_TO_START)
        )
        ended = asyncio.ensure_future(_await_exit(pid))
        try:
            await asyncio.wait((ready, ended), return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise Unavailable(
                    f"Asterisk 启动后立即退出 (代码 {self._reap()}), 见 {self._files.log}",
                    f"Asterisk ended while it started (code {self._reap()}); see {self._files.log} and {self._output}",
                )
            await ready
        finally:
            for task in (ready, ended):
                task.cancel()
            await asyncio.gather(ready, ended, return_exceptions=True)

    @property
    def _output(self) -> Path:
        return self._files.folder / "log/output"

    def _spawn(self) -> int:
        command = [*self._installation.command, "-f", "-C", str(self._files.configuration)]
        with self._output.open("wb") as output:
            self._child = subprocess.Popen(
                command,
                cwd=self._files.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,  # a file, not a pipe: it must not block or break when we are gone
                stderr=subprocess.STDOUT,
                env={**os.environ, **dict(self._installation.environment)},
                start_new_session=True,
                umask=0o077,
            )
        fresh = self._files.pid_file.with_suffix(".new")
        fresh.write_text(f"{self._child.pid}\n")
        fresh.replace(self._files.pid_file)
        return self._child.pid

    def _reap(self) -> int | None:
        """Exit code of our child, None for one that we adopted."""
        if self._child is None:
            return None
        return self._child.poll()


def find_running(files: AsteriskFiles) -> int | None:
    """Process id of the Asterisk that runs with these files, None when none does.

    A pid alone proves nothing (numbers are used again): its command line must name our configuration.
    """
    try:
        pid = int(files.pid_file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        zombie = b") Z " in Path(f"/proc/{pid}/stat").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(files.configuration).encode() in command and not zombie else None


async def require_trust(files: AsteriskFiles, settings: Asterisk, password: str) -> None:
    """Raise ConfigurationError when an Asterisk runs with these files and refuses our password.

    To be asked before its files are written anew: it, and an engine that may be using it, must go on undisturbed.
    """
    if find_running(files) is not None:
        await await_fully_booted(settings.ami_port, password, seconds=_SECONDS_TO_START)


async def _await_exit(pid: int) -> None:
    """Return when the process has ended, be it our child or not."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
