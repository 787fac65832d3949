"""A promised call keeps the place in the line: the citizen is rung when it is reached, once, and is then in front."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from hotline import ledger
from hotline.facts.calls import CallArrived, CallConnected, PromiseDialled, PromiseKept, PromiseMissed
from hotline.settings import Promises
from ivr.owed_calls import BY_HAND, DIALLING, WAITING
from ivr.promise_dialler import PromiseDialler
from ivr.tables import owed_calls
from ivr.views import CallState
from telephony.fake import FakeCaller, FakeTelephony
from telephony.port import Dial, OriginateOutcome, Result
from tests.integration.databases import on_sqlite
from tests.integration.test_call_centre import AGENT, SETTINGS, Room, opened
from tests.integration.test_owed_calls import gives_up, waits

CITIZEN, OTHER = "13800000001", "13900000002"


class Town:
    """A call centre that keeps its promises; the dialplan's part is played here."""

    def __init__(self, room: Room, rules: Promises) -> None:
        self.room = room
        settings = SETTINGS.model_copy(update={"promises": rules})
        self.dialler = PromiseDialler(settings, room.bus, room.centre._clock, room.telephone, room.centre)
        self.sessions: set[asyncio.Task[None]] = set()

    def picks_up(self, dial: Dial) -> FakeCaller:
        """The leg that was rung comes to the engine."""
        leg = self.room.telephone.legs[dial.channel_id]
        caller = FakeCaller(leg.channel, leg.uniqueid, callerid=CITIZEN, dnid="")
        caller.query = {"promise": dial.variables["HOTLINE_PROMISE"]}
        self.sessions.add(asyncio.create_task(self.room.centre.citizen(caller)))
        return caller

    async def due_now(self) -> None:
        """The pause after the promises is over."""
        async with self.room.database.unit_of_work() as uow:
            past = self.room.centre._clock.now() - timedelta(seconds=1)
            await uow.execute(update(owed_calls).values(due_at=past))
        self.dialler._stale = True
        self.dialler._woken.set()

    async def dialled(self, number: int = 1) -> Dial:
        """The last of so many calls that were made."""
        await self.room.until(lambda: len(self.room.telephone.dialled) >= number)
        return self.room.telephone.dialled[number - 1]

    async def one(self, **what: Any) -> dict[str, Any]:
        """The only open promise, once it looks so."""
        with self.room.bus.subscribe("one") as seen:
            async with asyncio.timeout(5):
                while True:
                    rows = [dict(row) for row in await self.room.centre.owed.open()]
                    if len(rows) == 1 and all(rows[0][name] == value for name, value in what.items()):
                        return rows[0]
                    await asyncio.wait([asyncio.ensure_future(anext(aiter(seen)))], timeout=0.2)

    async def all(self, kind: type[Any]) -> list[Any]:
        await self.room.all_written()
        return [entry.fact async for entry in ledger.read(self.room.database, kinds=[kind])]


@asynccontextmanager
async def town(url: str, telephone: FakeTelephony | None = None, **rules: Any) -> AsyncIterator[Town]:
    async with opened(url, telephone) as room:
        made = Town(room, Promises.model_validate({"windows": [], "lead_seconds": 0, "pause_seconds": 0, **rules}))
        work = asyncio.create_task(made.dialler.run())
        try:
            yield made
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work  # what broke it is told


async def test_the_citizen_is_rung_when_an_agent_is_free_and_stands_in_front_of_the_line(database_url: str) -> None:
    async with town(database_url) as made:
        room = made.room
        await gives_up(room)
        behind = await waits(room, OTHER, "PJSIP/trunk-2")  # came later than he who gave up
        await made.due_now()
        assert room.telephone.dialled == []  # nobody works
        await room.ready("1001")
        offer = await room.offer("1001")  # the only seat is held out to who is there
        await room.centre.accept("1001", offer, AGENT)
        await room.ready("1002")
        dial = await made.dialled()
        assert (dial.endpoint, dial.context, dial.variables["HOTLINE_PHONE"]) == (
            "PJSIP/13800000001@trunk", "promised", CITIZEN,
        )  # fmt: skip
        caller = made.picks_up(dial)
        taken = await room.centre.accept("1002", await room.offer("1002"), AGENT)
        assert taken.caller == CITIZEN
        assert "hotline/promised-call" in caller.heard
        assert await room.centre.owed.open() == []
        (kept,) = await made.all(PromiseKept)
        assert kept.call_id == taken.call_id
        arrived = [fact for fact in await made.all(CallArrived) if fact.promise]
        assert [fact.caller for fact in arrived] == [CITIZEN]
        assert len(await made.all(PromiseDialled)) == 1
        figures = room.centre.live().figures
        assert (figures.arrived, figures.answered) == (2, 1)  # what we made ourselves is no call that came in
        assert behind.released


