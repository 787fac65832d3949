"""Looking back and reading along: dispositions, my calls and my day, drill-down, words for a supervisor, moves."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from hotline import ledger
from hotline.demo.site import free_ports
from hotline.facts.calls import CallConnected, CallDisposed
from hotline.facts.seats import SeatStateObserved, SeatStatusChosen
from hotline.facts.speech import PartialHeard, UtteranceHeard
from hotline.security.tables import audit
from ivr import store, tables
from ivr.people import Call
from ivr.views import CallState
from tests.integration.desk_fakes import CITIZEN, NOON, House, open_house
from tests.integration.test_api_feed import base, cookie_of, feed, next_frame, serving, until


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, port=free_ports()["web_port"]) as opened:
        yield opened


async def keep(house: House, call_id: str, seat: str, group: str = "general") -> None:
    """A call that was answered at ``seat`` a moment ago."""
    house.centre.connect(seat, call_id)
    call = Call(
        call_id=call_id, caller=CITIZEN, dialled="12345", line="12345 热线", group=group, channel="c", uniqueid=call_id,
        arrived_at=NOON, queued_at=NOON, connected_at=NOON, state=CallState.ENDED, ended_at=NOON, seat=seat,
        account=f"agent{seat}",
    )  # fmt: skip
    async with house.database.unit_of_work() as uow:
        await store.upsert(uow, tables.calls, [store.call_row(call)])


async def test_a_disposition_is_kept_told_reported_and_may_be_said_again(house: House) -> None:
    await keep(house, "call_1", "1001")
    await keep(house, "call_2", "1001")
    await keep(house, "call_3", "1002")
    house.orders.add("ticket_1", call_id="call_1")
    house.clock.advance(60)
    async with house.signed_in("agent1001") as browser:
        codes = (await browser.get("/api/dispositions")).json()
        assert "answered" in [one["code"] for one in codes["items"]]
        where = "/api/desk/calls/call_1/disposition"
        assert (await browser.get(where)).json() == {"code": None, "note": ""}
        for code in ("silent", "answered"):
            assert (await browser.put(where, json={"code": code, "note": "已解释"})).status_code == 200
        assert (await browser.get(where)).json() == {"code": "answered", "note": "已解释"}
        assert (await browser.put(where, json={"code": "nonsense"})).json()["error"]["code"] == "unknown_code"
        other = "/api/desk/calls/call_3/disposition"
        assert (await browser.put(other, json={"code": "answered"})).status_code == 404
        mine = (await browser.get("/api/desk/calls")).json()
        assert {one["call_id"]: one["disposition"] for one in mine["items"]} == {"call_1": "answered", "call_2": None}
        (first,) = [one for one in mine["items"] if one["call_id"] == "call_1"]
        assert (first["caller"], first["ticket_id"], first["ticket_number"]) == (
            CITIZEN, "ticket_1", "260302120000000001",
        )  # fmt: skip
        one = (await browser.get("/api/desk/calls?size=1&page=2")).json()
        assert (len(one["items"]), one["total"]) == (1, 2)
    async with house.signed_in("supervisor") as browser:
        report = (await browser.get("/api/kpi/dispositions")).json()
        assert (report["total"], report["unsaid"]) == (3, 2)
        (answered,) = [one for one in report["items"] if one["calls"]]
        assert (answered["code"], answered["calls"], answered["share"]) == ("answered", 1, pytest.approx(1 / 3))
        seats = (await browser.get("/api/live/calls?seat=1001")).json()
        assert (seats["total"], seats["items"][0]["caller"]) == (2, "138****0001")
        assert (await browser.get("/api/live/calls?group=general")).json()["total"] == 3
        for bad, status in (("", 409), ("?seat=1001&group=general", 409), ("?seat=9999", 404), ("?group=x", 404)):
            assert (await browser.get(f"/api/live/calls{bad}")).status_code == status
        assert (
            await browser.get("/api/kpi/dispositions?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z")
        ).status_code == 409
    said = [entry.fact async for entry in ledger.read(house.database, kinds=[CallDisposed])]
    assert [fact.code for fact in said if isinstance(fact, CallDisposed)] == ["silent", "answered"]


async def test_a_call_that_was_passed_on_stays_in_the_list_of_who_took_it(house: House) -> None:
    await keep(house, "call_1", "1002")
    names = dict.fromkeys(("citizen_channel", "citizen_uniqueid", "seat_channel", "seat_uniqueid"), "")
    async with house.database.unit_of_work() as uow:
        uow.record(CallConnected(at=NOON, call_id="call_1", seat="1001", account="agent1001", **names))
    for account in ("agent1001", "agent1002"):
        async with house.signed_in(account) as browser:
            (call,) = (await browser.get("/api/desk/calls")).json()["items"]
            assert call["call_id"] == "call_1"
            assert (await browser.get("/api/calls/call_1")).status_code == 200
            where = "/api/desk/calls/call_1/disposition"
            assert (await browser.put(where, json={"code": "transferred"})).status_code == 200


async def test_a_site_may_want_a_disposition_before_wrap_up_ends(house: House) -> None:
    wanted = house.settings.wrap_up.model_copy(update={"required": True})
    records = type(house.desk.rooms.records)(house.database, house.clock, wanted, house.settings.site.zone)
    strict = replace(house.desk, rooms=replace(house.desk.rooms, records=records))
    house.app.state.desk = strict
    await keep(house, "call_1", "1001")
    async with house.signed_in("agent1001") as browser:
        assert (await browser.post("/api/desk/calls/call_1/hangup")).status_code == 200
        refused = await browser.post("/api/desk/wrap-up/end")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "disposition_needed")
        await browser.put("/api/desk/calls/call_1/disposition", json={"code": "answered"})
        assert (await browser.post("/api/desk/wrap-up/end")).status_code == 200


async def test_my_day_is_read_from_the_ledger(house: House) -> None:
    names = dict.fromkeys(("citizen_channel", "citizen_uniqueid", "seat_channel", "seat_uniqueid"), "")
    async with house.database.unit_of_work() as uow:
        for seat, account in (("1001", "agent1001"), ("1002", "agent1002")):
            uow.record(SeatStatusChosen(at=NOON, seat=seat, account=account, status="ready", reason=None))
            uow.record(SeatStateObserved(at=NOON, seat=seat, state="idle"))
            uow.record(CallConnected(at=NOON, call_id=f"call_{seat}", seat=seat, account=account, **names))
            uow.record(SeatStateObserved(at=NOON, seat=seat, state="talking"))
    house.clock.advance(90)
    async with house.signed_in("agent1001") as browser:
        day = (await browser.get("/api/desk/statistics")).json()
    assert (day["calls"], day["talk_seconds"], day["average_talk"]) == (1, 90.0, 90.0)
    assert day["begins"] == "2026-03-02T00:00:00+08:00"


async def test_a_supervisor_reads_along_and_no_longer(house: House) -> None:
    house.centre.connect("1001", "call_1")
    house.transcripts.said["call_1"] = [
        {"id": "u_1", "call_id": "call_1", "who": "citizen", "text": "你好", "started_at": NOON, "seconds": 1.0}
    ]
    cookie = await cookie_of_after_start(house)
    async with serving(house), feed(house, cookie) as screen, feed(house, await cookie_of(house, "admin")) as other:
        await next_frame(screen)
        await next_frame(other)
        async with httpx.AsyncClient(base_url=f"http://{base(house)}", headers={"Cookie": cookie}) as browser:
            followed = (await browser.post("/api/live/seats/1001/follow")).json()
            assert (followed["call"]["caller"], followed["transcript"][0]["text"]) == ("138****0001", "你好")
            house.bus.publish(PartialHeard(call_id="call_1", who="citizen", text="路灯"))
            house.bus.publish(
                UtteranceHeard(at=NOON, call_id="call_1", who="citizen", text="路灯坏了", started_at=NOON, seconds=1.2)
            )
            words = await until(screen, "live.utterance")
            assert [(one["type"], one["data"]["text"]) for one in words] == [
                ("live.partial", "路灯"),
                ("live.utterance", "路灯坏了"),
            ]
            assert (await browser.post("/api/live/follow/end")).status_code == 204
            house.bus.publish(PartialHeard(call_id="call_1", who="citizen", text="没人听"))
            house.centre.arrive("call_2")
            after = await until(screen, "live.waiting")
            assert "live.partial" not in [one["type"] for one in after]
        unasked = await until(other, "live.waiting")
        assert not [one for one in unasked if one["type"].startswith(("live.partial", "live.utterance"))]
    async with house.database.reading() as connection:
        deeds = (await connection.execute(select(audit.c.what, audit.c.whom))).all()
    assert ("transcript_followed", "1001") in [tuple(deed) for deed in deeds]


async def cookie_of_after_start(house: House) -> str:
    async with serving(house):
        return await cookie_of(house, "supervisor")


async def test_a_waiting_citizen_is_moved_and_that_is_audited(house: House) -> None:
    house.centre.arrive("call_1")
    async with house.signed_in("supervisor") as browser:
        moved = await browser.post("/api/live/waiting/call_1/move", json={"seat": "1001", "reason": "点名"})
        assert (moved.status_code, moved.json()["caller"]) == (200, "138****0001")
        again = await browser.post("/api/live/waiting/call_1/move", json={"seat": "1002"})
        assert (again.status_code, again.json()["error"]["code"]) == (409, "not_waiting")
        for bad in ({}, {"seat": "1001", "group": "general"}, {"seat": "x"}):
            assert (await browser.post("/api/live/waiting/call_1/move", json=bad)).status_code == 422
    assert house.centre.offer_for("1001") is not None
    async with house.database.reading() as connection:
        (deed,) = (
            await connection.execute(select(audit.c.whom, audit.c.detail).where(audit.c.what == "call_moved"))
        ).all()[:1]
    assert deed.whom == "call_1"
    assert "seat 1001" in str(deed.detail)


async def test_scripts_of_a_category(house: House) -> None:
    async with house.signed_in("agent1001") as browser:
        assert (await browser.get("/api/scripts?category=市政公用/路灯井盖")).json() == {"items": []}
