"""What engines and recognition hosts say to each other: proofs that open nothing twice, and nonsense refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr import wire
from asr.recogniser import Heard, Word

SECRET = "a secret of sixteen and more"


def test_a_proof_holds_for_its_side_and_its_numbers_only() -> None:
    engines, hosts = wire.fresh_number(), wire.fresh_number()
    shown = wire.proof(SECRET, wire.ENGINE, engines, hosts)
    wire.check_proof(shown, SECRET, wire.ENGINE, engines, hosts)
    for secret, side, one, two in (
        (SECRET + "!", wire.ENGINE, engines, hosts),
        (SECRET, wire.HOST, engines, hosts),
        (SECRET, wire.ENGINE, hosts, engines),
        (SECRET, wire.ENGINE, engines, wire.fresh_number()),
    ):
        with pytest.raises(wire.Stranger):
            wire.check_proof(shown, secret, side, one, two)


@pytest.mark.parametrize("shown", [None, 7, "", "é" * 64, ["a"]])
def test_what_is_no_proof_is_refused(shown: object) -> None:
    with pytest.raises(wire.Stranger):
        wire.check_proof(shown, SECRET, wire.HOST, "1", "2")


def test_results_come_over_as_they_were() -> None:
    heard = [Heard("路灯"), Heard("路灯坏了", (Word("路灯", 0.3, 0.9, 0.8), Word("坏了", 0.9, 1.4)), settled=True)]
    assert wire.read_heard(wire.write_heard(heard)) == heard


@given(st.text() | st.binary())
def test_nonsense_is_refused_and_nothing_else(text: str | bytes) -> None:
    with pytest.raises(wire.Stranger):
        wire.read_heard(text)


@pytest.mark.parametrize("heard", [7, [7], [{}], [{"text": "a", "words": [[1]], "settled": True}], None])
def test_results_of_another_shape_are_refused(heard: object) -> None:
    with pytest.raises(wire.Stranger):
        wire.read_heard(json.dumps({"heard": heard}))


@pytest.mark.parametrize("greeting", [{}, {"version": 2, "nonce": "0" * 32}, {"version": 1, "nonce": 5}])
def test_a_greeting_of_another_version_is_refused(greeting: dict[str, object]) -> None:
    with pytest.raises(wire.Stranger):
        wire.number_in(greeting)
