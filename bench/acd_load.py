"""acd.calls_per_second: SIPp dials 20 times a second for three minutes, 40 seats take the calls, each talk lasts 1.8 s.

That is 36 Erlang of talk for 40 seats: whoever loses half a second between two calls loses calls. Ours is the whole
engine with everything on but recognition: ledger, live feeds of 40 signed-in agents, two tracks a call recorded and
mixed. An agent hangs up over HTTP when his talk is over. The peer is app_queue with 40 members that answer at once, on
the same Asterisk, under the same calls, recorded likewise but not mixed.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load_verdict import Verdict, judge
from bench.registry import Tell
from bench.rows import Row
from bench.sipp_load import Report, Sipp, free_udp_port, sipp
from bench.stage import Stage, open_stage
from hotline import ledger
from hotline.bus import Bus
from hotline.database import Database
from hotline.demo.people import Somebody, signed_in
from hotline.errors import Unavailable
from hotline.facts import Fact
from hotline.facts.calls import CallArrived, CallConnected
from hotline.facts.recordings import RecordingReady
from hotline.settings import Secrets
from telephony.ami import AmiLink
from telephony.asterisk.probe import reload_configuration

COMMAND = "make bench ONLY=acd.calls_per_second"
QUEUE_NUMBER = "12398"
TALK_SECONDS = 1.8
PATIENCE_SECONDS = 30
_QUEUE = {
    "extensions.conf": """
[citizens](+)
exten => {number},1,Gosub(caller-id,s,1)
 same => n,Gosub(record,s,1)
 same => n,Answer()
 same => n,Queue(load)
 same => n,Hangup(16)
""",
    "queues.conf": """
[load]
musicclass = default
strategy = leastrecent
timeout = 30
retry = 1
wrapuptime = 0
ringinuse = no
joinempty = yes
leavewhenempty = no
announce-position = no
announce-holdtime = no
announce-frequency = 0
{members}
""",
    "pjsip.conf": """
