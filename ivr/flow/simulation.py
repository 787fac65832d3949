"""Walking a flow without a telephone: what would be heard, and what the person at the terminal types in return.

One line is one event. At prompts: keys (``1``, or ``260101#`` for several), ``say 人工`` for spoken words, an empty
line for silence. At questions: the answer (``found number=26… progress=progress-working``). In the waiting room: keys,
``wait`` for the longest wait, ``agent`` when somebody answers. ``quit``, or the end of the input, hangs up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ivr.english import ENGLISH_PROMPTS
from ivr.flow.events import (
    ANSWERS,
    Answered,
    Ask,
    EnterQueue,
    Event,
    HangUp,
    Heard,
    KeyPressed,
    Order,
    Play,
    Quiet,
    Record,
    Recorded,
    RequestCallback,
    Transfer,
    TransferFailed,
    WaitedTooLong,
)
from ivr.flow.interpreter import advance, begin
from ivr.flow.model import Flow
from ivr.prompts import PROMPTS

TellLine = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a simulated call ended."""

    how: str
    """``agent``, ``hung_up`` (by the flow), ``gone`` (the citizen) or ``transferred``."""
    node: str
    steps: int


def simulate(flow: Flow, lines: Iterator[str], tell: TellLine, *, caller: str = "", dialled: str = "12345") -> Outcome:
    """Play the flow with what ``lines`` brings, until it ends."""
    step = begin(flow, {"caller": caller, "dialled": dialled})
    waiting: list[str] = []
    while True:
        state, order = step.state, step.state.order
        if step.orders:
            tell(describe(state.node, order))
        if isinstance(order, HangUp):
            return Outcome("hung_up", state.node, state.steps)
        if isinstance(order, Play) and not order.keys and not waiting:
            step = advance(flow, state, Quiet())  # nothing can be pressed here
            continue
        line = waiting.pop(0) if waiting else next(lines, "quit").strip()
        if line == "quit":
            return Outcome("gone", state.node, state.steps)
        if line == "agent" and isinstance(order, EnterQueue):
            return Outcome("agent", state.node, state.steps)
        if line == "answered" and isinstance(order, Transfer):
            return Outcome("transferred", state.node, state.steps)
        if isinstance(order, Play | EnterQueue) and len(line) > 1 and not line.isalpha() and " " not in line:
            line, waiting = line[0], list(line[1:])
        event = read_event(order, line)
        if event is None:
            tell(f"  ？{_choices(order)}")
        else:
            step = advance(flow, state, event)


def read_event(order: Order, line: str) -> Event | None:
    """The event that a typed line means at this order; None when it means nothing."""
    match order:
        case Play() if not line:
            return Quiet()
        case Play() | EnterQueue() if line.startswith("say "):
            return Heard(line.removeprefix("say ").strip())
        case EnterQueue() if line == "wait":
            return WaitedTooLong()
        case Play() | EnterQueue() if len(line) == 1:
            return KeyPressed(line)
        case Ask() | RequestCallback() if line:
            answer, *pairs = line.split()
            values = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
            return Answered(answer, values, ("hotline/answer",) if answer == "found" else ())
        case Transfer() if line == "failed":
            return TransferFailed()
        case Record():
            return Recorded(line, float(bool(line)))
        case _:
            return None


def describe(node: str, order: Order) -> str:
    """One order as a line of text: the words that would be heard."""
    match order:
        case Play(prompts=prompts, keys=keys, wait_seconds=wait):
            pause = f" …{wait:g} s" if wait else ""
            return f"[{node}] {_words(prompts, order.language)}{pause}{f'  ({keys})' if keys else ''}"
        case Ask(subject=subject, details=details):
            asked = " ".join(f"{name}={value}" for name, value in details.items() if value)
            return f"[{node}] ? {subject.value} {asked}  ({_choices(order)})"
        case EnterQueue(group=group, keys=keys, hint=hint):
            return f"[{node}] ~ 排队 / queue {group or '(line)'} {_words(hint, order.language)}  ({keys} agent wait)"
        case Transfer(target=target, emergency=emergency):
            return f"[{node}] > 转接 / transfer {target or emergency}  (answered failed)"
        case RequestCallback(number=number):
            return f"[{node}] ? 回电 / callback {number}  (taken refused)"
        case Record(maximum_seconds=seconds):
            return f"[{node}] * 录音 / record ≤ {seconds:g} s"
        case HangUp(reason=reason):
            return f"[{node}] . 挂机 / hang up: {reason}"


def _choices(order: Order) -> str:
    match order:
        case Ask(subject=subject):
            return " ".join(sorted(ANSWERS.get(subject, frozenset()))) or "number"
        case RequestCallback():
            return "taken refused"
        case EnterQueue():
            return f"{order.keys} agent wait quit"
        case Transfer():
            return "answered failed"
        case _:
            return "0-9*# 'say …' (empty) quit"


def _words(prompts: tuple[str, ...], language: str) -> str:
    texts = ENGLISH_PROMPTS if language == "en" else PROMPTS
    names = [prompt.removeprefix("hotline/") for prompt in prompts]
    return (" " if language == "en" else "").join(texts.get(name, f"〈{name}〉") for name in names)
