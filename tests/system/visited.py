"""Simulated citizens whom the robot phones, told apart by what they do, and what must come of each.

Prompts of their site are short tones, one for each question, so that a citizen knows what is being asked and a thousand
calls take minutes: nothing else of the way is shortened.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from callback.tables import callback_attempts, callback_tasks
from callback.tasks import CallbackTasks
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.demo.site import Site
from hotline.security import Person, Role
from ivr.prompt_maker import write_wav
from telephony.phone import PhoneCall
from telephony.phone.calls import CallOver, IncomingCall
from telephony.phone.tones import make_tone
from tests.system.conftest import REPOSITORY
from tests.system.engines import House
from tickets.service import WorkOrders
from tickets.site import TicketSite

TONES: Mapping[str, int] = {
    "callback-solved": 600, "callback-satisfied": 800, "callback-manner": 1000, "callback-reason": 1200,
    "callback-agent": 1400, "callback-words": 1600, "callback-later": 2000, "matter": 2400,
}  # fmt: skip
SHORT = (
    "callback-intro",
    "callback-choices",
    "callback-thanks",
    "callback-later-thanks",
    "callback-wrong",
    "goodbye",
    "invalid-key",
)
PACE: Mapping[str, Any] = {
    "lines": 14, "calls_per_second": 20, "ring_seconds": 5, "retry_minutes": [], "retry_by_outcome": {},
    "listen_seconds": 3,
}  # fmt: skip
AGENT = Person(account="agent1", name="一号", roles=frozenset({Role.AGENT}), seat="1001")
UNIT = Person(account="unit", name="住建", roles=frozenset({Role.DEPARTMENT}), unit="zhujian")


@dataclass(frozen=True)
class Way:
    """What one citizen does: (question, key) in turn; ``leaves``: at which question the receiver is put down."""

    name: str
    keys: Sequence[tuple[str, str]] = ()
    leaves: str = ""
    refuses: int = 0
    """SIP status with which the call is turned away."""
    machine: bool = False
    rings: bool = False
    """Lets it ring."""
    outcome: str = "surveyed"
    answers: Mapping[str, str] = field(default_factory=dict)


_GOOD = (("solved", "1"), ("satisfied", "2"), ("manner", "1"), ("words", "#"))
_BAD = (("solved", "2"), ("satisfied", "5"), ("manner", "4"), ("reason", "3"), ("agent", "2"), ("words", "#"))
GOOD = {"solved": "1", "satisfied": "2", "manner": "1"}
WAYS: Sequence[Way] = (
    Way("content", _GOOD, answers=GOOD),
    Way("dissatisfied", _BAD, answers={"solved": "2", "satisfied": "5", "manner": "4", "reason": "3"}),
    Way("puts down at once", leaves="solved", outcome="refused"),
    Way("puts down at the 2nd", _GOOD[:1], "satisfied", answers={"solved": "1"}),
    Way("puts down at the 3rd", _GOOD[:2], "manner", answers={"solved": "1", "satisfied": "2"}),
    Way("puts down at the words", _GOOD[:3], "words", answers=GOOD),
    Way("puts down at the reason", _BAD[:3], "reason", answers={"solved": "2", "satisfied": "5", "manner": "4"}),
    Way(
        "wrong keys",
        (("solved", "0"), ("solved", "1"), ("satisfied", "9"), ("satisfied", "2"), *_GOOD[2:]),
        answers=GOOD,
    ),
    Way("busy", refuses=486, outcome="busy"),
    Way("not there", refuses=480, outcome="no_answer"),
    Way("declines", refuses=603, outcome="failed"),
    Way("no such number", refuses=404, outcome="invalid_number"),
    Way("lets it ring", rings=True, outcome="no_answer"),
    Way("answering machine", machine=True, outcome="voicemail"),
    Way("somebody else", (("solved", "7"),), outcome="wrong_person"),
    Way("later", (("solved", "8"), ("later", "1")), outcome="later", answers={"later": "1"}),
    Way("says nothing", outcome="refused"),
)


def prepare(folder: Path) -> None:
    """The site's own prompts and flow: the shipped ones, shorter."""
    for language in ("zh", "en"):
        sounds = folder / "sounds" / language / "hotline"
        sounds.mkdir(parents=True, exist_ok=True)
        for name, hertz in TONES.items():
            write_wav(sounds / f"{name}.wav", make_tone(hertz, 0.3))
        for name in SHORT:
            write_wav(sounds / f"{name}.wav", make_tone(300, 0.1))
    flow = (
        (REPOSITORY / "ivr/flows/visit.yaml").read_text(encoding="utf-8").replace("wait_seconds: 6", "wait_seconds: 2")
    )
    (folder / "flows").mkdir(parents=True, exist_ok=True)
    (folder / "flows/visit.yaml").write_text(flow.replace("silence_seconds: 3", "silence_seconds: 1"), encoding="utf-8")


