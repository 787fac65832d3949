"""The calls that the engine remembers, found by id, by channel and by their being in the line.

A call changes its state only through ``move``, so that the line is always up to date and no event walks through
the day's ended calls. Of those the newest stay for screens that still show them; the rest is in the database.
"""

from collections import deque

from ivr.people import Call
from ivr.views import CallState

ENDED_KEPT = 1000
_LINED = (CallState.WAITING, CallState.OFFERED)


class CallBook(dict[str, Call]):
    """Calls by id: all live ones, and those that ended last."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[str, Call] = {}
        """By id, those not ended."""
        self.lined: dict[str, Call] = {}
        """By id, those waiting for a seat or held out to one."""
        self._by_uniqueid: dict[str, Call] = {}
        self._ended: deque[str] = deque()

    def __setitem__(self, call_id: str, call: Call) -> None:
        super().__setitem__(call_id, call)
        self._file(call)

    def move(self, call: Call, state: CallState) -> None:
        """The call's state is ``state`` from now on."""
        call.state = state
        if call.call_id in self:
            self._file(call)

    def with_uniqueid(self, uniqueid: str) -> Call | None:
        """The live call whose citizen's channel has this unique id."""
        return self._by_uniqueid.get(uniqueid)

    def _file(self, call: Call) -> None:
        if call.state is CallState.ENDED:
            self._forget_one(call)
            return
        self.live[call.call_id] = self._by_uniqueid[call.uniqueid] = call
        if call.state in _LINED and call.queued_at is not None:
            self.lined[call.call_id] = call
        else:
            self.lined.pop(call.call_id, None)

    def _forget_one(self, call: Call) -> None:
        self.live.pop(call.call_id, None)
        self.lined.pop(call.call_id, None)
        if self._by_uniqueid.get(call.uniqueid) is call:
            del self._by_uniqueid[call.uniqueid]
        self._ended.append(call.call_id)
        while len(self._ended) > ENDED_KEPT:
            self.pop(self._ended.popleft(), None)
