"""The life of one return visit as a literal table; a missing key is the error.

``due → claimed → dialling → answered → surveyed | refused | wrong_person | voicemail | later | connected``; from
dialling ``no_answer | busy | invalid_number | failed``. All of these are stations within one transaction: from there
the task is due again by the plan, goes to a person (``human``, ``by_hand`` while he phones), or is ``closed``: the
end, always with a disposition. ``dialling`` is committed *before* Asterisk is asked to dial, so after a crash
``claimed`` means "certainly not dialled" and ``dialling`` means "ask Asterisk first".
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
    WRONG_PERSON = "wrong_person"
    VOICEMAIL = "voicemail"
    LATER = "later"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    INVALID_NUMBER = "invalid_number"
    FAILED = "failed"
    CONNECTED = "connected"
    HUMAN = "human"
    BY_HAND = "by_hand"
    CLOSED = "closed"


STATE_ZH: Mapping[State, str] = {
    State.DUE: "待回访",
    State.CLAIMED: "已领取",
    State.DIALLING: "拨号中",
    State.ANSWERED: "已接听",
    State.SURVEYED: "已评价",
    State.REFUSED: "未评价",
    State.WRONG_PERSON: "非本人",
    State.VOICEMAIL: "语音信箱",
    State.LATER: "约定再访",
    State.NO_ANSWER: "无人接听",
    State.BUSY: "占线",
    State.INVALID_NUMBER: "号码无效",
    State.FAILED: "呼叫失败",
    State.CONNECTED: "已接通人工",
    State.HUMAN: "待人工回访",
    State.BY_HAND: "人工回访中",
    State.CLOSED: "已完成",
}

BY_ROBOT: tuple[State, ...] = (State.CLAIMED, State.DIALLING, State.ANSWERED)
"""States that hold one of our lines."""
ON_THE_PHONE: tuple[State, ...] = (*BY_ROBOT, State.BY_HAND)
"""States that hold the citizen's number."""


class Disposition(StrEnum):
    """How a return visit ended, for good. What a person finds out by phoning himself is said in these words too."""

    SURVEYED = "surveyed"
    REFUSED = "refused"
    WRONG_PERSON = "wrong_person"
    UNREACHABLE = "unreachable"
    """Documented: the grounds stand beside it."""
    CONNECTED = "connected"
    """An agent talked with the citizen: what a call that nobody took is owed."""
    WITHDRAWN = "withdrawn"
    """Nobody wants to know any more: a campaign was stopped."""


DISPOSITION_ZH: Mapping[str, str] = {
    **{state.value: zh for state, zh in STATE_ZH.items()},
    Disposition.UNREACHABLE.value: "无法联系",
    Disposition.WITHDRAWN.value: "已撤销",
}


class Event(StrEnum):
    """What moves a return visit on."""

    CLAIM = "claim"
    RELEASE = "release"
    DIAL = "dial"
    ANSWER = "answer"
    SURVEY = "survey"
    REFUSE = "refuse"
    STRANGER = "stranger"
    """Somebody else answers there."""
    MACHINE = "machine"
    """An answering machine, or an announcement of the network."""
    POSTPONE = "postpone"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    INVALID = "invalid"
    FAIL = "fail"
    HANG_UP = "hang_up"
    """The citizen picked up and left before an agent came."""
    CONNECT = "connect"
    """An agent has the citizen."""
    RETRY = "retry"
    GIVE_UP = "give_up"
    HAND_OVER = "hand_over"
    """A dissatisfied citizen is given to a live agent, who settles it."""
    TAKE_UP = "take_up"
    PUT_DOWN = "put_down"
    CLOSE = "close"


_AGAIN: Mapping[Event, State] = {Event.RETRY: State.DUE, Event.GIVE_UP: State.HUMAN}
TABLE: Mapping[State, Mapping[Event, State]] = {
    State.DUE: {Event.CLAIM: State.CLAIMED, Event.CLOSE: State.CLOSED},  # closed: answered by message, or withdrawn
    State.CLAIMED: {Event.RELEASE: State.DUE, Event.DIAL: State.DIALLING, Event.INVALID: State.INVALID_NUMBER},
    State.DIALLING: {
        Event.RELEASE: State.DUE,  # the citizen's telephone did not ring: the link, or the trunk, was down
        Event.ANSWER: State.ANSWERED,
        Event.NO_ANSWER: State.NO_ANSWER,
        Event.BUSY: State.BUSY,
        Event.INVALID: State.INVALID_NUMBER,
        Event.FAIL: State.FAILED,
    },
    State.ANSWERED: {
        Event.SURVEY: State.SURVEYED,
        Event.REFUSE: State.REFUSED,
        Event.STRANGER: State.WRONG_PERSON,
        Event.MACHINE: State.VOICEMAIL,
        Event.POSTPONE: State.LATER,
        Event.NO_ANSWER: State.NO_ANSWER,  # an announcement answered: switched off, no coverage
        Event.BUSY: State.BUSY,
        Event.INVALID: State.INVALID_NUMBER,
        Event.FAIL: State.FAILED,
        Event.HANG_UP: State.FAILED,
        Event.CONNECT: State.CONNECTED,
    },
    State.SURVEYED: {Event.CLOSE: State.CLOSED, Event.HAND_OVER: State.HUMAN},
    State.REFUSED: {Event.CLOSE: State.CLOSED},
    State.CONNECTED: {Event.CLOSE: State.CLOSED},
    State.WRONG_PERSON: {Event.GIVE_UP: State.HUMAN},  # the number is not the citizen's: a person looks for another
    State.VOICEMAIL: _AGAIN,
    State.LATER: _AGAIN,
    State.NO_ANSWER: _AGAIN,
    State.BUSY: _AGAIN,
    State.INVALID_NUMBER: {Event.GIVE_UP: State.HUMAN},
    State.FAILED: _AGAIN,
    State.HUMAN: {Event.TAKE_UP: State.BY_HAND, Event.CLOSE: State.CLOSED},
    State.BY_HAND: {Event.PUT_DOWN: State.HUMAN, Event.CLOSE: State.CLOSED},
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
