"""``hotline callback audit``: the proof, for any period, that every citizen was phoned back."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from sqlalchemy import select

from callback.audit import Proof, prove
from callback.pacing import Pace
from callback.port import VISIT
from callback.tables import callback_attempts, callback_tasks
from callback.task_readings import label
from hotline.bus import Bus
from hotline.database import Database
from hotline.errors import RuleBroken
from hotline.migrations import migrate
from hotline.settings import Settings, load_settings

Rows = Sequence[dict[str, Any]]
Config = Annotated[Path, typer.Option("--config", "-c", help="配置文件 / configuration file")]
From = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="起始日 / first day")]
To = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="截止日 / last day")]


RingsBack = Callable[[datetime], bool]
"""Whether a citizen whose call nobody took may be rung then."""


class OrdersRead(Protocol):
    """Reads work orders for the proof; the tickets room's."""

    async def __call__(self, database: Database, since: datetime, until: datetime) -> tuple[Rows, Rows]:
        """{id, number, disposition} of main orders that ended in the period, and of those that wait for a visit."""
        ...


class PaceMade(Protocol):
    """The windows of a site on its own calendar; made where both rooms are known."""

    def __call__(self, settings: Settings) -> Pace: ...


def callback_command(
    read_orders: OrdersRead, make_pace: PaceMade, make_rings_back: Callable[[Settings], RingsBack]
) -> typer.Typer:
    """The command, with what other rooms know handed in."""
    command = typer.Typer(help="回访:核查 / return visits: the proof", no_args_is_help=True)

    @command.callback()
    def choose() -> None:
        """Return visits from the command line."""

    @command.command("audit")
    def audit(config: Config = Path("config.yaml"), since: From = None, until: To = None) -> None:
        """逐项核查:每件工单都有回访结果,无重复,无时段外拨打 / every work order has its outcome; exit 1 on a hole."""
        settings = load_settings(config)
        zone = settings.site.zone
        first = since.date() if since is not None else date(2000, 1, 1)
        last = until.date() if until is not None else datetime.now(UTC).astimezone(zone).date()
        if last < first:
            raise RuleBroken("截止日早于起始日", "--to lies before --from", code="bad_field")
        begins = datetime.combine(first, time(), zone)
        ends = datetime.combine(last + timedelta(days=1), time(), zone)
        rings_back = make_rings_back(settings)
        proof = asyncio.run(_prove(settings, begins, ends, read_orders, make_pace(settings), rings_back))
        _show(proof, first, last)
        raise typer.Exit(1 if proof.holes else 0)

    return command


async def _prove(
    settings: Settings, since: datetime, until: datetime, read: OrdersRead, pace: Pace, rings_back: RingsBack
) -> Proof:
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database_url, Bus())
        stack.push_async_callback(database.close)
        await migrate(database)
        orders, waiting = await read(database, since, until)
        return await prove_period(database, since, until, orders, waiting, pace, rings_back)


async def prove_period(
    database: Database, since: datetime, until: datetime, orders: Rows, waiting: Rows, pace: Pace,
    rings_back: RingsBack = lambda _: True,
) -> Proof:  # fmt: skip
    """The proof over the callback room's tables and these work orders."""
    tasks, attempts = callback_tasks.c, callback_attempts.c
    async with database.reading() as connection:
        closed = select(tasks.id, tasks.number, tasks.disposition).where(
            tasks.state == "closed", tasks.done_at >= since, tasks.done_at < until
        )
        dialled = select(callback_attempts, tasks.kind).join(callback_tasks, tasks.id == attempts.task_id)
        dialled = dialled.where(attempts.dialled_at >= since, attempts.dialled_at < until)
        still_open = select(tasks.ticket_id).where(tasks.state != "closed", tasks.kind == VISIT)
        done = [dict(row) for row in (await connection.execute(closed)).mappings()]
        rung = [dict(row) for row in (await connection.execute(dialled)).mappings()]
        subjects = frozenset((await connection.execute(still_open)).scalars())
    return prove(orders, waiting, done, rung, subjects, pace.is_open, rings_back)


def _show(proof: Proof, first: date, last: date) -> None:
    typer.echo(f"{first} … {last}")
    typer.echo(f"已办结工单 / work orders ended: {proof.orders}")
    for name, count in sorted(proof.dispositions.items(), key=lambda item: -item[1]):
        typer.echo(f"  {label(name)}\t{count}")
    typer.echo(f"回访任务 / tasks closed: {proof.tasks}; 拨打 / attempts: {proof.attempts}")
    for name, count in sorted(proof.outcomes.items(), key=lambda item: -item[1]):
        typer.echo(f"  {label(name)}\t{count}")
    for hole in proof.holes:
        typer.echo(f"缺口 / hole: {hole.what}: {hole.zh} / {hole.en}")
    verdict = "存在缺口 / holes" if proof.holes else "件件有结果,无重复,无时段外 / all ended, no double, no bad hour"
    typer.echo(f"{len(proof.holes)}: {verdict}")
