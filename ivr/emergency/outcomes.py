"""What becomes of hand-overs: did the platform answer, and who has the matter once it is out of the call."""

from datetime import datetime

import structlog

from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.facts.control import PartyJoined, PartyLeft, SeatLeftCall, SeatRejoined
from hotline.facts.emergency import EmergencyAccepted, EmergencyAnswered, EmergencyUnreached
from hotline.facts.screens import EmergencyChanged
from ivr.control.parts import Stage
from ivr.control.service import CallControl
from ivr.emergency.handover import ACCEPTED, outcome_of
from ivr.emergency.outbox import Outbox, Row

_log = structlog.get_logger()


class Outcomes:
    """Follows the parties that are emergency platforms."""

    def __init__(self, database: Database, bus: Bus, clock: Clock, outbox: Outbox, control: CallControl) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._outbox = outbox
        self._control = control
        self._awaited: dict[str, Row] = {}
        """Party → hand-over whose platform has neither answered nor refused."""
        self._talking: dict[str, Row] = {}
        """Party → hand-over whose platform has answered and is in the call."""
        self._left_together: set[str] = set()
        """Calls whose agent has left the citizen with somebody."""
        self._seen = self._subscribe()

    async def load(self, since: datetime) -> None:
        """What the last engine had under way."""
        for row in await self._outbox.waiting_for_answer(since):
            if row["party_id"]:
                self._awaited[row["party_id"]] = row
        sagas = self._control.sagas.values()
        self._left_together = {saga.call_id for saga in sagas if saga.stage is Stage.TOGETHER}
        there = {saga.party.party_id for saga in sagas if saga.party is not None}
        for row in await self._outbox.in_talk(since):
            if row["party_id"] in there:
                self._talking[row["party_id"]] = row

    def expect(self, party_id: str, row: Row) -> None:
        """A platform is being rung."""
        self._awaited[party_id] = row

    async def run(self) -> None:
        """Follow the platforms' telephones until cancelled."""
        while True:
            try:
                async for seen in self._seen:
                    await self._observe(seen)
                return
            except SubscriberTooSlow:
                self._seen = self._subscribe()

    async def _observe(self, seen: object) -> None:
        try:
            match seen:
                case PartyJoined(party_id=party_id) if row := self._awaited.pop(party_id, None):
                    self._talking[party_id] = row
                    await self.settle(row, "answered")
                case PartyLeft(party_id=party_id, reason=reason) if row := self._awaited.pop(party_id, None):
                    await self.settle(row, reason)
                case PartyLeft(party_id=party_id) if row := self._talking.pop(party_id, None):
                    await self._conclude(row)
                case SeatLeftCall(call_id=call_id) if any(row["call_id"] == call_id for row in self._talking.values()):
                    self._left_together.add(call_id)
                case SeatRejoined(call_id=call_id):
                    self._left_together.discard(call_id)
                case _:
                    pass
        except HotlineError as failure:
            _log.error("an emergency's outcome could not be kept", why=failure.en)

    async def settle(self, row: Row, outcome: str) -> None:
        """Write down how the platform's telephone answered."""
        now = self._clock.now()
        named = {"call_id": row["call_id"], "platform": row["platform"], "push_id": row["id"]}
        if row["party_id"]:
            self._awaited.pop(row["party_id"], None)
        async with self._database.unit_of_work() as uow:
            if not await self._outbox.settle(uow, row["id"], outcome):
                return
            answered = outcome == "answered"
            uow.record(
                EmergencyAnswered(at=now, **named) if answered else EmergencyUnreached(at=now, reason=outcome, **named)
            )
        self.tell(row, outcome, "")

    async def _conclude(self, row: Row) -> None:
        together = row["call_id"] in self._left_together
        self._left_together.discard(row["call_id"])
        outcome = outcome_of(together)
        by = "platform" if outcome == ACCEPTED else "hotline"
        named = {"call_id": row["call_id"], "platform": row["platform"], "push_id": row["id"]}
        async with self._database.unit_of_work() as uow:
            if not await self._outbox.conclude(uow, row["id"], outcome):
                return
            uow.record(EmergencyAccepted(at=self._clock.now(), accepted_by=by, **named))
        self.tell(row, outcome, "")

    def tell(self, row: Row, stage: str, push: str) -> None:
        """Let the seat's screen know."""
        if row["seat"] is not None:
            named = {"call_id": row["call_id"], "platform": row["platform"], "label": row["label"]}
            self._bus.publish(EmergencyChanged(seat=row["seat"], stage=stage, push=push, **named))

    def _subscribe(self) -> Subscription:
        kinds = (PartyJoined, PartyLeft, SeatLeftCall, SeatRejoined)
        return self._bus.subscribe("emergencies", *kinds, capacity=10_000)
