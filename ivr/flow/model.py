"""The nodes of a flow, as a site writes them in YAML. Each node is checked here, how nodes agree in ``checks``.

Every node says what comes next. Exits that need no act of the citizen are *silent*: by them alone a flow must come to
an end, for a citizen who presses nothing must be served all the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ivr.flow.events import ANSWERS, Subject

NAME = r"^[a-z][a-z0-9_-]{0,39}$"


class ValueKind(StrEnum):
    """How a value is spoken."""

    NUMBER = "number"
    COUNT = "count"
    """As ``number``, with 两 for 2: before a measure word."""
    MONEY = "money"
    DATE = "date"
    TIME = "time"
    DIGITS = "digits"
    TICKET = "ticket"


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Target = Annotated[str, Field(pattern=NAME)]
Group = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,32}$")]
Variable = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
Prompt = Annotated[str, Field(pattern=r"^(\$[a-z][a-z0-9_]{0,39}|[a-z0-9][a-z0-9_/-]{0,60})$")]
Prompts = Annotated[tuple[Prompt, ...], BeforeValidator(_several), Field(max_length=20)]
SomePrompts = Annotated[Prompts, Field(min_length=1)]
Words = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=20)], ...], BeforeValidator(_several), Field(min_length=1)
]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Tries = Annotated[int, Field(ge=1, le=9)]


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a node. ``at``: where in the node's YAML it stands."""

    label: str
    target: str
    at: tuple[str, ...]
    silent: bool = False


