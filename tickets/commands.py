"""``hotline tickets …``: deadlines after the calendar changed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.migrations import migrate
from hotline.settings import Settings, load_settings
from tickets.process_book import ProcessBook
from tickets.recompute import Recomputed, recompute
from tickets.site import TicketSite

tickets_command = typer.Typer(help="工单:期限重算 / work orders: recompute deadlines", no_args_is_help=True)


@tickets_command.callback()
def choose() -> None:
    """Work orders from the command line."""


@tickets_command.command("recompute")
def recompute_deadlines(
    config: Annotated[Path, typer.Option("--config", "-c", help="配置文件 / configuration file")] = Path("config.yaml"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出,不修改 / list only")] = False,
) -> None:
    """日历变更后重算未结工单期限 / replay every open deadline under the calendar of today.

    Safe while the engine runs: each change is one transaction that loses against whoever moved the work order first.
    """
    settings = load_settings(config)
    moved = asyncio.run(_recompute(settings, dry_run))
    for one in moved:
        before, after = _local(one.before, settings.site.zone), _local(one.after, settings.site.zone)
        typer.echo(f"{one.number}\t{before}\t→\t{after}")
    done = "would move / 个期限将变更(未修改)" if dry_run else "moved / 个期限已变更"
    typer.echo(f"{len(moved)} {done}")


async def _recompute(settings: Settings, dry_run: bool) -> Sequence[Recomputed]:
    database, clock, site = await Database.open(settings.database_url, Bus()), SystemClock(), TicketSite.of(settings)
    try:
        await migrate(database)
        return await recompute(database, clock, site, ProcessBook(site.process, clock), dry_run=dry_run)
    finally:
        await database.close()


def _local(instant: datetime | None, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}" if instant else "-"
