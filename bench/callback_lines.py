"""callback.line_use: how full the robot keeps its lines; callback.doubles: who was rung twice. On the real Asterisk.

Every citizen is owed one return visit, picks up, listens for a while and puts the receiver down. The peer is the ideal:
the very same calls, as long as they were, on as many lines, each line taken the instant it is free and never faster
than the pace allows. Both shares are of the same lines, from the first ring to the last hang-up.
"""

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from bench.registry import Tell
from bench.rows import Row
from bench.stage import open_stage
from hotline.bus import Bus
from hotline.database import Database
from telephony.phone import ScriptedGateway
from telephony.phone.calls import CallOver
from tests.system.visited import Ledger

LINES = 20
CITIZENS = 300
PER_SECOND = 20.0
_LISTENS = (2.0, 6.0)
"""Seconds until a citizen puts the receiver down, at least and at most."""
_COMMAND = "make bench ONLY=callback.line_use"
PACE = {
    "lines": LINES, "calls_per_second": PER_SECOND, "ring_seconds": 20, "retry_minutes": [], "retry_by_outcome": {},
    "listen_seconds": 0,
}  # fmt: skip


async def run(tell: Tell) -> Sequence[Row]:
    """Measure both."""
    async with open_stage("callback", seats=1, recognition=False, callback=PACE) as stage:
        rung: Counter[str] = Counter()
        numbers = [f"138{n:08}" for n in range(1, CITIZENS + 1)]
        chance = random.Random(12345)
        patience = {number: chance.uniform(*_LISTENS) for number in numbers}
        homes = [asyncio.create_task(_live(stage.gateway, number, patience[number], rung)) for number in numbers]
        database = await Database.open(stage.site.settings.database_url, Bus())
        try:
            ledger = Ledger(database, stage.site)
            await ledger.tasks.pause("", "bench")
            await asyncio.sleep(12)  # the robot looks at what was paused every ten seconds
            for count, number in enumerate(numbers, 1):
                await ledger.owe(number)
                if count % 50 == 0:
                    tell(f"work orders owed a visit: {count}")
            await ledger.tasks.resume("", "bench")
            tell("the robot phones")
            await ledger.until_all_were_phoned(CITIZENS, 600)
            attempts = await ledger.attempts()
        finally:
            for home in homes:
                home.cancel()
            await asyncio.gather(*homes, return_exceptions=True)
            await database.close()
    spans = sorted((one["dialled_at"].timestamp(), one["ended_at"].timestamp()) for one in attempts)
    lengths = [ended - began for began, ended in spans]
    took = max(ended for _, ended in spans) - spans[0][0]
    share, best = (100 * sum(lengths) / (LINES * span) for span in (took, ideal(lengths)))
    doubles = sum(1 for times in rung.values() if times > 1) + len(attempts) - CITIZENS
    return [
        Row("callback.line_use", "% of lines busy", round(share, 1), round(best, 1), "ideal schedule", _COMMAND),
        Row("callback.doubles", f"of {CITIZENS} citizens", float(doubles), 0.0, "nobody twice", _COMMAND),
    ]


def ideal(lengths: Sequence[float], lines: int = LINES, per_second: float = PER_SECOND) -> float:
    """Seconds that these calls take at best, in this order: each on the line that is free first, at that pace."""
    free, next_dial = [0.0] * lines, 0.0
    for length in lengths:
        begins = max(heapq.heappop(free), next_dial)
        next_dial = begins + 1 / per_second
        heapq.heappush(free, begins + length)
    return max(free)


async def _live(gateway: ScriptedGateway, number: str, patience: float, rung: Counter[str]) -> None:
    phone = gateway.citizen(number)
    while True:
        ringing = await phone.next_call(timeout=3600)
        rung[number] += 1
        with suppress(CallOver, TimeoutError):
            call = await ringing.answer()
            await asyncio.sleep(patience)
            await call.hang_up()
