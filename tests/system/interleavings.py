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
    MUSIC = "citizen hears music and talks with the agent when he resumes"
    PARKED = "citizen hears music and talks with whoever picks up"
    QUEUE = "citizen is in front of the line, with music, and is offered to the next agent"
    GONE = "citizen has hung up; nobody is left on the line, the agent is free"


ZH = {
    Where.AGENT: "市民与坐席通话",
    Where.PARTY: "市民与第三方通话,坐席已退出",
    Where.THREE: "三方通话",
    Where.HELD: "市民听保持音乐,坐席与第三方通话",
    Where.MUSIC: "市民听保持音乐,坐席恢复后继续通话",
    Where.PARKED: "市民听保持音乐,由代接的坐席接听",
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
    "parked": "已驻留 / citizen parked, the agent is free",
    "consulting_seat": "咨询另一坐席 / agent talks with a second seat, citizen on hold",
    "swapped_seat": "切换回市民,另一坐席保持 / agent talks with the citizen, second seat waits",
    "conference_seat": "与另一坐席三方 / three parties, the third a second seat",
    "handed_over": "已转给另一坐席 / passed on to a second seat",
    "regrouped": "已转另一技能组 / passed on to another group's line",
    "in_flow": "已转语音流程 / passed on to a node of a flow",
}

