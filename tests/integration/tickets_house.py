"""The desk's app with the real tickets room behind it, for tests that walk through the HTTP API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from agent_desk.pages import Pages
from agent_desk.server import create_app, create_desk
from callback.outreach import Outreach
from callback.tasks import CallbackTasks
from hotline.section import Section
from hotline.settings import Handler, Organisation, Secrets, Settings, Unit
from tests.integration.desk_fakes import FakeLine, FakeRobot, House, open_house
from tickets.attachments import Attachments
from tickets.oversight import Oversight
from tickets.service import WorkOrders
from tickets.site import TicketSite


@dataclass
class TicketsHouse:
    """``house`` has the accounts; ``orders`` is what answers."""

    house: House
    orders: WorkOrders
    folder: Path
    tokens: Secrets
    visits: CallbackTasks
    line: FakeLine
    outreach: Outreach

    def machine(self, channel: str) -> httpx.AsyncClient:
        """A sender that knows its channel's token."""
        token = self.tokens.get(f"intake_{channel}_token")
        return self.house.browser(headers={"Authorization": f"Bearer {token}"})


def with_ready_units(settings: Settings) -> Settings:
    """Two counties and a town of the first, each with a leader and two handlers."""
    two = [Handler(name="甲"), Handler(name="乙")]
    units = [
        Unit(code="371323", name="沂水县", kind="county", leader="县长", handlers=two),
        Unit(code="371312", name="河东区", kind="county", leader="区长", handlers=two),
        Unit(code="town", name="沂城街道", level=3, kind="town", parent="371323", leader="主任", handlers=two),
    ]
    return settings.model_copy(update={"organisation": Organisation(units=units)})


@asynccontextmanager
async def open_tickets_house(
    folder: Path, database_url: str | None = None, *, port: int = 8012, **sections: Section
) -> AsyncIterator[TicketsHouse]:
    """Build it on this migrated database, or on a fresh SQLite of its own; ``sections`` of the settings may differ."""
    async with open_house(folder, port=port, database_url=database_url) as house:
        settings, database = with_ready_units(house.settings).model_copy(update=sections), house.database
        visits = CallbackTasks(database, house.clock, settings.site.zone)
        site, secrets = TicketSite.of(settings), Secrets(folder / "secrets")
        orders = WorkOrders(database, house.clock, site, visits)
        visits.conclusions["visit"] = orders
        line = FakeLine()
        outreach = Outreach.of(
            settings, database, house.bus, house.clock, secrets, tasks=visits, line=line, flows=lambda: ["poll"]
        )
        attachments = Attachments(database, house.clock, folder / "attachments")
        rooms = replace(
            house.desk.rooms, work_orders=orders, intake=orders.intake, attachments=attachments, callbacks=visits,
            oversight=Oversight.of(database, house.clock, settings, site, orders, secrets), robot=FakeRobot(),
            outreach=outreach,
        )  # fmt: skip
        made = create_desk(
            rooms=rooms, security=house.security, settings=settings, secrets=secrets, bus=house.bus, clock=house.clock
        )
        house.app = create_app(made, Pages(folder / "static"))
        yield TicketsHouse(house, orders, folder, secrets, visits, line, outreach)
