"""``hotline prompts``: the spoken prompts. ``hotline simulate``: a day in virtual time."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, get_args

import typer

from hotline.errors import HotlineError, RuleBroken
from hotline.settings import Strategy
from ivr.demand import draw_day
from ivr.prompt_maker import TEXTS, find_faults, make_prompts, wanted_prompts
from ivr.prompts import SHIPPED_PROMPTS
from ivr.simulation import VirtualDay
from ivr.simulation_report import describe

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


Calls = Annotated[int, typer.Option(min=1, max=100_000, help="来电数 / calls of the day")]
Seats = Annotated[int, typer.Option(min=1, max=1000, help="座席数 / seats, ready all day")]
StrategyName = Annotated[str, typer.Option(help=f"分配策略 / {', '.join(get_args(Strategy))}")]
Seed = Annotated[int, typer.Option(help="随机种子 / the same seed is the same day, or year")]
Patience = Annotated[
    float, typer.Option(min=0, help="市民平均耐心(秒),0 为无限 / mean seconds before giving up; 0: never")
]
Accept = Annotated[float, typer.Option(min=0, max=19, help="座席应答用时(秒)/ seconds an agent takes to accept")]
Year = Annotated[bool, typer.Option("--year", help="回放一年的工单,可中断续跑 / a year of work orders; may be stopped")]
Number = Annotated[int, typer.Option(min=1, max=10_000_000, help="全年工单数 / work orders of the year")]
Config = Annotated[Path, typer.Option("--config", "-c", help="配置文件 / the site's settings", envvar="HOTLINE_CONFIG")]
YearReplay = Callable[[Path, int, int], None]
"""Replays a year of intakes: configuration, how many, seed. The tickets room's; handed in, as rooms do not meet."""


def simulate_command(replay_year: YearReplay) -> typer.Typer:
    """The command, with a year's replay for ``--year``."""
    command = typer.Typer(
        add_completion=False, subcommand_metavar="", help="模拟一天或一年 / a day in virtual time, or a year of intakes"
    )

    @command.callback(invoke_without_command=True)
    def choose(
        calls: Calls = 6000, seats: Seats = 60, strategy: StrategyName = "longest_idle", seed: Seed = 1,
        patience: Patience = 0, accept: Accept = 2, year: Year = False, number: Number = 642_189,
        config: Config = Path("config.yaml"),
    ) -> None:  # fmt: skip
        """模拟一天:真实的分配器;或一年:真实的工单规则与数据库 / a day of calls, or (--year) a year of work orders."""
        if year:
            replay_year(config, number, seed)
        else:
            simulate(calls, seats, strategy, seed, patience, accept)

    return command


def simulate(calls: int, seats: int, strategy: str, seed: int, patience: float, accept: float) -> None:
    """A day through the real distributor: figures, Erlang C, the wait estimate."""
    known = {name: name for name in get_args(Strategy)}
    if strategy not in known:
        raise RuleBroken(f"没有“{strategy}”这种策略", f"there is no strategy {strategy!r}: {', '.join(known)}")
    began = time.perf_counter()
    citizens = draw_day(calls, seed, patience_seconds=patience or None)
    day = VirtualDay(citizens, seats, known[strategy], accept_ms=round(accept * 1000))
    replay = day.run()
    for line in describe(day, replay):
        typer.echo(line)
    typer.echo(f"\n{strategy}, {replay.steps} 个事件 / events, {time.perf_counter() - began:.1f} s")
