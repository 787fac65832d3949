"""A whole hotline for system tests: the engine as a process of its own on a private site, with people and telephones.

    async with open_house(folder) as house:
        async with house.seat("1001") as leg, house.agent("1001", leg) as agent: …
        await house.engine.kill()

Everything ends with the house, also when the test failed: the engine and its Asterisk, by their process ids.
"""

import asyncio
import itertools
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from hotline import ledger
from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.demo.cast import PhoneAgent
from hotline.demo.engine import EngineProcess
from hotline.demo.people import Login, Shape, Somebody, signed_in
from hotline.demo.site import Site, prepare_site
from hotline.facts import Fact
from hotline.security import Account, Role, Security
from hotline.settings import Secrets, load_settings
from telephony.phone import PhoneCall, ScriptedGateway, ScriptedPhone
from telephony.phone.calls import read_sound
from telephony.phone.mulaw import Samples
from telephony.phone.tones import RATE, tone_share
from tests.passwords import cheap_passwords
from tests.system.conftest import REPOSITORY
from tests.system.raw_ami import raw_ami

F = TypeVar("F", bound=Fact)
CHIEF_LOGIN = Login("chief", "Banzhang-2026-x")
STUTTER = 2.0
"""Seconds without sound that scripted phones cause by themselves on a busy machine; a lost conversation is for ever."""
LIVE = {"leader": "唐局长", "handlers": [{"name": "施一"}, {"name": "施二"}]}
"""What a unit needs before work orders may go to it."""
UNITS = [{"code": "zhujian", "name": "市住建局", **LIVE}, {"code": "chengguan", "name": "市城管局", **LIVE}]
GREETED, AT_ONCE = "12345", "12319"
"""Lines: one that greets, and one that lets citizens wait at once, which is faster."""
LINES = [{"number": GREETED, "group": "general"}, {"number": AT_ONCE, "group": "general", "flow": "at-once"}]
FLOWS = {
    "standard": "{greeting: {do: play, prompts: welcome, next: waiting}, waiting: {do: queue}}",
    "at-once": "{waiting: {do: queue}}",
}
"""The same by day, by night and on holidays; for ``open_house(…, flows=FLOWS, lines=LINES)``."""
SMALL: Mapping[str, Any] = {
    "asr": {"model": "tiny"},
    "organisation": {"units": UNITS, "directory": [{"unit": "zhujian"}]},
}


