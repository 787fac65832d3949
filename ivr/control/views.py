"""What a screen is told about an operation."""

from dataclasses import dataclass
from datetime import datetime

from ivr.control.parts import Party, Saga, Stage
from ivr.control.saga import MOVES

_WORDS = {
    Stage.TALKING: "通话中",
    Stage.HELD: "保持中",
    Stage.CALLING: "正在呼叫第三方,市民保持中",
    Stage.CONSULTING: "咨询中,市民保持中",
    Stage.SWAPPED: "与市民通话,第三方保持中",
    Stage.ADDING: "正在呼叫第三方",
    Stage.CONFERENCE: "三方通话",
    Stage.SENDING: "正在转接",
    Stage.TOGETHER: "市民与第三方通话",
    Stage.PARKED: "已驻留,等待代接",
    Stage.OVER: "通话中",
}


@dataclass(frozen=True, slots=True)
class ControlView:
    """One seat's operation. ``may``: what the agent can do now, by the names of the API."""

    seat: str
    call_id: str | None
    stage: Stage
    stage_zh: str
    party: Party | None
    held_since: datetime | None
    muted: bool
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParkedView:
    """A citizen whom any seat may pick up."""

    call_id: str
    caller: str
    group: str
    seat: str
    """Who parked the call."""
    since: datetime


_NAMES = {
    "Hold": "hold", "Resume": "resume", "Consult": "consult", "Add": "conference", "Send": "transfer",
    "SendBack": "transfer", "Complete": "complete", "Cancel": "cancel", "Swap": "swap", "Merge": "merge",
    "Leave": "leave", "Rejoin": "rejoin", "Park": "park", "SendToFlow": "transfer",
}  # fmt: skip


def view_of(seat: str, saga: Saga | None, *, muted: bool) -> ControlView:
    """As the seat's screen shows it."""
    stage = saga.stage if saga is not None else Stage.TALKING
    may = dict.fromkeys(_NAMES[kind.__name__] for kind in MOVES[stage] if kind.__name__ in _NAMES)
    return ControlView(
        seat=seat,
        call_id=saga.call_id if saga is not None else None,
        stage=stage,
        stage_zh=_WORDS[stage],
        party=saga.party if saga is not None else None,
        held_since=saga.held_since if saga is not None else None,
        muted=muted,
        may=tuple(may),
    )
