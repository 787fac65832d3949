"""The words of FastAGI."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.errors import RuleBroken
from telephony.agi_wire import BadDialogue, read_environment, read_reply, split_script, write_command

OPENING = ["agi_network_script: citizen?a=1", "agi_uniqueid: 1.1", "agi_callerid: 138", "agi_threadid: 7"]


def test_the_environment_is_read() -> None:
    environment = read_environment([*OPENING, "agi_arg_1: x: y"])
    assert environment["agi_arg_1"] == "x: y"
    assert split_script(environment) == ("citizen", "a=1")


@pytest.mark.parametrize(
    "lines",
    [
        OPENING[:-1],  # an empty line in the caller id ends it early
        [*OPENING[:2], "agi_uniqueid: 1.2", *OPENING[2:]],
        [*OPENING, "GET / HTTP/1.1"],
        [*OPENING, "no colon"],
        [],
    ],
)
def test_lines_put_in_by_a_caller_are_seen(lines: list[str]) -> None:
    with pytest.raises(BadDialogue):
        read_environment(lines)


@pytest.mark.parametrize(
    ("line", "code", "result", "value", "key"),
    [
        ("200 result=0", 200, "0", None, None),
        ("200 result=49 endpos=1234", 200, "49", None, "1"),
        ("200 result=-1 endpos=0", 200, "-1", None, None),
        ("200 result=1 (hangup)", 200, "1", "hangup", None),
        ("200 result=1 (a (b) c)", 200, "1", "a (b) c", None),
        ("200 result= (timeout)", 200, "", "timeout", None),
        ("100 result=0 Trying...", 100, "0", None, None),
        ("511 Command Not Permitted on a dead channel or intercept routine", 511, "", None, None),
        ("520 End of proper usage.", 520, "", None, None),
    ],
)
def test_replies_are_read(line: str, code: int, result: str, value: str | None, key: str | None) -> None:
    reply = read_reply(line)
    assert (reply.code, reply.result, reply.value, reply.key) == (code, result, value, key)


@given(st.text(max_size=50))
def test_any_line_is_a_reply_or_refused(line: str) -> None:
    with suppress(BadDialogue):
        assert 0 <= read_reply(line).code <= 999


def test_arguments_are_quoted_and_line_breaks_refused() -> None:
    assert write_command("SET VARIABLE", "A", 'say "hi" \\ 您好') == 'SET VARIABLE "A" "say \\"hi\\" \\\\ 您好"\n'
    with pytest.raises(RuleBroken):
        write_command("SET VARIABLE", "A", "x\nHANGUP")
