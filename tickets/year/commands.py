"""``hotline simulate --year``: a year of intakes through the law and into a database, with a progress bar."""

import asyncio
import signal
import time
from datetime import date
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from hotline.bus import Bus
from hotline.database import Database
from hotline.migrations import migrate
from hotline.settings import Settings, load_settings
from tickets.classifier import shipped_samples
from tickets.grains import PivotWish
from tickets.pivot import Pivot
from tickets.site import TicketSite
from tickets.year.matters import YearPlan
from tickets.year.replay import YearReplay

FIRST_DAY = date(2025, 1, 1)
"""The last whole year that every published calendar knows."""


def replay_year(config: Path, total: int, seed: int) -> None:
    """Replay, or go on with it. Ctrl+C stops after the bunch at hand; the same command goes on from there."""
    asyncio.run(_replay(load_settings(config), total, seed))


def plan_of(settings: Settings, total: int, seed: int) -> YearPlan:
    """A year on this site's map, with the shipped phrases."""
    phrases: dict[str, list[str]] = {}
    for phrase, category, _ in shipped_samples():
        if category:
            phrases.setdefault(category, []).append(phrase)
    areas = settings.organisation.places or {"": [""]}
    return YearPlan(FIRST_DAY, total, seed, settings.site.zone, phrases, areas)


async def _replay(settings: Settings, total: int, seed: int) -> None:
    url = settings.storage.database or f"sqlite+aiosqlite:///{settings.storage.folder / 'year.db'}"
    typer.echo(f"写入 / into: {url.rpartition('@')[2]}")
    database = await Database.open(url, Bus())
    try:
        await migrate(database)
        await _run(database, YearReplay(database, TicketSite.of(settings), plan_of(settings, total, seed)), total)
    finally:
        await database.close()


async def _run(database: Database, replay: YearReplay, total: int) -> None:
    stop, before, began = asyncio.Event(), await replay.done(), time.perf_counter()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    title = TextColumn("年度回放 / year")
    columns = (title, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    at = before
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task("year", total=total, completed=before)
        async for at in replay.run():
            bars.update(bar, completed=at)
            if stop.is_set():
                break
    seconds = time.perf_counter() - began
    pivot = Pivot(database)
    await pivot.fold()
    table = await pivot.read(PivotWish(rows="month"))
    for row in table["cells"]:
        typer.echo(f"{row['row']}  {row['tickets']:>7}  办结 / done {row['done']:>7}")
    rate = (at - before) / seconds if seconds else 0.0
    state = "已停止,再次运行可继续 / stopped; run again to go on" if at < total else "完成 / done"
    typer.echo(f"{at - before} 件 / work orders in {seconds:.1f} s, {rate:.0f}/s; {at}/{total} {state}")
