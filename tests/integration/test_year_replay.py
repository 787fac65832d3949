"""A year of intakes in small: stopped, gone on with, whole; every life by the law; figures that add up."""

from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from hotline import ledger
from hotline.database import Database
from hotline.facts.tickets import DeadlineMissed
from hotline.settings import load_settings
from tickets.grains import PivotWish
from tickets.pivot import Pivot
from tickets.roads import TABLE
from tickets.site import TicketSite
from tickets.states import Action, State
from tickets.tables import ticket_timeline, tickets
from tickets.year.commands import plan_of
from tickets.year.replay import BUNCH, YearReplay

SETTINGS = load_settings(Path(__file__).parents[2] / "config.yaml")
TOTAL = 3 * BUNCH - 100


async def test_a_replay_goes_on_where_it_was_stopped_and_its_figures_add_up(database: Database) -> None:
    site, plan = TicketSite.of(SETTINGS), plan_of(SETTINGS, TOTAL, seed=7)
    first = YearReplay(database, site, plan).run()
    assert await anext(first) == BUNCH
    await first.aclose()  # type: ignore[attr-defined]
    again = YearReplay(database, site, plan)
    assert await again.done() == BUNCH
    assert [at async for at in again.run()] == [2 * BUNCH, TOTAL]
    assert [at async for at in YearReplay(database, site, plan).run()] == []

    pivot = Pivot(database)
    noted = await pivot.read(PivotWish(rows="month", columns="unit"))
    await pivot.fold()
    assert await pivot.read(PivotWish(rows="month", columns="unit")) == noted
    async with database.reading() as connection:
        states = Counter((await connection.execute(select(tickets.c.state))).scalars())
        ended = Counter((await connection.execute(select(tickets.c.disposition))).scalars())
        steps = select(ticket_timeline.c.from_state, ticket_timeline.c.action, func.count())
        walked = (
            await connection.execute(steps.group_by(ticket_timeline.c.from_state, ticket_timeline.c.action))
        ).all()
    assert noted["total"]["tickets"] == TOTAL == states.total()
    assert noted["total"]["done"] == states["archived"]
    assert states.keys() == {"archived", "dispatched"}
    missed = {entry.fact.ticket_id async for entry in ledger.read(database, kinds=[DeadlineMissed])}  # type: ignore[attr-defined]
    assert states["dispatched"] <= noted["total"]["overdue"] <= len(missed) < TOTAL * 0.3
    assert ended.keys() == {"直接答复", "已评价", "无法联系", None}
    assert ended[None] == states["dispatched"]
    assert all((State(state or "draft"), Action(action)) in TABLE for state, action, _ in walked)
    assert {action for _, action, _ in walked} >= {"answer", "return", "redo", "close"}


def test_the_same_seed_is_the_same_year_and_later_serials_are_later_days() -> None:
    plan = plan_of(SETTINGS, 3650, seed=3)
    days = [plan.matter(serial).at.date() for serial in range(3650)]
    assert days == sorted(days)
    assert (days[-1] - days[0]).days == 364
    assert plan.matter(77) == plan_of(SETTINGS, 3650, seed=3).matter(77)
    weekdays = Counter(day.weekday() for day in days)
    assert weekdays[0] > 1.2 * weekdays[6]
