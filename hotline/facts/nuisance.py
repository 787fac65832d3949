"""Facts of the list of malicious callers (恶意骚扰名单): nobody is treated otherwise without one."""

from dataclasses import dataclass
from datetime import datetime

from hotline.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceMarked(Fact):
    """An agent says that a call was malicious; it is evidence for a listing, proposed or standing."""

    listing_id: str
    call_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceDecided(Fact):
    """A supervisor put the number on the list until then, or did not."""

    listing_id: str
    approved: bool
    note: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceRemoved(Fact):
    """A supervisor took the number off the list before its time."""

    listing_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceTreated(Fact):
    """A listed number called."""

    call_id: str
    listing_id: str
    treatment: str
    """``show`` (the agent sees it), ``last`` (served after the others) or ``notice`` (told so, and let through by a key
    or a word)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceEvidenceTaken(Fact):
    """Somebody took the evidence of a listing out of the house."""

    listing_id: str
    sha256: str
