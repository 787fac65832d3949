"""``hotline flow``: check a flow, draw it, walk it in the terminal."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from hotline.errors import HotlineError
from hotline.settings import load_settings
from ivr.flow.book import SHIPPED_FLOWS, known_names_of, known_prompts, read_text
from ivr.flow.checks import KnownNames
from ivr.flow.drawing import draw_mermaid, draw_svg
from ivr.flow.model import Flow
from ivr.flow.reading import read_flow
from ivr.flow.simulation import simulate

flow_command = typer.Typer(no_args_is_help=True, add_completion=False, help="来电流程 / the flows of calls")

FileArgument = Annotated[Path, typer.Argument(help="流程文件，或自带流程的名字 / a file, or a shipped flow's name")]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="按此站点检查座席组和录音 / check against this site", envvar="HOTLINE_CONFIG"),
]


@flow_command.command()
def check(file: FileArgument, config: ConfigOption = None) -> None:
    """检查流程，一次列出所有错误及行号 / check a flow: every fault at once, with its line."""
    flow = _read(file, config)
    typer.echo(f"流程正确 / in order: {flow.name} ({flow.version}), {len(flow.nodes)} 个节点 / nodes")


@flow_command.command()
def draw(
    file: FileArgument,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=".svg 或 .mmd；不写则输出 Mermaid / else Mermaid")
    ] = None,
) -> None:
    """画出流程图 / draw a flow: Mermaid to the terminal, or an .svg."""
    flow = _read(file, None)
    if out is None:
        typer.echo(draw_mermaid(flow), nl=False)
        return
    out.write_text(draw_svg(flow) if out.suffix == ".svg" else draw_mermaid(flow), encoding="utf-8")
    typer.echo(f"{out}", err=True)


@flow_command.command("simulate")
def simulate_command(
    file: FileArgument,
    caller: Annotated[str, typer.Option(help="主叫号码 / the caller's number")] = "13800000001",
    dialled: Annotated[str, typer.Option(help="被叫号码 / the number dialled")] = "12345",
) -> None:
    """在终端里走一遍流程 / walk a flow: type keys, `say …`, an empty line for silence; answers where it asks."""
    flow = _read(file, None)
    lines = (line.rstrip("\r\n") for line in sys.stdin)
    outcome = simulate(flow, lines, typer.echo, caller=caller, dialled=dialled)
    typer.echo(f"= {outcome.how} @ {outcome.node}, {outcome.steps} 步 / steps")


def _read(file: Path, config: Path | None) -> Flow:
    path = file
    shipped = SHIPPED_FLOWS / f"{file}.yaml"
    if not file.exists() and file.name == str(file) and shipped.is_file():
        path = shipped
    try:
        known = KnownNames(prompts=known_prompts())
        if config is not None:
            settings = load_settings(config)
            sounds = settings.storage.folder / "sounds"
            known = known_names_of(settings, sounds)
        return read_flow(read_text(path), source=str(path), known=known)
    except HotlineError as problem:
        typer.echo(f"{problem.zh}\n{problem.en}", err=True)
        raise typer.Exit(1) from None
