"""110, 119, 120 by one action: a real database, work orders, call control, and a platform that listens on a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline import ledger
from hotline.errors import NotFound, RuleBroken, Unavailable
from hotline.facts.emergency import (
    EmergencyAccepted,
    EmergencyAnswered,
    EmergencyCalled,
    EmergencyPushed,
    EmergencyPushGivenUp,
    EmergencyUnreached,
)
from hotline.facts.screens import ControlChanged, EmergencyChanged
from hotline.facts.speech import UtteranceHeard
from hotline.settings import Emergency
from ivr.control.parts import Cancel, Consult, Event, Hold, Leave, PartyKind, Rejoin
from ivr.control.service import CallControl
from ivr.emergency.handover import ATTEMPTS, LONGEST_WAIT_SECONDS, pause_after
from ivr.emergency.senders import FileSender, HttpSender, Sender
from ivr.emergency.service import Emergencies
from telephony.fake import FakeTelephony
from telephony.observations import GoneReason, LegGone
from telephony.port import Result
from tests.integration.databases import on_sqlite
from tests.integration.platform import open_platform
from tests.integration.test_call_centre import AGENT, SETTINGS, Room, opened
from tickets.service import WorkOrders
from tickets.site import TicketSite

CITIZEN = "13800000119"
FIRE = Emergency(code="119", label="消防")


class NoVisits:
    """Nobody is visited here."""

    async def demand(self, *_: Any, **__: Any) -> str:
        return "callback_1"

    async def of_ticket(self, ticket_id: str) -> list[dict[str, Any]]:
        return []


class Words:
    async def of_call(self, call_id: str) -> list[dict[str, Any]]:
        return [{"who": "citizen", "text": "着火了", "display": "着火了,三楼!"}]


class Station:
    """A call centre whose agents can hand over."""

    def __init__(self, room: Room, senders: Mapping[str, Sender]) -> None:
        self.room = room
        database, clock = room.database, room.centre._clock
        settings = SETTINGS.model_copy(update={"emergency": [FIRE, Emergency(code="120", label="急救")]})
        self.control = CallControl(settings, database, room.bus, room.telephone, clock, room.centre)
        room.centre.control = self.control
        self.orders = WorkOrders(database, clock, TicketSite.of(settings), NoVisits())
        self.emergencies = Emergencies(
            settings, database, room.bus, clock, room.centre, self.control, self.orders, Words(), senders
        )

    async def talk(self) -> str:
        """Agent 1001 talks with the citizen, whose draft says something."""
        await self.room.ready("1001")
        self.room.calls(CITIZEN)
        call = await self.room.centre.accept("1001", await self.room.offer("1001"), AGENT)
        await self.orders.open_draft(call.call_id, CITIZEN, "12345")
        at = datetime(2026, 11, 20, tzinfo=UTC)
        await self.orders.hear(
            UtteranceHeard(at=at, call_id=call.call_id, who="citizen", text="我家着火了", started_at=at, seconds=1.0)
        )
        return call.call_id

    async def all(self, kind: type[Any]) -> list[Any]:
        await self.room.all_written()
        return [entry.fact async for entry in ledger.read(self.room.database, kinds=[kind])]

    async def told_stage(self, stage: str) -> None:
        """Until call control has come so far."""
        with self.room.bus.subscribe("control", ControlChanged) as seen:
            async with asyncio.timeout(10):
                while self.control.view("1001").stage != stage:
                    await anext(aiter(seen))

    async def told(self, seen: Any, *words: str) -> None:
        """Until the seat's screen was told all of these, in whatever order."""
        missing = set(words)
        async with asyncio.timeout(10):
            while missing:
                news = await anext(aiter(seen))
                assert news.seat == "1001"
                missing -= {news.stage, news.push}


@asynccontextmanager
async def station(
    url: str, senders: Mapping[str, Sender], telephone: FakeTelephony | None = None
) -> AsyncIterator[Station]:
    async with opened(url, telephone) as room:
        made = Station(room, senders)
        await made.emergencies.load()
        work = [asyncio.create_task(made.emergencies.run()), asyncio.create_task(made.control.run())]
        try:
            yield made
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


