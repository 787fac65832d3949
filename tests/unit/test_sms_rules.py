"""Messages to citizens: links that cannot be guessed, words that tell nothing, how often is too often, pauses."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callback.sms.answers import can_read
from callback.sms.links import Link, LinkState, judge, link_id_of, new_link_id, token_of
from callback.sms.outbox import pause_after
from callback.sms.throttle import Throttle
from callback.sms.wording import LINK, survey_text, with_link

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
KEY = "k" * 32
LINK_ROW = Link("id", "task", "ticket", NOW + timedelta(days=7))


def test_a_token_is_known_again() -> None:
    link_id = new_link_id()
    assert link_id_of(token_of(link_id, KEY), KEY) == link_id


@given(st.integers(0, 29), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
def test_a_token_with_any_other_letter_is_not_ours(at: int, letter: str) -> None:
    token = token_of("AAAAAAAAAAAAAA", KEY)
    forged = token[:at] + letter + token[at + 1 :]
    assert link_id_of(forged, KEY) == ("AAAAAAAAAAAAAA" if forged == token else None)


@given(st.text(max_size=80))
def test_whatever_is_typed_is_answered(text: str) -> None:
    assert link_id_of(text, KEY) is None


def test_another_key_makes_other_tokens() -> None:
    assert link_id_of(token_of(new_link_id(), KEY), "another key") is None


def test_ids_differ() -> None:
    assert len({new_link_id() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("link", "settled", "at", "state"),
    [
        (None, False, NOW, LinkState.UNKNOWN),
        (LINK_ROW, False, NOW, LinkState.OPEN),
        (LINK_ROW, True, NOW, LinkState.SETTLED),
        (LINK_ROW, False, LINK_ROW.expires_at - timedelta(seconds=1), LinkState.OPEN),
        (LINK_ROW, False, LINK_ROW.expires_at, LinkState.EXPIRED),
        (Link("id", "task", "ticket", LINK_ROW.expires_at, NOW), False, NOW, LinkState.USED),
        (Link("id", "task", "ticket", LINK_ROW.expires_at, NOW), True, NOW + timedelta(days=30), LinkState.USED),
    ],
)
def test_what_a_link_is_good_for(link: Link | None, settled: bool, at: datetime, state: LinkState) -> None:
    assert judge(link, settled=settled, now=at) is state


def test_a_message_tells_a_stranger_nothing() -> None:
    made_at = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # the 21st in Linyi
    text = survey_text("12345热线", "261120170000123456", made_at, ZoneInfo("Asia/Shanghai"), 7)
    assert "11月21日" in text
    assert "123456" in text
    assert "261120170000" not in text
    assert text.count(LINK) == 1
    assert "https://x.example/c/abc" in with_link(text, "https://x.example/c/abc")


@pytest.mark.parametrize(
    ("phone", "disposition", "reads"),
    [
        ("13800000001", "no_answer", True),
        ("+8613800000001", "busy", True),
        ("013800000001", "busy", True),
        ("05398012345", "no_answer", False),
        ("", None, False),
        ("13800000001", "wrong_person", False),
        ("13800000001", "invalid_number", False),
    ],
)
def test_only_the_citizens_own_mobile_gets_a_message(phone: str, disposition: str | None, reads: bool) -> None:
    assert can_read({"phone": phone, "disposition": disposition}) is reads


@given(st.integers(1, 20))
def test_pauses_grow_and_end(at_most: int) -> None:
    pauses = [pause_after(attempts, at_most) for attempts in range(1, at_most + 2)]
    assert pauses[at_most - 1 :] == [None, None]
    given_pauses = [pause for pause in pauses if pause is not None]
    assert given_pauses == sorted(given_pauses)
    assert all(pause <= 600 for pause in given_pauses)


@given(st.lists(st.floats(0, 120), min_size=1, max_size=200))
def test_never_more_than_allowed_in_any_window(instants: list[float]) -> None:
    throttle = Throttle(5, 60.0)
    let_through = [at for at in sorted(instants) if throttle.allows("a", at)]
    for begins in let_through:  # a full allowance and what flows back meanwhile
        assert sum(begins <= at < begins + 60.0 for at in let_through) <= 10


def test_one_name_does_not_pay_for_another_and_it_flows_back() -> None:
    throttle = Throttle(2, 60.0)
    assert [throttle.allows("a", 0.0) for _ in range(3)] == [True, True, False]
    assert throttle.allows("b", 0.0)
    assert throttle.allows("a", 30.0)
    assert not throttle.allows("a", 30.0)


def test_names_are_forgotten() -> None:
    throttle = Throttle(1, 60.0, names=3)
    for name in "abcd":
        assert throttle.allows(name, 0.0)
    assert throttle.allows("a", 0.0)  # forgotten meanwhile
    assert not throttle.allows("d", 0.0)
