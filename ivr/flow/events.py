"""What happens to a citizen in a flow, and what the flow wants done: the two vocabularies between it and the hands.

Everything is frozen and has a ``kind``, so that a state with its outstanding order can be written as JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

ALL_KEYS = "0123456789*#"


class Subject(StrEnum):
    """What a flow may ask of the world. The answers each may give stand in ``ANSWERS``."""

    CALENDAR = "calendar"
    QUEUE = "queue"
    CALLER = "caller"
    DIALLED = "dialled"
    PROGRESS = "progress"
    KNOWLEDGE = "knowledge"


ANSWERS: Mapping[Subject, frozenset[str]] = {
    Subject.CALENDAR: frozenset({"open", "closed", "holiday", "notice"}),
    Subject.QUEUE: frozenset({"free", "waiting", "long", "unstaffed"}),
    Subject.CALLER: frozenset({"withheld", "new", "known", "repeated"}),
    Subject.PROGRESS: frozenset({"found", "several", "missing"}),
    Subject.KNOWLEDGE: frozenset({"found", "missing"}),
}
"""Subject → its possible answers. ``dialled`` answers with the number dialled, whatever it is."""

UNAVAILABLE = "unavailable"
"""The answer to anything that could not be asked: no branch has this name, so the flow goes ``otherwise``."""


# -- events ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The citizen pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The citizen said something, as recognised."""

    text: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """The prompts ended and nobody pressed a key within the time given."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to an ``Ask`` or a ``RequestCallback``."""

    answer: str
    values: Mapping[str, str] = field(default_factory=dict)
    """Variables that the answer sets; names that are not in the flow are harmless."""
    prompts: tuple[str, ...] = ()
    """What to play of it (a knowledge article's short answer)."""


@dataclass(frozen=True, slots=True)
class WaitedTooLong:
    """The longest wait of the ``EnterQueue`` is over."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message was left; ``seconds`` of 0: nothing was said."""

    message: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The transfer's target did not answer; the citizen is back."""


Event = KeyPressed | Heard | Quiet | Answered | WaitedTooLong | Recorded | TransferFailed


# -- orders ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Play:
    """Play the prompts; a key of ``keys`` cuts them short. Then wait ``wait_seconds`` for one. → KeyPressed, Quiet."""

    prompts: tuple[str, ...]
    keys: str = ""
    wait_seconds: float = 0.0
    listening: bool = False
    """Spoken words count too. → Heard."""
    language: str = "zh"
    kind: Literal["play"] = "play"


@dataclass(frozen=True, slots=True)
class Ask:
    """Find something out. → Answered."""

    subject: Subject
    details: Mapping[str, str] = field(default_factory=dict)
    language: str = "zh"
    kind: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """Wait for an agent; a citizen who waits already keeps the place. → KeyPressed, Heard, WaitedTooLong."""

    group: str = ""
    """Empty: the dialled line's own."""
    priority: int = 0
    """Minutes of head start in the line."""
    language: str = "zh"
    keys: str = ""
    listening: bool = False
    hint: tuple[str, ...] = ()
    """Played after each announcement of the place in the line."""
    longest_wait_seconds: float = 0.0
    """From the moment the waiting began; 0: without limit."""
    kind: Literal["queue"] = "queue"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect the citizen with a number outside. → TransferFailed, or the call ends there."""

    target: str
    label: str = ""
    language: str = "zh"
    emergency: str = ""
    """Instead of ``target``: the emergency platform, whose number the settings know."""
    kind: Literal["transfer"] = "transfer"


@dataclass(frozen=True, slots=True)
class RequestCallback:
    """Owe the citizen a call; ``number`` empty: the caller's own. → Answered("taken" | "refused")."""

    number: str = ""
    language: str = "zh"
    kind: Literal["callback"] = "callback"


@dataclass(frozen=True, slots=True)
class Record:
    """Record a message, after a beep. → Recorded."""

    maximum_seconds: float
    silence_seconds: float
    terminator: str
    language: str = "zh"
    kind: Literal["record"] = "record"


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call. The last order of every flow that does not end with an agent."""

    reason: str
    language: str = "zh"
    kind: Literal["hang_up"] = "hang_up"


Order = Play | Ask | EnterQueue | Transfer | RequestCallback | Record | HangUp

EXPECTED: Mapping[type[Order], tuple[type[Event], ...]] = {
    Play: (KeyPressed, Heard, Quiet),
    Ask: (Answered,),
    EnterQueue: (KeyPressed, Heard, WaitedTooLong),
    Transfer: (TransferFailed,),
    RequestCallback: (Answered,),
    Record: (Recorded,),
    HangUp: (),
}
"""The events that an outstanding order can lead to. All others are late or doubled, and change nothing."""
