"""The life of one return visit as a literal table; a missing key is the error.

``due → claimed → dialling → answered → surveyed | refused``; from dialling ``no_answer | busy | invalid | failed``.
These last four are stations within one transaction: from there the task is due again later, or goes to a person
(``human``). ``closed`` is the end, always with a disposition. ``dialling`` is committed *before* Asterisk is asked to
dial, so after a crash ``claimed`` means "certainly not dialled" and ``dialling`` means "ask Asterisk first".
"""

from collections.abc import Mapping
from enum import StrEnum

from hotline.errors import RuleBroken


class State(StrEnum):
    """Where a return visit stands."""

    DUE = "due"
    CLAIMED = "claimed"
    DIALLING = "dialling"
    ANSWERED = "answered"
    SURVEYED = "surveyed"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    INVALID = "invalid"
    FAILED = "failed"
    HUMAN = "human"
    CLOSED = "closed"


STATE_ZH: Mapping[State, str] = {
    State.DUE: "待回访",
    State.CLAIMED: "已领取",
    State.DIALLING: "拨号中",
    State.ANSWERED: "已接听",
    State.SURVEYED: "已评价",
    State.REFUSED: "未评价",
    State.NO_ANSWER: "无人接听",
    State.BUSY: "占线",
    State.INVALID: "号码无效",
    State.FAILED: "呼叫失败",
    State.HUMAN: "待人工回访",
    State.CLOSED: "已完成",
}

ON_THE_PHONE: tuple[State, ...] = (State.CLAIMED, State.DIALLING, State.ANSWERED)
"""States that hold the citizen's number and one of our lines."""


class Event(StrEnum):
    """What moves a return visit on."""

    CLAIM = "claim"
    RELEASE = "release"
    DIAL = "dial"
    ANSWER = "answer"
    SURVEY = "survey"
    REFUSE = "refuse"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    INVALID = "invalid"
    FAIL = "fail"
    RETRY = "retry"
    GIVE_UP = "give_up"
    CLOSE = "close"


TABLE: Mapping[State, Mapping[Event, State]] = {
    State.DUE: {Event.CLAIM: State.CLAIMED},
    State.CLAIMED: {Event.RELEASE: State.DUE, Event.DIAL: State.DIALLING, Event.INVALID: State.INVALID},
    State.DIALLING: {
        Event.RELEASE: State.DUE,  # nothing was sent to Asterisk: the link was down
        Event.ANSWER: State.ANSWERED,
        Event.NO_ANSWER: State.NO_ANSWER,
        Event.BUSY: State.BUSY,
        Event.INVALID: State.INVALID,
        Event.FAIL: State.FAILED,
    },
    State.ANSWERED: {Event.SURVEY: State.SURVEYED, Event.REFUSE: State.REFUSED, Event.FAIL: State.FAILED},
    State.SURVEYED: {Event.CLOSE: State.CLOSED},
    State.REFUSED: {Event.CLOSE: State.CLOSED},
    State.NO_ANSWER: {Event.RETRY: State.DUE, Event.GIVE_UP: State.HUMAN},
    State.BUSY: {Event.RETRY: State.DUE, Event.GIVE_UP: State.HUMAN},
    State.INVALID: {Event.GIVE_UP: State.HUMAN},
    State.FAILED: {Event.RETRY: State.DUE, Event.GIVE_UP: State.HUMAN},
    State.HUMAN: {Event.CLOSE: State.CLOSED},
    State.CLOSED: {},
}


def follow(state: State, *events: Event) -> State:
    """The state after these events. Raises ``RuleBroken`` where the table has no such cell."""
    for event in events:
        to = TABLE[state].get(event)
        if to is None:
            raise RuleBroken(
                f"回访任务当前为“{STATE_ZH[state]}”，不能执行此操作",
                f"a return visit in state {state} takes no {event}",
            )
        state = to
    return state