@on_sqlite
async def test_a_promised_citizen_waits_in_front_of_those_who_came_after(database_url: str) -> None:
    async with town(database_url, lead_seconds=120, lines=1) as made:
        room = made.room
        await gives_up(room)
        await room.ready("1001")
        await waits_or_talks(made)
        await made.due_now()
        caller = made.picks_up(await made.dialled())
        await room.until(lambda: len(room.centre.floor.waiting()) == 2)
        first, second = room.centre.floor.waiting()
        assert (first.caller, first.promise is not None, second.caller) == (CITIZEN, True, OTHER)
        await caller.resting.wait()
        room.telephone.drop(caller.channel)  # and hangs up before an agent comes: tried again by the plan
        caller.hangs_up()
        row = await made.one(stage=WAITING, attempt=1)
        assert row["due_at"] > room.centre._clock.now() + timedelta(minutes=9)
        (missed,) = await made.all(PromiseMissed)
        assert (missed.outcome, missed.by_hand) == ("hung_up", False)
        assert room.centre.live().figures.abandoned == 1  # the first call's; the one we made is not counted


async def waits_or_talks(made: Town) -> None:
    """Agent 1001 talks with somebody, and OTHER waits."""
    room = made.room
    room.calls("13700000003")
    await room.centre.accept("1001", await room.offer("1001"), AGENT)
    await waits(room, OTHER, "PJSIP/trunk-9")


async def test_who_does_not_answer_is_rung_again_by_the_plan_and_then_left_to_people(database_url: str) -> None:
    telephone = FakeTelephony()
    telephone.outcomes["PJSIP/13800000001@trunk"] = Result.NO_ANSWER
    async with town(database_url, telephone, retry_minutes=[10]) as made:
        await gives_up(made.room)
        await made.room.ready("1001")
        await made.due_now()
        await made.one(stage=WAITING, attempt=1)
        await made.due_now()
        await made.one(stage=BY_HAND, attempt=2)
        await made.due_now()
        assert [fact.outcome for fact in await made.all(PromiseMissed)] == ["no_answer", "no_answer"]
        assert len(telephone.dialled) == 2
        (row,) = await made.room.centre.owed.open()
        assert (await made.room.centre.owed.keep(row["id"], "xiaoli"))["state"] == "done"


@on_sqlite
async def test_who_calls_or_is_answered_meanwhile_is_not_rung(database_url: str) -> None:
    async with town(database_url) as made:
        room = made.room
        await gives_up(room)
        await waits(room)  # is on the line again
        await made.due_now()
        await room.ready("1001")
        await room.centre.accept("1001", await room.offer("1001"), AGENT)
        await room.ready("1002")
        assert await room.centre.owed.open() == []
        assert room.telephone.dialled == []


class Lost(FakeTelephony):
    """The engine dies after the number was sent to Asterisk: nobody hears how it goes on."""

    async def originate(self, dial: Dial) -> OriginateOutcome:
        self.dialled.append(dial)
        self.add_leg("PJSIP/trunk-0001", uniqueid=dial.channel_id)
        await asyncio.Event().wait()
        raise AssertionError


async def test_an_engine_that_dies_while_it_rings_dials_nobody_twice(database_url: str) -> None:
    telephone = Lost()
    async with town(database_url, telephone) as made:
        await gives_up(made.room)
        await made.room.ready("1001")
        await made.due_now()
        dial = await made.dialled()
        await made.one(stage=DIALLING, attempt=1)
    # The next engine finds the leg alive: its citizen comes to the line by himself.
    async with town(database_url, telephone) as made:
        await made.room.ready("1002")
        await made.due_now()
        made.picks_up(dial)
        taken = await made.room.centre.accept("1002", await made.room.offer("1002"), AGENT)
        assert taken.caller == CITIZEN
        assert len(telephone.dialled) == 1
        assert len(await made.all(CallConnected)) == 1


async def test_a_leg_that_died_with_the_engine_counts_as_an_attempt(database_url: str) -> None:
    telephone = Lost()
    async with town(database_url, telephone) as made:
        await gives_up(made.room)
        await made.room.ready("1001")
        await made.due_now()
        dial = await made.dialled()
        await made.one(stage=DIALLING)
    del telephone._legs[dial.channel_id]
    async with town(database_url, telephone) as made:
        row = await made.one(stage=WAITING, attempt=1)
        assert row["channel_id"] == dial.channel_id
        stranger = FakeCaller("PJSIP/trunk-0009", "another", callerid="1", dnid="")
        stranger.query = {"promise": row["id"]}
        with_nobody = asyncio.create_task(made.room.centre.citizen(stranger))
        await asyncio.wait([with_nobody], timeout=5)
        assert not [c for c in made.room.centre.floor.calls.live.values() if c.state is not CallState.ENDED]
