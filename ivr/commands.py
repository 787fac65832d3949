"""``hotline prompts``: make the spoken prompts, or say which are missing or out of date."""

from pathlib import Path
from typing import Annotated

import typer

from hotline.errors import HotlineError
from ivr.prompt_maker import find_faults, make_prompts, wanted_prompts
from ivr.prompts import PROMPT_FOLDER

prompts_command = typer.Typer(add_completion=False, subcommand_metavar="", help="语音提示 / the spoken prompts")

_WORDS = {"missing": "缺少 / missing", "stale": "过期 / out of date"}


@prompts_command.callback(invoke_without_command=True)
def prompts(
    check: Annotated[bool, typer.Option("--check", help="只检查，不生成 / only look, make nothing")] = False,
    everything: Annotated[bool, typer.Option("--all", help="全部重新生成 / make all of them anew")] = False,
    folder: Annotated[Path, typer.Option(help="语音文件夹 / folder of the wavs")] = PROMPT_FOLDER,
) -> None:
    """生成缺少或过期的语音提示（espeak-ng）/ make the prompts that are missing or out of date."""
    faults = find_faults(folder)
    if check:
        for name, fault in faults.items():
            typer.echo(f"{name}: {_WORDS[fault]}")
        typer.echo(f"{len(wanted_prompts()) - len(faults)}/{len(wanted_prompts())} 正常 / in order: {folder}")
        raise typer.Exit(1 if faults else 0)
    names = wanted_prompts() if everything else list(faults)
    try:
        make_prompts(folder, names)
    except HotlineError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"已生成 / made: {len(names)}, {folder}")