EVENTS = {
    "busy": "对方忙 / target busy",
    "no_answer": "对方无人接 / nobody answers until the ringing time is over",
    "invalid": "号码无效 / invalid number",
    "declined": "对方振铃中挂断 / target hangs up while ringing",
    "cancelled": "坐席取消 / the agent cancels (or throws the party out)",
    "answered": "对方接听 / the department answers",
    "completed": "坐席完成转接 / the agent completes the transfer",
    "merged": "坐席合并三方 / the agent merges all three",
    "swapped": "坐席切换 / the agent swaps who hears whom",
    "left": "坐席退出 / the agent leaves the two together",
    "rejoined": "坐席重新加入 / the agent comes back",
    "key": "市民按键转人工 / the citizen presses the key for an agent",
    "not_picked_up": "无人代接 / nobody picks up in time",
    "picked_up": "另一坐席代接 / another seat picks up",
    "next_agent": "下一位坐席就绪 / the next agent is ready",
    "citizen_hangs_up": "市民挂机 / citizen hangs up",
    "agent_hangs_up": "坐席挂机 / the agent ends the call",
    "seat_dies": "坐席浏览器断线 / the agent's browser dies",
    "party_hangs_up": "对方挂机 / the third party hangs up first (a second seat: its browser dies)",
    "engine_killed": "引擎被杀死并立即重启 / the engine is killed and started again at once",
    "engine_dead": "引擎被杀死,久未重启 / the engine is killed and stays dead: Asterisk by itself, then taken up",
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


_W = Where
_ALWAYS = {"citizen_hangs_up": _W.GONE}
_WITH_AGENT = {**_ALWAYS, "agent_hangs_up": _W.GONE}
_RINGING = dict.fromkeys(("busy", "no_answer", "invalid", "declined", "cancelled"), _W.AGENT)
_ALL: dict[str, dict[str, Where]] = {
    "held": {
        **_WITH_AGENT,
        "cancelled": _W.AGENT,
        "seat_dies": _W.QUEUE,
        "engine_killed": _W.MUSIC,
        "engine_dead": _W.AGENT,
    },
    "calling": {
        **_WITH_AGENT,
        **_RINGING,
        "answered": _W.HELD,
        "seat_dies": _W.QUEUE,
        "engine_killed": _W.HELD,  # it goes on ringing, and then answers
        "engine_dead": _W.AGENT,
    },
    "consulting": {
        **_WITH_AGENT,
        "cancelled": _W.AGENT,
        "completed": _W.PARTY,
        "merged": _W.THREE,
        "swapped": _W.AGENT,
        "seat_dies": _W.QUEUE,
        "party_hangs_up": _W.AGENT,
        "engine_killed": _W.HELD,
        "engine_dead": _W.HELD,
    },
    "swapped": {
        **_WITH_AGENT,
        "cancelled": _W.AGENT,
        "completed": _W.PARTY,
        "merged": _W.THREE,
        "swapped": _W.HELD,
        "seat_dies": _W.QUEUE,
        "party_hangs_up": _W.AGENT,
        "engine_killed": _W.AGENT,
        "engine_dead": _W.AGENT,
    },
    "adding": {
        **_WITH_AGENT,
        **_RINGING,
        "answered": _W.THREE,
        "seat_dies": _W.QUEUE,
        "engine_killed": _W.THREE,
        "engine_dead": _W.AGENT,
    },
    "conference": {
        **_WITH_AGENT,
        "cancelled": _W.AGENT,
        "swapped": _W.AGENT,
        "left": _W.PARTY,
        "seat_dies": _W.PARTY,
        "party_hangs_up": _W.AGENT,
        "engine_killed": _W.THREE,
        "engine_dead": _W.THREE,
    },
    "sending": {
        **_ALWAYS,
        **dict.fromkeys(("busy", "no_answer", "invalid", "declined"), _W.QUEUE),
        "answered": _W.PARTY,
        "seat_dies": _W.QUEUE,
        "engine_killed": _W.PARTY,
        "engine_dead": _W.AGENT,
    },
    "together": {
        **_ALWAYS,
        "rejoined": _W.THREE,
        "seat_dies": _W.PARTY,
        "party_hangs_up": _W.QUEUE,
        "engine_killed": _W.PARTY,
        "engine_dead": _W.PARTY,
    },
    "parked": {
        **_ALWAYS,
        "picked_up": _W.PARKED,
        "not_picked_up": _W.QUEUE,
        "seat_dies": _W.PARKED,
        "engine_killed": _W.PARKED,
        "engine_dead": _W.AGENT,  # through Asterisk's own queue, which rings the seats that are ready
    },
    "consulting_seat": {
        **_WITH_AGENT,
        "cancelled": _W.AGENT,
        "completed": _W.PARTY,
        "merged": _W.THREE,
        "swapped": _W.AGENT,
        "seat_dies": _W.QUEUE,
        "party_hangs_up": _W.AGENT,
        "engine_killed": _W.HELD,
        "engine_dead": _W.HELD,
    },
    "swapped_seat": {
        **_WITH_AGENT,
        "cancelled": _W.AGENT,
        "completed": _W.PARTY,
        "merged": _W.THREE,
        "swapped": _W.HELD,
        "seat_dies": _W.QUEUE,
        "party_hangs_up": _W.AGENT,
        "engine_killed": _W.AGENT,
        "engine_dead": _W.AGENT,
    },
    "conference_seat": {
        **_WITH_AGENT,
        "cancelled": _W.AGENT,
        "swapped": _W.AGENT,
        "left": _W.PARTY,
        "seat_dies": _W.PARTY,
        "party_hangs_up": _W.AGENT,
        "engine_killed": _W.THREE,
        "engine_dead": _W.THREE,
    },
    "handed_over": {**_ALWAYS, "seat_dies": _W.PARTY, "party_hangs_up": _W.QUEUE, "engine_killed": _W.PARTY},
    "regrouped": {
        **_ALWAYS,
        "next_agent": _W.QUEUE,
        "seat_dies": _W.QUEUE,
        "engine_killed": _W.QUEUE,
    },
    "in_flow": {**_ALWAYS, "key": _W.QUEUE, "seat_dies": _W.QUEUE, "engine_killed": _W.QUEUE},
}
TABLE = tuple(Cell(stage, event, outcome) for stage, row in _ALL.items() for event, outcome in row.items())
SAMPLE = (
    "consulting-cancelled",
    "swapped-seat_dies",
    "conference-engine_killed",
    "conference_seat-seat_dies",
    "parked-picked_up",
    "in_flow-key",
)
"""Cells that every run of the tests plays; all of them are played by ``make test-long``."""


def as_markdown() -> str:
    """The table for the documentation."""
    lines = ["| 阶段 / stage | 发生 / what happens | 结果 / outcome |", "|---|---|---|"]
    for cell in TABLE:
        lines.append(f"| {STAGES[cell.stage]} | {EVENTS[cell.event]} | {ZH[cell.outcome]} / {cell.outcome} |")
    return "\n".join(lines) + "\n"
