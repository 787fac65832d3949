"""Who may do what, as one literal table. A permission that is not in it is nobody's.

Routes and rooms name permissions, never roles, so that a site's auditor reads this page and knows.
"""

from collections.abc import Mapping

from hotline.errors import Forbidden
from hotline.security.identity import Person, Role

_AGENT, _SUPERVISOR, _DEPARTMENT = Role.AGENT, Role.SUPERVISOR, Role.DEPARTMENT
_INSPECTOR, _ADMIN, _DISCIPLINE = Role.INSPECTOR, Role.ADMIN, Role.DISCIPLINE
_EVERYBODY = frozenset(Role)

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "account.self": _EVERYBODY,
    "directory.read": _EVERYBODY,
    "knowledge.read": _EVERYBODY,
    "feed.open": _EVERYBODY,
    "desk.use": frozenset({_AGENT}),
    "citizen.history": frozenset({_AGENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "call.read": frozenset({_AGENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "call.read_any": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "transcript.correct": frozenset({_AGENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "recording.listen": frozenset({_AGENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "recording.export": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "recording.hold": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "recording.listen_any": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "ticket.read": _EVERYBODY,
    "ticket.act": _EVERYBODY,
    "ticket.figures": frozenset({_SUPERVISOR, _DEPARTMENT, _INSPECTOR, _ADMIN}),
    "ticket.export": frozenset({_SUPERVISOR, _DEPARTMENT, _INSPECTOR, _ADMIN}),
    "ticket.attach": frozenset({_AGENT, _SUPERVISOR, _DEPARTMENT}),
    "intake.record": frozenset({_AGENT, _SUPERVISOR}),
    "callback.read": frozenset({_AGENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "callback.watch": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "callback.pause": frozenset({_SUPERVISOR, _ADMIN}),
    "callback.export": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "callback.hand": frozenset({_AGENT, _SUPERVISOR}),
    "callback.dial": frozenset({_AGENT}),
    "campaign.read": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "campaign.run": frozenset({_SUPERVISOR, _ADMIN}),
    "call.supervise": frozenset({_SUPERVISOR, _ADMIN}),
    "promise.keep": frozenset({_AGENT, _SUPERVISOR}),
    "nuisance.read": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "nuisance.decide": frozenset({_SUPERVISOR, _ADMIN}),
    "live.watch": frozenset({_SUPERVISOR, _ADMIN}),
    "quality.read": frozenset({_AGENT, _DEPARTMENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "quality.score": frozenset({_SUPERVISOR, _INSPECTOR}),
    "quality.appeal": frozenset({_AGENT, _DEPARTMENT}),
    "supervision.read": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN}),
    "supervision.act": frozenset({_SUPERVISOR, _INSPECTOR}),
    "letter.read": frozenset({_DEPARTMENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "letter.answer": frozenset({_DEPARTMENT}),
    "assessment.read": frozenset({_DEPARTMENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "assessment.decide": frozenset({_SUPERVISOR, _INSPECTOR}),
    "assessment.ask": frozenset({_DEPARTMENT, _SUPERVISOR}),
    "project.read": frozenset({_DEPARTMENT, _SUPERVISOR, _INSPECTOR, _ADMIN}),
    "project.keep": frozenset({_SUPERVISOR, _INSPECTOR}),
    "dossier.read": frozenset({_DEPARTMENT, _SUPERVISOR, _INSPECTOR, _ADMIN, _DISCIPLINE}),
    "dossier.keep": frozenset({_SUPERVISOR, _INSPECTOR, _DISCIPLINE}),
    "referral.send": frozenset({_SUPERVISOR, _INSPECTOR}),
    "referral.open": frozenset({_DISCIPLINE}),
    "discipline.summary": frozenset({_SUPERVISOR, _INSPECTOR, _ADMIN, _DISCIPLINE}),
}
"""``*_any`` widens a right from one's own calls to everybody's. What a role may do to a work order in which state
is the work order's life-cycle, not this table."""


def may(person: Person, permission: str) -> bool:
    """Whether ``person`` has ``permission``. Raises KeyError for a permission that the table does not know."""
    return person.has(*PERMISSIONS[permission])


def demand(person: Person, permission: str) -> None:
    """Raise Forbidden unless ``person`` has ``permission``."""
    if not may(person, permission):
        raise Forbidden("您没有这项操作的权限", f"your role does not include the right {permission!r}")