@dataclass
class House:
    """One site that runs."""

    site: Site
    engine: EngineProcess
    gateway: ScriptedGateway
    database: Database
    """A reader of the ledger beside the engine."""
    line: str = GREETED
    """What citizens dial who name no other."""
    calls: list[PhoneCall] = field(default_factory=list)
    """Made by ``dial``."""

    @property
    def server(self) -> tuple[str, int]:
        """Where SIP goes."""
        return self.site.settings.asterisk.host, self.site.settings.asterisk.sip_port

    async def dial(self, number: str, line: str = "") -> PhoneCall:
        """A citizen of this number calls and is answered."""
        call = await self.gateway.citizen(number).dial(line or self.line, timeout=20)
        self.calls.append(call)
        return call

    async def hang_up_all(self) -> None:
        """Nobody who called stays on the line."""
        calls, self.calls = self.calls, []
        await asyncio.gather(*(call.hang_up() for call in calls if call.is_up))

    @asynccontextmanager
    async def seat(self, seat: str) -> AsyncIterator[PhoneCall]:
        """A seat nailed up by a SIP phone. It needs no engine."""
        password = Secrets(self.site.folder).seat_password(seat)
        async with ScriptedPhone(seat, self.server, user=f"{seat}-sip", password=password) as phone:
            leg = await phone.dial("seat")
            try:
                yield leg
            finally:
                if leg.is_up:
                    await leg.hang_up()

    @asynccontextmanager
    async def desk_phone(self, seat: str) -> AsyncIterator[ScriptedPhone]:
        """A seat's desk phone, registered, to be rung per call. It needs no engine."""
        password = Secrets(self.site.folder).seat_password(seat)
        async with ScriptedPhone(seat, self.server, user=f"{seat}-sip", password=password) as phone:
            await phone.register()
            try:
                yield phone
            finally:
                phone.plug_in()
                await phone.register(0)

    @asynccontextmanager
    async def person(self, account: str) -> AsyncIterator[Somebody]:
        """Somebody at a screen whose live feed is open."""
        async with signed_in(self.site.url, self.site.logins[account]) as somebody:
            yield somebody

    @asynccontextmanager
    async def agent(self, seat: str, leg: PhoneCall) -> AsyncIterator[PhoneAgent]:
        """The seat's agent at the desk."""
        async with self.person(f"agent{seat}") as person:
            yield PhoneAgent(person, leg)

    @asynccontextmanager
    async def chief(self) -> AsyncIterator[tuple[Somebody, PhoneCall]]:
        """The supervisor of ``add_chief`` at the desk, with the leg of seat 1003, of which the engine knows."""
        async with self.seat("1003") as leg, signed_in(self.site.url, CHIEF_LOGIN) as chief:
            await is_at_the_desk(chief)
            yield chief, leg

    @asynccontextmanager
    async def ready_agent(self, seat: str) -> AsyncIterator[PhoneAgent]:
        """An agent with a phone, ready and idle."""
        async with self.seat(seat) as leg, self.agent(seat, leg) as agent:
            await agent.ready()
            yield agent

    async def facts(self, call_id: str | None = None) -> list[Fact]:
        """What the ledger has, of one call or of all."""
        return [entry.fact async for entry in ledger.read(self.database, call_id=call_id)]

    async def all(self, kind: type[F], call_id: str | None = None) -> list[F]:
        """The facts of one kind, oldest first."""
        return [fact for fact in await self.facts(call_id) if isinstance(fact, kind)]

    async def until_facts(
        self, kind: type[F], fits: Callable[[F], object], number: int = 1, *, timeout: float = 15.0
    ) -> list[F]:
        """So many facts of this kind that fit. Another process's ledger tells nobody: look until they are there."""
        async with asyncio.timeout(timeout):
            while len(found := [fact for fact in await self.all(kind) if fits(fact)]) < number:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            return found

    async def until_mirrored(self, seat: str) -> None:
        """Until Asterisk's own queue knows that this seat takes calls: a moment after the screens know."""
        password = Secrets(self.site.folder).ami_password
        async with raw_ami(self.site.settings.asterisk.ami_port, password) as ami, asyncio.timeout(10):
            while True:
                since = len(ami.seen)
                answer = await ami.ask("QueueStatus", Queue="fallback")
                await ami.event("QueueStatusComplete", since=since, ActionID=answer["ActionID"])
                if any(f"Local/{seat}@" in found.get("Location", "") for found in ami.seen[since:]):
                    return

    async def citizens_channels(self) -> list[str]:
        """The channels from and to the carrier that Asterisk has now."""
        password = Secrets(self.site.folder).ami_password
        async with raw_ami(self.site.settings.asterisk.ami_port, password) as ami:
            return [found["Channel"] for found in await ami.channels() if found["Channel"].startswith("PJSIP/trunk")]

    async def counted(self, call_id: str) -> Counter[str]:
        """How often each kind of fact stands in the ledger for this call."""
        return Counter(type(fact).__name__ for fact in await self.facts(call_id))


async def is_at_the_desk(person: Somebody) -> None:
    """Until the person's seat is seen idle: signed in, its leg parked."""
    if (await person.get("/desk"))["seat"]["state"] != "idle":
        await person.feed.until("seat", lambda seat: seat["state"] == "idle")


@asynccontextmanager
async def open_house(folder: Path, *, flows: Mapping[str, str] = {}, **changes: Any) -> AsyncIterator[House]:
    """A site below ``folder`` with ``flows`` of its own, its gateway and its running engine."""
    base = load_settings(REPOSITORY / "config.yaml")
    site = await prepare_site(folder, base, fresh_ports=True, passwords=cheap_passwords(), **{**SMALL, **changes})
    (site.folder / "flows").mkdir(exist_ok=True)
    for name, nodes in flows.items():
        start = nodes[1 : nodes.index(":")]
        text = f"flow: {name}\ntitle: 测试\nstart: {start}\nnodes: {nodes}\n"
        (site.folder / "flows" / f"{name}.yaml").write_text(text, encoding="utf-8")
    engine = EngineProcess(site)
    trunk, asterisk = site.settings.asterisk.trunk, site.settings.asterisk
    database = await Database.open(site.settings.database_url, Bus())
    try:
        async with ScriptedGateway((asterisk.host, asterisk.sip_port), (trunk.host, trunk.port)) as gateway:
            await engine.start()
            yield House(site, engine, gateway, database)
    finally:
        await database.close()
        await engine.stop()


