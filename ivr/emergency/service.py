"""One action sends a citizen to 110, 119, 120 or 122.

The order of things: first the message for the platform, the mark on the work order and the fact, in one transaction;
then the platform is rung into the conversation, three parties, until it answers and the agent leaves. When it is busy
or silent the citizen is with the agent as before; the message goes all the same. A database that refuses delays no
emergency: the platform is rung, and the agent is told that the data could not be sent. ``outcomes`` follows what comes
of it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import structlog

from hotline.bus import Bus
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import HotlineError, NotFound, RuleBroken, Unavailable
from hotline.facts.emergency import EmergencyCalled
from hotline.facts.screens import EmergencyChanged
from hotline.ids import new_id
from hotline.settings import Emergency, Settings
from ivr.control.parts import PartyKind
from ivr.control.service import CallControl
from ivr.control.views import ControlView
from ivr.emergency.handover import CallData, body_of, tag_of
from ivr.emergency.outbox import Outbox, Row
from ivr.emergency.outcomes import Outcomes
from ivr.emergency.senders import Sender
from ivr.people import Call
from ivr.service import CallCentre, Person

_log = structlog.get_logger()
_REMEMBERED = timedelta(hours=12)
_LOOK_AGAIN_SECONDS = 20.0
_READ_SECONDS = 2.0
"""How long a citizen in need waits for what is known of the call."""


class Matters(Protocol):
    """The tickets room: what is known of a call's matter, and marks on it."""

    async def draft(self, call_id: str) -> Mapping[str, Any] | None: ...
    async def tag(self, uow: UnitOfWork, call_id: str, caller: str, line: str, tag: str) -> None: ...
    async def tell_draft(self, call_id: str) -> None: ...


class Words(Protocol):
    """What was said."""

    async def of_call(self, call_id: str) -> Sequence[Mapping[str, Any]]: ...


