"""Every work order has its disposition, every survey is right, nobody is rung twice: on the real Asterisk.

The small crowd is in every run; a thousand, and twenty deaths and twenty cut links, are ``long``.
"""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from telephony.asterisk import ensure_asterisk
from tests.postgresql import in_memory, temporary_cluster
from tests.system.conftest import REPOSITORY
from tests.system.engines import House, open_house
from tests.system.visited import PACE, WAYS, Citizens, Ledger, Way, last_attempt, prepare

Blow = Callable[[House], Awaitable[None]]
"""Something bad that happens in mid-work."""
Span = tuple[datetime, datetime]
_SITE: Mapping[str, Any] = {"asr": {"enabled": False}, "callback": PACE}


async def audited(house: House) -> str:
    """What ``hotline callback audit`` says; it must end with 0."""
    command = [sys.executable, "-m", "hotline.cli", "callback", "audit", "--config", str(house.site.config)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await process.communicate())[0].decode(errors="replace")
    assert process.returncode == 0, said
    return said


async def cut_the_link(house: House) -> None:
    """Asterisk throws the engine's AMI session out."""
    installation = ensure_asterisk(REPOSITORY / "var")
    conf = house.site.folder.resolve() / "asterisk/etc/asterisk/asterisk.conf"
    conf = next(house.site.folder.resolve().rglob("asterisk.conf"), conf)

    environment = {**os.environ, **dict(installation.environment)}

    async def console(line: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *installation.command, "-C", str(conf), "-rx", line,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment,
        )  # fmt: skip
        return (await process.communicate())[0].decode(errors="replace")

    sessions = [line.split() for line in (await console("manager show connected")).splitlines()]
    (descriptor,) = [words[4] for words in sessions if words[:1] == ["hotline"]]  # user, address, start, elapsed, this
    said = await console(f"manager kick session {descriptor}")
    assert "Kicking" in said, (descriptor, sessions, said)


async def kill(house: House) -> None:
    """kill -9, and started again, as a service manager does."""
    await house.engine.kill()
    await house.engine.start()


async def kill_for_good(house: House) -> None:
    """kill -9, and nobody starts it again: its Asterisk is left alone."""
    await house.engine.kill()


async def strike(house: House, ledger: Ledger, blows: Sequence[tuple[int, Blow]], spans: list[Span]) -> None:
    """Each blow when so many calls were made; notes from when to when it lasted."""
    for attempts, blow in blows:
        while await ledger.sent() < attempts:  # noqa: ASYNC110 another process's ledger tells nobody
            await asyncio.sleep(0.05)
        began = datetime.now(UTC)
        await blow(house)
        spans.append((began, datetime.now(UTC) + timedelta(seconds=1)))


def is_hit(attempt: Mapping[str, Any], spans: Sequence[Span]) -> bool:
    """Whether this call was up, or begun, while something bad happened."""
    ended = attempt["ended_at"] or datetime.now(UTC)
    return any(attempt["dialled_at"] <= until and ended >= since for since, until in spans)


def check(way: Way, row: Mapping[str, Any], attempt: Mapping[str, Any], rung: int, *, hit: bool) -> None:
    """Right to the letter; of a call that was hit, whatever was kept is what was said, and nobody was rung twice."""
    said = dict(row["answers"])
    if not hit:
        assert (attempt["outcome"], said, rung) == (way.outcome, way.answers, 1), (way.name, row["phone"])
        return
    assert rung <= 1, (way.name, row["phone"])
    assert said == dict(list(way.answers.items())[: len(said)]), (way.name, row["phone"], said)


async def play(houses: Sequence[House], ways: Sequence[Way], timeout: float, blows: Sequence[tuple[int, Blow]]) -> None:
    """The whole crowd, until the proof holds. Several houses share one database; the blows meet the last one."""
    first, last = houses[0], houses[-1]
    homes, ledger = [Citizens(house, ways) for house in houses], Ledger(first.database, first.site)
    spans: list[Span] = []
    async with AsyncExitStack() as stack:
        for home in homes:
            await stack.enter_async_context(home.at_home())
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for number in homes[0].ways:
            await ledger.owe(number)
        group.create_task(strike(last, ledger, blows, spans))
        rows = await ledger.until_all_were_phoned(len(ways), timeout)
    assert len(spans) == len(blows)
    attempts = await ledger.attempts()
    for number, way in homes[0].ways.items():
        attempt, rung = last_attempt(rows[number], attempts), sum(home.rung[number] for home in homes)
        check(way, rows[number], attempt, rung, hit=is_hit(attempt, spans))
    assert sum(1 for attempt in attempts if attempt["outcome"] != "not_sent") == len(ways)
    assert all(home.rung for home in homes)  # each had its share
    await ledger.settle_the_rest(rows)
    assert f"tasks closed: {len(ways)};" in await audited(first)
    for house in houses:
        await until_no_line_is_held(house)


async def until_no_line_is_held(house: House) -> None:
    """Every line is given back; a leg that was hung up just now may take a moment."""
    async with asyncio.timeout(15):
        while await house.citizens_channels():  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def play_alone(folder: Path, ways: Sequence[Way], timeout: float, *blows: tuple[int, Blow], **pace: int) -> None:
    """One engine on SQLite."""
    prepare(folder)
    async with open_house(folder, **{**_SITE, "callback": {**PACE, **pace}}) as house:
        await play([house], ways, timeout, blows)


@pytest.mark.timeout(180)
async def test_a_small_crowd_with_a_death_and_a_cut_link(tmp_path: Path) -> None:
    """The blows meet the first twenty or so; of those who come after, each way is right to the letter."""
    ways = [*WAYS, *WAYS[:6], *reversed(WAYS)]  # who says nothing takes longest, and comes first
    await play_alone(tmp_path, ways, 120, (4, kill), (10, cut_the_link), lines=40, calls_per_second=8)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_a_thousand(tmp_path: Path) -> None:
    chance = random.Random(12345)
    await play_alone(tmp_path, [chance.choice(WAYS) for _ in range(1000)], 3000)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_twenty_deaths_and_twenty_cut_links(tmp_path: Path) -> None:
    chance = random.Random(54321)
    instants = sorted(chance.sample(range(10, 980), 40))
    blows = [(instant, kill if n % 2 else cut_the_link) for n, instant in enumerate(instants)]
    await play_alone(tmp_path, [chance.choice(WAYS) for _ in range(1000)], 3000, *blows)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_two_engines_on_postgresql_share_the_work(tmp_path: Path) -> None:
    """The second is killed, comes back, loses its link, and dies for good: the first finishes its work too."""
    blows = [(20, kill), (50, cut_the_link), (90, kill_for_good)]
    with temporary_cluster(in_memory()) as cluster:
        shared = {"storage": {"database": cluster.url()}}
        for name in ("one", "two"):
            prepare(tmp_path / name)
        async with (
            open_house(tmp_path / "one", **_SITE, **shared) as one,
            open_house(tmp_path / "two", **_SITE, **shared) as two,
        ):
            await play([one, two], [*WAYS] * 8, 780, blows)
