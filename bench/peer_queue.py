"""The peer of the benchmarks of distribution: an app_queue as a site without us would have it, on our running Asterisk.

One queue; its members are telephones that answer at once. Callers are recorded as ours are. Nothing waits on purpose:
no announcements, no wrap-up, autofill on.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bench.sipp_load import Address, Sipp, free_udp_port, sipp
from bench.stage import Stage, append
from telephony.asterisk.probe import reload_configuration
from telephony.phone import PhoneCall, ScriptedPhone

QUEUE_NUMBER = "12399"
_DIALPLAN = """
[citizens](+)
exten => {number},1,Gosub(caller-id,s,1)
 same => n,Gosub(record,s,1)
 same => n,Answer()
 same => n,Queue(bench)
 same => n,Hangup(16)
"""
_QUEUE = """
[bench]
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
"""
_MEMBER = """
[{name}](phone)
aors = {name}

[{name}]
type = aor
contact = sip:{name}@{host}:{port}
"""


class QueueAgent:
    """The agent's telephone: it answers each call at once and speaks a tone."""

    def __init__(self, phone: ScriptedPhone, hz: float) -> None:
        self.name, self.number = "app_queue", QUEUE_NUMBER
        self._phone = phone
        self._hz = hz
        self._voice: asyncio.Task[bool] | None = None

    async def take_next(self) -> PhoneCall:
        """Answer the next call; the agent's side of it."""
        ringing = await self._phone.next_call(timeout=30)
        leg = await ringing.answer()
        self._voice = asyncio.create_task(leg.say_tone(self._hz, 60))
        return leg


@asynccontextmanager
async def open_queue(stage: Stage, hz: float) -> AsyncIterator[QueueAgent]:
    """Add the queue to the running Asterisk and put its one agent's telephone on the line."""
    async with ScriptedPhone("bench-agent", stage.sip_server) as phone:
        await _add_queue(stage, ["bench-agent"], phone.address)
        yield QueueAgent(phone, hz)


@asynccontextmanager
async def open_members(stage: Stage, number: int, *, talk: tuple[float, float]) -> AsyncIterator[Sipp]:
    """The queue with ``number`` members, one SIPp together; each talks for between ``talk`` seconds and hangs up."""
    port = free_udp_port()
    least, most = (round(seconds * 1000) for seconds in talk)
    folder = stage.site.folder / "sipp-members"
    async with sipp("member", folder, ["-aa"], port=port, RTP_PORT=9, LEAST_MS=least, MOST_MS=most) as members:
        await _add_queue(stage, [f"bench-{one}" for one in range(number)], ("127.0.0.1", port))
        yield members


async def _add_queue(stage: Stage, members: Sequence[str], address: Address) -> None:
    host, port = address
    append(stage.configuration / "extensions.conf", _DIALPLAN.format(number=QUEUE_NUMBER))
    append(stage.configuration / "queues.conf", _QUEUE + "".join(f"member => PJSIP/{name}\n" for name in members))
    endpoints = "".join(_MEMBER.format(name=name, host=host, port=port) for name in members)
    append(stage.configuration / "pjsip.conf", endpoints)
    await reload_configuration(stage.address.port, stage.address.secret)
