"""Everything by which the hotline's work is judged, as one part for the composition root."""

from dataclasses import dataclass

from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Settings
from tickets.quality.service import Quality
from tickets.service import WorkOrders
from tickets.site import TicketSite


@dataclass(frozen=True)
class Oversight:
    """Quality, supervision, assessment, projects."""

    quality: Quality

    @classmethod
    def of(
        cls, database: Database, clock: Clock, settings: Settings, site: TicketSite, orders: WorkOrders
    ) -> "Oversight":
        """All of them on one database."""
        return cls(Quality(database, clock, site, settings.quality, orders))
