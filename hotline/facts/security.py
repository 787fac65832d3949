"""Signals of who may look: an open screen must go dark when its session ends."""

from dataclasses import dataclass

from hotline.facts import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(Signal):
    """One session of an account ended, or all of them."""

    account: str
    session: str | None = None
    """The session's fingerprint; None means every session of the account."""
