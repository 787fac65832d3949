"""The rules of security that need no database: passwords, lock-out, permissions, what contradicts itself."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.errors import Forbidden, RuleBroken
from hotline.security.accounts import Account, check_account
from hotline.security.identity import Person, Role
from hotline.security.lockout import Attempts, judge, refusal
from hotline.security.passwords import check_password, generate_password
from hotline.security.permissions import PERMISSIONS, demand, may
from hotline.security.seeding import accounts_to_seed
from hotline.settings import Group, Line, Organisation, Seat, Settings, Unit

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def person(*roles: Role) -> Person:
    return Person(account="x", name="X", roles=frozenset(roles))


@pytest.mark.parametrize("count", [1, 4, 5])
def test_the_first_five_attempts_may_go_on(count: int) -> None:
    assert judge(Attempts(count, NOON), NOON) is None


def test_the_sixth_attempt_is_refused_until_five_minutes_after_the_fifth() -> None:
    assert judge(Attempts(6, NOON), NOON + timedelta(minutes=2)) == timedelta(minutes=3)


def test_the_refusal_rounds_up_to_whole_minutes() -> None:
    assert "2 分钟" in refusal(timedelta(seconds=61)).zh
    assert "1 minute" in refusal(timedelta(0)).en


@pytest.mark.parametrize("password", ["", "short1!", "x" * 129, "aaaaaaaaaa", "agent1001-pass", "AGENT1001-pass"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        check_password(password, "agent1001")
    assert refused.value.code == "weak_password"


def test_generated_passwords_are_strong_and_differ() -> None:
    made = {generate_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password, "agent1001")


@pytest.mark.parametrize(
    "account",
    [
        Account(account="Upper", name="n", roles=frozenset({Role.ADMIN})),
        Account(account="a", name="n", roles=frozenset({Role.ADMIN})),
        Account(account="has space", name="n", roles=frozenset({Role.ADMIN})),
        Account(account="noroles", name="n", roles=frozenset()),
        Account(account="seatless", name="n", roles=frozenset({Role.AGENT})),
        Account(account="seated", name="n", roles=frozenset({Role.ADMIN}), seat="1001"),
        Account(account="unitless", name="n", roles=frozenset({Role.DEPARTMENT})),
        Account(account="united", name="n", roles=frozenset({Role.ADMIN}), unit="371323"),
    ],
)
def test_accounts_that_contradict_themselves_are_refused(account: Account) -> None:
    with pytest.raises(RuleBroken):
        check_account(account)


def test_the_permission_table_is_this_and_nothing_else() -> None:
    everybody = set(Role)
    deciders = {Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN}
    assert {permission: set(roles) for permission, roles in PERMISSIONS.items()} == {
        "account.self": everybody,
        "directory.read": everybody,
        "knowledge.read": everybody,
        "feed.open": everybody,
        "ticket.read": everybody,
        "ticket.act": everybody,
        "ticket.figures": {Role.DEPARTMENT} | deciders,
        "ticket.export": {Role.DEPARTMENT} | deciders,
        "ticket.attach": {Role.AGENT, Role.SUPERVISOR, Role.DEPARTMENT},
        "intake.record": {Role.AGENT, Role.SUPERVISOR},
        "desk.use": {Role.AGENT},
        "citizen.history": {Role.AGENT} | deciders,
        "call.read": {Role.AGENT} | deciders,
        "call.read_any": deciders,
        "transcript.correct": {Role.AGENT} | deciders,
        "recording.listen": {Role.AGENT} | deciders,
        "recording.export": deciders,
        "recording.hold": deciders,
        "recording.listen_any": deciders,
        "callback.read": {Role.AGENT} | deciders,
        "callback.watch": deciders,
        "callback.pause": {Role.SUPERVISOR, Role.ADMIN},
        "callback.export": deciders,
        "callback.hand": {Role.AGENT, Role.SUPERVISOR},
        "callback.dial": {Role.AGENT},
        "campaign.read": deciders,
        "campaign.run": {Role.SUPERVISOR, Role.ADMIN},
        "call.supervise": {Role.SUPERVISOR, Role.ADMIN},
        "promise.keep": {Role.AGENT, Role.SUPERVISOR},
        "nuisance.read": {Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN},
        "nuisance.decide": {Role.SUPERVISOR, Role.ADMIN},
        "live.watch": {Role.SUPERVISOR, Role.ADMIN},
        "quality.read": {Role.AGENT, Role.DEPARTMENT} | deciders,
        "quality.score": {Role.SUPERVISOR, Role.INSPECTOR},
        "quality.appeal": {Role.AGENT, Role.DEPARTMENT},
        "supervision.read": deciders,
        "supervision.act": {Role.SUPERVISOR, Role.INSPECTOR},
        "letter.read": {Role.DEPARTMENT} | deciders,
        "letter.answer": {Role.DEPARTMENT},
        "assessment.read": {Role.DEPARTMENT} | deciders,
        "assessment.decide": {Role.SUPERVISOR, Role.INSPECTOR},
        "assessment.ask": {Role.DEPARTMENT, Role.SUPERVISOR},
        "project.read": {Role.DEPARTMENT} | deciders,
        "project.keep": {Role.SUPERVISOR, Role.INSPECTOR},
        "dossier.read": {Role.DEPARTMENT, Role.DISCIPLINE} | deciders,
        "dossier.keep": {Role.SUPERVISOR, Role.INSPECTOR, Role.DISCIPLINE},
        "referral.send": {Role.SUPERVISOR, Role.INSPECTOR},
        "referral.open": {Role.DISCIPLINE},
        "discipline.summary": {Role.DISCIPLINE} | deciders,
    }


def test_one_of_several_roles_is_enough() -> None:
    assert may(person(Role.INSPECTOR, Role.SUPERVISOR), "live.watch")
    assert not may(person(Role.INSPECTOR), "live.watch")


def test_demanding_a_right_one_lacks_is_forbidden() -> None:
    with pytest.raises(Forbidden):
        demand(person(Role.DEPARTMENT), "recording.listen")


def test_an_unknown_permission_is_nobodys() -> None:
    with pytest.raises(KeyError):
        may(person(*Role), "everything")


def test_a_demonstration_has_an_agent_per_seat_and_an_account_per_unit() -> None:
    settings = Settings(
        lines=[Line(number="12345", group="main")],
        groups=[Group(id="main", name="综合")],
        seats=[Seat(id="1001", name="王敏", groups=["main"]), Seat(id="1002", groups=["main"])],
        organisation=Organisation(units=[Unit(code="371323", name="沂水县"), Unit(code="ZJJ", name="住建局")]),
    )
    seeded = accounts_to_seed(settings)
    for account in seeded:
        check_account(account)
    assert [(a.account, a.seat, a.unit) for a in seeded] == [
        ("agent1001", "1001", None),
        ("agent1002", "1002", None),
        ("unit371323", None, "371323"),
        ("unitzjj", None, "ZJJ"),
        ("supervisor", None, None),
        ("inspector", None, None),
        ("admin", None, None),
        ("discipline", None, None),
    ]
