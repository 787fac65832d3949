"""``hotline prompts``: make the spoken prompts, or say which are missing or out of date."""

from pathlib import Path
from typing import Annotated

import typer

from hotline.errors import HotlineError
from ivr.prompt_maker import TEXTS, find_faults, make_prompts, wanted_prompts
from ivr.prompts import SHIPPED_PROMPTS

prompts_command = typer.Typer(add_completion=False, subcommand_metavar="", help="语音提示 / the spoken prompts")

_WORDS = {"missing": "缺少 / missing", "stale": "过期 / out of date"}


@prompts_command.callback(invoke_without_command=True)
def prompts(
    check: Annotated[bool, typer.Option("--check", help="只检查，不生成 / only look, make nothing")] = False,
    everything: Annotated[bool, typer.Option("--all", help="全部重新生成 / make all of them anew")] = False,
    folder: Annotated[
        Path, typer.Option(help="语音文件夹，其下为 <语言>/hotline / folder of the languages")
    ] = SHIPPED_PROMPTS,
) -> None:
    """生成缺少或过期的语音提示（espeak-ng）/ make the prompts that are missing or out of date."""
    faulty = 0
    for language in TEXTS:
        faulty += _see_to(folder / language / "hotline", language, check=check, everything=everything)
    raise typer.Exit(1 if faulty else 0)


def _see_to(folder: Path, language: str, *, check: bool, everything: bool) -> int:
    """Look at one language's prompts, or make them. Returns how many are still at fault."""
    faults, wanted = find_faults(folder, language), wanted_prompts(language)
    if check:
        for name, fault in faults.items():
            typer.echo(f"{name}: {_WORDS[fault]}")
        typer.echo(f"{len(wanted) - len(faults)}/{len(wanted)} 正常 / in order: {folder}")
        return len(faults)
    names = wanted if everything else list(faults)
    try:
        make_prompts(folder, names, language)
    except HotlineError as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"已生成 / made: {len(names)}, {folder}")
    return 0
