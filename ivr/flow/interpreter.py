"""The interpreter: (flow, state, event) → (state, orders). Pure; never raises, leaves no citizen without an order.

Theory of operation. A state always holds one outstanding order; an event answers it, the node says where to go,
entering a node gives the next order. Events that do not belong to the outstanding order (late keys, doubled answers)
change nothing: the order stands. Nodes without anything to say are passed over; after ``maximum_steps`` nodes, and
wherever the flow itself would fail, the citizen goes to the waiting room of the dialled line (``_harbour``): people
are served even by a bad flow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ivr.flow import model
from ivr.flow.events import (
    ALL_KEYS,
    EXPECTED,
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
    Subject,
    Transfer,
    TransferFailed,
    WaitedTooLong,
)
from ivr.flow.meaning import meant_key
from ivr.flow.model import Flow
from ivr.flow.spoken import say
from ivr.flow.state import FlowState


@dataclass(frozen=True, slots=True)
class Step:
    """What an event led to. No orders: the outstanding one stands."""

    state: FlowState
    orders: tuple[Order, ...] = ()


def begin(flow: Flow, values: Mapping[str, str] | None = None, at: str = "") -> Step:
    """Start a call, with what is known of it (``caller``, ``dialled``), at the node ``at`` or at the start."""
    blank = FlowState(flow.name, flow.version, flow.start, EnterQueue(), flow.language).with_values(dict(values or {}))
    return _enter(flow, blank, at if at in flow.nodes else flow.start)


def wait_only(flow: Flow) -> Step:
    """For a citizen who comes back from a talk that broke off: the waiting room and nothing else."""
    return _harbour(FlowState(flow.name, flow.version, flow.start, EnterQueue(), flow.language))


def advance(flow: Flow, state: FlowState, event: Event) -> Step:
    """Take one event. ``flow`` must be of the version that the state began with."""
    node = flow.nodes.get(state.node)
    if state.finished or not isinstance(event, EXPECTED[type(state.order)]):
        return Step(state)
    if node is None:
        return _harbour(state)
    match event:
        case KeyPressed(key):
            return _take_key(flow, state, node, key)
        case Heard(text):
            meant = meant_key(node, text)
            return _take_key(flow, state, node, meant) if meant else Step(state)
        case Quiet():
            return _take_silence(flow, state, node)
        case Answered():
            return _take_answer(flow, state, node, event)
        case Recorded(seconds=seconds):
            return _go(flow, state, node, "next" if seconds > 0 else "otherwise")
        case TransferFailed():
            return _go(flow, state, node, "otherwise")
        case WaitedTooLong():
            return (
                _go(flow, state, node, "too_long") if isinstance(node, model.Queue) and node.too_long else Step(state)
            )


# -- events at nodes ---------------------------------------------------------------------------------------------------


def _take_key(flow: Flow, state: FlowState, node: model.AnyNode, key: str) -> Step:
    if isinstance(node, model.Collect):
        return _collect(flow, state, node, key)
    if isinstance(node, model.Choosing) and key in node.keys:
        if node.into is not None and node.keeps(key):
            state = state.with_values({node.into: key})
        return _enter(flow, state, node.keys[key])
    if isinstance(node, model.Menu) and len(key) == 1 and key in ALL_KEYS:
        return _try_again(flow, state, node)
    return Step(state)


def _take_silence(flow: Flow, state: FlowState, node: model.AnyNode) -> Step:
    match node:
        case model.Menu():
            return _try_again(flow, state, node, wrong=False)
        case model.Collect():
            return _finish_collecting(flow, state, node, wrong=bool(state.digits))
        case model.Record():
            return _give(state, Record(node.maximum_seconds, node.silence_seconds, node.terminator, state.language))
        case model.Transfer():
            return _give(state, Transfer(node.target or "", node.label, state.language, node.emergency or ""))
        case model.HangUp():
            return _give(replace(state, finished=True), HangUp(node.reason, state.language))
        case _:
            return _go(flow, state, node, "next")


def _take_answer(flow: Flow, state: FlowState, node: model.AnyNode, event: Answered) -> Step:
    state = state.with_values(dict(event.values))
    match node:
        case model.Condition():
            return _enter(flow, state, node.when.get(event.answer, node.otherwise))
        case model.Lookup():
            if event.answer == "several" and node.several is None:
                return _go(flow, state, node, "found")
            return _go(
                flow, state, node, event.answer if event.answer in ("found", "several", "missing") else "otherwise"
            )
        case model.Knowledge() if event.answer == "found" and event.prompts:
            return _give(
                state, Play(event.prompts, "".join(node.keys), listening=bool(node.words), language=state.language)
            )
        case model.Callback():
            return _go(flow, state, node, "next" if event.answer == "taken" else "otherwise")
        case _:
            return _go(flow, state, node, "otherwise")


def _collect(flow: Flow, state: FlowState, node: model.Collect, key: str) -> Step:
    if key == node.terminator:
        return _finish_collecting(flow, state, node, wrong=True)
    if len(key) != 1 or key not in "0123456789":
        return Step(state)
    state = replace(state, digits=state.digits + key)
    if len(state.digits) >= node.maximum:
        return _finish_collecting(flow, state, node, wrong=True)
    return _give(state, Play((), ALL_KEYS, node.wait_seconds, language=state.language))


def _finish_collecting(flow: Flow, state: FlowState, node: model.Collect, *, wrong: bool) -> Step:
    if len(state.digits) < node.minimum:
        return _try_again(flow, state, node, wrong=wrong)
    return _enter(flow, state.with_values({node.into: state.digits}), node.next)


def _try_again(flow: Flow, state: FlowState, node: model.Menu | model.Collect, *, wrong: bool = True) -> Step:
    state = replace(state, tries=state.tries + 1, digits="")
    if state.tries >= node.tries:
        return _enter(flow, state, node.otherwise)
    names = (*node.again, *node.prompts) if wrong else node.prompts
    return _give(state, Play(_prompts(names, state), ALL_KEYS, node.wait_seconds, _listens(node), state.language))


# -- entering nodes ----------------------------------------------------------------------------------------------------


def _go(flow: Flow, state: FlowState, node: model.AnyNode, way: str) -> Step:
    target = getattr(node, way, None) or getattr(node, "otherwise", None)
    return _enter(flow, state, str(target)) if target else _harbour(state)


def _enter(flow: Flow, state: FlowState, name: str) -> Step:
    """Enter a node, and the next ones as long as they have nothing to say."""
    while True:
        node = flow.nodes.get(name)
        if node is None or state.steps >= flow.maximum_steps:
            return _harbour(state)
        state = replace(
            state, node=name, steps=state.steps + 1, tries=0, digits="", language=node.language or state.language
        )
        order = _order_of(node, state)
        if order is not None:
            return _give(state, order)
        name = node.next if isinstance(node, model.Play | model.Say) else ""


def _order_of(node: model.AnyNode, state: FlowState) -> Order | None:
    """What is ordered on entering; None: nothing to say here."""
    language = state.language
    match node:
        case model.Play():
            prompts = _prompts(node.prompts, state)
            return Play(prompts, "".join(node.keys), 0.0, _listens(node), language) if prompts else None
        case model.Say():
            pieces = tuple(say(node.kind.value, state.variable(node.value), language))
            return Play(pieces, language=language) if pieces else None
        case model.Menu() | model.Collect():
            return Play(_prompts(node.prompts, state), ALL_KEYS, node.wait_seconds, _listens(node), language)
        case model.Condition():
            group = {"group": node.group or "", "long_seconds": str(node.long_seconds)}
            return Ask(node.ask, group if node.ask is Subject.QUEUE else {}, language)
        case model.Lookup():
            return Ask(Subject.PROGRESS, {"number": state.variable(node.number) if node.number else ""}, language)
        case model.Knowledge():
            return Ask(Subject.KNOWLEDGE, {"article": node.article}, language)
        case model.Queue():
            return EnterQueue(
                node.group or "", node.priority, language, "".join(node.keys), _listens(node),
                _prompts(node.hint, state), node.longest_wait_seconds,
            )  # fmt: skip
        case model.Callback():
            return RequestCallback(state.variable(node.number) if node.number else "", language)
        case model.Record() | model.Transfer() | model.HangUp():
            return Play(_prompts(node.prompts, state), language=language)


def _listens(node: model.AnyNode) -> bool:
    return isinstance(node, model.Choosing) and bool(node.words)


def _prompts(names: tuple[str, ...], state: FlowState) -> tuple[str, ...]:
    """Full names; a ``$variable`` stands for the prompt that it holds, or for nothing."""
    given = [state.variable(name[1:]) if name.startswith("$") else name for name in names]
    return tuple(name if "/" in name else f"hotline/{name}" for name in given if name)


def _give(state: FlowState, order: Order) -> Step:
    return Step(replace(state, order=order), (order,))


def _harbour(state: FlowState) -> Step:
    """The waiting room of the dialled line, for good."""
    return _give(replace(state, finished=True), EnterQueue(language=state.language))