class Citizens:
    """Everybody at home, one number each."""

    def __init__(self, house: House, ways: Sequence[Way]) -> None:
        self._house = house
        self.ways = {f"139{n:08}": way for n, way in enumerate(ways, 1)}
        self.rung: Counter[str] = Counter()
        """How often each telephone rang."""
        self._homes: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def at_home(self) -> AsyncIterator[None]:
        """They answer as they do."""
        self._homes = [asyncio.create_task(self._live(number, way)) for number, way in self.ways.items()]
        try:
            yield
        finally:
            for home in self._homes:
                home.cancel()
            await asyncio.gather(*self._homes, return_exceptions=True)

    async def _live(self, number: str, way: Way) -> None:
        phone = self._house.gateway.citizen(number)
        while True:
            call = await phone.next_call(timeout=3600)
            self.rung[number] += 1
            with suppress(CallOver, TimeoutError):
                await _take(call, way)


async def _take(ringing: IncomingCall, way: Way) -> None:
    if way.refuses:
        ringing.reject(way.refuses)
        return
    if way.rings:
        await ringing.wait_ended(60)
        return
    call = await ringing.answer()
    if way.machine:
        await call.say_tone(440, 8)
    talk = asyncio.create_task(_talk(call, way))
    await call.wait_ended(120)
    talk.cancel()
    await asyncio.gather(talk, return_exceptions=True)


async def _talk(call: PhoneCall, way: Way) -> None:
    loop, since = asyncio.get_running_loop(), 0.0
    await call.hears_tone(TONES["matter"], 60, since)  # which matter it is about is said first
    for question, key in way.keys:
        await call.hears_tone(TONES[f"callback-{question}"], 60, since)
        since = loop.time()
        with suppress(CallOver):  # the engine died in this very moment
            await call.press(key)
    if way.leaves:
        await call.hears_tone(TONES[f"callback-{way.leaves}"], 60, since)
        await call.hang_up()


class Ledger:
    """The work orders behind it, made and read beside the engine."""

    def __init__(self, database: Database, site: Site) -> None:
        self.database = database
        self.tasks = CallbackTasks(database, SystemClock(), site.settings.site.zone)
        self.orders = WorkOrders(database, SystemClock(), TicketSite.of(site.settings), self.tasks)
        self.tasks.conclusions["visit"] = self.orders

    async def owe(self, number: str) -> str:
        """A work order that its unit has answered: its citizen is owed a return visit."""
        await self.orders.open_draft(f"call_{number}", number, "12345")
        fields = {"description": "路灯不亮", "unit": "zhujian", "title": ""}
        ticket = (await self.orders.submit(f"call_{number}", fields, "dispatch", None, AGENT))["id"]
        await self.orders.act(ticket, "sign", {}, UNIT)
        await self.orders.act(ticket, "reply", {"contact": "电话联系", "reply": "已修复"}, UNIT)
        return str(ticket)

    async def rows(self) -> dict[str, dict[str, Any]]:
        """Number → task."""
        async with self.database.reading() as connection:
            return {row["phone"]: dict(row) for row in (await connection.execute(select(callback_tasks))).mappings()}

    async def attempts(self) -> list[dict[str, Any]]:
        """Every attempt."""
        async with self.database.reading() as connection:
            return [dict(row) for row in (await connection.execute(select(callback_attempts))).mappings()]

    async def sent(self) -> int:
        """How many calls were made."""
        return sum(1 for attempt in await self.attempts() if attempt["outcome"] != "not_sent")

    async def until_all_were_phoned(self, number: int, timeout: float) -> dict[str, dict[str, Any]]:
        """Until everybody was phoned and nobody is on the phone. Another process's ledger tells nobody: look."""
        async with asyncio.timeout(timeout):
            while True:
                rows = await self.rows()
                asked = [row for row in rows.values() if row["attempt"] and row["state"] in ("due", "human", "closed")]
                if len(asked) == number:
                    return rows
                await asyncio.sleep(0.3)

    async def settle_the_rest(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        """What a person does with those who could not be reached."""
        for row in rows.values():
            if row["state"] != "closed":
                await self.tasks.settle_by(row["id"], disposition="unreachable", grounds="三次未通", by="agent1")


def last_attempt(row: Mapping[str, Any], attempts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The last call that was made for a task."""
    mine = [one for one in attempts if one["task_id"] == row["id"]]
    return max(mine, key=lambda one: one["dialled_at"])
