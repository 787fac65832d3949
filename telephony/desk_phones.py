"""The seats' desk phones as devices: registered or not, free or busy, though no leg of theirs may live.

An event is a hint here too: what it says is asked about before it is believed. After a (re)connect, after lost events
and every few seconds all phones are looked at at once.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import structlog

from hotline.errors import Unavailable
from telephony.messages import AmiMessage
from telephony.observations import Observation, PhoneSeen, PhoneState
from telephony.port import Refused
from telephony.verbs import Telephone, phone_endpoint

_log = structlog.get_logger()
_STATES = {
    "NOT_INUSE": PhoneState.FREE,
    **dict.fromkeys(("UNAVAILABLE", "INVALID", "UNKNOWN", ""), PhoneState.ABSENT),
}


def read_state(device_state: str) -> PhoneState:
    """From Asterisk's word for a device; whatever is neither free nor away is busy (in use, ringing, on hold)."""
    return _STATES.get(device_state, PhoneState.BUSY)


class DeskPhones:
    """Keeps ``Telephone.phones`` equal to what Asterisk knows, and publishes every difference."""

    def __init__(self, telephone: Telephone, publish: Callable[[Observation], None], seats: Iterable[str]) -> None:
        self._telephone = telephone
        self._publish = publish
        self._seats = {phone_endpoint(seat): seat for seat in seats}
        self._looking = asyncio.Lock()
        """Answers are believed in the order of their questions."""
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, event: AmiMessage) -> "asyncio.Task[None] | None":
        """Of a DeviceStateChange that says something new: ask whether it is so, in a task which nobody need await."""
        seat = self._seats.get(event.get("Device"))
        if seat is None:
            return None
        is_known = self._telephone.phones.get(seat) is read_state(event.get("State"))
        if is_known and not self._looking.locked():  # else an answer that is on its way may be older than this
            return None
        task = asyncio.create_task(self._look_at(seat))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _look_at(self, seat: str) -> None:
        async with self._looking:
            try:
                found = await self._telephone.get_global(f"DEVICE_STATE({phone_endpoint(seat)})")
            except (Unavailable, Refused) as failure:
                _log.warning("a desk phone was not seen", seat=seat, why=failure.en)
                return
            self._believe({seat: read_state(found)})

    async def compare(self) -> None:
        """Look at all of them."""
        if not self._seats:
            return
        async with self._looking:
            try:
                devices = await self._telephone.ask_devices()
            except (Unavailable, Refused) as failure:
                _log.warning("desk phones were not seen", why=failure.en)
                return
            self._believe({seat: read_state(devices.get(device, "")) for device, seat in self._seats.items()})

    def _believe(self, found: Mapping[str, PhoneState]) -> None:
        before = self._telephone.phones
        self._telephone.believe_phones({**before, **found})
        for seat, state in found.items():
            if before.get(seat, PhoneState.ABSENT) is not state:
                self._publish(PhoneSeen(seat=seat, state=state))
