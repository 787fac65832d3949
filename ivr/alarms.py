"""Limits on the room's figures: judged now and then, told when crossed and when kept again. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hotline.facts.alarms import AlarmCleared, AlarmRaised
from hotline.settings import Alarm
from ivr.floor import Floor
from ivr.orders import Step


class Watch:
    """The configured limits and which of them are crossed."""

    def __init__(self, floor: Floor, alarms: Iterable[Alarm]) -> None:
        self._floor = floor
        self.alarms = tuple(alarms)
        self._raised: set[int] = set()

    def judge(self, now: datetime) -> Step:
        """Compare every figure with its limit; a step with what changed since the last time."""
        step = Step()
        for index, alarm in enumerate(self.alarms):
            value = measure(self._floor, alarm, now)
            crossed = value is not None and is_crossed(alarm, value)
            if crossed == (index in self._raised):
                continue
            threshold = alarm.above if alarm.above is not None else alarm.below or 0.0
            if crossed and value is not None:
                self._raised.add(index)
                step.facts.append(
                    AlarmRaised(
                        at=now,
                        name=alarm.name,
                        figure=alarm.figure,
                        group=alarm.group,
                        value=value,
                        threshold=threshold,
                    )
                )
            else:
                self._raised.discard(index)
                step.facts.append(
                    AlarmCleared(
                        at=now,
                        name=alarm.name,
                        figure=alarm.figure,
                        group=alarm.group,
                        value=value,
                        threshold=threshold,
                    )
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
