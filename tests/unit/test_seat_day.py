"""An agent's own day: whose time it is, what it went into, and nothing of yesterday's."""

from datetime import UTC, datetime, timedelta

from hotline.facts import Fact
from hotline.facts.calls import CallConnected, OfferEnded
from hotline.facts.seats import SeatStateObserved, SeatStatusChosen
from hotline.settings import Script
from ivr.seat_day import day_of
from knowledge_base.scripts import scripts_for

MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return MIDNIGHT + timedelta(minutes=minutes)


def status(minutes: float, status: str, reason: str | None = None, account: str = "me") -> Fact:
    return SeatStatusChosen(at=at(minutes), seat="1001", account=account, status=status, reason=reason)


def state(minutes: float, state: str) -> Fact:
    return SeatStateObserved(at=at(minutes), seat="1001", state=state)


def connected(minutes: float, call_id: str, account: str = "me") -> Fact:
    names = ("citizen_channel", "citizen_uniqueid", "seat_channel", "seat_uniqueid")
    return CallConnected(at=at(minutes), call_id=call_id, seat="1001", account=account, **dict.fromkeys(names, ""))


def test_a_shift_over_midnight_with_calls_a_break_and_a_relief() -> None:
    facts = [
        status(-30, "ready"),
        state(-30, "idle"),
        connected(-20, "yesterday"),
        state(-20, "talking"),
        state(4, "wrap_up"),  # the talk over midnight: four minutes of it are today's
        state(6, "idle"),
        OfferEnded(at=at(7), call_id="c", offer_id=1, seat="1001", outcome="timed_out"),
        status(7, "not_ready", "漏接"),
        status(10, "ready"),
        connected(20, "today"),
        state(20, "talking"),
        connected(21, "today"),  # back from a consultation: one call
        state(30, "wrap_up"),
        state(31, "idle"),
        status(40, "not_ready", None, "relief"),
        connected(41, "hers", "relief"),
        state(41, "talking"),
    ]
    day = day_of(facts, "me", MIDNIGHT, at(60))
    assert (day.calls, day.missed, day.rejected) == (1, 1, 0)
    assert (day.talk_seconds, day.wrap_up_seconds) == (14 * 60, 3 * 60)
    assert day.ready_seconds == (1 + 10 + 9) * 60
    assert day.not_ready_by_reason == {"漏接": 3 * 60}
    assert day.average_talk == 14 * 60
    assert day.occupancy == 17 / 37
    hers = day_of(facts, "relief", MIDNIGHT, at(60))
    assert (hers.calls, hers.talk_seconds, hers.not_ready_seconds) == (1, 19 * 60, 60)


def test_before_the_first_call_there_are_no_averages() -> None:
    day = day_of([], "me", MIDNIGHT, at(60))
    assert (day.calls, day.average_talk, day.average_wrap_up, day.occupancy) == (0, None, None, None)


def test_the_most_special_script_comes_first() -> None:
    names = ("*", "市政公用", "市政公用/路灯井盖", "交通")
    scripts = [Script(category=name, title=name, lines=["?"]) for name in names]
    assert [s.title for s in scripts_for(scripts, "市政公用/路灯井盖")] == ["市政公用/路灯井盖", "市政公用", "*"]
    assert [s.title for s in scripts_for(scripts, "市政公用")] == ["市政公用", "*"]
    assert [s.title for s in scripts_for(scripts, "")] == ["*"]
