"""The wait that citizens are told, measured against what followed; calls that we made are no calls that came."""

from datetime import UTC, datetime, timedelta

from ivr.kpi import CallOutcome, kpi_of, tally

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def answered(after: float, told: float | None, *, told_at: float = 0.0, promise: str | None = None) -> CallOutcome:
    return CallOutcome(
        f"c{after}{told}", "a", NOON, NOON, NOON + timedelta(seconds=after), seat="1001", promise=promise,
        told_wait=told, told_at=None if told is None else NOON + timedelta(seconds=told_at),
    )  # fmt: skip


def test_the_error_is_that_of_the_first_word_from_its_moment_on() -> None:
    calls = [answered(100, 60), answered(30, 50, told_at=10), answered(5, None)]
    kpi = kpi_of(tally(calls))
    assert (kpi.told, kpi.wait_error, kpi.wait_bias) == (2, 35.0, -5.0)  # 40 s too little, 30 s too much


def test_who_gave_up_tells_nothing_about_the_estimate() -> None:
    gone = CallOutcome("c", "a", NOON, NOON, None, NOON + timedelta(seconds=9), told_wait=60.0, told_at=NOON)
    kpi = kpi_of(tally([gone]))
    assert (kpi.told, kpi.wait_error, kpi.wait_bias) == (0, None, None)


def test_windows_add_up_and_a_call_is_taken_out_again() -> None:
    one, other = tally([answered(100, 60)]), tally([answered(30, 40)])
    assert one + other == tally([answered(100, 60), answered(30, 40)])
    one.add(answered(100, 60), -1)
    assert (one.told, one.told_error_ms, one.told_bias_ms) == (0, 0, 0)


def test_a_call_that_we_made_counts_nowhere() -> None:
    kpi = kpi_of(tally([answered(3, 2, promise="owed_1")]))
    assert (kpi.arrived, kpi.answered, kpi.told) == (0, 0, 0)
