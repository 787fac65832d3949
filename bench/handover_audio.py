"""seat.handover.audio: a seat frees; how long until the next waiting citizen and the agent hear each other?

Both sides run in one Asterisk in alternating blocks, with 20 callers waiting who can speak and listen. The clock starts
when the previous citizen's telephone sends its BYE and stops when each end has received the other's tone: up to a
20 ms packet and the telephones' own time come on top of what ``seat.handover`` measures.
Both answer by themselves: app_queue's member is a telephone that picks up at once, our group has ``answer: auto``.
"""

import asyncio
import random
import statistics
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from bench.peer_queue import open_queue
from bench.registry import Tell
from bench.rows import Row, p99
from bench.stage import Stage, open_stage
from hotline.demo.cast import PhoneAgent, phone_agent
from hotline.errors import Unavailable
from telephony.ami import AmiLink
from telephony.messages import AmiMessage
from telephony.phone import PhoneCall

COMMAND = "make bench ONLY=seat.handover.audio"
WAITING = 20
BLOCKS = 3
OURS_PER_BLOCK, PEERS_PER_BLOCK = 24, 18
_AGENT_HZ = 600.0
_CITIZEN_HZ = (900.0, 1200.0, 1500.0)
_TALK_SECONDS = {"app_queue": 1.0, "ours": 0.2}
"""Talks end at random within this: app_queue looks at its callers once a second, so hang-ups are spread over one."""


class Side(Protocol):
    """One of the two that are compared."""

    name: str
    number: str

    async def take_next(self) -> PhoneCall:
        """Wait until a citizen is given to the agent, take him; the agent's leg."""
        ...


class OurAgent:
    """Our seat: nailed up, accepting at once."""

    def __init__(self, agent: PhoneAgent, number: str) -> None:
        self.name, self.number = "ours", number
        self._agent = agent
        self._seen = 0

    async def take_next(self) -> PhoneCall:
        """The engine connects the next citizen by itself; wait until the desk shows it."""
        feed = self._agent.person.feed
        await feed.until("call", lambda call: call["state"] == "talking", since=self._seen, timeout=30)
        self._seen = len(feed.seen)
        return self._agent.leg


class Watch:
    """What our own AMI link tells of bridges and of music, by loop time."""

    def __init__(self, link: AmiLink) -> None:
        self._callers: dict[str, set[str]] = {}
        self._paired: dict[str, float] = {}
        self._music: set[str] = set()
        self._gone: dict[str, float] = {}
        self._news = asyncio.Event()
        link.listen(self._hear)

    def forget(self, caller: str) -> None:
        """This citizen starts anew."""
        self._paired.pop(caller, None)
        self._gone.pop(caller, None)
        self._music.discard(caller)

    async def paired(self, caller: str) -> float:
        """When this citizen and another were in one bridge."""
        await self._until(lambda: caller in self._paired)
        return self._paired[caller]

    async def gone(self, caller: str) -> float:
        """When this citizen's hang-up was seen."""
        await self._until(lambda: caller in self._gone)
        return self._gone[caller]

    async def waits(self, caller: str) -> None:
        """Until this citizen hears the music."""
        await self._until(lambda: caller in self._music)

    async def _until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while not true():
                self._news.clear()
                await self._news.wait()

    def _hear(self, event: AmiMessage) -> None:
        now = asyncio.get_running_loop().time()
        caller = event.get("CallerIDNum")
        match event.event:
            case "BridgeEnter":
                callers = self._callers.setdefault(event.get("BridgeUniqueid"), set())
                callers.add(caller)
                if event.get("BridgeNumChannels") == "2":
                    self._paired |= {each: now for each in callers if each not in self._paired}
            case "MusicOnHoldStart":
                self._music.add(caller)
            case "Hangup":
                self._gone.setdefault(caller, now)
        self._news.set()


@dataclass(frozen=True, slots=True)
class Handover:
    """One handover, in milliseconds after the previous citizen's BYE."""

    bridged: float
    audio: float