class Emergencies:
    """Hand-overs to emergency platforms."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        bus: Bus,
        clock: Clock,
        centre: CallCentre,
        control: CallControl,
        matters: Matters,
        words: Words,
        senders: Mapping[str, Sender],
    ) -> None:
        """``senders``: by platform, and the one for all others under the empty name."""
        self._settings = settings
        self._platforms = {one.code: one for one in settings.emergency}
        self._database = database
        self._bus = bus
        self._clock = clock
        self._centre = centre
        self._control = control
        self._matters = matters
        self._words = words
        self._senders = senders
        self.outbox = Outbox(database, clock)
        self._woken = asyncio.Event()
        self._in_hand: set[str] = set()
        """Calls that are being sent on at this very moment."""
        self._outcomes = Outcomes(database, bus, clock, self.outbox, control)

    async def load(self) -> None:
        """What the last engine had under way."""
        await self._outcomes.load(self._clock.now() - _REMEMBERED)

    async def run(self) -> None:
        """Deliver messages and follow the platforms' telephones until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver())
            group.create_task(self._outcomes.run())

    # -- what agents and flows do ---------------------------------------------------------------------------------

    def platform(self, code: str) -> Emergency:
        """Raises NotFound."""
        if (found := self._platforms.get(code)) is None:
            raise NotFound(f"没有配置紧急平台 {code}", f"there is no emergency platform {code!r}")
        return found

    async def send(self, seat: str, call_id: str, code: str, by: Person) -> ControlView:
        """Ring the platform into this seat's call and send the data. RuleBroken: not in the call, or done already."""
        platform = self.platform(code)
        call = self._require_talk(seat, call_id, by)
        rings = self._control.view(seat).party
        if call_id in self._in_hand or (rings is not None and rings.target == platform.dial):
            raise RuleBroken(f"已在呼叫 {code}", f"{code} is being called already", code="already_called")
        self._in_hand.add(call_id)
        try:
            return await self._ring(seat, call, platform, by)
        finally:
            self._in_hand.discard(call_id)

    async def from_flow(self, call: Call, code: str) -> tuple[str, str]:
        """A key of the flow sends the citizen on; (number, label). Never fails: the call goes on whatever breaks."""
        platform = self._platforms.get(code) or Emergency(code=code, label=code)
        try:
            await self._write(call, platform, None, None, "citizen")
        except Exception as failure:  # whatever breaks: the telephone first
            why = f"{type(failure).__name__}: {failure}"
            _log.error("data of an emergency call could not be kept", call=call.call_id, why=why)
        return platform.dial, platform.label

    async def flow_failed(self, call_id: str) -> None:
        """Nobody answered there: the citizen is in the flow again. Never fails."""
        try:
            since = self._clock.now() - _REMEMBERED
            for row in await self.outbox.waiting_for_answer(since):
                if row["call_id"] == call_id and row["party_id"] is None:
                    await self._outcomes.settle(row, "no_answer")
        except HotlineError as failure:
            _log.error("an emergency's outcome could not be kept", call=call_id, why=failure.en)

    async def send_again(self, push_id: str) -> Row:
        """Try a message anew that was given up. Raises NotFound, RuleBroken."""
        row = await self.outbox.send_again(push_id)
        self._woken.set()
        return row

    # -- inside ---------------------------------------------------------------------------------------------------

    def _require_talk(self, seat: str, call_id: str, by: Person) -> Call:
        self._centre.require_own(seat, by)
        call = self._centre.floor.calls.live.get(call_id)
        if call is None or call.seat != seat or self._centre.floor.seat(seat).call_id != call_id:
            raise RuleBroken("您不在这通电话中", "this seat is not in that call", code="not_in_call")
        return call

    async def _ring(self, seat: str, call: Call, platform: Emergency, by: Person) -> ControlView:
        party = self._control.party(PartyKind.PHONE, platform.dial, f"{platform.code} {platform.label}")
        row: Row | None = None
        try:
            row = await self._write(call, platform, seat, party.party_id, by.account, by.name)
        except Exception as failure:  # whatever breaks: the telephone first
            why = f"{type(failure).__name__}: {failure}"
            _log.error("data of an emergency call could not be kept", call=call.call_id, why=why)
        named = {"seat": seat, "call_id": call.call_id, "platform": platform.code, "label": platform.label}
        self._bus.publish(EmergencyChanged(stage="calling", push="due" if row else "lost", **named))
        try:
            return await self._control.bring_in(seat, call.call_id, party, by)
        except HotlineError:
            if row is not None:
                await self._outcomes.settle(row, "refused")
            raise

    async def _write(
        self, call: Call, platform: Emergency, seat: str | None, party_id: str | None, by: str, agent: str | None = None
    ) -> Row:
        now, push_id = self._clock.now(), new_id("push")
        data = CallData(
            call_id=call.call_id,
            phone=call.caller,
            line=call.line,
            dialled=call.dialled,
            arrived_at=call.arrived_at,
            seat=seat,
            agent=agent,
        )
        draft, said = await self._known(call.call_id)
        site = self._settings.site
        body = body_of(push_id, platform, data, draft, said, site=site.name, zone=site.zone, now=now)
        row: Row = {"id": push_id, "call_id": call.call_id, "platform": platform.code, "label": platform.label}
        row |= {"target": platform.dial, "party_id": party_id, "seat": seat, "by": by, "body": body}
        async with self._database.unit_of_work() as uow:
            await self.outbox.add(uow, row)
            await self._matters.tag(uow, call.call_id, call.caller, call.line, tag_of(platform))
            uow.record(
                EmergencyCalled(
                    at=now, by=by, call_id=call.call_id, platform=platform.code, label=platform.label,
                    target=platform.dial, push_id=push_id, seat=seat,
                )
            )  # fmt: skip
        if party_id is not None:
            self._outcomes.expect(party_id, row)
        self._woken.set()
        await self._matters.tell_draft(call.call_id)
        return row

    async def _known(self, call_id: str) -> tuple[Mapping[str, Any] | None, Sequence[Mapping[str, Any]]]:
        """The draft and the words; nothing when they cannot be read at once."""
        try:
            async with asyncio.timeout(_READ_SECONDS):
                return await self._matters.draft(call_id), await self._words.of_call(call_id)
        except (Unavailable, TimeoutError) as failure:
            _log.warning("an emergency is sent without what was said", call=call_id, why=str(failure))
            return None, ()

    async def _deliver(self) -> None:
        while True:
            self._woken.clear()
            try:
                await asyncio.gather(*(self._deliver_one(row) for row in await self.outbox.due(self._clock.now())))
                due = await self.outbox.next_due()
                pause = None if due is None else max(0.05, (due - self._clock.now()).total_seconds())
            except HotlineError as failure:
                _log.error("the emergency outbox cannot be read", why=failure.en)
                pause = _LOOK_AGAIN_SECONDS
            try:
                async with asyncio.timeout(pause):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _deliver_one(self, row: Row) -> None:
        sender = self._senders.get(row["platform"]) or self._senders[""]
        try:
            await sender.send(row["body"])
        except Unavailable as failure:
            again = await self.outbox.failed(row, failure.en)
            _log.warning("emergency data not taken", push=row["id"], platform=row["platform"], again=again)
            if not again:
                self._outcomes.tell(row, "", "given_up")
            return
        await self.outbox.sent(row, sender.way)
        self._outcomes.tell(row, "", "sent")
