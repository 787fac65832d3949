"""A supervisor at a live call, through the API, on the real Asterisk: each tone shows who hears whom."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from sqlalchemy import select

from hotline.demo.people import Refusal, signed_in
from hotline.facts.control import SeatForced, SeatMessaged, SeatSupervised
from hotline.security.tables import audit
from tests.system.engines import CHIEF_LOGIN, House, add_chief, open_house, speaking
from tests.system.who_hears import hears

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 60, "wrap_up_seconds": 0, "announce_seconds": 600}]
CITIZEN, SEAT, SUPERVISOR = 400.0, 700.0, 1700.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("supervision"), groups=GROUPS) as house:
        await add_chief(house)
        yield house


async def test_listen_whisper_barge_and_take_over(house: House) -> None:
    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(house.ready_agent("1001"))
        chief, leg = await stack.enter_async_context(house.chief())
        citizen = await house.dial("13800000021")
        stack.push_async_callback(house.hang_up_all)
        call_id = (await agent.accept("13800000021"))["call_id"]
        for phone, pitch in ((citizen, CITIZEN), (agent.leg, SEAT), (leg, SUPERVISOR)):
            await stack.enter_async_context(speaking(phone, pitch))
        await hears(citizen, SEAT)

        with pytest.raises(Refusal) as refused:  # an agent has no such right
            await agent.person.post("/live/seats/1003/watch/listen", reason="")
        assert refused.value.status == 403

        await chief.post("/live/seats/1001/watch/listen", reason="新人")
        await hears(leg, CITIZEN, SEAT)
        await hears(agent.leg, CITIZEN, but=(SUPERVISOR,))
        await agent.person.feed.until("control", lambda data: data["watched"] == ["listen"])
        await chief.post("/live/seats/1001/watch/whisper", reason="")
        await hears(agent.leg, CITIZEN, SUPERVISOR)
        await hears(citizen, SEAT, but=(SUPERVISOR,))
        await chief.post("/live/seats/1001/watch/barge", reason="")
        await hears(citizen, SEAT, SUPERVISOR)
        await hears(leg, SEAT, CITIZEN)
        await chief.post("/live/seats/1001/takeover", reason="投诉升级")
        await hears(citizen, SUPERVISOR, but=(SEAT,))
        await hears(leg, CITIZEN, but=(SEAT,))
        desk = await chief.get("/desk")
        assert (desk["call"]["call_id"], desk["seat"]["state"]) == (call_id, "talking")
        assert (await agent.person.get("/desk"))["seat"]["state"] == "idle"
        await chief.post(f"/desk/calls/{call_id}/hangup")
        await citizen.wait_ended()
    told = [fact.mode for fact in await house.all(SeatSupervised)]
    assert told[:4] == ["listen", "whisper", "barge", "takeover"]
    assert {fact.by for fact in await house.all(SeatSupervised)} == {"chief"}
    deeds = [(what, whom, detail["reason"]) for what, whom, detail in await deeds_of(house, "chief")]
    assert deeds == [
        ("call_listen", "1001", "新人"),
        ("call_whisper", "1001", ""),
        ("call_barge", "1001", ""),
        ("call_taken_over", "1001", "投诉升级"),
    ]


async def deeds_of(house: House, account: str) -> list[tuple[str, str, dict[str, str]]]:
    """What the audit trail has of somebody besides signing in, oldest first."""
    async with house.database.reading() as connection:
        rows = (await connection.execute(select(audit).where(audit.c.who == account).order_by(audit.c.id))).all()
    return [(row.what, row.whom, json.loads(row.detail)) for row in rows if row.what.startswith(("call_", "seat"))]


async def test_a_supervisor_is_let_go_with_the_call_and_a_barger_keeps_the_citizen(house: House) -> None:
    async with AsyncExitStack() as stack:
        chief, leg = await stack.enter_async_context(house.chief())
        for mode in ("listen", "barge"):
            agent = await stack.enter_async_context(house.ready_agent("1001"))
            number = {"listen": "13800000022", "barge": "13800000023"}[mode]
            citizen = await house.dial(number)
            await agent.accept(number)
            async with speaking(citizen, CITIZEN), speaking(agent.leg, SEAT), speaking(leg, SUPERVISOR):
                await hears(citizen, SEAT)
                await chief.post(f"/live/seats/1001/watch/{mode}", reason="")
                await hears(leg, CITIZEN, SEAT)
                if mode == "listen":
                    await citizen.hang_up()
                    await chief.feed.until("seat", lambda seat: seat["state"] == "idle", since=len(chief.feed.seen) - 3)
                else:
                    await agent.leg.hang_up()
                    await hears(citizen, SUPERVISOR, but=(SEAT,))
                    await hears(leg, CITIZEN)
                    await citizen.hang_up()
            if mode == "listen":
                await agent.leg.hang_up()


async def test_force_and_message(house: House) -> None:
    async with house.ready_agent("1002") as agent, signed_in(house.site.url, CHIEF_LOGIN) as chief:
        seat = await chief.post("/live/seats/1002/status", status="not_ready", reason="培训")
        assert (seat["status"], seat["state"]) == ("not_ready", "idle")
        answer = await chief.http.post("/api/live/message", json={"text": "请注意文明用语", "seats": ["1002"]})
        assert answer.status_code == 204
        told = await agent.person.feed.until("message")
        assert told == {"text": "请注意文明用语", "by": "班长"}
        await agent.person.post("/desk/hand", raised=True, note="市民情绪激动")
        raised = await chief.feed.until("live.control", lambda data: data["seat"] == "1002" and data["hand_raised"])
        assert raised["seat"] == "1002"
    deeds = {what: (whom, detail) for what, whom, detail in await deeds_of(house, "chief")}
    assert deeds["seat_forced"] == ("1002", {"reason": "培训", "status": "not_ready"})
    assert deeds["seats_messaged"][0] == "1002"
    assert [fact.status for fact in await house.all(SeatForced)] == ["not_ready"]
    assert len(await house.all(SeatMessaged)) == 1


async def test_a_desk_phone_is_listened_to_and_its_citizen_taken_over(house: House) -> None:
    """The agent changes over to the phone first; a supervisor listens by the browser's kind of leg only."""
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(house.desk_phone("1002"))
        agent = await stack.enter_async_context(house.person("agent1002"))
        chief, leg = await stack.enter_async_context(house.chief())
        await agent.ask("PUT", "/desk/kind", {"kind": "rung"})
        since = len(agent.feed.seen)
        if (await agent.be("ready"))["state"] != "idle":
            await agent.feed.until("seat", lambda seat: seat["state"] == "idle", since=since)
        citizen = await house.dial("13800000024")
        stack.push_async_callback(house.hang_up_all)
        await agent.accept(await agent.feed.until("offer", timeout=30))
        receiver = await (await phone.next_call()).answer()
        for one, pitch in ((citizen, CITIZEN), (receiver, SEAT), (leg, SUPERVISOR)):
            await stack.enter_async_context(speaking(one, pitch))
        await hears(citizen, SEAT)
        await chief.post("/live/seats/1002/watch/whisper", reason="新人")
        await hears(receiver, CITIZEN, SUPERVISOR)
        await hears(citizen, SEAT, but=(SUPERVISOR,))
        since = len(chief.feed.seen)
        await chief.post("/live/seats/1002/takeover", reason="投诉升级")
        await hears(citizen, SUPERVISOR, but=(SEAT,))
        await receiver.wait_ended()
        await chief.feed.until("live.seat", lambda s: (s["id"], s["state"]) == ("1002", "idle"), since=since)
        since = len(chief.feed.seen)
        await citizen.hang_up()
        await chief.feed.until("seat", lambda seat: seat["state"] == "idle", since=since)

        await chief.ask("PUT", "/desk/kind", {"kind": "rung"})
        with pytest.raises(Refusal):  # the leg that was nailed up is hung up, and by a phone nobody listens
            await chief.post("/live/seats/1002/watch/listen", reason="")
        await leg.wait_ended()
        await chief.ask("PUT", "/desk/kind", {"kind": "nailed"})
