"""Accounts, roles, sessions, lock-out and the audit trail.

``Security.open`` gives the house its one instance; rooms only need ``Person`` and ``Role``.
"""

from dataclasses import dataclass

from hotline.clock import Clock
from hotline.database import Database
from hotline.security.accounts import Account, Accounts
from hotline.security.audit import Audit, Deed, append_deed
from hotline.security.identity import Person, Role
from hotline.security.lockout import LockedOut
from hotline.security.passwords import Passwords
from hotline.security.permissions import PERMISSIONS, demand, may
from hotline.security.seeding import SeededAccount, seed_accounts
from hotline.security.sessions import Session, Sessions

__all__ = [
    "PERMISSIONS",
    "Account",
    "Accounts",
    "Audit",
    "Deed",
    "LockedOut",
    "Passwords",
    "Person",
    "Role",
    "Security",
    "SeededAccount",
    "Session",
    "Sessions",
    "append_deed",
    "demand",
    "may",
    "seed_accounts",
]


@dataclass(frozen=True)
class Security:
    """Everything about who people are, on one database."""

    accounts: Accounts
    sessions: Sessions
    audit: Audit
    passwords: Passwords

    @classmethod
    def open(
        cls, database: Database, clock: Clock, session_hours: float, passwords: Passwords | None = None
    ) -> "Security":
        """Wire the parts. ``close`` lets the hashing threads go."""
        hashing = passwords or Passwords()
        return cls(
            Accounts(database, clock, hashing),
            Sessions(database, clock, hashing, session_hours),
            Audit(database, clock),
            hashing,
        )

    def close(self) -> None:
        """Let the hashing threads go."""
        self.passwords.close()