class Citizens:
    """Callers in line on one side; who hangs up dials again and waits at the end."""

    def __init__(self, stage: Stage, watch: Watch, side: Side, first: int) -> None:
        self._stage, self._watch, self._side = stage, watch, side
        self._numbers = count(first)
        self._line: deque[tuple[str, float, PhoneCall]] = deque()
        self._voices: set[asyncio.Task[bool]] = set()

    async def dial(self, *, waits: bool = True) -> None:
        """One more citizen, speaking a tone already; in line when this returns."""
        number = next(self._numbers)
        caller, hz = f"1390000{number % 10000:04d}", _CITIZEN_HZ[number % len(_CITIZEN_HZ)]
        self._watch.forget(caller)
        call = await self._stage.gateway.citizen(caller).dial(self._side.number)
        voice = asyncio.create_task(call.say_tone(hz, 90))
        self._voices.add(voice)
        voice.add_done_callback(self._fall_silent)
        self._line.append((caller, hz, call))
        if waits:
            await self._watch.waits(caller)

    async def begin(self, waiting: int) -> None:
        """The first is taken at once, ``waiting`` others stand in line."""
        taking = asyncio.create_task(self._side.take_next())
        await self.dial(waits=False)
        await self._watch.paired(self._line[0][0])
        await taking
        for _ in range(waiting):
            await self.dial()

    async def hand_over(self) -> tuple[Handover, float, float]:
        """The one who talks hangs up; the figures of the next one, and when it began and was seen (loop time)."""
        loop = asyncio.get_running_loop()
        leaving, _, call = self._line.popleft()
        caller, hz, coming = self._line[0]
        taking = asyncio.create_task(self._side.take_next())
        await asyncio.sleep(random.uniform(0, _TALK_SECONDS[self._side.name]))
        began = loop.time()
        hearing = asyncio.create_task(coming.hears_tone(_AGENT_HZ, timeout=10, since=began))
        await call.hang_up()
        paired = await self._watch.paired(caller)
        leg = await taking
        heard = max(await hearing, await leg.hears_tone(hz, timeout=5, since=began))
        return Handover((paired - began) * 1000, heard * 1000), began, await self._watch.gone(leaving)

    def _fall_silent(self, voice: "asyncio.Task[bool]") -> None:
        self._voices.discard(voice)
        if not voice.cancelled():
            voice.exception()  # who has hung up speaks no more; that is no error

    async def end(self) -> None:
        """Everybody hangs up, those who wait first."""
        while self._line:
            await self._line.pop()[2].hang_up()


async def run(tell: Tell) -> Sequence[Row]:
    """Measure; about two minutes, most of it app_queue's waiting."""
    tell("starting a site")
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(open_stage("handover", seats=1, recognition=False, answer="auto"))
        link = stage.link("BridgeEnter", "MusicOnHoldStart", "Hangup")
        watch = Watch(link)
        await link.connect()
        stack.push_async_callback(link.close)
        agent = await stack.enter_async_context(phone_agent(stage.site, stage.seats[0]))
        voice = asyncio.create_task(agent.leg.say_tone(_AGENT_HZ, 600))
        stack.callback(voice.cancel)
        await agent.ready()
        queue = await stack.enter_async_context(open_queue(stage, _AGENT_HZ))
        ours = OurAgent(agent, stage.site.settings.lines[0].number)
        mine, theirs = await _blocks(stage, watch, ours, queue, tell)
    return _rows(mine, theirs)


async def _blocks(
    stage: Stage, watch: Watch, ours: OurAgent, queue: Side, tell: Tell
) -> tuple[list[Handover], list[Handover]]:
    mine: list[Handover] = []
    theirs: list[Handover] = []
    seen: list[float] = []
    for block in range(BLOCKS):
        tell(f"block {block + 1} of {BLOCKS}: ours")
        async with _line_of(stage, watch, ours, first=block * 1000) as citizens:
            for _ in range(OURS_PER_BLOCK):
                handover, began, gone = await citizens.hand_over()
                mine.append(handover)
                seen.append((gone - began) * 1000)
                await citizens.dial()
        tell(f"block {block + 1} of {BLOCKS}: app_queue")
        async with _line_of(stage, watch, queue, first=block * 1000 + 500) as citizens:
            for _ in range(PEERS_PER_BLOCK):
                theirs.append((await citizens.hand_over())[0])
                await citizens.dial()
    bridged = statistics.median(one.bridged for one in mine)
    tell(f"ours, medians after the BYE: seen {statistics.median(seen):.1f} ms, both in the bridge {bridged:.1f}")
    return mine, theirs


@asynccontextmanager
async def _line_of(stage: Stage, watch: Watch, side: Side, first: int) -> AsyncIterator[Citizens]:
    citizens = Citizens(stage, watch, side, first)
    try:
        await citizens.begin(WAITING)
        yield citizens
    except TimeoutError as failure:
        raise Unavailable("换手测量中有通话未接通", f"a handover did not happen ({side.number})") from failure
    finally:
        await citizens.end()


def _rows(mine: Sequence[Handover], theirs: Sequence[Handover]) -> list[Row]:
    def row(name: str, ours: float, peer: float) -> Row:
        return Row(name, "ms", round(ours, 2), round(peer, 2), "app_queue", COMMAND)

    audio = [[one.audio for one in side] for side in (mine, theirs)]
    return [
        row("seat.handover.audio", *map(p99, audio)),
        row("seat.handover.audio_p50", *map(statistics.median, audio)),
    ]
