"""AMI messages as frozen data, and the check that one has the shape Asterisk gives it.

Asterisk ends a line with CR LF and a message with an empty line, and writes a caller id as it came from the network:
a From user with percent-encoded CR LF puts lines, or whole messages, of the caller's choice into the stream. A forged
*message* can look perfect and is only caught by asking Asterisk (``legs``); forged *lines* show as repeated keys,
missing keys or keys out of order, and ``fault`` names them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

CHANNEL_KEYS = (
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
)
"""What Asterisk (18 to 22) writes about a channel, in this order, within every event about it."""

CHANNEL_EVENTS = frozenset({"Newchannel", "Newstate", "Hangup", "BridgeEnter", "BridgeLeave", "UserEvent", "Status"})
"""Events that we read and that carry ``CHANNEL_KEYS`` whole."""

_REPEATABLE = frozenset({"Variable", "Output"})


@dataclass(frozen=True)
class AmiMessage:
    """One response or event: its lines as (key, value), in the order they came."""

    lines: tuple[tuple[str, str], ...]
    stray: tuple[str, ...] = field(default=())
    """Lines without a colon: Asterisk writes none."""

    @cached_property
    def fields(self) -> dict[str, str]:
        """The first value of each key. Keys as Asterisk spells them."""
        return dict(reversed(self.lines))

    @property
    def event(self) -> str:
        """The event's name; empty for a response."""
        return self.fields.get("Event", "")

    @property
    def response(self) -> str:
        """``Success``, ``Error`` …; empty for most events."""
        return self.fields.get("Response", "")

    @property
    def action_id(self) -> str:
        """The ActionID of the action answered; empty when there is none."""
        return self.fields.get("ActionID", "")

    @property
    def ends_list(self) -> bool:
        """True for the event that closes a list answer."""
        return self.fields.get("EventList", "").lower() in ("complete", "cancelled")

    def get(self, key: str) -> str:
        """The first value of a key; empty when absent, ``<unknown>`` or ``(null)``."""
        value = self.fields.get(key, "")
        return "" if value in ("<unknown>", "(null)") else value

    def values(self, key: str) -> list[str]:
        """All values of a repeatable key, such as ``Output`` and ``Variable``."""
        return [value for name, value in self.lines if name == key]

    def variable(self, name: str) -> str | None:
        """The channel variable asked for in a ``Status``; None when it is not set."""
        for line in self.values("Variable"):
            key, _, value = line.partition("=")
            if key == name:
                return None if value in ("(null)", "") else value
        return None


def parse(block: bytes) -> AmiMessage:
    """A message from its bytes, without the empty line at its end. Whole ones only: a character may span packets."""
    lines: list[tuple[str, str]] = []
    stray: list[str] = []
    for line in block.decode("utf-8", "replace").split("\r\n"):
        key, colon, value = line.partition(": ")
        if colon:
            lines.append((key, value))
        elif line.endswith(":"):
            lines.append((line[:-1], ""))
        elif line:
            stray.append(line)
    return AmiMessage(tuple(lines), tuple(stray))


def fault(message: AmiMessage) -> str | None:
    """What is wrong with a message's shape, or None. For the log: it holds no value that a caller chose."""
    if message.stray:
        return "a line without a colon"
    if len(message.fields) != len(message.lines):
        repeated = next(_repeated(message), None)
        if repeated is not None:
            return f"a key more than once: {repeated if repeated in CHANNEL_KEYS else 'other'}"
    if message.event not in CHANNEL_EVENTS or (message.event == "UserEvent" and "Channel" not in message.fields):
        return None
    return _channel_fault([key for key, _ in message.lines])


def _channel_fault(keys: list[str]) -> str | None:
    start = keys.index("Channel") if "Channel" in keys else 0
    if tuple(keys[start : start + len(CHANNEL_KEYS)]) == CHANNEL_KEYS:
        return None
    wanted = iter(CHANNEL_KEYS)  # other versions may put keys of their own between
    expected = next(wanted)
    for key in keys:
        if key == expected:
            expected = next(wanted, "")
    return f"no {expected} in its place" if expected else None


def _repeated(message: AmiMessage) -> Iterator[str]:
    seen = set()
    for key, _ in message.lines:
        if key in seen and key not in _REPEATABLE:
            yield key
        seen.add(key)
