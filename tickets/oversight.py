"""Everything by which the hotline's work is judged, as one part for the composition root."""

from dataclasses import dataclass

from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Secrets, Settings
from tickets.assessment.service import Assessment
from tickets.dossiers.service import Dossiers
from tickets.projects.service import Projects
from tickets.quality.service import Quality
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.supervision.referrals import Referrals
from tickets.supervision.seal import Seal
from tickets.supervision.service import Supervising


@dataclass(frozen=True)
class Oversight:
    """Quality, supervision, assessment, projects, dossiers."""

    quality: Quality
    supervising: Supervising
    referrals: Referrals
    assessment: Assessment
    projects: Projects
    dossiers: Dossiers

    @classmethod
    def of(
        cls,
        database: Database,
        clock: Clock,
        settings: Settings,
        site: TicketSite,
        orders: WorkOrders,
        secrets: Secrets,
    ) -> "Oversight":
        """All of them on one database."""
        return cls(
            Quality(database, clock, site, settings.quality, orders),
            Supervising(database, clock, site, orders, name=settings.site.name),
            Referrals(database, clock, site, Seal(secrets.get("referral_secret"))),
            Assessment(database, clock, site, settings.assessment, orders, name=settings.site.name),
            Projects(database, clock, site, settings.projects, orders, areas=list(settings.organisation.places)),
            Dossiers(database, clock, site, orders),
        )
