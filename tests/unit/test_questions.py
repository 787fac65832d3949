"""Which claims share a question, and which seats may be bridged without one."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.claims import Claim
from telephony.legs import Leg, LegState
from telephony.questions import Questions
from telephony.stillness import Stillness

HANGUP, LEAVE = Claim("Hangup", "1.1"), Claim("BridgeLeave", "1.1", "b")
SEAT = Leg(
    "1.2", "PJSIP/1001-2", state=LegState.UP, context="seat-loop", exten="parked", application="Wait", seat="1001"
)


def test_news_that_moves_nothing_waits_for_what_comes_with_it() -> None:
    questions: Questions[None] = Questions()
    questions.add(LEAVE, 1.0 + LEAVE.patience)
    assert questions.take_due(1.0) == []
    assert questions.concerned() == {"1.1"}
    questions.add(HANGUP, 1.001 + HANGUP.patience)
    (due,) = questions.take_due(1.001)
    assert due.claims == (LEAVE, HANGUP)
    assert len(questions) == 0
    assert questions.wake_at() == float("inf")


def test_it_does_not_wait_for_ever() -> None:
    questions: Questions[None] = Questions()
    questions.add(LEAVE, 1.02)
    assert questions.wake_at() == 1.02
    (due,) = questions.take_due(1.02)
    assert due.claims == (LEAVE,)


def test_what_was_asked_about_before_keeps_its_own_time() -> None:
    """It is asked again because Asterisk may need a moment; an earlier answer says nothing new."""
    questions: Questions[None] = Questions()
    questions.add(HANGUP, 2.0, asked=1)
    questions.add(LEAVE, 1.0)
    (due,) = questions.take_due(1.0)
    assert due.claims == (LEAVE,)
    assert questions.wake_at() == 2.0
    questions.forget("1.1")
    assert questions.take_due(9.0) == []


@given(st.lists(st.tuples(st.sampled_from(["1.1", "1.2", "1.3"]), st.floats(0, 9), st.integers(0, 3)), max_size=20))
def test_every_claim_is_asked_about_once_and_never_late(claims: list[tuple[str, float, int]]) -> None:
    questions: Questions[None] = Questions()
    for number, (uniqueid, when, asked) in enumerate(claims):
        questions.add(Claim("Hangup", uniqueid, cause=number), when, asked)
    taken: list[int] = []
    while (now := questions.wake_at()) < float("inf"):
        for due in questions.take_due(now):
            assert all(doubt.when >= now for doubt in due.doubts)
            taken += [claim.cause for claim in due.claims]
    assert sorted(taken) == list(range(len(claims)))


def test_a_seat_shown_in_its_loop_stands_until_something_stirs_it() -> None:
    still = Stillness()
    assert not still.holds("1.2"), "nothing is known"
    still.stir("1.2")  # its parking is heard
    still.show(SEAT, still.moment)
    assert still.holds("1.2")
    still.stir("1.3")
    assert still.holds("1.2"), "another leg"
    still.stir("1.2")
    assert not still.holds("1.2")


def test_an_answer_asked_for_before_the_leg_was_stirred_shows_nothing() -> None:
    still = Stillness()
    asked = still.moment
    still.stir("1.2")  # bridged by us, or an event came, while the answer was on its way
    still.show(SEAT, asked)
    assert not still.holds("1.2")


@pytest.mark.parametrize("leg", [
    replace(SEAT, application=""), replace(SEAT, application="Bridge"), replace(SEAT, bridge_id="b"),
    replace(SEAT, exten="spy"), replace(SEAT, state=LegState.RINGING),
])  # fmt: skip
def test_a_leg_in_transit_or_elsewhere_does_not_stand(leg: Leg) -> None:
    still = Stillness()
    still.show(SEAT, still.moment)
    still.show(leg, still.moment)
    assert not still.holds("1.2")


def test_a_seat_stands_by_its_own_word_unless_we_have_moved_it_and_heard_nothing_since() -> None:
    still = Stillness()
    still.hear("1.2")
    assert still.holds("1.2")
    still.move("1.2")  # to its next citizen
    still.hear("1.2")  # said before
    assert not still.holds("1.2")
    still.stir("1.2")  # it left the bridge
    still.hear("1.2")
    assert still.holds("1.2")


def test_what_waits_for_a_seat_is_done_once_when_it_stands_one_after_the_other() -> None:
    still, done = Stillness(), []

    def take(who: str) -> Callable[[], None]:
        def do() -> None:
            done.append(who)
            still.move("1.2")

        return do

    first, second, third = take("first"), take("second"), take("third")
    for do in (first, second, third):
        still.when_still("1.2", do)
    still.no_more("1.2", second)
    assert not done
    still.show(SEAT, still.moment)
    assert done == ["first"], "the first took it away"
    still.stir("1.2")
    still.hear("1.2")
    assert done == ["first", "third"]
    still.stir("1.2")
    still.hear("1.2")
    still.when_still("1.2", second)
    assert done == ["first", "third", "second"], "it stands: at once"


def test_after_events_were_lost_nobody_is_known_to_stand() -> None:
    still = Stillness()
    still.show(SEAT, still.moment)
    still.clear()
    assert not still.holds("1.2")
