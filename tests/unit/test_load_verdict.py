"""The verdict on a time of load finds what it looks for: it would be worth nothing if it called everything clean."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.load_verdict import judge
from hotline.facts import Fact
from hotline.facts.calls import CallArrived, CallConnected, CallEnded, CallFellBack, WaitForecast

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def arrived(call: str, when: float) -> Fact:
    return CallArrived(at=at(when), call_id=call, caller="", dialled="", line="", channel=call, uniqueid=call)


def connected(call: str, when: float, seat: str = "1001") -> Fact:
    return CallConnected(
        at=at(when), call_id=call, seat=seat, account="a", citizen_channel=call, citizen_uniqueid=call,
        seat_channel=seat, seat_uniqueid=seat,
    )  # fmt: skip


def ended(call: str, when: float) -> Fact:
    return CallEnded(at=at(when), call_id=call, reason="agent_hung_up", waited_seconds=0, talked_seconds=0)


GOOD = [arrived("a", 0), connected("a", 0.5), arrived("b", 1), ended("a", 2), connected("b", 2), ended("b", 3)]


def test_forecasts_are_measured_against_what_followed() -> None:
    told = [WaitForecast(at=at(0.25), call_id="a", place=1, seconds=1.0)]
    told += [
        WaitForecast(at=at(1), call_id="b", place=1, seconds=0.5),
        WaitForecast(at=at(4), call_id="c", place=1, seconds=9),
    ]
    assert judge([*GOOD, *told]).forecast_errors == (0.75, -0.5)  # who gave up tells nothing


def test_a_good_day_is_clean() -> None:
    verdict = judge([*GOOD, arrived("c", 4), ended("c", 5)])
    assert verdict.clean
    assert (verdict.arrived, verdict.connected, verdict.gave_up, verdict.waits) == (3, 2, 1, (0.5, 1.0))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ([arrived("c", 4)], "stuck"),
        ([connected("a", 2.5, "1002")], "doubled"),
        ([ended("a", 3)], "doubled"),
        ([arrived("c", 2), connected("c", 2.5), ended("c", 4)], "overlapping"),
        ([CallFellBack(at=at(1), call_id="b")], "fell_back"),
    ],
)
def test_each_fault_is_found(more: list[Fact], what: str) -> None:
    verdict = judge([*GOOD, *more])
    assert not verdict.clean
    assert getattr(verdict, what)
