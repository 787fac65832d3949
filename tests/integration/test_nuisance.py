"""Malicious callers: marked with evidence, decided by a supervisor, treated as the site says, let through in need."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline import ledger
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken
from hotline.facts.nuisance import NuisanceEvidenceTaken, NuisanceMarked, NuisanceRemoved, NuisanceTreated
from hotline.settings import Nuisance
from ivr.nuisance.evidence import Evidence
from ivr.nuisance.service import NuisanceList
from telephony.fake import FakeCaller
from tests.integration.databases import on_sqlite
from tests.integration.test_call_centre import AGENT, Agent, Room, opened
from tests.integration.test_flow_calls import NOON

CALLER, OTHER = "13800000001", "13900000002"
CHIEF = Agent("banzhang", "班长")


async def facts(database: Database, kind: type[Any]) -> list[Any]:
    return [entry.fact async for entry in ledger.read(database, kinds=[kind])]


async def test_from_a_mark_to_the_list_and_off_it(database: Database) -> None:
    clock = FakeClock(NOON)
    book = NuisanceList(database, clock, Nuisance(days=7))
    row = await book.mark("call_1", CALLER, "辱骂", AGENT)
    again = await book.mark("call_2", CALLER, "再次辱骂", AGENT)
    assert (row["id"], row["state"]) == (again["id"], "proposed")
    await book.mark("call_2", CALLER, "点了两次", AGENT)
    assert [mark["call_id"] for mark in (await book.get(row["id"]))["marks"]] == ["call_1", "call_2"]
    assert book.listed(CALLER) is None  # a proposal changes nothing for the citizen
    with pytest.raises(RuleBroken):
        await book.mark("call_3", "", "没有号码", AGENT)

    listed = await book.decide(row["id"], True, 0, "属实", CHIEF)
    assert (listed["state"], listed["until"]) == ("listed", NOON + timedelta(days=7))
    with pytest.raises(RuleBroken):
        await book.decide(row["id"], False, 0, "", CHIEF)
    found = book.listed(CALLER)
    assert found is not None
    assert found.reasons[0] == "再次辱骂"
    newer = NuisanceList(database, clock, Nuisance())  # another engine
    await newer.load()
    assert newer.listed(CALLER) == found

    removed = await book.remove(row["id"], "误报", CHIEF)
    assert (removed["state"], removed["removed_because"]) == ("removed", "误报")
    assert book.listed(CALLER) is None
    assert len(await facts(database, NuisanceMarked)) == 3
    assert [fact.by for fact in await facts(database, NuisanceRemoved)] == ["banzhang"]
    with pytest.raises(NotFound):
        await book.remove("nuisance_0", "x", CHIEF)


async def test_a_listing_ends_by_itself_and_makes_room_for_another(database: Database) -> None:
    clock = FakeClock(NOON)
    book = NuisanceList(database, clock, Nuisance())
    row = await book.mark("call_1", CALLER, "骚扰", AGENT)
    await book.decide(row["id"], True, 1, "", CHIEF)
    clock.advance(86_401)
    assert book.listed(CALLER) is None
    assert [one["state"] for one in (await book.page("expired", 1, 10))["items"]] == ["expired"]
    assert (await book.page("listed", 1, 10))["total"] == 0
    fresh = await book.mark("call_9", CALLER, "又来了", AGENT)
    assert fresh["id"] != row["id"]
    declined = await book.decide(fresh["id"], False, 0, "证据不足", CHIEF)
    assert (declined["state"], declined["until"]) == ("declined", None)
    page = await book.page(None, 2, 1)
    assert (page["total"], len(page["items"])) == (2, 1)


@asynccontextmanager
async def town(url: str, treatment: str) -> AsyncIterator[tuple[Room, NuisanceList]]:
    """A call centre where CALLER is listed."""
    async with opened(url) as room:
        book = NuisanceList(room.database, room.centre._clock, Nuisance.model_validate({"treatment": treatment}))
        row = await book.mark("call_0", CALLER, "骚扰", AGENT)
        await book.decide(row["id"], True, 0, "", CHIEF)
        room.centre.provide(replace(room.centre.reception.house.services, nuisance=book))
        yield room, book


def dials(room: Room, number: str, *keys: str) -> FakeCaller:
    leg = room.telephone.add_leg(f"PJSIP/trunk-{number}", caller=number)
    caller = FakeCaller(leg.channel, leg.uniqueid, keys, callerid=number, dnid="12345")
    task = asyncio.create_task(room.centre.citizen(caller))
    SESSIONS.add(task)
    task.add_done_callback(SESSIONS.discard)
    return caller


SESSIONS: set["asyncio.Task[None]"] = set()


async def test_last_means_after_the_others_and_each_call_is_a_fact(database_url: str) -> None:
    async with town(database_url, "last") as (room, book):
        dials(room, CALLER)
        await room.until(lambda: len(room.centre.floor.waiting()) == 1)
        dials(room, OTHER)
        await room.until(lambda: len(room.centre.floor.waiting()) == 2)
        assert [call.caller for call in room.centre.floor.waiting()] == [OTHER, CALLER]
        await room.ready("1001")
        offered = room.centre.offer_for("1001")
        assert offered is not None
        assert offered.caller == OTHER
        await room.ready("1002")  # and is served as soon as somebody has time
        taken = await room.centre.accept("1002", await room.offer("1002"), AGENT)
        assert (taken.caller, taken.nuisance) == (CALLER, "last")
        (fact,) = await facts(room.database, NuisanceTreated)
        assert (fact.call_id, fact.treatment) == (taken.call_id, "last")
        (row,) = (await book.page("listed", 1, 10))["items"]
        assert row["treated"] == 1


@on_sqlite
@pytest.mark.parametrize("key", ["", "1"])
async def test_notice_ends_the_call_unless_a_key_says_that_there_is_need(database_url: str, key: str) -> None:
    async with town(database_url, "notice") as (room, _):
        caller = dials(room, CALLER, *key)
        if key:
            await room.until(lambda: len(room.centre.floor.waiting()) == 1)
        else:
            async with asyncio.timeout(10):
                await asyncio.gather(*SESSIONS)
            assert caller.variables["HOTLINE_AFTER"] == "hangup"
            assert room.centre.floor.waiting() == []
        assert caller.heard[0] == "hotline/nuisance-notice"
        assert len(await facts(room.database, NuisanceTreated)) == 1


class Kept:
    def __init__(self, *rows: Mapping[str, Any]) -> None:
        self.rows = rows

    async def of_call(self, call_id: str) -> Sequence[Mapping[str, Any]]:
        return self.rows


class Orders:
    async def of_call(self, call_id: str) -> str | None:
        return "ticket_1"


@on_sqlite
async def test_the_evidence_holds_together_and_says_who_took_it(database_url: str) -> None:
    async with town(database_url, "show") as (room, book):
        dials(room, CALLER)
        await room.ready("1001")
        call = await room.centre.accept("1001", await room.offer("1001"), AGENT)
        (row,) = (await book.page(None, 1, 10))["items"]
        await book.mark(call.call_id, CALLER, "威胁", AGENT)
        recordings = Kept({"id": "rec_1", "sha256": "ab" * 32, "seconds": 9.0, "tracks": ["mix"], "created_at": NOON})
        words = Kept({"who": "citizen", "text": "……", "started_at": NOON})
        clock = room.centre._clock
        evidence = Evidence(room.database, clock, book, room.centre, recordings, words, Orders())
        package = await evidence.take(row["id"], "banzhang")
        lost, there = package["calls"]
        assert lost["call"] == {"call_id": "call_0"}  # its rows are gone: what was said of it stays
        assert there["call"]["caller"] == CALLER
        assert (there["ticket_id"], there["recordings"][0]["sha256"]) == ("ticket_1", "ab" * 32)
        content = {name: package[name] for name in ("listing", "calls")}
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        assert hashlib.sha256(text.encode()).hexdigest() == package["content_sha256"]
        (taken,) = await facts(room.database, NuisanceEvidenceTaken)
        assert (taken.by, taken.sha256) == ("banzhang", package["content_sha256"])
