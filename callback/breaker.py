"""When the trunk is left alone, and when it is tried again. Pure.

A trunk that fails says so for every number: after some failures in a row nothing is dialled for a while, then one call
tries; if it fails too, for twice as long. Any answer of a citizen's telephone, were it "busy", shows that the trunk
works. Attempts that a dead trunk refused do not count for the citizen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FAILURES = 5
"""In a row, until the trunk is left alone."""
FIRST_REST_SECONDS = 15.0
LONGEST_REST_SECONDS = 600.0
_DEAD_TRUNK = frozenset({3, 27, 34, 38, 41, 42, 44, 47, 58, 102})
"""Q.850: no route, out of order, no circuit, network out of order, temporary failure, congestion, not available …"""
_NO_SUCH_NUMBER = frozenset({1, 22, 28})


class Phase(StrEnum):
    """What the breaker lets through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of the trunk."""

    failures: int = 0
    rests: int = 0
    """How often in a row it was left alone."""
    until: datetime | None = None
    trying: bool = False
    """One call is on its way that tells."""

    def phase(self, now: datetime) -> Phase:
        """What it lets through now."""
        if self.until is None:
            return Phase.CLOSED
        return Phase.OPEN if self.trying or now < self.until else Phase.HALF_OPEN

    def dialled(self, now: datetime) -> "Breaker":
        """A call is on its way."""
        return Breaker(self.failures, self.rests, self.until, self.phase(now) is Phase.HALF_OPEN or self.trying)

    def failed(self, now: datetime) -> "Breaker":
        """The trunk refused a call."""
        failures = self.failures + 1
        if self.until is None and failures < FAILURES:
            return Breaker(failures)
        if self.until is not None and not self.trying:  # one of the calls that were on their way when it opened
            return Breaker(failures, self.rests, self.until)
        rest = min(LONGEST_REST_SECONDS, FIRST_REST_SECONDS * 2.0**self.rests)
        return Breaker(failures, self.rests + 1, now + timedelta(seconds=rest))

    def worked(self) -> "Breaker":
        """A citizen's telephone was reached, whatever it said."""
        return Breaker()

    def unknown(self) -> "Breaker":
        """The call that tried tells nothing: it was not sent, or its outcome was lost. The next one tries."""
        return Breaker(self.failures, self.rests, self.until)


def is_trunk_failure(cause: int) -> bool:
    """Whether a hang-up with this Q.850 cause is the trunk's fault, and the citizen's telephone did not ring."""
    return cause in _DEAD_TRUNK


def is_no_number(cause: int) -> bool:
    """Whether nobody has this number."""
    return cause in _NO_SUCH_NUMBER
