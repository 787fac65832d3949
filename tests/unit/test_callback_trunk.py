"""The breaker leaves a dead trunk alone and comes back by itself; announcements; the proof finds every kind of hole."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callback.announcements import announced, is_machine
from callback.answers import ending, read_answers
from callback.audit import prove
from callback.breaker import FAILURES, LONGEST_REST_SECONDS, Breaker, Phase, is_no_number, is_trunk_failure
from callback.lifecycle import Event

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


def opened() -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker = breaker.dialled(NOW).failed(NOW)
    return breaker


def test_a_dead_trunk_is_left_alone_then_one_call_tries() -> None:
    breaker = opened()
    assert breaker.until is not None
    assert breaker.phase(NOW) is Phase.OPEN
    later = breaker.until
    assert breaker.phase(later) is Phase.HALF_OPEN
    trying = breaker.dialled(later)
    assert trying.phase(later) is Phase.OPEN  # one at a time
    again = trying.failed(later)
    assert again.until is not None
    assert again.until - later == 2 * (breaker.until - NOW)
    assert trying.worked() == Breaker()
    assert trying.unknown().phase(later) is Phase.HALF_OPEN  # it told nothing: the next one tries


def test_calls_that_were_on_their_way_do_not_lengthen_the_rest() -> None:
    assert opened().failed(NOW).until == opened().until


@given(st.lists(st.sampled_from(["fail", "work", "unknown", "wait"]), max_size=60))
def test_it_always_comes_back(course: list[str]) -> None:
    now, breaker = NOW, Breaker()
    for step in course:
        if breaker.phase(now) is Phase.OPEN:
            assert breaker.until is not None
            now = max(now, breaker.until)
        breaker = breaker.dialled(now)
        match step:
            case "fail":
                breaker = breaker.failed(now)
            case "work":
                breaker = breaker.worked()
            case _:
                breaker = breaker.unknown()
        assert breaker.until is None or breaker.until - now <= timedelta(seconds=LONGEST_REST_SECONDS)
        assert not breaker.trying


def test_whose_fault_it_is() -> None:
    assert [cause for cause in (0, 1, 16, 17, 19, 21, 28, 34, 38, 42) if is_trunk_failure(cause)] == [34, 38, 42]
    assert [cause for cause in (0, 1, 16, 17, 19, 21, 28, 34) if is_no_number(cause)] == [1, 28]


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("您 拨打 的 号码 是 空号", Event.INVALID),
        ("您好您拨打的电话已关机", Event.NO_ANSWER),
        ("您拨打的电话正在通话中请稍后再拨", Event.BUSY),
        ("我现在不方便接听请在滴声后留言", Event.MACHINE),
        ("Please leave a message after the tone", Event.MACHINE),
        ("喂你好", None),
        ("解决了谢谢", None),
    ],
)
def test_announcements(text: str, event: Event | None) -> None:
    assert announced(text) is event


def test_a_silent_citizen_is_no_machine() -> None:
    assert is_machine("MACHINE-LONGGREETING")
    assert is_machine("MACHINE-MAXWORDS")
    assert not any(map(is_machine, ("MACHINE-INITIALSILENCE", "HUMAN-HUMAN", "NOTSURE-TOOLONG", "-", "")))


def test_answers_are_read() -> None:
    found = read_answers({"solved": "2", "satisfied": "5", "manner": "9", "reason": "3"})
    assert (found.solved, found.satisfaction, found.manner, found.reason) == (False, 5, None, "3")
    assert ending({}, "") is Event.REFUSE
    assert ending({"solved": "1"}, "") is Event.SURVEY
    assert ending({"solved": "1"}, "wrong_person") is Event.STRANGER
    assert ending({}, "later") is Event.POSTPONE


def attempt(task: str, number: int, at: int, lasts: int | None = 60, phone: str = "1", **more: Any) -> dict[str, Any]:
    dialled = NOW + timedelta(seconds=at)
    ended = dialled + timedelta(seconds=lasts) if lasts is not None else None
    row = {"task_id": task, "attempt": number, "dialled_at": dialled, "ended_at": ended, "phone": phone}
    return row | {"outcome": "surveyed"} | more


def holes(
    orders: Any = (), waiting: Any = (), tasks: Any = (), attempts: Any = (), closed_at: int = 10**6
) -> list[str]:
    proof = prove(
        orders, waiting, tasks, attempts, frozenset({"t-open"}), lambda at: at < NOW + timedelta(seconds=closed_at)
    )
    return [hole.en for hole in proof.holes]


def test_the_proof_finds_every_kind_of_hole_and_nothing_else() -> None:
    good = [attempt("a", 1, 0), attempt("a", 2, 100), attempt("b", 1, 300), attempt("c", 1, 0, phone="2")]
    assert (
        holes([{"id": "t", "number": "1", "disposition": "已评价"}], [{"id": "t-open", "number": "2"}], [], good) == []
    )
    assert holes([{"id": "t", "number": "1", "disposition": None}]) == ["ended without a disposition"]
    assert holes(waiting=[{"id": "t", "number": "1"}]) == ["waits for a return visit that nobody owes"]
    assert holes(tasks=[{"id": "c", "number": "1", "disposition": None}]) == ["a task closed without a disposition"]
    assert holes(attempts=[attempt("a", 1, 0), attempt("a", 1, 100)]) == ["attempt 1 was dialled 2 times"]
    assert holes(attempts=[attempt("a", 1, 0), attempt("b", 1, 30)]) == ["a citizen was on two of our calls at once"]
    assert holes(attempts=[attempt("a", 1, 0, None), attempt("b", 1, 999)]) == [
        "a citizen was on two of our calls at once"
    ]
    assert holes(attempts=[attempt("a", 1, 50)], closed_at=10)[0].startswith("dialled at a bad hour")
    unsent = [attempt("a", 1, 0, outcome="not_sent"), attempt("a", 1, 30)]
    assert holes(attempts=unsent) == []
