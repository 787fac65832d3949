"""The life of a campaign as a literal table, and what may be changed in which state. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from hotline.errors import RuleBroken


class State(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"


STATE_ZH: Mapping[State, str] = {
    State.DRAFT: "草稿", State.RUNNING: "进行中", State.PAUSED: "已暂停", State.STOPPED: "已停止", State.DONE: "已完成",
}  # fmt: skip


class Action(StrEnum):
    """What is done to it. ``finish`` is the engine's own: every quota is full, or nobody is left."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    FINISH = "finish"


ACTION_ZH: Mapping[Action, str] = {
    Action.START: "开始", Action.PAUSE: "暂停", Action.RESUME: "继续", Action.STOP: "停止", Action.FINISH: "完成",
}  # fmt: skip
TABLE: Mapping[State, Mapping[Action, State]] = {
    State.DRAFT: {Action.START: State.RUNNING},
    State.RUNNING: {Action.PAUSE: State.PAUSED, Action.STOP: State.STOPPED, Action.FINISH: State.DONE},
    State.PAUSED: {Action.RESUME: State.RUNNING, Action.STOP: State.STOPPED},
    State.STOPPED: {},
    State.DONE: {},
}


def follow(state: State, action: Action) -> State:
    """Where it leads. Raises RuleBroken where the table has no such cell."""
    to = TABLE[state].get(action)
    if to is None:
        raise RuleBroken(
            f"民调当前为“{STATE_ZH[state]}”,不能{ACTION_ZH[action]}", f"a campaign in state {state} cannot {action}"
        )
    return to


def demand_draft(state: State) -> None:
    """The list and the questions are fixed once somebody has been asked."""
    if state is not State.DRAFT:
        raise RuleBroken("民调开始后不能再修改", "a campaign that has begun is not changed any more", code="begun")


def is_on(state: State, begins_on: date | None, ends_on: date | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether anybody may be dialled for it at this instant, as far as its own days go; both days are included."""
    today = now.astimezone(zone).date()
    return state is State.RUNNING and (begins_on or today) <= today <= (ends_on or today)
