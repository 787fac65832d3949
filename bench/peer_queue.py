"""The peer of the handover benchmark: an app_queue as a site without us would have it, on our own running Asterisk.

One queue, one agent: a SIP telephone that answers at once. Callers are recorded as ours are. Nothing waits on purpose:
no announcements, no wrap-up, autofill on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.stage import Stage
from telephony.asterisk.probe import reload_configuration
from telephony.phone import PhoneCall, ScriptedPhone

QUEUE_NUMBER = "12399"
_FILES = {
    "extensions.conf": """
[citizens](+)
exten => {number},1,Gosub(caller-id,s,1)
 same => n,Gosub(record,s,1)
 same => n,Answer()
 same => n,Queue(bench)
 same => n,Hangup(16)
""",
    "queues.conf": """
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
member => PJSIP/bench-agent
""",
    "pjsip.conf": """
[bench-agent](phone)
aors = bench-agent

[bench-agent]
type = aor
contact = sip:bench-agent@{host}:{port}
""",
}


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
    """Add the queue to the running Asterisk and put its agent's telephone on the line."""
    async with ScriptedPhone("bench-agent", stage.sip_server) as phone:
        host, port = phone.address
        for name, text in _FILES.items():
            _append(stage.configuration / name, text.format(number=QUEUE_NUMBER, host=host, port=port))
        address = stage.address
        await reload_configuration(address.port, address.secret)
        yield QueueAgent(phone, hz)


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
