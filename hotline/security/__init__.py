"""Accounts, roles, sessions, lock-out and the audit trail."""

from hotline.security.identity import Person, Role

__all__ = ["Person", "Role"]
