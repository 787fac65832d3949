"""Sessions: signing in, staying in, signing out.

The browser holds a random token of 256 bits in a cookie; we hold its SHA-256, so a stolen database opens nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select, update

from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotSignedIn
from hotline.facts.security import SessionsEnded
from hotline.security.accounts import account_of
from hotline.security.audit import Deed, append_deed
from hotline.security.identity import Person
from hotline.security.lockout import FAILURES, count_attempt, forget_attempts, judge, refusal
from hotline.security.passwords import Passwords
from hotline.security.tables import accounts, sessions


@dataclass(frozen=True)
class Session:
    """A signed-in browser. ``token`` is a secret and is known only when the session is made."""

    person: Person
    fingerprint: str
    expires_at: datetime
    token: str = ""


_OPEN_SESSION = (
    select(accounts, sessions.c.expires_at)
    .join(sessions, sessions.c.account == accounts.c.account)
    .where(
        sessions.c.fingerprint == bindparam("fingerprint"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
        accounts.c.disabled.is_(False),
    )
)
"""Asked with each request."""


def fingerprint_of(token: str) -> str:
    """What we keep of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """The open sessions of the site."""

    def __init__(self, database: Database, clock: Clock, passwords: Passwords, hours: float) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords
        self._length = timedelta(hours=hours)

    async def sign_in(self, account: str, password: str, from_where: str) -> Session:
        """Open a session. Raises LockedOut, or NotSignedIn with the same words whatever was wrong."""
        name = account.strip().casefold()[:64]
        await self._admit(name, from_where)
        async with self._database.reading() as connection:
            row = (await connection.execute(select(accounts).where(accounts.c.account == name))).mappings().first()
        fits = await self._passwords.verify(row["password_hash"] if row is not None else None, password)
        if row is None or not fits or row["disabled"]:
            await self._note("sign_in_refused", name, from_where)
            raise NotSignedIn("账号或密码不正确", "the account or the password is wrong", code="wrong_password")
        return await self._open(account_of(row).person, row["password_hash"], from_where)

    async def who(self, token: str) -> Session | None:
        """The session that a token opens, or None when it is unknown, over, revoked or its account disabled."""
        return await self.with_fingerprint(fingerprint_of(token)) if token else None

    async def with_fingerprint(self, fingerprint: str) -> Session | None:
        """As ``who``, for an open screen that asks again later."""
        found = await self._database.fetch(_OPEN_SESSION, {"fingerprint": fingerprint, "now": self._clock.now()})
        return next((Session(account_of(row._mapping).person, fingerprint, row.expires_at) for row in found), None)

    async def sign_out(self, session: Session, from_where: str) -> None:
        """End one session; its open screens go dark."""
        now = self._clock.now()
        account = session.person.account
        async with self._database.unit_of_work() as uow:
            mine = sessions.c.fingerprint == session.fingerprint
            await uow.execute(update(sessions).where(mine, sessions.c.revoked_at.is_(None)).values(revoked_at=now))
            await append_deed(uow, Deed(who=account, what="signed_out", whom=account, from_where=from_where), now)
        self._database.bus.publish(SessionsEnded(account=account, session=session.fingerprint))

    async def _admit(self, name: str, from_where: str) -> None:
        now = self._clock.now()
        async with self._database.unit_of_work() as uow:
            run = await count_attempt(uow, name, now, self._database.dialect)
            if run.count == FAILURES + 1:
                await append_deed(uow, Deed(who=name, what="locked_out", whom=name, from_where=from_where), now)
        if (left := judge(run, now)) is not None:
            raise refusal(left)

    async def _open(self, person: Person, seen_hash: str, from_where: str) -> Session:
        """Store the session, unless the account was disabled or its password changed while we verified."""
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        session = Session(person, fingerprint_of(token), now + self._length, token)
        row = {"fingerprint": session.fingerprint, "account": person.account, "created_at": now}
        row |= {"expires_at": session.expires_at, "revoked_at": None, "from_where": from_where[:64]}
        unchanged = select(accounts.c.account).where(
            accounts.c.account == person.account,
            accounts.c.password_hash == seen_hash,
            accounts.c.disabled.is_(False),
        )
        async with self._database.unit_of_work() as uow:
            if (await uow.execute(unchanged.with_for_update())).first() is None:
                raise NotSignedIn("账号或密码不正确", "the account or the password is wrong", code="wrong_password")
            await forget_attempts(uow, person.account)
            await uow.execute(delete(sessions).where(sessions.c.expires_at < now))
            await uow.execute(insert(sessions), row)
            deed = Deed(who=person.account, what="signed_in", whom=person.account, from_where=from_where)
            await append_deed(uow, deed, now)
        return session

    async def _note(self, what: str, name: str, from_where: str) -> None:
        async with self._database.unit_of_work() as uow:
            await append_deed(uow, Deed(who=name, what=what, whom=name, from_where=from_where), self._clock.now())
