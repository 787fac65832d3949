"""The callback robot and the parts around it, as screens see them; also what the live feed shows."""

from collections.abc import Sequence

from agent_desk.outreach_models import Funnel, RobotCall, RobotView
from agent_desk.ports import Robot, Rooms
from callback.outreach import Outreach
from hotline.errors import NotFound
from hotline.logs import mask_phone


def outreach_of(rooms: Rooms) -> Outreach:
    """Raises NotFound where there is none."""
    if rooms.outreach is None:
        raise NotFound("回访功能未启用", "return visits are off")
    return rooms.outreach


def robot_of(rooms: Rooms) -> Robot:
    """Raises NotFound where there is none."""
    if rooms.robot is None:
        raise NotFound("回访机器人未启用", "the callback robot is off")
    return rooms.robot


async def show_robot(rooms: Rooms) -> RobotView:
    """The robot at this instant; also what the live feed shows."""
    status, room = robot_of(rooms).status(), outreach_of(rooms)
    live: Sequence[RobotCall] = [
        RobotCall(
            task_id=call.task_id, kind=call.kind, number=call.number, phone_masked=mask_phone(call.phone),
            state=call.state, since=call.since, question=call.question,
        )
        for call in status.live
    ]  # fmt: skip
    return RobotView(
        enabled=room.enabled, paused=status.paused, paused_by=status.paused_by, breaker=status.breaker,
        breaker_until=status.breaker_until, lines=status.lines, in_use=status.in_use, per_second=status.per_second,
        opens_at=status.opens_at, at=room.clock.now(), live=list(live),
        today=Funnel.model_validate(await room.dispositions.today()),
    )  # fmt: skip
