"""The words of a work order's life: states, actions, roles, and what an action does to the deadline's clock."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a work order stands. Stored and sent to browsers by value."""

    DRAFT = "draft"
    PENDING = "pending"
    REFUSED = "refused"
    CLOSED_DIRECT = "closed_direct"
    TO_DISPATCH = "to_dispatch"
    MERGED = "merged"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    RETURN_REVIEW = "return_review"
    ARBITRATION = "arbitration"
    SUSPENDED = "suspended"
    REPLY_REVIEW = "reply_review"
    TO_CALLBACK = "to_callback"
    REWORK = "rework"
    CLOSED = "closed"
    ARCHIVED = "archived"
    VOID = "void"


STATE_ZH: Mapping[State, str] = {
    State.DRAFT: "草稿", State.PENDING: "待受理", State.REFUSED: "不予受理", State.CLOSED_DIRECT: "直办办结",
    State.TO_DISPATCH: "待派单", State.MERGED: "已并单", State.DISPATCHED: "待签收", State.IN_PROGRESS: "办理中",
    State.RETURN_REVIEW: "退单待审", State.ARBITRATION: "待协调", State.SUSPENDED: "挂账",
    State.REPLY_REVIEW: "待审核", State.TO_CALLBACK: "待回访", State.REWORK: "重办", State.CLOSED: "办结",
    State.ARCHIVED: "归档", State.VOID: "作废",
}  # fmt: skip

TERMINAL: frozenset[State] = frozenset({State.REFUSED, State.VOID})
"""Nothing leads out of these."""
DONE: frozenset[State] = TERMINAL | {State.MERGED, State.CLOSED, State.CLOSED_DIRECT, State.ARCHIVED}
"""Nobody owes anything here. A sub-order in one of these no longer holds its parent back."""
WITH_UNIT: frozenset[State] = frozenset({State.DISPATCHED, State.IN_PROGRESS, State.RETURN_REVIEW, State.ARBITRATION})
"""States in which the unit's deadline runs."""


class Action(StrEnum):
    """What somebody may ask of a work order. Part of the URL in the HTTP API."""

    REGISTER = "register"
    SUBMIT = "submit"
    ANSWER = "answer"
    ACCEPT = "accept"
    REFUSE = "refuse"
    MERGE = "merge"
    UNMERGE = "unmerge"
    REFER = "refer"
    INSTRUCT = "instruct"
    DISPATCH = "dispatch"
    PART = "part"
    SIGN = "sign"
    RETURN = "return"
    AGREE_RETURN = "agree_return"
    REJECT_RETURN = "reject_return"
    ARBITRATE = "arbitrate"
    ASSIGN = "assign"
    EXTEND = "extend"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    DELEGATE = "delegate"
    INVITE = "invite"
    SUSPEND = "suspend"
    RESUME = "resume"
    SUPERVISE = "supervise"
    RELEASE = "release"
    REPLY = "reply"
    APPROVE = "approve"
    ACCEPT_PART = "accept_part"
    SEND_BACK = "send_back"
    CLOSE = "close"
    REDO = "redo"
    REDISPATCH = "redispatch"
    ARCHIVE = "archive"
    REOPEN = "reopen"
    FAIL = "fail"
    REVISIT = "revisit"
    VOID = "void"


class Role(StrEnum):
    """Who acts. Those of the accounts, and the engine itself."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    DEPARTMENT = "department"
    INSPECTOR = "inspector"
    ADMIN = "admin"
    DISCIPLINE = "discipline"
    SYSTEM = "system"


class ClockEffect(StrEnum):
    """What a transition does to the unit's deadline."""

    KEEP = "keep"
    START = "start"
    """Starts, unless it is running already: a returned work order goes on against its first deadline."""
    RENEW = "renew"
    """A new deadline, whatever was before."""
    STOP = "stop"
    RESTORE = "restore"
    """Runs on with the working time that was unused when it stopped."""
    EXTEND = "extend"
    """The working days that were asked for are added."""
    CLEAR = "clear"
    """As if it had never run: the next dispatch starts it."""


class Extension(StrEnum):
    """The extension axis: asked for once, before the deadline."""

    NONE = "none"
    APPLIED = "applied"
    GRANTED = "granted"
    REFUSED = "refused"


class Part(StrEnum):
    """What a sub-order is to its parent."""

    ASSIST = "assist"
    """会办: the hotline had another unit join."""
    DOWN = "down"
    """下派: the unit handed a share to a unit below it."""


EXTENSION_ZH: Mapping[Extension, str] = {
    Extension.NONE: "未申请", Extension.APPLIED: "申请中", Extension.GRANTED: "已批准", Extension.REFUSED: "已驳回",
}  # fmt: skip
PART_ZH: Mapping[Part, str] = {Part.ASSIST: "协办", Part.DOWN: "下派"}
HIGHEST_SUPERVISION = 5
