"""What a simulated day says, as lines of text: figures with their formulas, each hour beside Erlang C, the estimate."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean

from ivr import erlang
from ivr.demand import TALK_MEAN_SECONDS, WRAP_UP_MEAN_SECONDS
from ivr.kpi import PROMPT_ANSWER_SECONDS, CallOutcome, kpi_of, tally
from ivr.kpi_report import describe_kpi, percent
from ivr.simulation import MIDNIGHT, Estimate, Replay, VirtualDay

PROMPT_TARGET = 0.8
"""Answered within 15 s, by the national standard."""
WAITED_BOUNDS = (15, 30, 60, 180, 600)
"""Seconds at which the table of the estimate's errors is cut."""


def describe(day: VirtualDay, replay: Replay) -> Iterator[str]:
    """The whole report of one day."""
    yield from describe_kpi(replay.kpi, replay.occupancy)
    yield ""
    yield from describe_hours(day, replay.outcomes)
    yield ""
    yield from describe_estimates(replay.estimates)


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
            f"{hour:>7}  {kpi.arrived:>10}  {load:>6.1f}  {percent(kpi.prompt_rate):>7}  {percent(predicted):>8}"
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
        f"  {fmean(errors):>6.1f} s  {percent(near):>16}  {fmean(plain):>21.1f} s"
    )
