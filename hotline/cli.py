"""The one console script: ``hotline``. Every room brings its own commands; here they only get their names."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from agent_desk.commands import account_command
from asr.commands import asr_command, model_command
from callback.commands import callback_command
from callback.pacing import Pace
from callback.site import pace_of
from hotline import __version__
from hotline.errors import HotlineError
from hotline.logs import configure_logging
from hotline.settings import Secrets, Settings, load_settings
from ivr.commands import prompts_command, simulate_command
from ivr.flow.commands import flow_command
from ivr.kpi_command import kpi_command
from ivr.turns import seconds_until_open
from recordings.commands import recordings_command
from telephony.asterisk.process import find_running
from telephony.asterisk.render import AsteriskFiles
from telephony.phone.commands import phone_command
from tickets.commands import tickets_command
from tickets.concluded import read_concluded
from tickets.draft_commands import draft as draft_command
from tickets.draft_commands import learn_command
from tickets.site import TicketSite
from tickets.year.commands import replay_year


def callback_pace(settings: Settings) -> Pace:
    """When citizens may be phoned, on the calendar of deadlines."""
    return pace_of(settings, TicketSite.of(settings).rules.calendar.provisional().is_working)


def promise_hours(settings: Settings) -> Callable[[datetime], bool]:
    """When citizens may be rung whose call nobody took."""
    windows, zone = settings.promises.windows, settings.site.zone
    return lambda at: seconds_until_open(at.astimezone(zone), windows) == 0


cli = typer.Typer(
    name="hotline",
    help="hotline12345:自建 12345 热线引擎 / a self-hosted citizen hotline engine",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(account_command, name="account")
cli.add_typer(model_command, name="model")
cli.add_typer(recordings_command, name="recordings")
cli.add_typer(prompts_command, name="prompts")
cli.add_typer(flow_command, name="flow")
cli.add_typer(simulate_command(replay_year), name="simulate")
cli.add_typer(phone_command, name="phone")
cli.add_typer(tickets_command, name="tickets")
cli.command("kpi")(kpi_command)
cli.add_typer(callback_command(read_concluded, callback_pace, promise_hours), name="callback")
cli.command("draft")(draft_command)
cli.command("learn")(learn_command)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="配置文件 / the site's settings", envvar="HOTLINE_CONFIG")
]
DEFAULT_CONFIG = Path("config.yaml")


@cli.command()
def run(
    config: ConfigOption = DEFAULT_CONFIG, verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False
) -> None:
    """启动引擎 / run the engine until Ctrl+C or SIGTERM. Asterisk and its calls live on (``hotline stop``)."""
    configure_logging(level="DEBUG" if verbose else "INFO")
    sys.setswitchinterval(0.001)  # the event loop connects citizens; a thread that mixes sound may not hold it up
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # a tenth less work for each call
        runner.run(_run(load_settings(config)))


@cli.command()
def stop(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """结束引擎留下的 Asterisk / end the Asterisk that an engine left running; calls in it end."""
    pid = find_running(AsteriskFiles(folder=load_settings(config).storage.folder.resolve()))
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
    typer.echo(f"Asterisk {pid} 已停止 / stopped" if pid else "没有在运行的 Asterisk / no Asterisk runs here")


@cli.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """检查配置文件 / check the settings; every fault is named with its key's path."""
    settings = load_settings(config)
    typer.echo(f"配置正确 / the settings are right: {len(settings.lines)} lines, {len(settings.seats)} seats")


@cli.command()
def demo(
    config: ConfigOption = DEFAULT_CONFIG,
    once: Annotated[
        bool, typer.Option("--once", help="演示一遍后退出 / play the story once, report, and exit")
    ] = False,
) -> None:
    """演示:一通电话走完全程 / play one call's whole way on a real Asterisk, then stay up for you to log in."""
    from hotline.demo.story import play

    raise typer.Exit(asyncio.run(play(load_settings(config), once=once)))


@cli.command("migrate")
def migrate_command(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """升级数据库 / bring the database to this version's tables; the engine does so itself when it starts."""
    asyncio.run(_migrate(load_settings(config)))
    typer.echo("数据库已是最新 / the database is up to date")


cli.add_typer(asr_command, name="asr")


@asr_command.command("repair")
def asr_repair(
    config: ConfigOption = DEFAULT_CONFIG,
    call: Annotated[str | None, typer.Option("--call", help="通话编号 / one call, done before or not")] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", help="此日之后尚未补全的通话 / all that is owed since this day")
    ] = None,
) -> None:
    """用录音补全漏掉的转写 / complete transcripts from the recordings: what was missed while people talked."""
    settings = load_settings(config)
    began = (since or datetime(2000, 1, 1)).replace(tzinfo=settings.site.zone)  # noqa: DTZ001 (the site's zone)
    asyncio.run(_repair(settings, call, began))


@cli.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="版本 / the version", is_eager=True)] = False,
) -> None:
    """Options of the whole script."""
    if show:
        typer.echo(f"hotline12345 {__version__}")
        raise typer.Exit


async def _run(settings: Settings) -> None:
    from hotline.app import assemble, ready_asterisk
    from hotline.app import run as run_machine

    stop_asked = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop_asked.set)
    await ready_asterisk(settings)
    async with assemble(settings) as machine:
        typer.echo(f"坐席工作台 / desk: http://{settings.web.host}:{settings.web.port}/", err=True)
        await run_machine(machine, stop_asked)


async def _repair(settings: Settings, call: str | None, since: datetime) -> None:
    from asr.repair import Repaired
    from hotline.facts.recordings import RecordingReady
    from hotline.second_pass import repair_transcripts

    def show(ready: RecordingReady, found: Repaired) -> None:
        whole = "" if found.whole else "\t未完成,稍后重试 / not whole: try again"
        missing = f"{found.missing_seconds:.1f} s\t{found.utterances} 句 / utterances"
        typer.echo(f"{ready.call_id}\t{ready.recording_id}\t{missing}{whole}")

    await repair_transcripts(settings, call=call, since=since, show=show)


async def _migrate(settings: Settings) -> None:
    from hotline.bus import Bus
    from hotline.database import Database
    from hotline.migrations import migrate

    Secrets(settings.storage.folder)
    database = await Database.open(settings.database_url, Bus())
    try:
        await migrate(database)
    finally:
        await database.close()


def main() -> None:
    """The console script. An error of ours is two sentences and exit code 2, never a traceback."""
    try:
        cli(prog_name="hotline")
    except (HotlineError, BaseExceptionGroup) as failure:
        known = _ours(failure)
        if known is None:
            raise
        sys.stderr.write(f"错误:{known.zh}\nerror: {known.en}\n")
        raise SystemExit(2) from None


def _ours(failure: BaseException) -> HotlineError | None:
    """The first error raised on purpose, in a group too."""
    if isinstance(failure, BaseExceptionGroup):
        return next((known for inner in failure.exceptions if (known := _ours(inner))), None)
    return failure if isinstance(failure, HotlineError) else None


if __name__ == "__main__":
    main()
