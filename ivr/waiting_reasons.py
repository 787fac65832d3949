"""Why a citizen still waits: the sentence beside every waiting call, in Chinese and English, for supervisors."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from ivr.people import Call, Seat
from ivr.views import SeatState

_WORKING = (SeatState.TALKING, SeatState.OFFERED, SeatState.WRAP_UP)


class _Line(Protocol):
    """As much of the floor as a reason needs."""

    @property
    def seats(self) -> Mapping[str, Seat]: ...


def why_waiting(call: Call, floor: _Line, needs: Mapping[str, int]) -> str:
    """The reason in words; ``needs`` are the skills of the call and of its group."""
    parts = [_of_place(call), _of_seats(call, floor.seats.values(), needs)]
    if call.first and not call.ringing:
        parts.insert(0, ("退回,排在最前", "came back, in front"))
    if call.overflow:
        groups = ",".join(call.overflow)
        parts.append((f"已溢出到 {groups}", f"overflowed to {groups}"))
    zh, en = zip(*(part for part in parts if part != ("", "")), strict=True)
    return "；".join(zh) + " / " + "; ".join(en)


def _of_place(call: Call) -> tuple[str, str]:
    if call.ending_because is not None:
        return "即将结束", "about to end"
    if call.ringing:
        seats = ",".join(sorted(call.ringing))
        return f"正在振铃 {seats}", f"ringing at {seats}"
    return "", ""


def _of_seats(call: Call, seats: Iterable[Seat], needs: Mapping[str, int]) -> tuple[str, str]:
    if call.ringing or call.ending_because is not None:
        return "", ""
    reach = {call.group, *call.overflow}
    serving = [seat for seat in seats if not reach.isdisjoint(seat.groups)]
    present = [seat for seat in serving if seat.staffed]
    if not present:
        away = sum(seat.state is SeatState.IDLE for seat in serving)
        if away:
            return f"{away} 席在席但未就绪", f"{away} seat(s) there, none ready"
        return "无人值守", "nobody works for this group"
    able = [seat for seat in present if all(seat.skills.get(skill, 0) >= level for skill, level in needs.items())]
    if needs and not able:
        skills = ",".join(needs)
        return f"没有具备技能“{skills}”的座席在岗", f"nobody there has the skill {skills}"
    busy = sum(seat.state in _WORKING for seat in able)
    if busy == len(able):
        return f"{busy} 席全忙", f"all {busy} seats are busy"
    return "正在分配", "is being given a seat"
