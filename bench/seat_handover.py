"""seat.handover: a seat frees, 100 citizens wait; how long until the next of them and the agent are in one bridge?

The clock starts when the previous citizen's channel has ended and stops when the next one and the agent are in one
bridge, both by the time that Asterisk stamps on the event, on both sides: what the benchmark itself takes to read it
does not count. It gives way to engine and Asterisk too; telephones and browsers have machines of their own. Both sides
answer by themselves: app_queue's member picks up at once, our group has ``answer: auto``. What the ends hear is
``seat.handover.audio``.
"""

import asyncio
import os
import random
import statistics
from collections.abc import Callable, Sequence

from bench.crowd import agents_at_work, citizens
from bench.peer_queue import QUEUE_NUMBER, open_members
from bench.registry import Tell
from bench.rows import Row, p99
from bench.stage import Stage, open_stage, stamp_events
from telephony.messages import AmiMessage

COMMAND = "make bench ONLY=seat.handover"
WAITING = 100
OURS, PEERS = 200, 40
_TALK = {"ours": (0.2, 0.4), "app_queue": (0.2, 1.2)}
"""app_queue looks at its callers once a second, so its talks end anywhere within one."""
_PER_SECOND = 20.0
_NICE = 10


class Handovers:
    """Reads off the events how long the one seat stood idle between two citizens."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self.music = 0
        """How many citizens have heard it; each hears it when he begins to wait."""
        self._talking = ""
        self._freed: float | None = None
        """Unix time."""
        self._news = asyncio.Event()

    def hear(self, event: AmiMessage) -> None:
        """One event, as it is read."""
        if event.event == "FullyBooted":
            return
        now = float(event.get("Timestamp"))
        citizen = event.get("Channel").startswith("PJSIP/trunk")
        match event.event:
            case "MusicOnHoldStart" if citizen:
                self.music += 1
            case "Hangup" if event.get("Uniqueid") == self._talking:
                self._talking, self._freed = "", now
            case "BridgeEnter":
                if citizen:
                    self._talking = event.get("Uniqueid")
                if event.get("BridgeNumChannels") == "2" and self._freed is not None:
                    self.milliseconds.append((now - self._freed) * 1000)
                    self._freed = None
        self._news.set()

    async def until(self, true: Callable[[], bool], timeout: float) -> None:
        """Until something is so. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not true():
                self._news.clear()
                await self._news.wait()


async def run(tell: Tell) -> Sequence[Row]:
    """Measure; about four minutes, most of it app_queue's waiting."""
    async with open_stage("line", seats=1, recognition=False, answer="auto") as stage:
        await stamp_events(stage)
        os.nice(_NICE)
        async with agents_at_work(stage, lambda: random.uniform(*_TALK["ours"]), tell):
            ours = await _measure(stage, stage.site.settings.lines[0].number, OURS, tell)
        async with open_members(stage, 1, talk=_TALK["app_queue"]):
            peers = await _measure(stage, QUEUE_NUMBER, PEERS, tell)

    def row(name: str, figure: Callable[[Sequence[float]], float]) -> Row:
        return Row(name, "ms", round(figure(ours), 2), round(figure(peers), 2), "app_queue", COMMAND)

    return [row("seat.handover", p99), row("seat.handover.p50", statistics.median)]


async def _measure(stage: Stage, number: str, wanted: int, tell: Tell) -> list[float]:
    """So many handovers while the line is full."""
    link, handovers = stage.link("BridgeEnter", "MusicOnHoldStart", "Hangup"), Handovers()
    link.listen(handovers.hear)
    await link.connect()
    calls = WAITING + wanted + 50  # the line stays full to the end
    try:
        crowd = citizens(stage, number, calls=calls, per_second=_PER_SECOND, at_once=WAITING + 1, name=number)
        async with crowd:
            await handovers.until(lambda: handovers.music >= WAITING, 60)
            handovers.milliseconds.clear()
            tell(f"{number}: {WAITING} wait; {wanted} handovers")
            await handovers.until(lambda: len(handovers.milliseconds) >= wanted, wanted * 3.0)
    finally:
        await link.close()
    tell(f"{number}: p50 {statistics.median(handovers.milliseconds):.1f} ms, p99 {p99(handovers.milliseconds):.1f} ms")
    return handovers.milliseconds
