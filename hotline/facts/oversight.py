"""Facts of quality, supervision, assessment and projects. A sealed referral leaves only that it was made."""

from dataclasses import dataclass, field
from datetime import datetime

from hotline.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityScored(Fact):
    """A score sheet was filled in. ``subject``: the account or the unit whose work was judged."""

    review_id: str
    ticket_id: str
    stage: str
    subject: str
    total: int
    passed: bool
    fatal: tuple[str, ...] = ()
    returned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityAppealed(Fact):
    """Who was judged disagrees."""

    review_id: str
    ticket_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityDecided(Fact):
    """The appeal was decided; ``total`` and ``passed`` hold from now on."""

    review_id: str
    ticket_id: str
    upheld: bool
    total: int
    passed: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionProposed(Fact):
    """The engine proposes to supervise a work order."""

    proposal_id: str
    ticket_id: str
    ground: str
    level: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDecided(Fact):
    """A person took the proposal up, or let it be."""

    proposal_id: str
    ticket_id: str
    accepted: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionConcluded(Fact):
    """A level of supervision has its result."""

    ticket_id: str
    level: int
    result: str
    solved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSent(Fact):
    """A unit is pressed: a numbered letter (督办函) or an urging (催办)."""

    letter_id: str
    ticket_id: str
    kind: str
    number: str
    unit: str
    level: int
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterAnswered(Fact):
    """The unit answered."""

    letter_id: str
    ticket_id: str
    number: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralSealed(Fact):
    """Something was handed to the discipline role. What it is about stands in no fact."""

    referral_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralMoved(Fact):
    """The discipline role took it up, or closed it."""

    referral_id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisciplineRecorded(Fact):
    """Somebody was held to account: an entry of the discipline ledger, with counts and no names."""

    case_id: str
    unit: str
    ground: str
    penalty: str
    persons: int
    published: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierWritten(Fact):
    """A dossier was opened, written in, or closed. ``entry``: what was written, or open, draw, close."""

    dossier_id: str
    number: str
    kind: str
    entry: str
    tickets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionAsked(Fact):
    """A unit asks that a work order does not count in its assessment (不纳入考核)."""

    exclusion_id: str
    ticket_id: str
    unit: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionDecided(Fact):
    """Whether the work order counts."""

    exclusion_id: str
    ticket_id: str
    unit: str
    excluded: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentPublished(Fact):
    """A month's marks stand: recomputed up to ``through`` they must have this digest."""

    month: str
    through: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChanged(Fact):
    """A governance project was opened, changed, got on, or closed."""

    project_id: str
    number: str
    action: str
    note: str = ""
    tickets: tuple[str, ...] = field(default=())
