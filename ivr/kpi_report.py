"""Figures as lines of text, each beside its formula: of a simulated day and of what really happened, in one form."""

from collections.abc import Iterator

from ivr.kpi import FORMULAS, Kpi

SECONDS_SHOWN = (5, 10, 15, 20, 30, 60, 120, 300)


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
        yield f"  {percent(value):>8}  {FORMULAS[name]}"
    yield f"  {_seconds(kpi.average_wait):>8}  {FORMULAS['average_wait']}"
    yield f"  {_seconds(kpi.wait_error):>8}  {FORMULAS['wait_error']} ({kpi.told})"
    yield f"  {_seconds(kpi.wait_bias):>8}  {FORMULAS['wait_bias']}"
    if kpi.abandoned_by_second:
        curve = dict(kpi.abandoned_by_second)
        shares = [(s, max((share for at, share in curve.items() if at < s), default=0.0)) for s in SECONDS_SHOWN]
        yield "  " + "  ".join(f"{second} s {percent(share)}" for second, share in shares)
        yield f"  {'':>8}  {FORMULAS['abandoned_by_second']}"


def percent(share: float | None) -> str:
    """Of 0–1."""
    return "-" if share is None else f"{share * 100:.2f} %"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"