@on_sqlite
async def test_one_action_rings_sends_and_marks(database_url: str, tmp_path: Path) -> None:
    async with open_platform() as platform, station(database_url, {"119": HttpSender(platform.url, "geheim")}) as made:
        call_id = await made.talk()
        with made.room.bus.subscribe("screen", EmergencyChanged) as screen:
            view = await made.emergencies.send("1001", call_id, "119", AGENT)
            assert view.party is not None
            assert (view.party.target, view.party.name) == ("119", "119 消防")
            await made.told(screen, "calling", "due", "answered", "sent")
        (sent,) = platform.got
        assert (sent["phone"], sent["call_id"], sent["seat"], sent["agent"]) == (CITIZEN, call_id, "1001", "小李")
        assert "着火" in sent["matter"]["description"]
        assert sent["said"] == [{"who": "citizen", "text": "着火了,三楼!"}]
        assert platform.headers[0]["idempotency-key"] == sent["id"]
        assert platform.headers[0]["authorization"] == "Bearer geheim"
        assert [dial.endpoint for dial in made.room.telephone.dialled] == ["PJSIP/119@trunk"]
        draft = await made.orders.draft(call_id)
        assert draft is not None
        assert draft["tags"] == ["转接 119 消防"]
        (called,) = await made.all(EmergencyCalled)
        assert (called.platform, called.seat, called.by) == ("119", "1001", AGENT.account)
        assert len(await made.all(EmergencyAnswered)) == len(await made.all(EmergencyPushed)) == 1


@on_sqlite
async def test_a_busy_platform_leaves_the_citizen_with_the_agent_and_gets_the_data(
    database_url: str, tmp_path: Path
) -> None:
    telephone = FakeTelephony()
    telephone.outcomes["PJSIP/119@trunk"] = Result.BUSY
    async with station(database_url, {"": FileSender(tmp_path / "outbox")}, telephone) as made:
        call_id = await made.talk()
        with made.room.bus.subscribe("screen", EmergencyChanged) as screen:
            await made.emergencies.send("1001", call_id, "119", AGENT)
            await made.told(screen, "busy", "sent")
            (unreached,) = await made.all(EmergencyUnreached)
            assert unreached.reason == "busy"
            assert made.room.centre.seat("1001").call_id == call_id
            assert made.control.view("1001").stage == "talking"
        (found,) = (tmp_path / "outbox").glob("*.json")
        assert json.loads(found.read_text(encoding="utf-8"))["phone"] == CITIZEN
        await made.emergencies.send("1001", call_id, "120", AGENT)  # and now another one
        assert await made.orders.draft(call_id) is not None
        ticket = await made.orders.draft(call_id)
        assert ticket is not None
        assert ticket["tags"] == ["转接 119 消防", "转接 120 急救"]


@on_sqlite
async def test_what_was_on_hold_or_consulted_gives_way_and_a_double_click_is_one_call(
    database_url: str, tmp_path: Path
) -> None:
    async with station(database_url, {"": FileSender(tmp_path / "outbox")}) as made:
        call_id = await made.talk()
        for first in ("consult", "hold"):
            if first == "hold":
                await made.control.wish("1001", call_id, Hold(at=made.room.centre._clock.now(), by="x"), AGENT)
            else:
                party = made.control.party(PartyKind.PHONE, "6001")
                await made.control.wish(
                    "1001", call_id, Consult(at=made.room.centre._clock.now(), by="x", party=party), AGENT
                )
            results = await asyncio.gather(
                *(made.emergencies.send("1001", call_id, "119", AGENT) for _ in range(3)), return_exceptions=True
            )
            assert (
                sorted(getattr(r, "code", "fine") for r in results if isinstance(r, RuleBroken))
                == ["already_called"] * 2
            )
            assert [d.endpoint for d in made.room.telephone.dialled].count("PJSIP/119@trunk") == 1
            made.room.telephone.dialled.clear()
            with made.room.bus.subscribe("screen", EmergencyChanged) as screen:
                if made.control.view("1001").stage != "conference":
                    await made.told(screen, "answered")
            await made.control.wish("1001", call_id, Cancel(at=made.room.centre._clock.now(), by="x"), AGENT)
        with pytest.raises(RuleBroken):
            await made.emergencies.send("1002", call_id, "119", AGENT)
        with pytest.raises(NotFound):
            await made.emergencies.send("1001", call_id, "999", AGENT)


@on_sqlite
@pytest.mark.parametrize(
    ("acts", "accepted_by"), [((Leave,), "platform"), ((), "hotline"), ((Leave, Rejoin), "hotline")]
)
async def test_who_took_the_call_first_keeps_the_matter_unless_the_platform_was_left_with_it(
    database_url: str, tmp_path: Path, acts: tuple[type[Event], ...], accepted_by: str
) -> None:
    async with station(database_url, {"": FileSender(tmp_path / "outbox")}) as made:
        call_id = await made.talk()
        now = made.room.centre._clock.now
        with made.room.bus.subscribe("screen", EmergencyChanged) as screen:
            await made.emergencies.send("1001", call_id, "119", AGENT)
            await made.told(screen, "answered")
            for act in acts:
                await made.control.wish("1001", call_id, act(at=now(), by="x"), AGENT)
            assert await made.all(EmergencyAccepted) == []
            party = made.control.sagas[call_id].party
            assert party is not None
            gone = {"uniqueid": party.uniqueid, "channel": "", "cause": 16, "call": None, "seat": None}
            made.room.bus.publish(LegGone(reason=GoneReason.HUNG_UP, **gone))  # type: ignore[arg-type]
            await made.told(screen, "accepted" if accepted_by == "platform" else "kept")
        (accepted,) = await made.all(EmergencyAccepted)
        assert (accepted.call_id, accepted.platform, accepted.accepted_by) == (call_id, "119", accepted_by)


