"""Where the figures are shown: a table on the terminal, and the generated part of docs/benchmarks.md."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import psutil
from rich.console import Console
from rich.table import Table

from bench.rows import Row
from hotline.errors import HotlineError
from telephony.asterisk import locate_asterisk

BEGIN, END = "<!-- results:begin (written by `make bench`) -->", "<!-- results:end -->"


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """The table."""
    table = Table(title="bench", title_justify="left")
    for heading in ("name", "unit", "ours", "peer", "peer is", "ours / peer"):
        justify: Literal["left", "right"] = "right" if heading in ("ours", "peer", "ours / peer") else "left"
        table.add_column(heading, justify=justify, no_wrap=heading == "name")
    for row in rows:
        table.add_row(row.name, row.unit, _figure(row.ours), _figure(row.peer), row.peer_name, _figure(row.ratio))
    console.print(table)


def update_document(path: Path, rows: Sequence[Row], machine: str) -> None:
    """Put the table between the document's markers; a document without them stays as it is."""
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    filled = "\n".join([BEGIN, machine, "", *_table_lines(rows), END])
    path.write_text(pattern.sub(lambda _: filled, text), encoding="utf-8")


def read_document(path: Path) -> list[Row]:
    """The rows of the document's table, rounded as shown there: a clone has these before it has measured anything."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return []
    between = text.partition(BEGIN)[2].partition(END)[0]
    return [
        Row(name, unit, _value(ours), _value(peer), peer_name, command)
        for name, unit, ours, peer, peer_name, _, command in _ROW.findall(between)
    ]


def describe_machine(downloads: Path) -> str:
    """The machine in words, for whoever reads the figures elsewhere."""
    try:
        installation = locate_asterisk(downloads / "asterisk")
        asterisk = "Asterisk " + ".".join(map(str, installation.version)) if installation else "no Asterisk"
    except HotlineError:
        asterisk = "no Asterisk"
    gib = psutil.virtual_memory().total / 2**30
    return (
        f"Measured {date.today().isoformat()} on {psutil.cpu_count()} cores of {_processor()}, {gib:.0f} GiB, "  # noqa: DTZ011
        f"{platform.system()}, Python {platform.python_version()}, {asterisk}; "
        f"load average when the last run began {_LOAD}."
    )


_CELL = r" ([^|]*?) \|"
_ROW = re.compile(r"^\| `([^`|]+)` \|" + _CELL * 5 + r" `([^`|]+)` \|$", re.MULTILINE)
_LOAD = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())


def _table_lines(rows: Sequence[Row]) -> list[str]:
    head = ["| Row | Unit | Ours | Peer | Peer is | Ours / peer | Command |", "|-|-|-:|-:|-|-:|-|"]
    return head + [
        f"| `{row.name}` | {row.unit} | {_figure(row.ours)} | {_figure(row.peer)} | {row.peer_name} "
        f"| {_figure(row.ratio)} | `{row.command}` |"
        for row in rows
    ]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _value(shown: str) -> float:
    return float(shown.replace(",", ""))


def _processor() -> str:
    try:
        named = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        named = None
    return named[1].strip() if named else platform.machine()
