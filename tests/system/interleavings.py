"""The table of interleavings: in which stage of call control what happens, and where everybody is afterwards.

``TABLE`` is the only source: ``test_interleavings.py`` makes each cell happen on the real Asterisk, and
``docs/call-control.md`` prints it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """Where the citizen is afterwards; each is proved by tones, by the queue, or by the line being dead."""

    AGENT = "citizen talks with the agent"
    PARTY = "citizen talks with the third party, the agent is out"
    THREE = "citizen, agent and third party talk"
    HELD = "citizen hears music, the agent talks with the third party"
    QUEUE = "citizen is in front of the line, with music, and is offered to the next agent"
    GONE = "citizen has hung up; nobody is left on the line, the agent is free"


ZH = {
    Where.AGENT: "市民与坐席通话",
    Where.PARTY: "市民与第三方通话,坐席已退出",
    Where.THREE: "三方通话",
    Where.HELD: "市民听保持音乐,坐席与第三方通话",
    Where.QUEUE: "市民回到队首,优先分配给下一位坐席",
    Where.GONE: "市民已挂机,无人滞留,坐席空闲",
}

STAGES = {
    "held": "保持中 / citizen on hold",
    "calling": "咨询振铃 / the department rings, citizen on hold",
    "consulting": "咨询中 / agent talks with the department, citizen on hold",
    "swapped": "切换回市民 / agent talks with the citizen, department on hold",
    "adding": "三方振铃 / the department rings, agent and citizen talk",
    "conference": "三方通话 / three parties",
    "sending": "盲转振铃 / blind transfer, the department rings",
    "together": "坐席已退出 / the agent has left the two together",
}

EVENTS = {
    "busy": "对方忙 / target busy",
    "no_answer": "对方无人接 / nobody answers",
    "invalid": "号码无效 / invalid number",
    "cancelled": "坐席取消 / the agent cancels (or throws the party out)",
    "answered": "对方接听 / the department answers",
    "citizen_hangs_up": "市民挂机 / citizen hangs up",
    "seat_dies": "坐席浏览器断线 / the agent's browser dies",
    "party_hangs_up": "对方挂机 / the department hangs up first",
    "engine_killed": "引擎被杀死并重启 / the engine is killed and started again",
}


@dataclass(frozen=True)
class Cell:
    """One row of the table."""

    stage: str
    event: str
    outcome: Where

    @property
    def name(self) -> str:
        """For the test's id."""
        return f"{self.stage}-{self.event}"


_ALL = {
    "held": {"cancelled": Where.AGENT, "citizen_hangs_up": Where.GONE, "seat_dies": Where.QUEUE},
    "calling": {
        "busy": Where.AGENT,
        "no_answer": Where.AGENT,
        "invalid": Where.AGENT,
        "cancelled": Where.AGENT,
        "answered": Where.HELD,
        "citizen_hangs_up": Where.GONE,
        "seat_dies": Where.QUEUE,
    },
    "consulting": {
        "cancelled": Where.AGENT,
        "citizen_hangs_up": Where.GONE,
        "seat_dies": Where.QUEUE,
        "party_hangs_up": Where.AGENT,
        "engine_killed": Where.HELD,
    },
    "swapped": {
        "cancelled": Where.AGENT,
        "citizen_hangs_up": Where.GONE,
        "seat_dies": Where.QUEUE,
        "party_hangs_up": Where.AGENT,
        "engine_killed": Where.AGENT,
    },
    "adding": {
        "busy": Where.AGENT,
        "no_answer": Where.AGENT,
        "invalid": Where.AGENT,
        "cancelled": Where.AGENT,
        "answered": Where.THREE,
        "citizen_hangs_up": Where.GONE,
        "seat_dies": Where.QUEUE,
        "engine_killed": Where.AGENT,
    },
    "conference": {
        "cancelled": Where.AGENT,
        "citizen_hangs_up": Where.GONE,
        "seat_dies": Where.PARTY,
        "party_hangs_up": Where.AGENT,
        "engine_killed": Where.THREE,
    },
    "sending": {
        "busy": Where.QUEUE,
        "no_answer": Where.QUEUE,
        "invalid": Where.QUEUE,
        "answered": Where.PARTY,
        "citizen_hangs_up": Where.GONE,
        "seat_dies": Where.QUEUE,
    },
    "together": {
        "citizen_hangs_up": Where.GONE,
        "seat_dies": Where.PARTY,
        "party_hangs_up": Where.QUEUE,
        "engine_killed": Where.PARTY,
    },
}
TABLE = tuple(Cell(stage, event, outcome) for stage, row in _ALL.items() for event, outcome in row.items())
KILLS = tuple(cell for cell in TABLE if cell.event == "engine_killed")
OTHERS = tuple(cell for cell in TABLE if cell.event != "engine_killed")


def as_markdown() -> str:
    """The table for the documentation."""
    lines = ["| 阶段 / stage | 发生 / what happens | 结果 / outcome |", "|---|---|---|"]
    for cell in TABLE:
        lines.append(f"| {STAGES[cell.stage]} | {EVENTS[cell.event]} | {ZH[cell.outcome]} / {cell.outcome} |")
    return "\n".join(lines) + "\n"
