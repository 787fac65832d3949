"""Accounts for a demonstration: one agent per seat, one account per unit, a supervisor, an inspector, an admin,
a discipline officer."""

from collections.abc import Sequence
from dataclasses import dataclass

from hotline.security.accounts import Account, Accounts
from hotline.security.identity import Role
from hotline.security.passwords import generate_password
from hotline.settings import Settings


@dataclass(frozen=True)
class SeededAccount:
    """An account and the password made for it; None when the account was there before."""

    account: Account
    password: str | None


def accounts_to_seed(settings: Settings) -> list[Account]:
    """The accounts that a demonstration of this site needs: pure, in a stable order."""
    wanted = [
        Account(
            account=f"agent{seat.id}", name=seat.name or f"坐席{seat.id}", roles=frozenset({Role.AGENT}), seat=seat.id
        )
        for seat in settings.seats
    ]
    wanted += [
        Account(account=f"unit{unit.code}".lower(), name=unit.name, roles=frozenset({Role.DEPARTMENT}), unit=unit.code)
        for unit in settings.organisation.units
    ]
    for role, name in (
        (Role.SUPERVISOR, "班长"),
        (Role.INSPECTOR, "质检员"),
        (Role.ADMIN, "系统管理员"),
        (Role.DISCIPLINE, "纪检监察"),
    ):
        wanted.append(Account(account=str(role), name=name, roles=frozenset({role})))
    return wanted


async def seed_accounts(accounts: Accounts, settings: Settings) -> Sequence[SeededAccount]:
    """Make what is missing, with generated passwords. Running it again changes nothing."""
    there = {account.account: account for account in await accounts.all()}
    seeded = []
    for wanted in accounts_to_seed(settings):
        if known := there.get(wanted.account):
            seeded.append(SeededAccount(known, None))
            continue
        password = generate_password()
        seeded.append(SeededAccount(await accounts.add(wanted, password, by="demo", from_where="console"), password))
    return seeded
