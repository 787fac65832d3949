"""asr.memory_per_stream: how much memory does one more live voice take? Beside vosk-server's code path, same audio.

Each side runs in a process of its own: the model is loaded and one voice followed to its end (what is allocated once is
then there), then ``STREAMS`` voices at the same time; the greatest resident memory seen above the start, divided by
their number. The legs are those of ``asr.streams_per_core``: one party speaks while the other's line has its noise.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import psutil
import vosk

from asr.models import TEST_MODEL
from asr.recogniser import VoskRecogniser
from asr.workers import Workers
from bench.asr_streams import follow_ours, follow_peer, legs_of_calls
from bench.registry import Tell
from bench.rows import Row
from hotline.errors import Unavailable

COMMAND = "make bench ONLY=asr.memory_per_stream"
STREAMS = 16
_SECONDS = 20
"""Of each leg; a voice's memory grows with the longest sentence, not with the call."""
_LOOK_SECONDS = 0.02


async def run(tell: Tell) -> Sequence[Row]:
    """Measure both sides, one after the other; about a minute."""
    ours, peer = [await _in_own_process(side) for side in ("ours", "peer")]
    tell(f"{STREAMS} voices at once: ours {ours:.2f} MiB each, vosk-server's path {peer:.2f} MiB each")
    return [
        Row("asr.memory_per_stream", "MiB", round(ours, 2), round(peer, 2), "vosk-server code path", COMMAND),
    ]  # fmt: skip


async def _in_own_process(side: str) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.asr_memory", side, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise Unavailable("测量内存的进程失败", f"the process that measures {side} ended with {process.returncode}")
    return float(json.loads(told)["mib"])


async def measure(side: str) -> float:
    """MiB per voice of one side, in this process."""
    legs = [leg[: _SECONDS * 16000] for leg in legs_of_calls()]
    voices = [legs[number % len(legs)] for number in range(STREAMS)]
    workers, pool = Workers(1), ThreadPoolExecutor(1)
    engine = await VoskRecogniser.load(TEST_MODEL, workers) if side == "ours" else None
    model = vosk.Model(str(TEST_MODEL)) if engine is None else None

    async def follow(sound: bytes) -> None:
        if engine is not None:
            await follow_ours(engine, sound)
        else:
            await follow_peer(model, pool, sound)

    await follow(legs[0])
    before = _resident()
    async with _greatest() as seen:
        await asyncio.gather(*(follow(voice) for voice in voices))
    workers.close()
    pool.shutdown()
    return (max(seen) - before) / STREAMS / 2**20


@asynccontextmanager
async def _greatest() -> AsyncIterator[list[int]]:
    seen = [_resident()]

    async def look() -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            seen[0] = max(seen[0], _resident())

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    vosk.SetLogLevel(-1)
    print(json.dumps({"mib": asyncio.run(measure(sys.argv[1]))}))
