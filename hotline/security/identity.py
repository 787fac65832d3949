"""Who somebody is to the house: roles, and the signed-in person that every use case is told about."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person works as. One account may have several."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    DEPARTMENT = "department"
    INSPECTOR = "inspector"
    ADMIN = "admin"
    DISCIPLINE = "discipline"
    """纪检监察: opens sealed referrals, which nobody else may, the administrator included."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A signed-in account as the rooms see it."""

    account: str
    name: str
    roles: frozenset[Role]
    seat: str | None = None
    """The seat this agent takes calls at, for example "1001"."""
    unit: str | None = None
    """The code of the handling unit this person works for, for example "371323"."""

    def has(self, *roles: Role) -> bool:
        """Whether the person works as any of ``roles``."""
        return not self.roles.isdisjoint(roles)
