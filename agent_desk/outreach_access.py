"""What the routes of return visits share: deeds for the audit trail, attempts with their sound."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from agent_desk.guard import Desk, address_of
from agent_desk.outreach_models import Attempt
from agent_desk.robot_view import outreach_of
from hotline.security import Deed, Person


def deed_of(request: Request, person: Person, what: str, whom: str, detail: Mapping[str, str] | None = None) -> Deed:
    """What this person is about to do, for the audit trail; an act writes it in its own transaction."""
    return Deed(who=person.account, what=what, whom=whom, from_where=address_of(request), detail=detail or {})


async def show_attempts(desk: Desk, task_id: str, *, sound: bool) -> list[Attempt]:
    """Each time that the citizen was dialled, by robot or people, oldest first; ``sound``: with what was said."""
    room = outreach_of(desk.rooms)
    tried: list[dict[str, Any]] = [
        {"channel_id": row["channel_id"], "call_id": row["channel_id"], "by": "robot", "at": row["dialled_at"],
         "ended_at": row["ended_at"], "outcome": row["outcome"]}
        for row in await room.dispositions.attempts_of(task_id)
    ]  # fmt: skip
    tried += [
        {"channel_id": row["channel_id"], "call_id": row["call_id"], "by": row["account"], "at": row["dialled_at"],
         "ended_at": row["ended_at"], "outcome": row["outcome"]}
        for row in await room.hand_list.readings.calls_of(task_id)
    ]  # fmt: skip
    for one in tried if sound else ():
        one["recordings"] = await desk.rooms.recordings.of_call(one["call_id"])
        one["transcript"] = await desk.rooms.transcripts.of_call(one["call_id"])
    return [Attempt.model_validate(one) for one in sorted(tried, key=lambda one: one["at"])]
