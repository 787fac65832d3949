"""A day's citizens: when they call, how long they talk, how long they would wait. Drawn from a seed, in milliseconds.

The shape of the day and of the week is that of a prefecture's hotline of about 6,000 calls a day: peaks at ten and
at three, a quiet night. Talk is lognormal with a mean of 150 s, wrap-up with one of 60 s.
"""

from dataclasses import dataclass
from math import log
from random import Random

from hotline.settings import Weekday

HOURLY_PERCENT = (
    *(1.0, 0.6, 0.4, 0.3, 0.3, 0.5, 1.3, 2.8, 6.4, 9.2, 9.6, 7.2),
    *(4.2, 4.4, 7.4, 8.2, 7.8, 6.0, 4.6, 4.6, 4.7, 4.0, 2.7, 1.8),
)
WEEKDAY_FACTOR: dict[Weekday, float] = {
    "mon": 1.15,
    "tue": 1.08,
    "wed": 1.06,
    "thu": 1.05,
    "fri": 1.02,
    "sat": 0.83,
    "sun": 0.81,
}
TALK_MEAN_SECONDS = 150.0
TALK_SIGMA = 0.8
"""Of the logarithm: the standard deviation is about the mean."""
WRAP_UP_MEAN_SECONDS = 60.0
WRAP_UP_SIGMA = 0.5
LONGEST_WRAP_UP_SECONDS = 180
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Citizen:
    """One call to come; all times in whole milliseconds."""

    number: int
    arrives_ms: int
    """After midnight."""
    talks_ms: int
    wraps_ms: int
    """How long the agent writes afterwards."""
    patience_ms: int | None
    """Waits so long and no longer; None waits for ever."""


def calls_expected(calls_a_day: float, weekday: Weekday, hour: int) -> float:
    """Calls in one hour of that weekday."""
    return calls_a_day * WEEKDAY_FACTOR[weekday] * HOURLY_PERCENT[hour] / 100


def draw_day(calls: int, seed: int, *, patience_seconds: float | None = None) -> list[Citizen]:
    """``calls`` citizens in the order of arrival. ``patience_seconds`` is the mean of an exponential; None: endless."""
    random = Random(seed)
    hours = random.choices(range(24), HOURLY_PERCENT, k=calls)
    arrivals = sorted(hour * HOUR_MS + random.randrange(HOUR_MS) for hour in hours)
    mu_after = log(WRAP_UP_MEAN_SECONDS) - WRAP_UP_SIGMA**2 / 2
    mu = log(TALK_MEAN_SECONDS) - TALK_SIGMA**2 / 2
    return [
        Citizen(
            number,
            arrives_ms,
            max(1000, round(random.lognormvariate(mu, TALK_SIGMA) * 1000)),
            min(LONGEST_WRAP_UP_SECONDS * 1000, round(random.lognormvariate(mu_after, WRAP_UP_SIGMA) * 1000)),
            None if patience_seconds is None else round(random.expovariate(1 / patience_seconds) * 1000),
        )
        for number, arrives_ms in enumerate(arrivals)
    ]
