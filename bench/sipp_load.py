"""SIPp as a crowd of telephones: its scenarios in ``bench/sipp``, started, awaited and ended by its process id.

Words in capitals in a scenario are filled in here. SIPp's own report (``-trace_stat``) says what failed.
"""

import asyncio
import csv
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline.errors import Unavailable

SCENARIOS = Path(__file__).parent / "sipp"
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """What one SIPp says of its calls."""

    made: int
    succeeded: int
    failed: int


class Sipp:
    """One running SIPp with a folder of its own."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, port: int) -> None:
        self._process = process
        self._folder = folder
        self.port = port

    async def ended(self, timeout: float) -> Report:
        """Wait until it has made its last call and that call has ended. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            await self._process.wait()
        return self.report()

    def report(self) -> Report:
        """Its last line of statistics. Raises Unavailable when it wrote none."""
        files = sorted(self._folder.glob("*_.csv"))
        rows = list(csv.DictReader(files[-1].read_text().splitlines(), delimiter=";")) if files else []
        if not rows:
            said = (self._folder / "out.log").read_text(errors="replace")[-800:]
            raise Unavailable("SIPp 没有留下统计", f"SIPp left no statistics; the end of what it said:\n{said}")
        last = rows[-1]
        made, good, bad = (int(last[name]) for name in ("TotalCallCreated", "SuccessfulCall(C)", "FailedCall(C)"))
        return Report(made, good, bad)

    def end(self) -> None:
        """End it now, its calls left as they are."""
        if self._process.returncode is None:
            self._process.kill()


@asynccontextmanager
async def sipp(
    scenario: str,
    folder: Path,
    arguments: Sequence[str],
    *,
    server: Address | None = None,
    users: Sequence[str] = (),
    port: int | None = None,
    **words: object,
) -> AsyncIterator[Sipp]:
    """Start ``bench/sipp/<scenario>.xml`` with its ``WORDS`` replaced; it is ended on leaving.

    ``server``: where it calls; None: it answers. ``users``: lines of fields, one a call. Raises Unavailable where
    there is no SIPp.
    """
    await asyncio.to_thread(_lay_out, folder, _filled(scenario, words), users)
    port = port or free_udp_port()
    command = [
        *("sipp", *([f"{server[0]}:{server[1]}"] if server else []), "-sf", str(folder / "scenario.xml")),
        *("-i", "127.0.0.1", "-p", str(port), "-nostdin", "-trace_stat", "-fd", "1", "-trace_err"),
        *("-trace_logs", "-skip_rlimit", *arguments),
    ]
    if users:
        command += ["-inf", str(folder / "users.csv")]
    with (folder / "out.log").open("wb") as log:
        try:
            process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=log, stderr=log)
        except FileNotFoundError as failure:
            raise Unavailable(
                "没有 SIPp:apt-get install sip-tester", "no SIPp: apt-get install sip-tester"
            ) from failure
    running = Sipp(process, folder, port)
    try:
        yield running
    finally:
        running.end()
        await process.wait()


def _lay_out(folder: Path, scenario: str, users: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.xml").write_text(scenario, encoding="utf-8")
    if users:
        (folder / "users.csv").write_text("\n".join(["SEQUENTIAL", *users]) + "\n", encoding="utf-8")


def _filled(scenario: str, words: Mapping[str, object]) -> str:
    text = (SCENARIOS / f"{scenario}.xml").read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(word, str(value))
    return text


def free_udp_port() -> int:
    """A UDP port of loopback that nobody has at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
