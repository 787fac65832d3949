"""What a simulated day says, as lines of text: figures with their formulas, each hour beside Erlang C, the estimate."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean

from ivr import erlang
from ivr.demand import TALK_MEAN_SECONDS, WRAP_UP_MEAN_SECONDS
from ivr.kpi import FORMULAS, PROMPT_ANSWER_SECONDS, CallOutcome, Kpi, kpi_of, tally
from ivr.simulation import MIDNIGHT, Estimate, Replay, VirtualDay

PROMPT_TARGET = 0.8
"""Answered within 15 s, by the national standard."""
WAITED_BOUNDS = (15, 30, 60, 180, 600)
"""Seconds at which the table of the estimate's errors is cut."""
SECONDS_SHOWN = (5, 10, 15, 20, 30, 60, 120, 300)


def describe(day: VirtualDay, replay: Replay) -> Iterator[str]:
    """The whole report of one day."""
    yield from describe_kpi(replay.kpi, replay.occupancy)
    yield ""
    yield from describe_hours(day, replay.outcomes)
    yield ""
    yield from describe_estimates(replay.estimates)


def describe_kpi(kpi: Kpi, occupancy: float | None) -> Iterator[str]:
    """The figures, each beside its formula."""
    yield f"{kpi.arrived} 来电 / calls, {kpi.answered} 接通 / answered, {kpi.abandoned} 放弃 / abandoned"
    rates = {
        "answer_rate": kpi.answer_rate,
        "prompt_rate": kpi.prompt_rate,
        "abandon_rate": kpi.abandon_rate,
        "occupancy": occupancy,
    }
    for name, value in rates.items():
        yield f"  {_percent(value):>8}  {FORMULAS[name]}"
    wait = "-" if kpi.average_wait is None else f"{kpi.average_wait:.2f} s"
    yield f"  {wait:>8}  {FORMULAS['average_wait']}"
    if kpi.abandoned_by_second:
        curve = dict(kpi.abandoned_by_second)
        shares = [(s, max((share for at, share in curve.items() if at < s), default=0.0)) for s in SECONDS_SHOWN]
        yield "  " + "  ".join(f"{second} s {_percent(share)}" for second, share in shares)
        yield f"  {'':>8}  {FORMULAS['abandoned_by_second']}"


def describe_hours(day: VirtualDay, outcomes: Sequence[CallOutcome]) -> Iterator[str]:
    """Each hour: what was, what Erlang C says of patient citizens, how many seats it asks for."""
    accept = day.accept_ms / 1000
    handle, within = TALK_MEAN_SECONDS + WRAP_UP_MEAN_SECONDS + accept, PROMPT_ANSWER_SECONDS - accept
    hours: dict[int, list[CallOutcome]] = defaultdict(list)
    for outcome in outcomes:
        hours[int((outcome.arrived_at - MIDNIGHT).total_seconds()) // 3600].append(outcome)
    yield "时/hour  来电/calls  Erlang   15 s     Erlang-C  等待/wait  Erlang-C  座席/seats for 80 %"
    for hour in sorted(hours):
        kpi = kpi_of(tally(hours[hour]))
        load = erlang.offered_load(kpi.arrived, handle)
        predicted = erlang.answered_within(day.seats, load, handle, within)
        wait = erlang.mean_wait(day.seats, load, handle) + accept
        needed = erlang.agents_needed(load, handle, within, PROMPT_TARGET)
        yield (
            f"{hour:>7}  {kpi.arrived:>10}  {load:>6.1f}  {_percent(kpi.prompt_rate):>7}  {_percent(predicted):>8}"
            f"  {kpi.average_wait or 0:>7.1f} s  {wait:>6.1f} s  {needed:>10}"
        )


def describe_estimates(estimates: Sequence[Estimate]) -> Iterator[str]:
    """How wrong the wait told on entering the line was, beside the rule of thumb (place × handle time / seats)."""
    if not estimates:
        yield "没有人等待,无从估计 / nobody waited, so there was nothing to estimate"
        return
    yield "等待/waited     人数/citizens  平均/mean  误差/error  偏差/bias  1 分钟内/in 60 s  经验公式/rule of thumb"
    low = 0
    for bound in (*WAITED_BOUNDS, None):
        part = [e for e in estimates if low <= e.waited and (bound is None or e.waited < bound)]
        if part:
            yield _estimate_row(f"{low}–{bound or ''} s", part)
        low = bound or low
    yield _estimate_row("全部 / all", estimates)


def _estimate_row(name: str, part: Sequence[Estimate]) -> str:
    errors = [estimate.expected - estimate.waited for estimate in part]
    plain = [abs(estimate.plain - estimate.waited) for estimate in part]
    near = sum(abs(error) <= 60 for error in errors) / len(part)
    return (
        f"{name:<14}  {len(part):>12}  {fmean(e.waited for e in part):>6.1f} s  {fmean(map(abs, errors)):>7.1f} s"
        f"  {fmean(errors):>6.1f} s  {_percent(near):>16}  {fmean(plain):>21.1f} s"
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.2f} %"
