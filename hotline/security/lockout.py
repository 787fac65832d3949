"""Lock-out: five failures in a row close a name for five minutes, whether such an account exists or not.

An attempt is counted *before* the password is looked at and forgotten when it was right. So a hundred guesses sent
at the same instant are still only five guesses.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, delete
from sqlalchemy.dialects import postgresql, sqlite

from hotline.database import UnitOfWork
from hotline.errors import RuleBroken
from hotline.security.tables import attempts

FAILURES = 5
LOCKED_FOR = timedelta(minutes=5)


class LockedOut(RuleBroken):
    """Too many failed sign-ins under this name. Maps to HTTP 423."""

    code = "locked_out"


@dataclass(frozen=True)
class Attempts:
    """The run of attempts under one name, this one included; ``last_at`` stands still while the name is locked."""

    count: int
    last_at: datetime


def judge(attempts_so_far: Attempts, now: datetime) -> timedelta | None:
    """How long the name stays locked; None when this attempt may go on."""
    if attempts_so_far.count <= FAILURES:
        return None
    return max(attempts_so_far.last_at + LOCKED_FOR - now, timedelta())


def refusal(left: timedelta) -> LockedOut:
    """The error that says how long to wait."""
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    return LockedOut(
        f"连续输错 {FAILURES} 次,账号已锁定,请 {minutes} 分钟后再试",
        f"locked after {FAILURES} failed sign-ins; try again in {minutes} minute(s)",
    )


async def count_attempt(uow: UnitOfWork, account: str, now: datetime, dialect: str) -> Attempts:
    """Count one attempt in one statement, correct with many at once, and forget runs that are over."""
    old = now - LOCKED_FOR
    await uow.execute(delete(attempts).where(attempts.c.last_at <= old))
    locked = and_(attempts.c.count >= FAILURES, attempts.c.last_at > old)
    changes = {"count": attempts.c.count + 1, "last_at": case((locked, attempts.c.last_at), else_=now)}
    values = {"account": account, "count": 1, "last_at": now}
    returned = (attempts.c.count.label("count_"), attempts.c.last_at)
    key = [attempts.c.account]
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    upsert = insert(attempts).values(values).on_conflict_do_update(index_elements=key, set_=changes)
    row = (await uow.execute(upsert.returning(*returned))).one()
    return Attempts(row.count_, row.last_at)


async def forget_attempts(uow: UnitOfWork, account: str) -> None:
    """The run is over: somebody signed in."""
    await uow.execute(delete(attempts).where(attempts.c.account == account))
