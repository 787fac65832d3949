"""The engine as a process of its own: started, awaited, killed and started again, as a machine's service is."""

import asyncio
import os
import signal
import sys
from typing import Any

import httpx

from hotline.demo.site import Site
from hotline.errors import Unavailable
from telephony.asterisk.process import find_running
from telephony.asterisk.render import AsteriskFiles

_SECONDS_TO_BE_UP = 150.0
"""Two seconds on an idle machine; many on one that is busy with other things."""


class EngineProcess:
    """``hotline run`` for one site. ``stop`` ends Asterisk too, unless told otherwise."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._process: asyncio.subprocess.Process | None = None
        self.log = site.folder / "engine.log"
        self.module = "hotline.cli"
        """What is run; a test may put something around the engine."""

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The engine's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def asterisk_pid(self) -> int | None:
        """The process id of its Asterisk, running or left running."""
        return find_running(AsteriskFiles(folder=self.site.folder.resolve()))

    async def start(self) -> None:
        """Start it and wait until it says that it is up. Raises Unavailable with the end of its log."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.module, "run", "--config", str(self.site.config), stdout=log, stderr=log
            )
        up = asyncio.create_task(self._until_up())
        died = asyncio.create_task(self._process.wait())
        await asyncio.wait((up, died), timeout=_SECONDS_TO_BE_UP, return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if not up.done() or up.exception():
            up.cancel()
            tail = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise Unavailable(
                f"引擎未能启动,日志 {self.log}", f"the engine did not come up; the end of {self.log}:\n{tail}"
            )

    async def health(self) -> dict[str, Any]:
        """What it says of itself."""
        async with self._caller() as http:
            return await self._asked(http)

    async def kill(self) -> None:
        """kill -9: no chance to tidy up. Asterisk lives on."""
        await self._end(signal.SIGKILL)

    async def wait(self) -> None:
        """Until it has ended by itself."""
        assert self._process is not None
        await self._process.wait()

    async def terminate(self) -> int:
        """SIGTERM, as a service manager does; the exit code."""
        return await self._end(signal.SIGTERM)

    async def stop(self) -> None:
        """End the engine and then its Asterisk."""
        if self.running:
            await self._end(signal.SIGTERM)
        if (pid := self.asterisk_pid) is not None:
            os.kill(pid, signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        try:
            async with asyncio.timeout(20):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()

    async def _until_up(self) -> None:
        # Whether a process of ours listens yet cannot be awaited from outside: ask until it answers.
        async with self._caller() as http:
            while True:
                try:
                    if (await self._asked(http))["asterisk"] == "up":
                        return
                except (httpx.HTTPError, KeyError, ValueError):
                    pass
                await asyncio.sleep(0.1)

    def _caller(self) -> httpx.AsyncClient:
        # verify=False: it is plain HTTP on the loopback, and reading the machine's certificates for it takes 20 ms
        return httpx.AsyncClient(base_url=self.site.url, trust_env=False, verify=False, timeout=5)

    async def _asked(self, http: httpx.AsyncClient) -> dict[str, Any]:
        answer: dict[str, Any] = (await http.get("/api/health")).json()
        return answer