async def test_a_message_outlives_the_engine_and_is_tried_until_it_is_taken(database_url: str) -> None:
    class Dead:
        way = "http"

        async def send(self, message: Mapping[str, Any]) -> None:
            raise Unavailable("连不上", "refused")

    async with station(database_url, {"119": Dead()}) as made:
        call_id = await made.talk()
        await made.emergencies.send("1001", call_id, "119", AGENT)
        with made.room.bus.subscribe("draft") as seen:
            async with asyncio.timeout(5):
                while (await made.emergencies.outbox.page(1, 10))["items"][0]["attempts"] == 0:
                    await asyncio.wait([asyncio.ensure_future(anext(aiter(seen)))], timeout=0.05)
    # Another engine on the same database; the platform is there now, and refuses once.
    async with open_platform(503) as platform, station(database_url, {"119": HttpSender(platform.url)}):
        async with asyncio.timeout(15):
            await platform.taken.wait()
        assert platform.got[0]["id"] == platform.got[1]["id"]
        assert platform.got[0]["call_id"] == call_id


async def test_a_message_that_nobody_takes_is_given_up_and_may_be_sent_again(database_url: str) -> None:
    class Dead:
        way = "http"

        async def send(self, message: Mapping[str, Any]) -> None:
            raise Unavailable("连不上", "refused")

    async with opened(database_url) as room:
        made = Station(room, {"119": Dead()})  # nothing runs by itself
        call_id = await made.talk()
        await made.emergencies.send("1001", call_id, "119", AGENT)
        (row,) = (await made.emergencies.outbox.page(1, 10))["items"]
        with pytest.raises(RuleBroken):
            await made.emergencies.send_again(row["id"])
        with room.bus.subscribe("screen", EmergencyChanged) as screen:
            for attempts in range(ATTEMPTS):
                await made.emergencies._deliver_one(row | {"attempts": attempts})
            await made.told(screen, "given_up")
        (given_up,) = await made.all(EmergencyPushGivenUp)
        assert given_up.attempts == ATTEMPTS
        again = await made.emergencies.send_again(row["id"])
        assert (again["state"], again["attempts"]) == ("due", 0)
        assert await made.emergencies.outbox.next_due() is not None


async def test_the_mark_goes_into_the_work_order_made_before_or_after(database_url: str, tmp_path: Path) -> None:
    async with station(database_url, {"": FileSender(tmp_path / "outbox")}) as made:
        call_id = await made.talk()
        await made.emergencies.send("1001", call_id, "119", AGENT)
        number = await made.orders.take_message(call_id, CITIZEN, "12345", 5)
        ticket_id = await made.orders.of_call(call_id)
        assert ticket_id is not None
        glance = await made.orders.summary(ticket_id)
        assert glance is not None
        assert (glance.summary["number"], glance.summary["tags"]) == (number, ["转接 119 消防"])
        async with made.room.database.unit_of_work() as uow:
            for _ in range(2):
                await made.orders.tag(uow, call_id, CITIZEN, "12345", "转接 120 急救")
        glance = await made.orders.summary(ticket_id)
        assert glance is not None
        assert glance.summary["tags"] == ["转接 119 消防", "转接 120 急救"]


@on_sqlite
async def test_a_database_that_refuses_delays_no_emergency(database_url: str, tmp_path: Path) -> None:
    async with station(database_url, {"": FileSender(tmp_path / "outbox")}) as made:
        call_id = await made.talk()
        async with made.room.database.engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE emergency_pushes RENAME TO gone")
        with made.room.bus.subscribe("screen", EmergencyChanged) as screen:
            await made.emergencies.send("1001", call_id, "119", AGENT)
            await made.told(screen, "calling", "lost")
        await made.told_stage("conference")
        assert made.room.telephone.dialled[0].endpoint == "PJSIP/119@trunk"


def test_pauses_between_attempts_grow_and_end() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, ATTEMPTS + 1)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-2:] == [LONGEST_WAIT_SECONDS, None]
