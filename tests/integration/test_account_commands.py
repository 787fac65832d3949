"""``hotline account …`` as an operator types it, on a fresh site."""

import asyncio
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agent_desk.commands import account_command
from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.errors import NotSignedIn
from hotline.security import Security, Session
from hotline.settings import load_settings

SITE = """
lines: [{number: "12345", group: general}]
groups: [{id: general, name: 综合}]
seats: [{id: "1001", groups: [general]}]
organisation: {units: [{code: "371323", name: 沂水县}]}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(SITE, encoding="utf-8")
    return path


def type_in(config: Path, *words: str, typing: str | None = None) -> Result:
    return CliRunner().invoke(account_command, [*words, "--config", str(config)], input=typing)


def sign_in(config: Path, account: str, password: str) -> Session:
    async def try_it() -> Session:
        settings = load_settings(config)
        database = await Database.open(settings.database_url, Bus())
        security = Security.open(database, SystemClock(), 1)
        try:
            return await security.sessions.sign_in(account, password, "")
        finally:
            security.close()
            await database.close()

    return asyncio.run(try_it())


def shown_password(result: Result) -> str:
    assert result.exit_code == 0, result.output
    found = re.search(r"shown once: (\S+)", result.output)
    assert found is not None
    return found[1]


def test_an_account_from_its_making_to_its_end(config: Path) -> None:
    made = type_in(config, "add", "wangmin", "--role", "agent", "--seat", "1001", "--name", "王敏")
    password = shown_password(made)
    assert sign_in(config, "wangmin", password).person.seat == "1001"

    fresh = shown_password(type_in(config, "passwd", "wangmin"))
    assert fresh != password
    with pytest.raises(NotSignedIn):
        sign_in(config, "wangmin", password)
    assert sign_in(config, "wangmin", fresh)

    assert type_in(config, "disable", "wangmin").exit_code == 0
    with pytest.raises(NotSignedIn):
        sign_in(config, "wangmin", fresh)
    listed = type_in(config, "list").output
    assert listed.split("\t")[:4] == ["wangmin", "王敏", "agent", "1001"]
    assert "disabled" in listed
    assert type_in(config, "enable", "wangmin").exit_code == 0
    assert sign_in(config, "wangmin", fresh)


def test_a_typed_password_is_not_shown(config: Path) -> None:
    typing = "my-own-words-9\nmy-own-words-9\n"
    made = type_in(config, "add", "county", "--role", "department", "--unit", "371323", "--type", typing=typing)
    assert made.exit_code == 0, made.output
    assert "my-own" not in made.output
    assert sign_in(config, "county", "my-own-words-9").person.unit == "371323"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "x1", "--role", "agent", "--seat", "9999"), "no seat 9999"),
        (("add", "x1", "--role", "department", "--unit", "nowhere"), "no unit nowhere"),
        (("add", "x1", "--role", "agent"), "have a seat"),
        (("add", "Bad Name", "--role", "admin"), "lower-case"),
        (("passwd", "nobody"), "no account nobody"),
        (("disable", "nobody"), "no account nobody"),
    ],
)
def test_what_cannot_be_is_said_plainly(config: Path, words: tuple[str, ...], said: str) -> None:
    result = type_in(config, *words)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


def test_a_missing_configuration_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    assert type_in(tmp_path / "nowhere.yaml", "list").exit_code == 2
