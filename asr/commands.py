"""``hotline model``: fetch a speech model, say which one is used, check one. ``hotline asr --listen``: serve one."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from asr.encryption import host_context, refuse_open_door, write_certificate
from asr.fetch import SMALL_CHINESE, PublishedModel, fetch_model
from asr.host import HostFigures, open_host
from asr.models import FoundModel, check_model, find_model
from asr.recogniser import VoskRecogniser
from asr.recognition import cores, load_recogniser, streams_of
from asr.workers import Workers
from hotline.clock import SystemClock
from hotline.errors import ConfigurationError, HotlineError
from hotline.settings import Secrets, Settings, load_settings

model_command = typer.Typer(name="model", help="语音模型 / the speech model", no_args_is_help=True)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

asr_command = typer.Typer(
    help="语音转写 / transcription", invoke_without_command=True, no_args_is_help=True, subcommand_metavar="[COMMAND]"
)

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="config.yaml", envvar="HOTLINE_CONFIG")]


@model_command.command()
def fetch(
    config: ConfigOption = Path("config.yaml"),
    to: Annotated[Path | None, typer.Option(help="folder of models; default: <storage.folder>/models")] = None,
    url: Annotated[str, typer.Option(help="where the zip is, for a mirror of your own")] = SMALL_CHINESE.url,
) -> None:
    """下载官方中文小模型(42 MB,可断点续传) / download the official small Chinese model (resumable)."""
    model = PublishedModel(SMALL_CHINESE.name, url, SMALL_CHINESE.sha256)
    try:
        folder = to or load_settings(config).storage.folder / "models"
        with _bar() as bar, httpx.Client(follow_redirects=True, timeout=30) as client:
            task = bar.add_task(model.name, total=None)
            path = fetch_model(model, folder, client, lambda have, total: bar.update(task, completed=have, total=total))
    except HotlineError as failure:
        raise _fail(failure) from failure
    _out.print(f"{path}", soft_wrap=True)


@model_command.command()
def where(config: ConfigOption = Path("config.yaml")) -> None:
    """正在使用哪个模型 / which model is used, and why."""
    try:
        settings = load_settings(config)
        found = find_model(settings.asr.model, settings.storage.folder)
    except HotlineError as failure:
        raise _fail(failure) from failure
    _out.print(_describe(found), soft_wrap=True)


@model_command.command()
def check(
    folder: Annotated[Path | None, typer.Argument(help="default: the one in use")] = None,
    config: ConfigOption = Path("config.yaml"),
) -> None:
    """实际加载一次模型 / load the model once to prove that it works."""
    try:
        if folder is None:
            settings = load_settings(config)
            folder = find_model(settings.asr.model, settings.storage.folder).folder
        check_model(folder)
        asyncio.run(VoskRecogniser.load(folder, Workers(1)))
    except HotlineError as failure:
        raise _fail(failure) from failure
    _out.print(f"{folder}: 可用 / it works", soft_wrap=True)


@asr_command.callback()
def listen(
    context: typer.Context,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="作为识别主机运行 / recognise for engines elsewhere")
    ] = "",
    config: ConfigOption = Path("config.yaml"),
) -> None:
    """语音转写;--listen 让本机为其他引擎识别(口令 HOTLINE_ASR_SECRET)/ transcription; --listen: serve other engines."""
    if context.invoked_subcommand is not None or not listen:
        return
    try:
        host, port = read_address(listen)
        asyncio.run(_serve(load_settings(config), host, port))
    except HotlineError as failure:
        raise _fail(failure) from failure


@asr_command.command()
def certificate(
    names: Annotated[list[str], typer.Argument(help="引擎连接本机用的名称或 IP / names or addresses engines use")],
    to: Annotated[Path, typer.Option(help="folder")] = Path("."),
) -> None:
    """生成自签名证书 asr.pem 和私钥 asr.key(识别主机用)/ make a self-signed certificate for a recognition host."""
    try:
        made, key = write_certificate(names, to, SystemClock().now())
    except HotlineError as failure:
        raise _fail(failure) from failure
    _out.print(f"asr.tls.certificate: {made}\nasr.tls.key: {key}", soft_wrap=True)
    _out.print(f"引擎 / engine: asr.tls.trust: {made.name}", soft_wrap=True)


def read_address(text: str) -> tuple[str, int]:
    """``HOST:PORT``. Raises ConfigurationError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ConfigurationError(f"--listen 需要 主机:端口,而不是 {text}", f"--listen wants HOST:PORT, not {text}")
    return host.strip("[]"), int(port)


async def _serve(settings: Settings, host: str, port: int) -> None:
    tls = host_context(settings.asr.tls)
    refuse_open_door(host, tls, unencrypted=settings.asr.unencrypted)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    workers = Workers(settings.asr.workers or cores())
    try:
        recogniser, state = await load_recogniser(settings, workers)
        if recogniser is None or state.model is None:
            raise ConfigurationError(state.reason_zh, state.reason_en)
        figures = HostFigures(state.model.name, streams_of(settings.asr))
        secret = Secrets(settings.storage.folder).asr_secret
        async with open_host(
            host, port, recogniser, figures, secret, tls=tls, unencrypted=settings.asr.unencrypted
        ) as (_, heard_at):
            way = "TLS" if tls else "未加密 / unencrypted"
            told = f"{host}:{heard_at}, {way}, {figures.model}, {figures.streams} 路 / voices"
            _err.print(f"识别主机 / recognition host: {told}", soft_wrap=True)
            await stop.wait()
    finally:
        workers.close()


def _describe(found: FoundModel) -> str:
    note = "\n仅供测试,识别不了真人讲话 / test model: it fails on people" if found.is_test_model else ""
    return f"{found.folder}\n({found.found_by}){note}"


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), console=_err
    )


def _fail(failure: HotlineError) -> typer.Exit:
    _err.print(failure.zh, soft_wrap=True)
    _err.print(failure.en, soft_wrap=True)
    return typer.Exit(1)
