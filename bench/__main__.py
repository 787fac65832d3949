"""``python -m bench [--only NAME]``: run the benchmarks, show them, keep them in var/bench.json and the document."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
from rich.console import Console

from bench.registry import BENCHMARKS, Benchmark, choose
from bench.report import describe_machine, print_rows, read_document, update_document
from bench.rows import Row, merge, read_rows, write_rows
from hotline.errors import HotlineError
from hotline.logs import configure_logging

REPOSITORY = Path(__file__).resolve().parents[1]
_QUIET_PERCENT = 35.0
_QUIET_SECONDS = 20.0


def main(
    arguments: Sequence[str] | None = None,
    *,
    known: Sequence[Benchmark] = BENCHMARKS,
    results: Path = REPOSITORY / "var/bench.json",
    document: Path = REPOSITORY / "docs/benchmarks.md",
    quiet_seconds: float = _QUIET_SECONDS,
) -> int:
    """The exit code: 0 measured, 1 a benchmark failed, 2 no such benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="a row's name, or the beginning of names")
    asked = parser.parse_args(arguments).only
    console = Console(stderr=True)
    try:
        chosen = choose(asked, known)
    except HotlineError as error:
        console.print(f"{error.zh}\n{error.en}", markup=False)
        return 2
    try:
        fresh = asyncio.run(_measure(chosen, console, quiet_seconds))
    except HotlineError as error:
        console.print(f"{error.zh}\n{error.en}", markup=False)
        return 1
    kept = merge(read_document(document), read_rows(results)) if asked else []
    rows = merge(kept, fresh)
    write_rows(results, rows)
    update_document(document, rows, describe_machine(REPOSITORY / "var"))
    print_rows(rows, Console())
    return 0


async def _measure(chosen: Sequence[Benchmark], console: Console, quiet_seconds: float) -> list[Row]:
    rows: list[Row] = []
    for number, benchmark in enumerate(chosen, 1):
        began = time.monotonic()
        with console.status(f"{number}/{len(chosen)} {benchmark.name} …") as status:
            await _until_quiet(quiet_seconds)

            def tell(line: str, name: str = benchmark.name) -> None:
                status.update(f"{name}: {line}")
                if not console.is_terminal:
                    console.print(f"{name}: {line}", markup=False, highlight=False)

            rows += await benchmark.run(tell)
        console.print(f"{benchmark.name}: {time.monotonic() - began:.0f} s", highlight=False)
    return rows


async def _until_quiet(seconds: float) -> None:
    """Give other work on this machine at most ``seconds`` to end; figures taken beside it are worth less."""
    psutil.cpu_percent()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(1)
        if psutil.cpu_percent() < _QUIET_PERCENT:
            return


if __name__ == "__main__":
    configure_logging(level="ERROR")
    sys.exit(main())