class Node(BaseModel):
    """What all nodes have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["zh", "en"] | None = None
    """From here on the citizen is spoken to in this language."""
    title: Annotated[str, Field(max_length=40)] = ""
    """What agents read who pass a citizen on to this node; without one it is not in their address book."""

    def exits(self) -> Iterator[Exit]:
        """Every way out."""
        for name in ("next", "otherwise", "found", "several", "missing", "too_long"):
            if target := getattr(self, name, None):
                yield Exit(name, target, (name,), silent=True)
        for where in ("keys", "when"):
            for label, target in getattr(self, where, {}).items():
                yield Exit(label, target, (where, label), silent=where == "when")

    def spoken(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every prompt it may play, and where it stands."""
        for name in ("prompts", "again", "hint"):
            for prompt in getattr(self, name, ()):
                yield prompt, (name,)

    def reads(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every variable it needs, and where it stands."""
        for prompt, at in self.spoken():
            if prompt.startswith("$"):
                yield prompt[1:], at


class Choosing(Node):
    """A node where a key, or a word where configured, chooses the way."""

    keys: Mapping[Key, Target] = {}
    words: Mapping[Key, Words] = {}
    """Key → words that mean it: heard, they count as that key."""
    answers: bool = False
    """What is said answers a question: only a whole, short utterance counts that is believed and not turned round."""
    into: Variable | None = None
    """Keeps the key that was chosen: an answer, which a return visit writes down at once."""
    kept: Annotated[str, Field(pattern=r"^[0-9*#]*$")] = ""
    """Which keys are answers, where not all are: "2" is one, "9 for English" is none."""

    @model_validator(mode="after")
    def _words_mean_keys(self) -> Self:
        if strange := sorted(set(self.words) - set(self.keys)):
            raise ValueError(f"words: {', '.join(strange)} is not among the keys")
        return self

    @model_validator(mode="after")
    def _kept_are_keys(self) -> Self:
        if self.kept and self.into is None:
            raise ValueError("kept: there is nothing to keep them into")
        if strange := sorted(set(self.kept) - set(self.keys)):
            raise ValueError(f"kept: {', '.join(strange)} is not among the keys")
        return self

    def keeps(self, key: str) -> bool:
        """Whether this key is an answer to be kept."""
        return self.into is not None and key in (self.kept or self.keys)


class Play(Choosing):
    """Play prompts, then go on; keys are shortcuts."""

    do: Literal["play"]
    prompts: SomePrompts
    next: Target


class Say(Node):
    """Speak a variable; one that is empty is passed over."""

    do: Literal["say"]
    kind: ValueKind
    value: Variable
    next: Target

    def reads(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield self.value, ("value",)


class Menu(Choosing):
    """Ask for one key. After ``tries`` silent or wrong ones the flow goes ``otherwise``."""

    do: Literal["menu"]
    prompts: SomePrompts
    keys: Annotated[Mapping[Key, Target], Field(min_length=1)]
    wait_seconds: Seconds = 5.0
    tries: Tries = 3
    again: Prompts = ("invalid-key",)
    """Played before the prompts after a wrong key."""
    otherwise: Target


class Collect(Node):
    """Take digits into a variable, up to the terminator, the maximum, or a pause when there are enough of them."""

    do: Literal["collect"]
    prompts: SomePrompts
    into: Variable
    minimum: Annotated[int, Field(ge=1, le=40)] = 1
    maximum: Annotated[int, Field(ge=1, le=40)] = 20
    terminator: Literal["#", "*", ""] = "#"
    wait_seconds: Seconds = 8.0
    tries: Tries = 3
    again: Prompts = ("invalid-key",)
    next: Target
    otherwise: Target

    @model_validator(mode="after")
    def _lengths_agree(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError("minimum is greater than maximum")
        return self


class Condition(Node):
    """Branch on what the world says: ``when`` answer → node."""

    do: Literal["condition"]
    ask: Literal[Subject.CALENDAR, Subject.QUEUE, Subject.CALLER, Subject.DIALLED]
    when: Annotated[Mapping[str, Target], Field(min_length=1)]
    otherwise: Target
    group: Group | None = None
    """For ``queue``: of which group; else the line's own."""
    long_seconds: Seconds = 120.0
    """For ``queue``: from which expected wait on it is ``long``."""

    @model_validator(mode="after")
    def _answers_exist(self) -> Self:
        known = ANSWERS.get(self.ask)
        strange = sorted(set(self.when) - known) if known is not None else []
        if strange:
            raise ValueError(
                f"when: {self.ask} never answers {', '.join(strange)}, only {', '.join(sorted(known or ()))}"
            )
        return self


class Lookup(Node):
    """Find the caller's work order: by the digits in ``number`` and the caller's phone, or by the phone alone."""

    do: Literal["lookup"]
    what: Literal["progress"]
    number: Variable | None = None
    found: Target
    several: Target | None = None
    """More than one is open and no number was given; else as ``found``, with the newest."""
    missing: Target
    otherwise: Target
    """It cannot be looked up now."""

    def reads(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        if self.number is not None:
            yield self.number, ("number",)


class Knowledge(Choosing):
    """Play the short answer of an article."""

    do: Literal["knowledge"]
    article: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    next: Target
    otherwise: Target


class Record(Node):
    """Take a message: it becomes a work order with the audio."""

    do: Literal["record"]
    prompts: SomePrompts
    maximum_seconds: Seconds = 120.0
    silence_seconds: Seconds = 4.0
    terminator: Literal["#", "*"] = "#"
    next: Target
    otherwise: Target
    """Nothing was said, or it cannot be kept."""


class Queue(Choosing):
    """The waiting room. Ends when an agent takes the citizen."""

    do: Literal["queue"]
    group: Group | None = None
    """Whose seats; None: the dialled line's."""
    optional: bool = False
    """A site without this group: the line's own, instead of a fault."""
    priority: Annotated[int, Field(ge=0, le=1440)] = 0
    """Minutes of head start in the line, as in the settings."""
    hint: Prompts = ()
    longest_wait_seconds: Annotated[float, Field(ge=0, le=86400)] = 0.0
    too_long: Target | None = None

    @model_validator(mode="after")
    def _limit_has_a_way_out(self) -> Self:
        if bool(self.longest_wait_seconds) != bool(self.too_long):
            raise ValueError("longest_wait_seconds and too_long go together")
        return self


class Transfer(Node):
    """Connect with a number outside; ``otherwise`` when nobody answers there."""

    do: Literal["transfer"]
    target: Annotated[str, Field(pattern=r"^[0-9*#+]{1,32}$")] | None = None
    emergency: Annotated[str, Field(pattern=r"^[0-9]{2,8}$")] | None = None
    """Instead of a target: a platform of the settings (``119``), to which the call's data goes along."""
    label: Annotated[str, Field(max_length=40)] = ""
    prompts: Prompts = ()
    otherwise: Target

    @model_validator(mode="after")
    def _one_goal(self) -> Self:
        if (self.target is None) == (self.emergency is None):
            raise ValueError("give either target or emergency")
        return self


class Callback(Node):
    """Owe the citizen a call."""

    do: Literal["callback"]
    number: Variable | None = None
    next: Target
    otherwise: Target
    """There is no number to call."""

    def reads(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        if self.number is not None:
            yield self.number, ("number",)


class HangUp(Node):
    """Say goodbye and end the call."""

    do: Literal["hang_up"]
    prompts: Prompts = ("goodbye",)
    reason: Annotated[str, Field(pattern=NAME)] = "flow_ended"


AnyNode = (
    Play | Say | Menu | Collect | Condition | Lookup | Knowledge | Record | Queue | Transfer | Callback | HangUp
)  # fmt: skip
KINDS: Mapping[str, type[AnyNode]] = {
    "play": Play, "say": Say, "menu": Menu, "collect": Collect, "condition": Condition, "lookup": Lookup,
    "knowledge": Knowledge, "record": Record, "queue": Queue, "transfer": Transfer, "callback": Callback,
    "hang_up": HangUp,
}  # fmt: skip
ENDS = (Queue, HangUp)
"""Nodes where a citizen's way through a flow may end."""


class Header(BaseModel):
    """What a flow says of itself, above its nodes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flow: Annotated[str, Field(pattern=NAME)]
    title: Annotated[str, Field(max_length=80)] = ""
    start: Target
    language: Literal["zh", "en"] = "zh"
    maximum_steps: Annotated[int, Field(ge=10, le=2000)] = 200
    """After so many nodes the citizen is sent to the waiting room, come what may."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A checked flow. ``version`` is a hash of its text."""

    name: str
    version: str
    title: str
    start: str
    language: str
    maximum_steps: int
    nodes: Mapping[str, AnyNode] = field(hash=False)
    source: str = ""
