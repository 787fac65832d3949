"""Accounts, sessions, lock-out and audit on a real database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import NotFound, NotSignedIn, RuleBroken
from hotline.facts.security import SessionsEnded
from hotline.security import Account, Deed, LockedOut, Role, Security, seed_accounts
from hotline.security.tables import accounts, attempts, audit, sessions
from hotline.settings import Group, Line, Seat, Settings
from tests.passwords import cheap_passwords

RIGHT = "correct-horse-7"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 3, 2, 4, 0, tzinfo=UTC))


@pytest.fixture
async def security(database: Database, clock: FakeClock) -> AsyncIterator[Security]:
    opened = Security.open(database, clock, 12, cheap_passwords())
    agent = Account(account="agent1001", name="王敏", roles=frozenset({Role.AGENT}), seat="1001")
    await opened.accounts.add(agent, RIGHT, by="test", from_where="console")
    yield opened
    opened.close()


async def fail_to_sign_in(security: Security, account: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(NotSignedIn):
            await security.sessions.sign_in(account, "wrong", "127.0.0.1")


async def test_a_token_opens_its_session_and_is_itself_nowhere_stored(security: Security, database: Database) -> None:
    session = await security.sessions.sign_in("agent1001", RIGHT, "127.0.0.1")
    found = await security.sessions.who(session.token)
    assert found is not None
    assert (found.person.account, found.person.seat, found.person.roles) == (
        "agent1001",
        "1001",
        frozenset({Role.AGENT}),
    )
    assert found.token == ""
    async with database.reading() as connection:
        stored = str((await connection.execute(select(sessions))).all()) + str(
            (await connection.execute(select(accounts))).all()
        )
    assert session.token not in stored
    assert RIGHT not in stored
    assert "$argon2id$" in stored


async def test_the_account_may_be_typed_with_capitals_and_spaces(security: Security) -> None:
    assert (await security.sessions.sign_in(" Agent1001 ", RIGHT, "")).person.account == "agent1001"


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --"])
async def test_an_unknown_token_opens_nothing(security: Security, token: str) -> None:
    assert await security.sessions.who(token) is None


async def test_a_session_ends_by_itself(security: Security, clock: FakeClock) -> None:
    session = await security.sessions.sign_in("agent1001", RIGHT, "")
    clock.advance(12 * 3600 - 1)
    assert await security.sessions.who(session.token)
    clock.advance(1)
    assert await security.sessions.who(session.token) is None


async def test_signing_out_ends_this_session_only_and_tells_the_screens(security: Security, database: Database) -> None:
    one = await security.sessions.sign_in("agent1001", RIGHT, "")
    other = await security.sessions.sign_in("agent1001", RIGHT, "")
    with database.bus.subscribe("test", SessionsEnded) as told:
        await security.sessions.sign_out(one, "")
        assert await anext(told) == SessionsEnded(account="agent1001", session=one.fingerprint)
    assert await security.sessions.who(one.token) is None
    assert await security.sessions.who(other.token)


async def test_a_new_password_ends_every_session(security: Security, database: Database) -> None:
    session = await security.sessions.sign_in("agent1001", RIGHT, "")
    with database.bus.subscribe("test", SessionsEnded) as told:
        await security.accounts.change_password("agent1001", "another-fine-1", by="admin", from_where="console")
        assert await anext(told) == SessionsEnded(account="agent1001")
    assert await security.sessions.who(session.token) is None
    await fail_to_sign_in(security, "agent1001", 1)
    with pytest.raises(NotSignedIn):
        await security.sessions.sign_in("agent1001", RIGHT, "")
    assert await security.sessions.sign_in("agent1001", "another-fine-1", "")


async def test_a_disabled_account_is_out_until_enabled(security: Security) -> None:
    session = await security.sessions.sign_in("agent1001", RIGHT, "")
    await security.accounts.disable("agent1001", by="admin", from_where="console")
    assert await security.sessions.who(session.token) is None
    with pytest.raises(NotSignedIn):
        await security.sessions.sign_in("agent1001", RIGHT, "")
    await security.accounts.enable("agent1001", by="admin", from_where="console")
    assert await security.sessions.who(session.token) is None
    assert await security.sessions.sign_in("agent1001", RIGHT, "")


@pytest.mark.parametrize("account", ["agent1001", "nobody"])
async def test_five_failures_lock_the_name_whether_it_exists_or_not(
    security: Security, clock: FakeClock, account: str
) -> None:
    await fail_to_sign_in(security, account, 5)
    clock.advance(120)
    for _ in range(3):
        with pytest.raises(LockedOut) as locked:
            await security.sessions.sign_in(account, RIGHT, "127.0.0.1")
        assert "3 分钟" in locked.value.zh
    clock.advance(180)
    await fail_to_sign_in(security, account, 1)


async def test_the_right_password_starts_the_count_anew(security: Security, database: Database) -> None:
    await fail_to_sign_in(security, "agent1001", 4)
    await security.sessions.sign_in("agent1001", RIGHT, "")
    await fail_to_sign_in(security, "agent1001", 4)
    await security.sessions.sign_in("agent1001", RIGHT, "")
    async with database.reading() as connection:
        assert (await connection.execute(select(attempts))).all() == []


async def test_thirty_guesses_at_once_are_still_only_five(security: Security) -> None:
    guesses = [security.sessions.sign_in("agent1001", f"guess-{n}", "127.0.0.1") for n in range(30)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(answer, NotSignedIn) for answer in answers) == 5
    assert sum(isinstance(answer, LockedOut) for answer in answers) == 25


async def test_wrong_password_and_unknown_account_get_the_same_answer(security: Security) -> None:
    said = []
    for account in ("agent1001", "nobody"):
        with pytest.raises(NotSignedIn) as refused:
            await security.sessions.sign_in(account, "wrong", "")
        said.append((refused.value.code, refused.value.zh, refused.value.en))
    assert said[0] == said[1]


async def test_the_trail_tells_who_did_what_and_from_where(security: Security, clock: FakeClock) -> None:
    await fail_to_sign_in(security, "agent1001", 1)
    session = await security.sessions.sign_in("agent1001", RIGHT, "10.0.0.9")
    await security.sessions.sign_out(session, "10.0.0.9")
    await security.audit.note(Deed(who="supervisor", what="recording_played", whom="rec_1", from_where="10.0.0.8"))
    trail = await security.audit.latest()
    assert [(entry.deed.who, entry.deed.what, entry.deed.whom, entry.deed.from_where) for entry in trail] == [
        ("supervisor", "recording_played", "rec_1", "10.0.0.8"),
        ("agent1001", "signed_out", "agent1001", "10.0.0.9"),
        ("agent1001", "signed_in", "agent1001", "10.0.0.9"),
        ("agent1001", "sign_in_refused", "agent1001", "127.0.0.1"),
        ("test", "account_added", "agent1001", "console"),
    ]
    assert all(entry.at == clock.now() for entry in trail)


@pytest.mark.parametrize("statement", [delete(audit), update(audit).values(who="somebody else")])
async def test_the_database_refuses_to_change_the_trail(
    security: Security, database: Database, statement: object
) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.unit_of_work() as uow:
            await uow.execute(statement)  # type: ignore[arg-type]
    assert len(await security.audit.latest()) == 1


async def test_an_account_name_is_taken_once(security: Security) -> None:
    twin = Account(account="agent1001", name="另一人", roles=frozenset({Role.ADMIN}))
    with pytest.raises(RuleBroken) as taken:
        await security.accounts.add(twin, RIGHT, by="test", from_where="console")
    assert taken.value.code == "account_exists"
    assert [account.name for account in await security.accounts.all()] == ["王敏"]


async def test_changing_nobody_is_not_found(security: Security) -> None:
    with pytest.raises(NotFound):
        await security.accounts.disable("nobody", by="admin", from_where="console")
    with pytest.raises(NotFound):
        await security.accounts.get("nobody")


async def test_seeding_twice_changes_nothing(security: Security) -> None:
    seats = [Seat(id="1001", groups=["main"]), Seat(id="1002", groups=["main"])]
    settings = Settings(lines=[Line(number="12345", group="main")], groups=[Group(id="main", name="综合")], seats=seats)
    first = {seeded.account.account: seeded.password for seeded in await seed_accounts(security.accounts, settings)}
    again = await seed_accounts(security.accounts, settings)
    assert first["agent1001"] is None
    for account in ("agent1002", "supervisor", "inspector", "admin"):
        assert await security.sessions.sign_in(account, str(first[account]), "")
    assert all(seeded.password is None for seeded in again)
