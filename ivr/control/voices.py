"""Each seat's own voice: recorded by itself while the seat talks in a call, one file for each stretch of talk.

A citizen's recording, which the dialplan makes, has one track for all that the citizen hears: with three in a talk
nobody could be told apart, and what agent and department say while the citizen is on hold is not in it. A department's
leg is recorded by the dialplan. A seat's leg stays up all shift, so its recording begins with the talk, by us, and ends
when the seat is parked, by the dialplan. Where we fail, or are dead, the citizen's track has the agent's words as well.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from pathlib import Path

import structlog

from hotline import ledger
from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.facts.calls import CallConnected
from hotline.facts.control import VoiceRecorded
from hotline.facts.recordings import RecordingPaused
from hotline.ids import new_id
from ivr.control.service import CallControl
from ivr.service import CallCentre
from telephony.legs import Leg
from telephony.observations import LegBridged, LegGone, LegUnbridged
from telephony.port import Telephony

_log = structlog.get_logger()
RUNNING = "HOTLINE_VOICE"
"""Set on a seat's leg that is being recorded, whichever engine began it; the dialplan clears it with the recording."""


def is_of_another_call(leg: Leg, call_id: str, recorded_in: str | None) -> bool:
    """Whether the recording that the leg shows was begun in an earlier call.

    The seat was given this citizen so soon that its dialplan had not stopped it; its words belong in no other call's.
    """
    return leg.voice is not None and recorded_in not in (None, call_id)


class Voices:
    """Begins the recordings of seats; ``folder`` is where Asterisk writes."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        telephone: Telephony,
        clock: Clock,
        centre: CallCentre,
        control: CallControl,
        folder: Path,
    ) -> None:
        self._database = database
        self._bus = bus
        self._telephone = telephone
        self._clock = clock
        self._centre = centre
        self._control = control
        self._folder = folder
        self._running: dict[str, str] = {}
        """Seat's leg → the bridge in which we began to record it last."""
        self._recorded_in: dict[str, str] = {}
        """Seat's leg → the call in which that was."""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen = self._subscribe()

    async def run(self) -> None:
        """Follow seats into their talks until cancelled."""
        while True:
            try:
                async for seen in self._seen:
                    self._observe(seen)
                return
            except SubscriberTooSlow:
                self._seen = self._subscribe()

    def _subscribe(self) -> Subscription:
        return self._bus.subscribe("voices", LegBridged, LegUnbridged, LegGone, CallConnected, capacity=100_000)

    def _observe(self, seen: object) -> None:
        match seen:
            case CallConnected(seat=seat):
                self._spawn(self._record(seat))
            case LegUnbridged(uniqueid=uniqueid):
                self._running.pop(uniqueid, None)
            case LegGone(uniqueid=uniqueid):
                self._running.pop(uniqueid, None)
                self._recorded_in.pop(uniqueid, None)
            case LegBridged(uniqueid=uniqueid):
                seats = self._centre.floor.seats.values()
                at = next((s.id for s in seats if s.leg is not None and s.leg.uniqueid == uniqueid), None)
                if at is not None:
                    self._spawn(self._record(at))
                elif call_id := self._control.owner_of(uniqueid):  # the dialplan records it: as paused as the call
                    self._spawn(self._keep_paused(call_id, uniqueid))
            case _:
                pass

    async def _record(self, seat_id: str) -> None:
        async with self._locks[seat_id]:
            seat = self._centre.floor.seat(seat_id)
            if seat.leg is None or seat.call_id is None:
                return
            leg, call_id, voice = seat.leg.uniqueid, seat.call_id, new_id("voice")
            seen = self._telephone.legs.get(leg)
            if seen is None or seen.bridge_id is None:
                return  # the news that it is brings us here again
            if self._running.get(leg) == seen.bridge_id:
                return
            if is_of_another_call(seen, call_id, self._recorded_in.get(leg)):
                await self._telephone.stop_recording(leg)
            elif seen.voice is not None:
                return
            name = f"{seat.agent_name or seat.name} {seat.id}" if seat.name != seat.id else seat.agent_name or seat.id
            async with self._database.unit_of_work() as uow:
                uow.record(
                    VoiceRecorded(
                        at=self._clock.now(), call_id=call_id, uniqueid=voice, leg=leg, seat=seat_id, name=name
                    )
                )
            await self._telephone.set_variable(leg, RUNNING, voice)
            await self._telephone.record_voice(leg, str(self._folder / f"{voice}-in.wav"))
            self._running[leg], self._recorded_in[leg] = seen.bridge_id, call_id
            await self._keep_paused(call_id, leg)
            if not await self._talks(leg):  # parked meanwhile: the dialplan's "stop" came too early
                await self._telephone.stop_recording(leg)
                await self._telephone.set_variable(leg, RUNNING, "")

    async def _talks(self, leg: str) -> bool:
        found = await self._telephone.ask_leg(leg)
        return found is not None and found.bridge_id is not None

    async def _keep_paused(self, call_id: str, leg: str) -> None:
        """While a card number is said nobody's voice is recorded, also of those who come in meanwhile."""
        paused = False
        async for entry in ledger.read(self._database, call_id=call_id, kinds=(RecordingPaused,)):
            paused = isinstance(entry.fact, RecordingPaused) and entry.fact.paused
        if paused:
            await self._telephone.mute_recording(leg, True)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        """A loop's edge: the call goes on, and the citizen's own track has the words."""
        try:
            await work
        except HotlineError as failure:
            _log.warning("a seat's own voice is not recorded", why=failure.en)
        except Exception:
            _log.exception("a seat's own voice is not recorded")
