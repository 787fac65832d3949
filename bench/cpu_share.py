"""engine.cpu_share: CPU of the engine and of its Asterisk per live recorded call, at 25 calls at once.

Every call is a whole one: a citizen's telephone through the trunk, a seat's telephone, G.711 both ways all the time,
recorded, its agent signed in with the live feed open. People take turns speaking, so a leg speaks half of the time.
The row ``.asr`` is the same with live recognition of every leg, at 8 calls: with the telephones beside it, two cores do
not recognise 25. The telephones' own CPU is not counted.
"""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import psutil

from bench.registry import Tell
from bench.rows import Row
from bench.stage import Stage, open_stage
from hotline.demo.cast import SPEECH, PhoneAgent, phone_agent
from telephony.phone import PhoneCall, read_sound

COMMAND = "make bench ONLY=engine.cpu_share"
UNIT = "% of a core per call"
CALLS = 25
CALLS_HEARD = 8
SECONDS = 20.0
_SETTLE = 6.0
_KEPT_UP = 0.7


@dataclass(frozen=True, slots=True)
class Share:
    """What was used while it was measured."""

    calls: int
    engine: float
    """Percent of a core."""
    asterisk: float
    phones: float
    utterances: int
    """Heard by the recogniser."""
    sentences: int
    """Spoken by the telephones."""


class Said:
    """How many sentences the telephones have spoken."""

    def __init__(self) -> None:
        self.sentences = 0


async def run(tell: Tell) -> Sequence[Row]:
    """Measure; about a minute each, without and with recognition.

    The second row is left out when the machine was too busy to recognise what was said while it was said: what is
    not done costs nothing.
    """
    rows = [_row("engine.cpu_share", await _measure("cpu", CALLS, False, tell))]
    heard = await _measure("cpu-asr", CALLS_HEARD, True, tell)
    if heard.utterances >= heard.sentences * _KEPT_UP:
        return [*rows, _row("engine.cpu_share.asr", heard)]
    tell("engine.cpu_share.asr is left out: this machine was too busy to keep up")
    return rows


def _row(name: str, share: Share) -> Row:
    ours, peer = round(share.engine / share.calls, 3), round(share.asterisk / share.calls, 3)
    return Row(name, UNIT, ours, peer, "Asterisk", COMMAND)


async def _measure(name: str, calls: int, recognition: bool, tell: Tell) -> Share:
    tell(f"starting a site with {calls} seats, recognition {'on' if recognition else 'off'}")
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(open_stage(name, seats=calls, recognition=recognition))
        agents = []
        for number, seat in enumerate(stage.seats, 1):
            agents.append(await stack.enter_async_context(phone_agent(stage.site, seat)))
            tell(f"seats nailed up: {number}")
        talking = [await _connect(stage, agent, number, tell) for number, agent in enumerate(agents)]
        said = Said()
        talks = [asyncio.create_task(_converse(*pair, number, said)) for number, pair in enumerate(talking)]
        stack.callback(lambda: [talk.cancel() for talk in talks])
        await asyncio.sleep(_SETTLE)
        tell(f"measuring {calls} calls for {SECONDS:.0f} s")
        share = await _watch(stage, agents, said)
        for citizen, _ in talking:
            await citizen.hang_up()
    tell(
        f"engine {share.engine:.1f} %, Asterisk {share.asterisk:.1f} %, telephones {share.phones:.1f} % of a core; "
        f"{share.utterances} utterances of {share.sentences} sentences"
    )
    return share


async def _connect(stage: Stage, agent: PhoneAgent, number: int, tell: Tell) -> tuple[PhoneCall, PhoneCall]:
    """One call from its dialling to the talk."""
    await agent.ready()
    caller = f"1380000{number:04d}"
    accepting = asyncio.create_task(agent.accept(caller))
    call = await stage.gateway.citizen(caller).dial(stage.site.settings.lines[0].number)
    await accepting
    tell(f"calls connected: {number + 1}")
    return call, agent.leg


async def _converse(citizen: PhoneCall, agent: PhoneCall, number: int, said: Said) -> None:
    """Both speak in turns until cancelled; calls are out of step with each other."""
    await asyncio.sleep(number % 10 * 0.35)
    questions = [read_sound(path) for path in sorted(SPEECH.glob("lamp-*.wav"))]
    answers = [read_sound(path) for path in sorted(SPEECH.glob("agent-*.wav"))]
    for question, answer in zip(itertools.cycle(questions), itertools.cycle(answers), strict=False):
        for who, sound in ((citizen, question), (agent, answer)):
            if not await who.say(sound):
                return
            said.sentences += 1


async def _watch(stage: Stage, agents: Sequence[PhoneAgent], said: Said) -> Share:
    asterisk = stage.engine.asterisk_pid
    assert asterisk is not None
    processes = [psutil.Process(pid) for pid in (stage.engine.pid, asterisk, psutil.Process().pid)]
    loop = asyncio.get_running_loop()
    began, before = loop.time(), [_seconds(process) for process in processes]
    heard, spoken = _utterances(agents), said.sentences
    await asyncio.sleep(SECONDS)
    lasted = loop.time() - began
    engine, asterisk_used, phones = (
        (_seconds(process) - b) / lasted * 100 for process, b in zip(processes, before, strict=True)
    )
    return Share(len(agents), engine, asterisk_used, phones, _utterances(agents) - heard, said.sentences - spoken)


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()  # of this process alone: Asterisk is the engine's child
    return float(times.user + times.system)


def _utterances(agents: Sequence[PhoneAgent]) -> int:
    return sum(message["type"] == "utterance" for agent in agents for message in agent.person.feed.seen)