async def add_chief(house: House) -> None:
    """A supervisor who has a seat too: 1003. Signs in with ``CHIEF_LOGIN``."""
    database = await Database.open(house.site.settings.database_url, Bus())
    security = Security.open(database, SystemClock(), 12, cheap_passwords())
    chief = Account(
        account=CHIEF_LOGIN.account, name="班长", roles=frozenset({Role.SUPERVISOR, Role.AGENT}), seat="1003"
    )
    await security.accounts.add(chief, CHIEF_LOGIN.password, by="test", from_where="console")
    security.close()
    await database.close()


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: str


async def run_engine(config: Path, environment: Mapping[str, str] | None = None, *, seconds: float = 40.0) -> Ended:
    """``hotline run`` where it is expected to refuse. Raises TimeoutError, the process ended, when it goes on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hotline.cli", "run", "--config", str(config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
    return Ended(process.returncode or 0, output.decode(errors="replace"))


def live_seat(live: Shape, seat: str) -> Shape:
    """One seat of a supervisor's picture."""
    return next(one for one in live["seats"] if one["id"] == seat)


@asynccontextmanager
async def speaking(call: PhoneCall, hertz: float) -> AsyncIterator[None]:
    """A tone goes out all the while."""
    saying = asyncio.create_task(_speak(call, hertz))
    try:
        yield
    finally:
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)


async def _speak(call: PhoneCall, hertz: float) -> None:
    while await call.say_tone(hertz, 0.4):  # in short pieces: what was begun is said to its end
        pass


@asynccontextmanager
async def in_conversation(citizen: PhoneCall, seat: PhoneCall, pitch: float = 600.0) -> AsyncIterator[None]:
    """Both speak a tone of their own (``pitch`` and half as much again) and each hears the other's."""
    async with speaking(citizen, pitch), speaking(seat, pitch * 1.5):
        await hear_each_other(citizen, seat, pitch)
        yield


async def hear_each_other(citizen: PhoneCall, seat: PhoneCall, pitch: float = 600.0, timeout: float = 10.0) -> float:
    """Both directions carry sound from now on; seconds until both did. Raises TimeoutError."""
    now = asyncio.get_running_loop().time()
    heard = await asyncio.gather(citizen.hears_tone(pitch * 1.5, timeout, now), seat.hears_tone(pitch, timeout, now))
    return max(heard)


def longest_gap(call: PhoneCall, hertz: float, since: float) -> float:
    """The longest time, in seconds, from ``since`` (loop clock) until now in which this tone was not heard."""
    times = [packet.at for packet in call.heard.packets(since) if tone_share(packet.samples, hertz) > 0.7]
    marks = [since, *times, asyncio.get_running_loop().time()]
    return max(later - earlier for earlier, later in itertools.pairwise(marks))


async def hears_prompt(call: PhoneCall, name: str, timeout: float = 15.0, since: float = 0.0) -> None:
    """Until this prompt, its first seconds as they lie in ``ivr/sounds``, was heard after ``since`` (loop clock)."""
    prompt = read_sound(REPOSITORY / f"ivr/sounds/zh/hotline/{name}.wav")[: 3 * RATE].astype(np.float64)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        while True:
            now = loop.time()
            if likeness(call.heard.samples(since), prompt) > 0.8:
                return
            since = max(since, now - len(prompt) / RATE - 1)  # what was looked through is not looked through again
            await call.hears_sound(timeout, now)


def likeness(heard: Samples, prompt: "np.ndarray[Any, np.dtype[np.float64]]") -> float:
    """The best match of ``prompt`` anywhere in what was heard: 1 for the same sound, whatever its loudness."""
    if len(heard) < len(prompt):
        return 0.0
    sound = heard.astype(np.float64)
    size = 1 << (len(sound) + len(prompt)).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(prompt, size)), size)
    summed = np.concatenate(([0.0], np.cumsum(np.square(sound))))
    energy = summed[len(prompt) :] - summed[: -len(prompt)]
    matches = product[: len(energy)] / np.sqrt(np.maximum(energy, 1.0) * float(np.sum(np.square(prompt))))
    return float(np.max(matches))
