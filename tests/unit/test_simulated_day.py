"""A replayed day: the floor's figures against a reference by hand and against Erlang's formula."""

from random import Random
from statistics import fmean

import pytest

from hotline.settings import Strategy
from ivr import erlang
from ivr.demand import HOURLY_PERCENT, WEEKDAY_FACTOR, Citizen, calls_expected, draw_day
from ivr.simulation import Replay, VirtualDay
from tests.unit.reference_queue import ReferenceDay, replay

STRATEGIES: tuple[Strategy, ...] = (
    "longest_idle",
    "fewest_calls",
    "last_agent",
    "round_robin",
    "ring_all",
    "skill_level_first",
)


def figures_agree(day: Replay, hand: ReferenceDay, citizens: int) -> None:
    kpi = day.kpi
    answered = len(hand.waits_ms)
    assert (kpi.arrived, kpi.queued, kpi.answered, kpi.abandoned) == (
        citizens,
        citizens,
        answered,
        len(hand.gave_up_ms),
    )
    assert kpi.within_15s == sum(wait <= 15_000 for wait in hand.waits_ms.values())
    assert kpi.answer_rate == answered / citizens
    assert kpi.average_wait == sum(hand.waits_ms.values()) / 1000 / answered
    for second, share in kpi.abandoned_by_second:
        gone = sum(min(waited // 1000, 600) <= second for waited in hand.gave_up_ms.values())
        assert share == gone / citizens


def short_day(calls: int, seed: int, patience: float | None) -> list[Citizen]:
    """A day's citizens squeezed into two hours, so that lines form."""
    return [
        Citizen(c.number, c.arrives_ms // 12, c.talks_ms, c.wraps_ms, c.patience_ms)
        for c in draw_day(calls, seed, patience_seconds=patience)
    ]


@pytest.mark.parametrize("patience", [None, 90.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_by_hand_gives_the_same_figures_and_the_same_seats(seed: int, patience: float | None) -> None:
    citizens = short_day(600, seed, patience)
    day = VirtualDay(citizens, seats=21, accept_ms=2500, estimating=False).run()
    hand = replay(citizens, 21, 2500)
    figures_agree(day, hand, 600)
    assert day.taken == hand.calls_by_seat
    assert day.kpi.average_wait is not None
    assert day.kpi.average_wait > 3  # there were lines, else nothing was compared


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_strategy_lets_anybody_wait_longer_than_another(strategy: Strategy) -> None:
    citizens = short_day(300, 7, None)
    day = VirtualDay(citizens, seats=12, strategy=strategy, accept_ms=0, estimating=False).run()
    figures_agree(day, replay(citizens, 12, 0), 300)
    assert sum(day.taken.values()) == 300
    assert (day.refused > 0) is (strategy == "ring_all")


def test_fewest_calls_shares_more_evenly_than_chance() -> None:
    citizens = short_day(300, 7, None)
    taken = VirtualDay(citizens, seats=20, strategy="fewest_calls").run().taken.values()
    assert max(taken) - min(taken) <= 4


def test_the_estimate_is_nearer_than_the_rule_of_thumb() -> None:
    estimates = VirtualDay(short_day(600, 5, None), seats=28, accept_ms=0).run().estimates
    assert len(estimates) > 200
    error = fmean(abs(e.expected - e.waited) for e in estimates)
    assert error < fmean(abs(e.plain - e.waited) for e in estimates) * 0.9
    assert error < 0.15 * fmean(e.waited for e in estimates)


def test_the_day_has_the_published_shape() -> None:
    assert round(sum(HOURLY_PERCENT), 6) == 100
    assert round(sum(WEEKDAY_FACTOR.values()), 6) == 7
    assert round(calls_expected(6000, "mon", 10)) == 662
    assert len(draw_day(6000, 1)) == 6000
    assert draw_day(100, 1) == draw_day(100, 1)
    assert fmean(c.talks_ms for c in draw_day(20_000, 4)) == pytest.approx(150_000, rel=0.02)


def test_erlang_c_gives_the_published_seats() -> None:
    load = erlang.offered_load(662, 210)
    assert round(load, 1) == 38.6
    assert round(erlang.answered_within(45, load, 210, 15), 2) == 0.85
    assert round(erlang.answered_within(49, load, 210, 15), 3) == 0.965
    assert erlang.agents_needed(load, 210, 15, 0.85) == 45
    assert erlang.agents_needed(load, 210, 15, 0.965) == 49


def test_erlang_c_foretells_the_reference_when_talk_is_exponential() -> None:
    random, clock, citizens = Random(3), 0.0, []
    for number in range(30_000):
        clock += random.expovariate(6 / 200_000)
        citizens.append(Citizen(number, round(clock), round(random.expovariate(1 / 200_000)), 0, None))
    waits = replay(citizens, 9, 0).waits_ms.values()
    assert sum(wait > 0 for wait in waits) / 30_000 == pytest.approx(erlang.waiting_probability(9, 6), abs=0.02)
    assert sum(w <= 15_000 for w in waits) / 30_000 == pytest.approx(erlang.answered_within(9, 6, 200, 15), abs=0.02)
    assert fmean(waits) / 1000 == pytest.approx(erlang.mean_wait(9, 6, 200), rel=0.15)


def test_erlang_c_at_its_edges() -> None:
    assert erlang.waiting_probability(3, 0) == 0
    assert erlang.waiting_probability(3, 3) == 1
    assert erlang.answered_within(3, 4, 210, 15) == 0
    assert erlang.mean_wait(3, 4, 210) == float("inf")
    assert erlang.waiting_probability(1, 0.5) == pytest.approx(0.5)
    assert erlang.waiting_probability(2, 1) == pytest.approx(1 / 3)
    assert erlang.mean_wait(2, 1, 60) == pytest.approx(20)
