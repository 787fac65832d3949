"""The closed loop of both rooms: reply → phoned back → closed, or redone with a new clock. One database, real rules."""

import asyncio
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from callback.pacing import Pace
from callback.robot import CallbackRobot
from callback.site import dialling_rules_of, pace_of
from callback.tasks import CallbackTasks
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.facts.callbacks import CallbackDone, CallbackDue
from hotline.facts.tickets import TicketMoved
from hotline.ledger import read
from hotline.security import Person, Role
from hotline.settings import load_settings
from ivr.flow.book import FlowBook
from ivr.interview import Interviewer
from telephony.fake import FakeCaller, FakeTelephony
from telephony.observations import LegAnswered
from tickets.service import WorkOrders
from tickets.site import TicketSite

SETTINGS = load_settings(Path(__file__).parents[2] / "config.yaml")
FRIDAY = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
AGENT = Person(account="agent1", name="一号", roles=frozenset({Role.AGENT}), seat="1001")
YISHUI = Person(account="yishui", name="沂水", roles=frozenset({Role.DEPARTMENT}), unit="371323")


@pytest.mark.parametrize(
    ("keys", "state", "ways"),
    [
        (["1", "1"], "closed", ["close"]),
        (["2", "5"], "dispatched", ["redo", "redispatch"]),
    ],
)
async def test_the_loop(database: Database, keys: list[str], state: str, ways: list[str]) -> None:
    clock, phones = FakeClock(FRIDAY), FakeTelephony(database.bus.publish)
    tasks = CallbackTasks(database, clock, SETTINGS.site.zone)
    orders = WorkOrders(database, clock, TicketSite.of(SETTINGS), tasks)
    rules = dialling_rules_of(SETTINGS)
    pace = pace_of(SETTINGS, lambda day: day.weekday() < 5)
    interviewer = Interviewer(FlowBook.open(None))
    robot = CallbackRobot(
        tasks, orders, phones, database.bus, clock, pace, rules, lambda _: False, interviewer, folder=Path("/nowhere")
    )

    await orders.open_draft("call_1", "13800000001", "12345")
    fields = {"description": "路灯不亮", "unit": "371323"}
    ticket_id = (await orders.submit("call_1", fields, "dispatch", None, AGENT))["id"]
    await orders.act(ticket_id, "sign", {}, YISHUI)
    work = asyncio.create_task(robot.run())
    with database.bus.subscribe("legs", LegAnswered) as answered, database.bus.subscribe("test", CallbackDone) as done:
        await orders.act(ticket_id, "reply", {"contact": "电话联系", "reply": "已修复"}, YISHUI)
        await asyncio.wait_for(anext(answered), 10)
        leg = next(iter(phones.legs.values()))
        caller = FakeCaller(leg.channel, leg.uniqueid, keys)
        caller.query = {"task": phones.dialled[0].variables["HOTLINE_TASK"]}
        await robot.survey(caller)
        await asyncio.wait_for(anext(done), 10)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)

    ticket = await orders.ticket(ticket_id, AGENT)
    assert (ticket["state"], ticket["satisfaction"], ticket["solved"]) == (state, int(keys[1]), keys[0] == "1")
    assert [visit["disposition"] for visit in ticket["callbacks"]] == ["surveyed"]
    facts = [entry.fact async for entry in read(database, ticket_id=ticket_id)]
    moves = [fact.action for fact in facts if isinstance(fact, TicketMoved)]
    assert moves == ["submit", "dispatch", "sign", "reply", "approve", *ways]
    due_at = next(n for n, fact in enumerate(facts) if isinstance(fact, CallbackDue))
    approved = next(n for n, fact in enumerate(facts) if isinstance(fact, TicketMoved) and fact.action == "approve")
    assert abs(due_at - approved) == 1  # one transaction


def test_pace_of_settings() -> None:
    pace = pace_of(SETTINGS, lambda _: False)
    assert isinstance(pace, Pace)
    assert pace.opens_at(FRIDAY) is None
    every_day = SETTINGS.callback.model_copy(update={"working_days_only": False, "windows": [(time(0), time(0))]})
    assert pace_of(SETTINGS.model_copy(update={"callback": every_day}), lambda _: False).opens_at(FRIDAY) == FRIDAY
