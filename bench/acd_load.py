"""acd.calls_per_second: SIPp dials 20 times a second for three minutes, 40 seats take the calls, each talk lasts 1.8 s.

That is 36 Erlang of talk for 40 seats: whoever loses half a second between two calls loses calls. Ours is the whole
engine with everything on but recognition: ledger, live feeds of 40 signed-in agents, two tracks a call recorded and
mixed. An agent hangs up over HTTP when his talk is over. The peer is app_queue with 40 members that answer at once, on
the same Asterisk, under the same calls, recorded likewise but not mixed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.crowd import PATIENCE_SECONDS, agents_at_work, citizens
from bench.load_verdict import Verdict, judge
from bench.peer_queue import QUEUE_NUMBER, open_members
from bench.registry import Tell
from bench.rows import Row, percentile
from bench.sipp_load import Report
from bench.stage import Stage, open_stage
from hotline import ledger
from hotline.bus import Bus
from hotline.database import Database
from hotline.errors import Unavailable
from hotline.facts import Fact
from hotline.facts.calls import CallArrived, CallConnected
from hotline.facts.recordings import RecordingReady
from telephony.ami import AmiLink

COMMAND = "make bench ONLY=acd.calls_per_second"
TALK_SECONDS = 1.8


@dataclass(frozen=True, slots=True)
class Load:
    """How much."""

    calls_per_second: float = 20.0
    seconds: float = 180.0
    seats: int = 40
    peer_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One side's run."""

    report: Report
    connected: int
    per_second: float
    """Connected calls a second while calls came in; who was connected later stood in a growing line."""


async def run(tell: Tell) -> Sequence[Row]:
    """Measure; about five minutes."""
    load = Load()
    async with open_stage("load", seats=load.seats, recognition=False, answer="auto") as stage:
        ours, verdict = await ours_under(stage, load, tell)
        if not verdict.clean or ours.report.failed or verdict.arrived != ours.report.made:
            raise Unavailable("负载下有通话出错", f"the load was not carried: {verdict}, SIPp: {ours.report}")
        peer = await peer_under(stage, load, tell)

    def row(name: str, unit: str, mine: float, theirs: float) -> Row:
        return Row(name, unit, round(mine, 2), round(theirs, 2), "app_queue", COMMAND)

    lost = [one.report.made - one.connected for one in (ours, peer)]
    return [
        row("acd.calls_per_second", "calls/s", ours.per_second, peer.per_second),
        row("acd.calls_per_second.lost", "calls", *lost),
    ]


async def ours_under(stage: Stage, load: Load, tell: Tell) -> tuple[Outcome, Verdict]:
    """Our engine under the load: what SIPp and the ledger say, once every channel and every recording is settled."""
    database = await Database.open(stage.site.settings.database_url, Bus())
    calls = round(load.calls_per_second * load.seconds)
    try:
        async with agents_at_work(stage, lambda: TALK_SECONDS, tell):
            line = stage.site.settings.lines[0].number
            async with citizens(stage, line, calls=calls, per_second=load.calls_per_second) as crowd:
                tell(f"{calls} calls, {load.calls_per_second:.0f} a second")
                report = await crowd.ended(load.seconds + PATIENCE_SECONDS + 60)
            await _no_channels_but(stage, load.seats)
            facts = await _settled(database, report.made)
    finally:
        await database.close()
    verdict = judge(facts)
    tell(
        f"SIPp {report}; arrived {verdict.arrived}, connected {verdict.connected}, gave up {verdict.gave_up}; waited "
        f"p50 {percentile(verdict.waits, 0.5) * 1000:.0f} ms, p99 {percentile(verdict.waits, 0.99) * 1000:.0f} ms"
    )
    if errors := verdict.forecast_errors:
        told = f"{len(errors)} were forecast a wait: wrong by {fmean(map(abs, errors)):.2f} s on average"
        tell(f"{told}, bias {fmean(errors):.2f} s")
    return Outcome(report, verdict.connected, _in_time(facts, load.seconds) / load.seconds), verdict


def _in_time(facts: Sequence[Fact], seconds: float) -> int:
    first = min(fact.at for fact in facts if isinstance(fact, CallArrived))
    return sum(isinstance(f, CallConnected) and (f.at - first).total_seconds() <= seconds for f in facts)


async def _no_channels_but(stage: Stage, number: int, timeout: float = 20.0) -> None:
    """Until Asterisk has no channels but the seats'. Raises Unavailable, naming those that stay."""
    link = stage.link("Hangup")
    await link.connect()
    try:
        async with asyncio.timeout(timeout):
            while len(left := await _channels(link)) > number:  # noqa: ASYNC110  Asterisk is asked, it tells nothing
                await asyncio.sleep(0.2)
    except TimeoutError as failure:
        raise Unavailable("有通道未释放", f"channels are left: {left}") from failure
    finally:
        await link.close()


async def _channels(link: AmiLink) -> list[str]:
    return [event.get("Channel") for event in await link.listing("CoreShowChannels")]


async def _settled(database: Database, calls: int, timeout: float = 180.0) -> list[Fact]:
    """All facts, once every call has its recording. Raises TimeoutError."""
    async with asyncio.timeout(timeout):
        while True:
            facts = [entry.fact async for entry in ledger.read(database)]
            if sum(isinstance(fact, RecordingReady) for fact in facts) >= calls:
                return facts
            await asyncio.sleep(1)


async def peer_under(stage: Stage, load: Load, tell: Tell) -> Outcome:
    """app_queue under the same calls; connected are those that its members talked with."""
    calls = round(load.calls_per_second * load.peer_seconds)
    async with open_members(stage, load.seats, talk=(TALK_SECONDS, TALK_SECONDS)) as members:
        tell(f"app_queue: {calls} calls")
        async with citizens(stage, QUEUE_NUMBER, calls=calls, per_second=load.calls_per_second, name="peer") as crowd:
            await asyncio.sleep(load.peer_seconds)
            in_time = members.report().made
            report = await crowd.ended(PATIENCE_SECONDS + 60)
        await asyncio.sleep(2)  # its statistics are written once a second
        talked = members.report()
    tell(f"app_queue: SIPp {report}, its members {talked}, {in_time} of them while calls came in")
    return Outcome(report, talked.made, in_time / load.peer_seconds)
