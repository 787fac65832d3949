"""Limits on the room's figures: judged now and then, told when crossed and when kept again. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hotline.facts.alarms import AlarmCleared, AlarmRaised
from hotline.settings import Alarm
from ivr.floor import Floor
from ivr.orders import Step
from ivr.views import AlarmView


class Watch:
    """The configured limits and which of them are crossed."""

    def __init__(self, floor: Floor, alarms: Iterable[Alarm]) -> None:
        self._floor = floor
        self.alarms = tuple(alarms)
        self._raised: dict[int, AlarmView] = {}

    def standing(self) -> tuple[AlarmView, ...]:
        """The limits that are crossed now, in the site's order."""
        return tuple(self._raised[index] for index in sorted(self._raised))

    def judge(self, now: datetime) -> Step:
        """Compare every figure with its limit; a step with what changed since the last time."""
        step = Step()
        for index, alarm in enumerate(self.alarms):
            value = measure(self._floor, alarm, now)
            threshold = alarm.above if alarm.above is not None else alarm.below or 0.0
            known = self._raised.get(index)
            name, figure, group = alarm.name, alarm.figure, alarm.group
            if value is not None and is_crossed(alarm, value):
                since = known.since if known is not None else now
                self._raised[index] = AlarmView(
                    name=name, figure=figure, group=group, value=value, threshold=threshold, since=since
                )
                if known is None:
                    step.facts.append(
                        AlarmRaised(at=now, name=name, figure=figure, group=group, value=value, threshold=threshold)
                    )
            elif known is not None:
                del self._raised[index]
                step.facts.append(
                    AlarmCleared(at=now, name=name, figure=figure, group=group, value=value, threshold=threshold)
                )
        return step


def is_crossed(alarm: Alarm, value: float) -> bool:
    """Whether the value is beyond the limit; the limit itself is allowed."""
    if alarm.above is not None:
        return value > alarm.above
    return alarm.below is not None and value < alarm.below


def measure(floor: Floor, alarm: Alarm, now: datetime) -> float | None:
    """The alarm's figure now; None when too little happened to speak of it."""
    window = timedelta(minutes=alarm.window_minutes)
    match alarm.figure:
        case "waiting":
            return float(len(floor.waiting(alarm.group)))
        case "longest_wait":
            return floor.longest_wait(now, alarm.group)
        case "occupancy":
            seats = [s.id for s in floor.seats.values() if alarm.group is None or alarm.group in s.groups]
            return floor.seat_times.occupancy(now - window, now, seats)
    kpi = floor.figures.over(window, now, alarm.group)
    counted = kpi.queued if alarm.figure in ("answer_rate", "abandon_rate") else kpi.answered
    if counted < alarm.least_calls:
        return None
    value: float | None = getattr(kpi, alarm.figure)
    return value