[load-member](!,phone)
{endpoints}
""",
}


@dataclass(frozen=True, slots=True)
class Load:
    """How much."""

    calls_per_second: float = 20.0
    seconds: float = 180.0
    seats: int = 40
    peer_seconds: float = 60.0

    def calls(self, seconds: float) -> int:
        """How many are dialled."""
        return round(self.calls_per_second * seconds)


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
        peer = await _peer_under(stage, load, tell)
    return [
        Row("acd.calls_per_second", "calls/s", _round(ours.per_second), _round(peer.per_second), "app_queue", COMMAND),
        Row(
            "acd.calls_per_second.lost", "calls", ours.report.made - ours.connected, peer.report.made - peer.connected,
            "app_queue", COMMAND,
        ),
    ]  # fmt: skip


def _round(figure: float) -> float:
    return round(figure, 2)


async def ours_under(stage: Stage, load: Load, tell: Tell) -> tuple[Outcome, Verdict]:
    """Our engine under the load: what SIPp and the ledger say, once every channel and every recording is settled."""
    async with AsyncExitStack() as stack:
        database = await Database.open(stage.site.settings.database_url, Bus())
        stack.push_async_callback(database.close)
        await stack.enter_async_context(_seats_on_the_line(stage, load.seats))
        for number, seat in enumerate(stage.seats[: load.seats], 1):
            person = await stack.enter_async_context(signed_in(stage.site.url, stage.site.logins[f"agent{seat}"]))
            await _ready(person)
            talking = asyncio.create_task(_work(person))
            stack.callback(talking.cancel)
            tell(f"seats ready: {number}")
        line = stage.site.settings.lines[0].number
        async with _citizens(stage, line, load, load.seconds, "citizens") as crowd:
            tell(f"{load.calls(load.seconds)} calls, {load.calls_per_second:.0f} a second")
            report = await crowd.ended(load.seconds + PATIENCE_SECONDS + 60)
        await no_channels_but(stage, load.seats)
        facts = await _settled(database, report.made)
    verdict = judge(facts)
    waits = sorted(verdict.waits)
    tell(
        f"SIPp {report}; arrived {verdict.arrived}, connected {verdict.connected}, gave up {verdict.gave_up}; "
        f"waited p50 {_percentile(waits, 0.5) * 1000:.0f} ms, p99 {_percentile(waits, 0.99) * 1000:.0f} ms"
    )
    return Outcome(report, verdict.connected, _in_time(facts, load.seconds) / load.seconds), verdict


def _in_time(facts: Sequence[Fact], seconds: float) -> int:
    first = min(fact.at for fact in facts if isinstance(fact, CallArrived))
    return sum(isinstance(f, CallConnected) and (f.at - first).total_seconds() <= seconds for f in facts)


async def _ready(person: Somebody) -> None:
    since = len(person.feed.seen)
    seat = await person.be("ready")
    if seat["state"] != "idle":
        await person.feed.until("seat", lambda seat: seat["state"] == "idle", since=since)


async def _work(person: Somebody) -> None:
    """Talk with each citizen for a while, then hang up, until cancelled."""
    since = len(person.feed.seen)
    while True:
        call = await person.feed.until("call", lambda call: call["state"] == "talking", since=since, timeout=86400)
        since = len(person.feed.seen)
        await asyncio.sleep(TALK_SECONDS)
        await person.post(f"/desk/calls/{call['call_id']}/hangup")


@asynccontextmanager
async def _seats_on_the_line(stage: Stage, number: int) -> AsyncIterator[Sipp]:
    """SIPp nails the seats up; each speaks quiet noise all the while, else its leg would be ended as dead."""
    folder = stage.site.folder / "sipp-seats"
    folder.mkdir(parents=True, exist_ok=True)
    voice = folder / "voice.ulaw"
    voice.write_bytes(bytes([0xFE, 0x7E]) * 8000)
    secrets = Secrets(stage.site.folder)
    users = [
        f"{seat}-sip;[authentication username={seat}-sip password={secrets.seat_password(seat)}]"
        for seat in stage.seats[:number]
    ]
    arguments = ["-m", str(number), "-r", "10", "-l", str(number), "-mp", "34000"]
    async with sipp(
        "seat", folder, arguments, server=stage.sip_server, users=users, VOICE_FILE=voice.resolve()
    ) as running:
        yield running


@asynccontextmanager
async def _citizens(stage: Stage, number: str, load: Load, seconds: float, name: str) -> AsyncIterator[Sipp]:
    calls = str(load.calls(seconds))
    arguments = ["-s", number, "-m", calls, "-r", str(load.calls_per_second), "-l", calls]
    async with sipp(
        "citizen", stage.site.folder / f"sipp-{name}", arguments, server=stage.sip_server,
        FIRST_DIGITS="1390", RTP_PORT=9, PATIENCE_MS=PATIENCE_SECONDS * 1000,
    ) as crowd:  # fmt: skip
        yield crowd


async def no_channels_but(stage: Stage, number: int, timeout: float = 20.0) -> None:
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
    """All facts, once every call has its recording or the time is over."""
    async with asyncio.timeout(timeout):
        while True:
            facts = [entry.fact async for entry in ledger.read(database)]
            if sum(isinstance(fact, RecordingReady) for fact in facts) >= calls:
                return facts
            await asyncio.sleep(1)


async def _peer_under(stage: Stage, load: Load, tell: Tell) -> Outcome:
    """app_queue under the same calls; connected are those that its members talked with."""
    folder = stage.site.folder / "sipp-members"
    port = free_udp_port()
    names = [f"load-{number}" for number in range(load.seats)]
    parts = {
        "number": QUEUE_NUMBER,
        "members": "\n".join(f"member => PJSIP/{name}" for name in names),
        "endpoints": "\n".join(
            f"[{name}](phone)\naors = {name}\n[{name}]\ntype = aor\ncontact = sip:{name}@127.0.0.1:{port}"
            for name in names
        ),
    }
    for name, text in _QUEUE.items():
        _append(stage.configuration / name, text.format(**parts))
    await reload_configuration(stage.address.port, stage.address.secret)
    talk = round(TALK_SECONDS * 1000)
    async with sipp("member", folder, ["-aa"], port=port, RTP_PORT=9, TALK_MS=talk) as members:
        tell(f"app_queue: {load.calls(load.peer_seconds)} calls")
        async with _citizens(stage, QUEUE_NUMBER, load, load.peer_seconds, "peer") as crowd:
            await asyncio.sleep(load.peer_seconds)
            in_time = members.report().made
            report = await crowd.ended(PATIENCE_SECONDS + 60)
        await asyncio.sleep(2)  # its statistics are written once a second
        talked = members.report()
    tell(f"app_queue: SIPp {report}, its members {talked}, {in_time} of them while calls came in")
    return Outcome(report, talked.made, in_time / load.peer_seconds)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else 0.0
