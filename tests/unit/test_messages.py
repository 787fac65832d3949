"""Reading AMI messages, and seeing when a caller has put lines of his own into one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.messages import CHANNEL_KEYS, AmiMessage, fault, parse

CHANNEL = [(key, "x") for key in CHANNEL_KEYS]


def hangup(**changes: str) -> AmiMessage:
    lines = [
        ("Event", "Hangup"),
        ("Privilege", "call,all"),
        *[(key, changes.get(key, value)) for key, value in CHANNEL],
    ]
    return parse("\r\n".join(f"{key}: {value}" for key, value in lines).encode())


def test_values_are_read_as_written() -> None:
    message = parse("Event: X\r\nA: b: c\r\nEmpty: \r\nBare:\r\nName: <unknown>\r\nText: 市民".encode())
    assert (message.event, message.get("A"), message.get("Empty"), message.get("Bare")) == ("X", "b: c", "", "")
    assert (message.get("Name"), message.get("Text"), message.get("Absent")) == ("", "市民", "")


def test_variables_of_a_status_are_read() -> None:
    message = parse(b"Event: Status\r\nVariable: A=1=2\r\nVariable: B=(null)\r\nVariable: C=")
    assert [message.variable(name) for name in "ABCD"] == ["1=2", None, None, None]


def test_a_true_event_has_no_fault() -> None:
    assert fault(hangup()) is None
    assert fault(parse(b"Response: Success\r\nOutput: a\r\nOutput: b")) is None
    assert fault(parse(b"Event: UserEvent\r\nUserEvent: FromTheManager")) is None


@pytest.mark.parametrize(
    "caller",
    [
        "138\r\nUniqueid: 1.1",
        "138\r\nBridgeID: b\r\nBridgeID: b",
        "138\r\nCallerIDName: x",
        "138\r\nno colon here",
        "138\r\nEvent: Shutdown",
    ],
)
def test_lines_put_in_by_a_caller_are_seen(caller: str) -> None:
    assert fault(hangup(CallerIDNum=caller)) is not None


def test_a_message_cut_off_by_a_caller_is_seen() -> None:
    whole = hangup(CallerIDNum="138\r\n\r\nEvent: Hangup")
    assert whole.stray == ()
    assert fault(whole) is not None
    head = parse(b"Event: Hangup\r\nChannel: x\r\nChannelState: 6\r\nChannelStateDesc: Up\r\nCallerIDNum: 138")
    assert fault(head) == "no CallerIDName in its place"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    message = parse(data)
    fault(message)
    assert isinstance(message.event, str)
    assert isinstance(message.action_id, str)
