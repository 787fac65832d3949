"""The one trunk as this robot knows it: whether it works, and whether this robot is still the one to use it."""

from collections.abc import Callable
from datetime import datetime

import structlog

from callback.breaker import Breaker, Phase
from callback.tasks import CallbackTasks
from hotline.clock import Clock
from hotline.errors import HotlineError
from hotline.facts.callbacks import CallbackBreakerClosed, CallbackBreakerOpened

_log = structlog.get_logger()


class Trunk:
    """Its circuit breaker, with what is written and told of it."""

    def __init__(self, tasks: CallbackTasks, clock: Clock, changed: Callable[[], None]) -> None:
        self._tasks = tasks
        self._clock = clock
        self._changed = changed
        self.breaker = Breaker()
        self.leased_until: datetime | None = None
        """Until when nobody else takes this robot's tasks; None: for ever."""

    @property
    def phase(self) -> Phase:
        """What it lets through now."""
        return self.breaker.phase(self._clock.now())

    def may_send(self) -> bool:
        """The last look before Asterisk hears of a call; counts it."""
        now = self._clock.now()
        if self.leased_until is not None and now >= self.leased_until:
            return False
        if self.breaker.phase(now) is Phase.OPEN:
            return False
        self.breaker = self.breaker.dialled(now)
        return True

    async def worked(self) -> None:
        """A citizen's telephone was reached."""
        was_shut = self.breaker.until is not None
        self.breaker = self.breaker.worked()
        if was_shut:
            await self._tell(CallbackBreakerClosed(at=self._clock.now(), by="robot"))

    async def failed(self) -> None:
        """The trunk refused a call."""
        now, before = self._clock.now(), self.breaker.until
        self.breaker = self.breaker.failed(now)
        if self.breaker.until is not None and self.breaker.until != before:
            until, failures = self.breaker.until, self.breaker.failures
            await self._tell(CallbackBreakerOpened(at=now, by="robot", until=until, failures=failures))

    def unknown(self) -> None:
        """The call tells nothing."""
        self.breaker = self.breaker.unknown()

    async def _tell(self, fact: CallbackBreakerOpened | CallbackBreakerClosed) -> None:
        _log.warning("the robot's trunk", news=type(fact).__name__)
        self._changed()
        try:
            await self._tasks.tell(fact)
        except HotlineError as failure:
            _log.error("news of the trunk not written", problem=failure.en)
