"""``hotline kpi`` as an operator meets it: what is printed, and what is refused in words."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hotline.bus import Bus
from hotline.cli import cli
from hotline.database import Database
from hotline.errors import HotlineError
from hotline.migrations import migrate
from hotline.settings import load_settings
from ivr import store, tables
from ivr.kpi import FORMULAS
from ivr.people import Call

NOW = datetime.now(UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    values = {
        "storage": {"folder": "var"},
        "lines": [{"number": "12345", "group": "general"}],
        "groups": [{"id": "general", "name": "综合"}, {"id": "traffic", "name": "交通"}],
        "seats": [{"id": "1001", "groups": ["general"]}],
    }
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return path


def call(number: int, waited: float | None, told: float | None = None) -> Call:
    """One that waited so long until it was answered; None: gave up after nine seconds."""
    at = NOW - timedelta(minutes=number)
    met, ended = (None, at + timedelta(seconds=9)) if waited is None else (at + timedelta(seconds=waited), None)
    return Call(
        f"call{number}", "138", "12345", "12345", "general", "c", f"u{number}", at, queued_at=at, connected_at=met,
        ended_at=ended, seat=None if met is None else "1001", told_wait=told, told_at=at if told is not None else None,
    )  # fmt: skip


async def keep(config: Path, calls: list[Call]) -> None:
    database = await Database.open(load_settings(config).database_url, Bus())
    await migrate(database)
    async with database.unit_of_work() as uow:
        await store.upsert(uow, tables.calls, [store.call_row(one) for one in calls])
    await database.close()


def printed(config: Path, *options: str) -> str:
    result = CliRunner().invoke(cli, ["kpi", "--config", str(config), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_figures_stand_beside_their_formulas_and_the_simulated_error_beside_the_real_one(config: Path) -> None:
    asyncio.run(keep(config, [call(1, 10), call(2, 30, told=50), call(3, 40, told=30), call(4, None)]))
    text = printed(config, "--simulated")
    assert "4 来电 / calls, 3 接通 / answered, 1 放弃 / abandoned" in text
    for value, name in (
        ("75.00 %", "answer_rate"),
        ("33.33 %", "prompt_rate"),
        ("26.67 s", "average_wait"),
        ("15.00 s", "wait_error"),
        ("5.00 s", "wait_bias"),
    ):
        assert f"{value:>8}  {FORMULAS[name]}" in text
    assert "happened 15.00 s (2), simulated " in text
    assert "4 calls, 1 seats" in text
    assert "0 来电" in printed(config, "--group", "traffic")


def test_a_duty_session_is_reported_apart(config: Path) -> None:
    session = call(5, 3)
    session.duty = "局长接听"
    asyncio.run(keep(config, [call(1, 10), session, call(2, None)]))
    assert "3 来电" in printed(config)
    text = printed(config, "--duty", "局长接听")
    assert "1 来电 / calls, 1 接通" in text
    assert f"{'3.00 s':>8}  {FORMULAS['average_wait']}" in text
    assert "0 来电" in printed(config, "--duty", "副局长接听")


def test_a_site_whose_engine_never_ran_has_no_calls(config: Path) -> None:
    text = printed(config, "--simulated")
    assert "0 来电" in text
    assert "no calls, so nothing to compare" in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--group", "nobody"], "there is no group"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "the window must begin before it ends"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(config: Path, options: list[str], said: str) -> None:
    with pytest.raises(HotlineError, match=said):
        printed(config, *options)
