"""What one site's settings mean to the tickets room, checked and made ready once at start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from hotline.errors import RuleBroken
from hotline.oversight import Supervision
from hotline.settings import Settings
from tickets.classifier import Classifier, LearntClassifier
from tickets.deadlines import DeadlineRules, calendar_of
from tickets.dispatch import Directory, Duty
from tickets.draft import Drafter
from tickets.learning import load
from tickets.organisation import is_ready, units_below
from tickets.places import Gazetteer
from tickets.process import Process
from tickets.shipped_model import kept_evidence
from tickets.views import TicketViews
from tickets.vocabulary import LEAF_WORDS, TYPES

_LENGTHS: Mapping[str, int] = {"title": 200, "description": 5000, "place": 200, "phone": 32}


@dataclass(frozen=True)
class TicketSite:
    """Rules, directory and vocabulary of one site."""

    zone: ZoneInfo
    rules: DeadlineRules
    drafter: Drafter
    views: TicketViews
    units: Sequence[Mapping[str, Any]]
    categories: Mapping[str, Sequence[str]]
    process: Process
    ready: frozenset[str]
    """Units that have a leader in charge and enough handlers."""
    below: Mapping[str, frozenset[str]]
    """Unit → the units below it, down to the villages."""
    protected_types: frozenset[str] = frozenset()
    """Types of matter whose reporter is hidden from units."""
    supervision: Supervision = field(default_factory=Supervision)
    visit_share: float = 1.0
    """Share of replied work orders whose citizen is asked."""
    visit_seed: str = ""
    visit_shares: Mapping[str, float] = field(default_factory=dict)
    """Type of matter → a share of its own."""
    office_urls: Mapping[str, str] = field(default_factory=dict)
    """Unit → where its own office system listens."""

    @classmethod
    def of(cls, settings: Settings, classifier: Classifier | None = None) -> "TicketSite":
        """Raises ``ConfigurationError`` where the settings contradict themselves."""
        organisation, promises = settings.organisation, settings.tickets
        names = {unit.code: unit.name for unit in organisation.units}
        calendar = calendar_of(settings.site.zone, promises.working_hours, promises.calendar)
        process = Process(
            {str(urgency): days for urgency, days in promises.deadline_days.items()},
            {kind: {str(urgency): days for urgency, days in row.items()} for kind, row in promises.type_days.items()},
            promises.dispatch_minutes,
            promises.returns,
            promises.return_days,
            promises.extension_days,
            promises.reopen_days,
            promises.archive_days,
            promises.review,
        )
        rules = DeadlineRules(calendar, process.days, process.dispatch_minutes)
        duties = [Duty(row.category, row.place, row.unit) for row in organisation.directory]
        if classifier is None:
            folder = settings.storage.folder
            classifier = LearntClassifier(organisation.categories, load(folder) or kept_evidence(settings.downloads))
        drafter = Drafter(Gazetteer.of(organisation.places), Directory(duties, names), classifier)
        ready = frozenset(unit.code for unit in organisation.units if is_ready(unit.leader, len(unit.handlers)))
        units = [
            {"code": u.code, "name": u.name, "level": u.level, "parent": u.parent, "ready": u.code in ready}
            for u in organisation.units
            if u.kind != "interpreter"
        ]
        below = units_below({unit.code: unit.parent for unit in organisation.units})
        views = TicketViews(settings.site.zone, rules, names)
        return cls(
            settings.site.zone, rules, drafter, views, units, organisation.categories, process, ready, below,
            frozenset(promises.protected_types), settings.supervision, promises.visit_share, promises.visit_seed,
            promises.visit_shares, {unit.code: unit.office_url for unit in organisation.units if unit.office_url},
        )  # fmt: skip

    def rules_of(self, process: Process, kind: str) -> DeadlineRules:
        """The promises of one version for one type of matter, on today's calendar."""
        return DeadlineRules(self.rules.calendar, process.days_of(kind), process.dispatch_minutes)

    def area_of(self, place: str) -> str:
        """The county or zone that a place lies in; empty when the gazetteer does not know."""
        return self.drafter.gazetteer.county_of(place)[:40]

    def check_field(self, name: str, value: str) -> None:
        """Refuse a field that the site does not know. Empty means "not known" and is always allowed."""
        if name not in ("title", "description", "type", "category", "place", "urgency", "phone", "unit"):
            raise RuleBroken(f"没有“{name}”这一栏", f"there is no field {name!r}", code="unknown_field")
        if len(value) > _LENGTHS.get(name, 64):
            raise RuleBroken(f"“{name}”过长", f"{name} is too long", code="bad_field")
        if not value:
            return
        match name:
            case "type" if value not in TYPES:
                raise RuleBroken(f"没有“{value}”这一诉求类型", f"there is no type {value!r}", code="bad_field")
            case "category" if not self._has_category(value):
                raise RuleBroken(f"没有“{value}”这一分类", f"there is no category {value!r}", code="bad_field")
            case "urgency" if value not in self.rules.days:
                raise RuleBroken(f"没有“{value}”这一紧急程度", f"there is no urgency {value!r}", code="unknown_urgency")
            case "unit" if value not in self.views.units:
                raise RuleBroken(f"没有代码为“{value}”的单位", f"there is no unit {value!r}", code="unknown_unit")
            case "phone" if not value.lstrip("+").isdigit():
                raise RuleBroken("电话号码只能是数字", "a telephone number has only digits", code="bad_field")
            case _:
                pass

    def _has_category(self, value: str) -> bool:
        top, _, leaf = value.partition("/")
        return top in self.categories and (not leaf or leaf in self.categories[top])


def drafter_without_site() -> Drafter:
    """A drafter with the shipped gazetteer and the standard categories, for trying out without settings."""
    categories: dict[str, list[str]] = {}
    for name in LEAF_WORDS:
        top, _, leaf = name.partition("/")
        categories.setdefault(top, []).append(leaf)
    return Drafter(Gazetteer.of({}), Directory([], {}), LearntClassifier(categories))
