"""Accounts: who may sign in, as what, at which seat or for which unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.security import SessionsEnded
from hotline.security.audit import Deed, append_deed
from hotline.security.identity import Person, Role
from hotline.security.passwords import Passwords, check_password
from hotline.security.tables import accounts, sessions

_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_.-]{1,31}")


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person who may sign in, unless ``disabled``."""

    account: str
    name: str
    roles: frozenset[Role]
    seat: str | None = None
    unit: str | None = None
    disabled: bool = False
    created_at: datetime | None = None
    """None before it is stored."""

    @property
    def person(self) -> Person:
        """The account as the rooms see it."""
        return Person(account=self.account, name=self.name, roles=self.roles, seat=self.seat, unit=self.unit)


def account_of(row: RowMapping) -> Account:
    """The account that a database row holds."""
    values: dict[str, Any] = {name: row[name] for name in ("account", "name", "seat", "unit", "disabled", "created_at")}
    return Account(roles=frozenset(Role(role) for role in row["roles"].split(",")), **values)


def check_account(account: Account) -> None:
    """Raise RuleBroken when an account contradicts itself."""
    if not _ACCOUNT.fullmatch(account.account):
        raise RuleBroken(
            "账号应为 2 到 32 个小写字母、数字或 _ . -",
            "an account's name has 2 to 32 lower-case letters, digits, '_', '.' or '-'",
            code="bad_account",
        )
    if not account.roles:
        raise RuleBroken("至少要有一个角色", "an account needs at least one role", code="bad_account")
    if (Role.AGENT in account.roles) != (account.seat is not None):
        raise RuleBroken(
            "坐席员账号须绑定座席,其他账号不能", "agents, and only agents, have a seat", code="bad_account"
        )
    if (Role.DEPARTMENT in account.roles) != (account.unit is not None):
        raise RuleBroken(
            "承办单位账号须绑定单位,其他账号不能", "department accounts, and only they, have a unit", code="bad_account"
        )


class Accounts:
    """The accounts of the site."""

    def __init__(self, database: Database, clock: Clock, passwords: Passwords) -> None:
        self._database = database
        self._clock = clock
        self._passwords = passwords

    async def add(self, account: Account, password: str, *, by: str, from_where: str) -> Account:
        """Make an account. Raises RuleBroken when it contradicts itself, is taken or the password is weak."""
        check_account(account)
        check_password(password, account.account)
        stored = replace(account, created_at=self._clock.now())
        row = {name: getattr(stored, name) for name in ("account", "name", "seat", "unit", "disabled", "created_at")}
        row |= {"roles": ",".join(sorted(account.roles)), "password_hash": await self._passwords.hash(password)}
        try:
            async with self._database.unit_of_work() as uow:
                await uow.execute(insert(accounts), row)
                detail = {"roles": row["roles"], "seat": account.seat or "", "unit": account.unit or ""}
                await self._audit(uow, "account_added", account.account, by, from_where, detail)
        except IntegrityError as taken:
            raise RuleBroken(
                f"账号 {account.account} 已存在", f"the account {account.account} exists already", code="account_exists"
            ) from taken
        return stored

    async def all(self) -> Sequence[Account]:
        """Every account, by name of account."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(accounts).order_by(accounts.c.account))).mappings().all()
        return [account_of(row) for row in rows]

    async def get(self, account: str) -> Account:
        """One account. Raises NotFound."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(accounts).where(accounts.c.account == account))).mappings().first()
        if row is None:
            raise _unknown(account)
        return account_of(row)

    async def change_password(self, account: str, password: str, *, by: str, from_where: str) -> None:
        """Set a new password and end every session of the account. Raises NotFound, RuleBroken."""
        check_password(password, account)
        values = {"password_hash": await self._passwords.hash(password)}
        await self._change(account, values, "password_changed", by, from_where)

    async def disable(self, account: str, *, by: str, from_where: str) -> None:
        """Refuse sign-in from now on and end every session of the account. Raises NotFound."""
        await self._change(account, {"disabled": True}, "account_disabled", by, from_where)

    async def enable(self, account: str, *, by: str, from_where: str) -> None:
        """Allow sign-in again. Raises NotFound."""
        await self._change(account, {"disabled": False}, "account_enabled", by, from_where)

    async def _change(self, account: str, values: dict[str, Any], what: str, by: str, from_where: str) -> None:
        async with self._database.unit_of_work() as uow:
            changed = await uow.execute(update(accounts).where(accounts.c.account == account).values(values))
            if changed.rowcount != 1:
                raise _unknown(account)
            await uow.execute(
                update(sessions)
                .where(sessions.c.account == account, sessions.c.revoked_at.is_(None))
                .values(revoked_at=self._clock.now())
            )
            await self._audit(uow, what, account, by, from_where, {})
        self._database.bus.publish(SessionsEnded(account=account))

    async def _audit(
        self, uow: UnitOfWork, what: str, whom: str, by: str, from_where: str, detail: dict[str, str]
    ) -> None:
        deed = Deed(who=by, what=what, whom=whom, from_where=from_where, detail=detail)
        await append_deed(uow, deed, self._clock.now())


def _unknown(account: str) -> NotFound:
    return NotFound(f"没有账号 {account}", f"there is no account {account}")
