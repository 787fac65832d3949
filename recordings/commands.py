"""``hotline recordings …``: check the archive against the ledger, and delete what has been kept long enough."""

import asyncio
import wave
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.settings import Settings, load_settings
from recordings.calls import NobodysCalls
from recordings.integrity import Verdict, verify
from recordings.keys import keys_of
from recordings.retention import Kept
from recordings.service import Folders, Recordings
from recordings.watermark import read_mark

recordings_command = typer.Typer(help="录音:校验与到期清理 / recordings: verify, purge", no_args_is_help=True)

Config = Annotated[Path, typer.Option("--config", "-c", help="配置文件 / configuration file")]
_Result = TypeVar("_Result")


@recordings_command.command("verify")
def verify_archive(config: Config = Path("config.yaml")) -> None:
    """重新计算全部录音的 sha256 并与账本比对 / hash every recording again and compare with the ledger.

    Ends with 1 when anything is missing or altered.
    """

    async def work(settings: Settings, database: Database) -> Verdict:
        return await verify(database, Folders.below(settings.storage.folder).archive, keys_of(settings))

    verdict = _with_database(config, work)
    for finding in verdict.findings:
        typer.echo(f"{finding.fault}\t{finding.recording_id}\t{finding.call_id}\t{finding.track}")
    typer.echo(
        f"{verdict.recordings} recordings, {verdict.tracks} tracks, {len(verdict.findings)} faults / "
        f"{verdict.recordings} 条录音,{verdict.tracks} 个声道,{len(verdict.findings)} 处异常"
    )
    if verdict.findings:
        raise typer.Exit(1)


@recordings_command.command("purge")
def purge_archive(
    config: Config = Path("config.yaml"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出,不删除 / list only")] = False,
) -> None:
    """删除超过保存期限的录音 / delete recordings whose time is over (recordings.retention_days); held ones stay."""

    async def work(settings: Settings, database: Database) -> list[Kept]:
        service = Recordings(
            database,
            SystemClock(),
            Folders.below(settings.storage.folder),
            calls=NobodysCalls(),
            zone=settings.site.zone,
        )
        return await service.purge(settings.recordings.days_of, dry_run=dry_run, by="hotline recordings purge")

    over = _with_database(config, work)
    for kept in over:
        typer.echo(f"{kept.ended_at:%Y-%m-%d}\t{kept.recording_id}\t{kept.call_id}")
    done = "would be deleted / 条到期(未删除)" if dry_run else "deleted / 条已删除"
    typer.echo(f"{len(over)} {done}")


@recordings_command.command("hold")
def hold_recording(
    recording: Annotated[str, typer.Argument(help="录音编号 / the recording's id")],
    reason: Annotated[str, typer.Option(help="理由 / why")],
    config: Config = Path("config.yaml"),
    lift: Annotated[bool, typer.Option("--lift", help="解除保全 / end the hold")] = False,
) -> None:
    """证据保全:到期也不删除 / legal hold: never deleted until lifted."""

    async def work(settings: Settings, database: Database) -> None:
        folders = Folders.below(settings.storage.folder)
        service = Recordings(database, SystemClock(), folders, calls=NobodysCalls(), zone=settings.site.zone)
        await service.hold(recording, not lift, reason, "hotline recordings hold")

    _with_database(config, work)
    typer.echo("已解除保全 / the hold is lifted" if lift else "已保全 / held")


@recordings_command.command("unseal")
def unseal_file(
    file: Annotated[Path, typer.Argument(help="…/mix.wav.sealed", exists=True)],
    to: Annotated[Path, typer.Argument(help="写到哪里 / where to write it")],
    config: Config = Path("config.yaml"),
) -> None:
    """解密一个文件,不需要数据库 / open one sealed file, without the database: for the day when all else is lost."""
    if to.exists():
        typer.echo(f"{to} 已存在,不覆盖 / is there already and stays as it is", err=True)
        raise typer.Exit(2)
    try:
        keys_of(load_settings(config)).unseal(file, to)
    except OSError as failure:
        to.unlink(missing_ok=True)
        typer.echo(f"无法解密 / cannot be unsealed: {failure}", err=True)
        raise typer.Exit(1) from failure


@recordings_command.command("whose")
def whose_copy(file: Annotated[Path, typer.Argument(help="导出的 wav / an exported wav", exists=True)]) -> None:
    """读出导出文件的水印:谁导出的 / read an export's watermark: who took this copy."""
    try:
        words = read_mark(file)
    except (OSError, EOFError, wave.Error) as failure:
        typer.echo(f"无法读取该文件 / the file cannot be read: {failure}", err=True)
        raise typer.Exit(2) from failure
    typer.echo(words or "没有水印 / no watermark")
    if words is None:
        raise typer.Exit(1)


def _with_database(config: Path, work: Callable[[Settings, Database], Awaitable[_Result]]) -> _Result:
    async def open_and_work() -> _Result:
        settings = load_settings(config)
        database = await Database.open(settings.database_url, Bus())
        try:
            return await work(settings, database)
        finally:
            await database.close()

    try:
        return asyncio.run(open_and_work())
    except HotlineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
