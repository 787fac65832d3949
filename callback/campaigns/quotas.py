"""Who is asked next, so that no quota is overshot. Pure.

Everybody who is with the robot counts as if he would answer: of a group that still wants two, two are with the robot
at most. A quota under the empty name is the campaign's whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WHOLE = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one group is."""

    waiting: int = 0
    with_robot: int = 0
    surveyed: int = 0


def room_of(standings: Mapping[str, Standing], quotas: Mapping[str, int], ahead: int) -> dict[str, int]:
    """Group → how many of it may be handed to the robot now, ``ahead`` with the robot in all."""
    busy = sum(one.with_robot for one in standings.values())
    left = max(0, ahead - busy)
    if (whole := quotas.get(WHOLE)) is not None:
        left = min(left, max(0, whole - busy - sum(one.surveyed for one in standings.values())))
    room: dict[str, int] = {}
    open_groups = {name: _room_in(one, quotas.get(name) if name else None) for name, one in standings.items()}
    while left > 0 and (wanting := [name for name, most in open_groups.items() if room.get(name, 0) < most]):
        for name in sorted(wanting):  # in turn, so that groups come along together
            if left > 0:
                room[name] = room.get(name, 0) + 1
                left -= 1
    return room


def is_finished(standings: Mapping[str, Standing], quotas: Mapping[str, int]) -> bool:
    """Nobody is with the robot, and nobody else may be."""
    busy = any(one.with_robot for one in standings.values())
    return not busy and not room_of(standings, quotas, ahead=1)


def check(quotas: Mapping[str, int], groups: Iterable[str]) -> list[str]:
    """Groups that have a quota and no entry."""
    known = set(groups)
    return sorted(name for name in quotas if name != WHOLE and name not in known)


def _room_in(standing: Standing, quota: int | None) -> int:
    wanted = standing.waiting if quota is None else max(0, quota - standing.surveyed - standing.with_robot)
    return min(wanted, standing.waiting)
