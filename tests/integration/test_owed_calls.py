"""Who gave up waiting is owed a call: one per citizen, none during another call of theirs, none after an answer."""

import asyncio

import pytest

from hotline import ledger
from hotline.errors import NotFound
from hotline.facts.calls import CallConnected, CallEnded, CallPromised, PromiseKept
from telephony.fake import FakeCaller
from tests.integration.databases import fill_disk, free_disk
from tests.integration.test_call_centre import AGENT, Room, opened

CITIZEN = "13800000001"
SESSIONS: set["asyncio.Task[None]"] = set()


async def waits(room: Room, number: str = CITIZEN, channel: str = "PJSIP/trunk-1") -> FakeCaller:
    """A citizen in the line."""
    leg = room.telephone.add_leg(channel, caller=number)
    caller = FakeCaller(leg.channel, leg.uniqueid, callerid=number, dnid="12345")
    SESSIONS.add(asyncio.create_task(room.centre.citizen(caller)))
    await room.until(lambda: room.centre.floor.by_uniqueid(leg.uniqueid) in room.centre.floor.waiting())
    return caller


async def hangs_up(room: Room, caller: FakeCaller) -> str:
    """Gives up; returns the call, once it is written."""
    with room.bus.subscribe("ended", CallEnded) as ended:
        room.telephone.drop(caller.channel)
        caller.hangs_up()
        async with asyncio.timeout(5):
            fact = await anext(ended)
    assert isinstance(fact, CallEnded)
    return fact.call_id


async def gives_up(room: Room, number: str = CITIZEN) -> str:
    return await hangs_up(room, await waits(room, number))


async def test_who_gives_up_is_owed_one_call(database_url: str) -> None:
    async with opened(database_url) as room:
        first = await gives_up(room)
        await gives_up(room)
        await gives_up(room, "")
        (owed,) = await room.centre.owed.open()
        assert (owed["phone"], owed["call_id"], owed["reason"]) == (CITIZEN, first, "abandoned")
        promised = [entry.fact async for entry in ledger.read(room.database, kinds=[CallPromised])]
        assert len(promised) == 1
        assert room.centre.live().figures.abandoned == 3


async def test_nothing_is_owed_while_another_call_of_theirs_is_open(database_url: str) -> None:
    async with opened(database_url) as room:
        other = await waits(room, channel="PJSIP/trunk-2")
        await gives_up(room)
        assert await room.centre.owed.open() == []
        await hangs_up(room, other)
        assert len(await room.centre.owed.open()) == 1


async def test_an_answer_in_a_later_call_keeps_the_promise(database_url: str) -> None:
    async with opened(database_url) as room:
        await gives_up(room)
        await gives_up(room, "13900000002")
        await room.ready("1001")
        room.calls(CITIZEN)
        call = await room.centre.accept("1001", await room.offer("1001"), AGENT)
        assert CallConnected in await room.facts(call.call_id)
        assert [owed["phone"] for owed in await room.centre.owed.open()] == ["13900000002"]
        (done,) = await room.centre.owed.listed("done")
        assert (done["by"], done["phone"]) == (AGENT.account, CITIZEN)
        assert PromiseKept in await room.facts(call.call_id)


async def test_an_agent_keeps_a_promise_once_and_only_of_their_groups(database_url: str) -> None:
    async with opened(database_url) as room:
        await gives_up(room)
        (owed,) = await room.centre.owed.listed("open", ["general"])
        assert await room.centre.owed.listed("open", ["other"]) == []
        with pytest.raises(NotFound):
            await room.centre.owed.keep(owed["id"], "xiaoli", ["other"])
        assert (await room.centre.owed.keep(owed["id"], "xiaoli", ["general"]))["state"] == "done"
        with pytest.raises(NotFound):
            await room.centre.owed.keep(owed["id"], "xiaoli")
        await gives_up(room)  # and again: a new promise
        assert len(await room.centre.owed.open()) == 1


async def test_a_promise_not_written_with_a_full_disk_is_made_when_the_facts_are_written(database_url: str) -> None:
    async with opened(database_url) as room:
        caller = await waits(room)
        await fill_disk(room.database)
        room.telephone.drop(caller.channel)
        caller.hangs_up()
        await room.until(lambda: room.centre.journal.failing)
        assert room.centre.journal.failing
        await free_disk(room.database)
        await room.ready("1001")  # the next step that is written
        assert [owed["phone"] for owed in await room.centre.owed.open()] == [CITIZEN]
