"""Why this seat: the sentence that every offer carries, in Chinese and English, for the agent and for the ledger."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class ExplainedSeat(Protocol):
    """As much of a free seat as an explanation needs."""

    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def idle_since(self) -> datetime: ...
    @property
    def calls_taken(self) -> int: ...
    @property
    def account(self) -> str | None: ...
    @property
    def skills(self) -> Mapping[str, int]: ...


class ExplainedCall(Protocol):
    """As much of a waiting call as an explanation needs."""

    @property
    def group(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def needs(self) -> Mapping[str, int]: ...
    @property
    def last_agent(self) -> str | None: ...


def explain(
    strategy: str, seat: ExplainedSeat, call: ExplainedCall, fit: int, duty: str | None, now: datetime | None
) -> str:
    """The reason in words; ``fit`` is how many seats could have had the call."""
    zh, en = _of_strategy(strategy, seat, call, now)
    parts = [(zh, en), (f"{fit} 席可选", f"of {fit} fit")]
    if duty is not None:
        parts.insert(0, (f"值班接听:{duty}", f"on duty: {duty}"))
    if call.group not in seat.groups:
        parts.append((f"溢出自 {call.group}", f"overflow from {call.group}"))
    if call.priority > 0:
        parts.append((f"优先 {call.priority} 分钟", f"{call.priority} minutes ahead"))
    if call.priority < 0:
        parts.append((f"靠后 {-call.priority} 分钟", f"{-call.priority} minutes back"))
    return ",".join(part[0] for part in parts) + " / " + ", ".join(part[1] for part in parts)


def _of_strategy(strategy: str, seat: ExplainedSeat, call: ExplainedCall, now: datetime | None) -> tuple[str, str]:
    idle = "" if now is None else f" {max(0.0, (now - seat.idle_since).total_seconds()):.0f} s"
    match strategy:
        case "fewest_calls":
            return f"接听最少 {seat.calls_taken}", f"fewest calls {seat.calls_taken}"
        case "last_agent" if call.last_agent is not None and seat.account == call.last_agent:
            return "上次接听的座席", "agent of last time"
        case "round_robin":
            return "轮流", "round robin"
        case "ring_all":
            return "同时振铃", "rings all"
        case "skill_level_first":
            levels = {skill: seat.skills.get(skill, 0) for skill in (call.needs or seat.skills)}
            words = " ".join(f"{skill} {level}" for skill, level in levels.items())
            return f"技能最高 {words}".rstrip(), f"highest skill {words}".rstrip()
        case _:
            return f"空闲最久{idle}", f"idle longest{idle}"
