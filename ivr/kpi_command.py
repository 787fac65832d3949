"""``hotline kpi``: the figures of any window, read from what is kept, whether the engine runs or not."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken
from hotline.migrations import migrate
from hotline.settings import Settings, load_settings
from ivr import store
from ivr.demand import draw_day
from ivr.kpi import Kpi
from ivr.kpi_report import describe_kpi
from ivr.readings import kpi_over
from ivr.simulation import VirtualDay

When = Annotated[datetime | None, typer.Option(help="当地时间;缺省为最近 24 小时 / local time; else the last 24 hours")]
Group = Annotated[str | None, typer.Option(help="坐席组 / of this group")]
Duty = Annotated[str | None, typer.Option(help="领导接听、部门轮值场次 / of this duty session")]
Simulated = Annotated[
    bool,
    typer.Option("--simulated", help="并列同等来电与座席的模拟日 / beside a simulated day of as many calls and seats"),
]
Config = Annotated[Path, typer.Option("--config", "-c", help="配置文件 / the site's settings", envvar="HOTLINE_CONFIG")]


def kpi_command(
    since: When = None, until: When = None, group: Group = None, duty: Duty = None, simulated: Simulated = False,
    config: Config = Path("config.yaml"),
) -> None:  # fmt: skip
    """话务指标及公式,任意时段 / the figures of any window, each with its formula."""
    settings = load_settings(config)
    if group is not None and group not in {known.id for known in settings.groups}:
        raise NotFound(f"没有坐席组 {group}", f"there is no group {group!r}")
    begins, ends = window_of(settings, since, until)
    kpi, seats = asyncio.run(_read(settings, begins, ends, group, duty))
    typer.echo(f"{begins.astimezone(settings.site.zone):%F %T} – {ends.astimezone(settings.site.zone):%F %T}")
    for line in describe_kpi(kpi, kpi.occupancy):
        typer.echo(line)
    if simulated:
        for line in beside(kpi, len(seats)):
            typer.echo(line)


def window_of(settings: Settings, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Both ends, aware. Raises RuleBroken when they run backwards."""
    ends = until.replace(tzinfo=settings.site.zone) if until else SystemClock().now()
    begins = since.replace(tzinfo=settings.site.zone) if since else ends - timedelta(hours=24)
    if begins >= ends:
        raise RuleBroken("统计时段须从早到晚", "the window must begin before it ends")
    return begins, ends


async def _read(
    settings: Settings, begins: datetime, ends: datetime, group: str | None, duty: str | None
) -> tuple[Kpi, Sequence[str]]:
    """The figures, and which seats answered."""
    serving = [seat.id for seat in settings.seats if group in seat.groups] if group is not None else None
    database = await Database.open(settings.database_url, Bus())
    try:
        await migrate(database)  # a site whose engine never ran has no calls, which is no fault
        kpi = await kpi_over(database, begins, ends, group, duty, serving)
        calls = await store.load_outcomes(database, begins, ends, group, duty)
    finally:
        await database.close()
    return kpi, sorted({call.seat for call in calls if call.seat is not None})


def beside(kpi: Kpi, seats: int) -> Sequence[str]:
    """The forecast's error of a simulated day: as many calls, by the day's usual course, and as many seats all day."""
    if not kpi.arrived or not seats:
        return ["没有来电,无从比较 / no calls, so nothing to compare"]
    simulated = VirtualDay(draw_day(kpi.arrived, 1), seats).run().kpi
    error = "-" if simulated.wait_error is None else f"{simulated.wait_error:.2f} s"
    happened = "-" if kpi.wait_error is None else f"{kpi.wait_error:.2f} s"
    return [
        f"等待预报误差:实际 {happened}({kpi.told} 通),模拟 {error}({simulated.told} 通;"
        f"{kpi.arrived} 来电、{seats} 座席)",
        f"error of the forecast wait: happened {happened} ({kpi.told}), simulated {error} ({simulated.told}; "
        f"{kpi.arrived} calls, {seats} seats)",
    ]
