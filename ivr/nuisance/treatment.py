"""What a listed number's call goes through. Pure: never blocked silently, each time a fact."""

from datetime import datetime

from hotline.facts.nuisance import NuisanceTreated
from hotline.settings import Nuisance
from ivr.nuisance.service import Listing
from ivr.orders import Step
from ivr.people import Call

NOTICE_FLOW = "nuisance"
"""The flow that ``notice`` leads through; a key or a word there leads to the line like anybody's."""


def treat(call: Call, listing: Listing | None, rules: Nuisance, step: Step, now: datetime) -> None:
    """Mark the call as the site treats listed numbers; nothing for all others."""
    if listing is None:
        return
    call.nuisance = rules.treatment
    call.handicap = rules.last_minutes if rules.treatment == "last" else 0
    fact = NuisanceTreated(at=now, call_id=call.call_id, listing_id=listing.listing_id, treatment=rules.treatment)
    step.facts.append(fact)
