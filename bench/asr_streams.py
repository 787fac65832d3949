"""asr.streams_per_core, asr.gating_share: how many live legs does one core follow? Beside vosk-server's code path.

Four calls of two legs each: one speaks while the other listens, pauses between the turns, a little line noise
everywhere. Each side is fed in real time's steps, a few times faster, far below what the machine can do. CPU seconds of
the process are counted, so that other work on the machine matters little. The text must be as good: when ours has more
wrong characters than the peer's, the benchmark ends without a figure. (The peer hears words in noise.) The gating share
is that of the line which webrtcvad let through to the recogniser, pre-roll and hangover included; the peer decodes all.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import vosk

from asr.activity import FRAME_MS
from asr.audiosocket import BYTES_PER_SECOND
from asr.leg import Leg
from asr.models import TEST_MODEL
from asr.recogniser import VoskRecogniser
from asr.utterances import Utterance
from asr.workers import Workers
from bench.peer_vosk_server import CHUNK, PeerStream
from bench.registry import Tell
from bench.rows import Row
from bench.spoken import Sentence, conversation, error_rate, sentences
from hotline.errors import HotlineError
from hotline.settings import Asr

COMMAND = "make bench ONLY=asr.streams_per_core"
CALLS = 4
SPEED = 2
ROUNDS = 2
_FRAME = 320
"""20 ms; Asterisk sends one at a time, a read takes what is there."""


class TextsDiffer(HotlineError):
    """The two sides did not recognise the same: their costs cannot be compared."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one round took."""

    cpu: float
    texts: tuple[str, ...]
    decoded: float
    """Share of the line's seconds that the recogniser was given."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What one leg came to."""

    text: str
    decoded: float
    """Seconds that the recogniser was given."""


class _Notebook:
    def __init__(self) -> None:
        self.text = ""

    def partial(self, call_id: str, who: str, text: str) -> None:
        """Screens would be told."""

    async def settled(self, utterance: Utterance) -> None:
        self.text += utterance.text


async def run(tell: Tell) -> Sequence[Row]:
    """Alternate both sides; a minute or two."""
    calls = calls_of_sentences()
    legs = legs_of_calls()
    seconds = sum(map(len, legs)) / BYTES_PER_SECOND
    tell(f"{len(legs)} legs, {seconds:.0f} s of line in all, {ROUNDS} rounds for each side")
    workers = Workers(1)
    ours_engine = await VoskRecogniser.load(TEST_MODEL, workers)
    peer_model = vosk.Model(str(TEST_MODEL))
    pool = ThreadPoolExecutor(1)
    ours, peers = [], []
    for number in range(ROUNDS):
        peers.append(await _cost(legs, lambda leg: follow_peer(peer_model, pool, leg)))
        ours.append(await _cost(legs, lambda leg: follow_ours(ours_engine, leg)))
        tell(f"round {number + 1}: ours {ours[-1].cpu:.2f} s of CPU, vosk-server's path {peers[-1].cpu:.2f} s")
    workers.close()
    pool.shutdown()
    spoken = "".join("".join(one.text for one in call[side::2]) for call in calls for side in (0, 1))
    wrong, wrong_peer = (error_rate("".join(costs[-1].texts), spoken) for costs in (ours, peers))
    tell(f"wrong characters: ours {wrong:.2f} %, vosk-server's path {wrong_peer:.2f} %")
    if wrong > wrong_peer:
        raise TextsDiffer("我方识别结果更差,无法比较", f"our text is worse ({wrong:.2f} % wrong): not comparable")
    best, peer = (seconds / min(cost.cpu for cost in costs) for costs in (ours, peers))
    share, whole = ours[-1].decoded, peers[-1].decoded
    tell(f"given to the recogniser: ours {share:.1%} of the line, vosk-server's path {whole:.1%}")
    return [
        Row("asr.streams_per_core", "streams", round(best, 1), round(peer, 1), "vosk-server code path", COMMAND),
        Row(
            "asr.gating_share", "share of the line", round(share, 3), round(whole, 3), "vosk-server code path", COMMAND
        ),
    ]


def calls_of_sentences() -> list[list[Sentence]]:
    """What is said in each call, sentence by sentence."""
    said = sentences("held", "free")
    return [said[number::CALLS] for number in range(CALLS)]


def legs_of_calls() -> list[bytes]:
    """Both legs of each call: one speaks while the other's line has its noise."""
    turns = [list(conversation(call, seed=number)) for number, call in enumerate(calls_of_sentences())]
    return [b"".join(turn[side] for turn in call) for call in turns for side in (0, 1)]


async def _cost(legs: Sequence[bytes], follow: Callable[[bytes], Awaitable[Followed]]) -> Cost:
    begun = time.process_time()
    followed = await asyncio.gather(*(follow(leg) for leg in legs))
    seconds = sum(map(len, legs)) / BYTES_PER_SECOND
    decoded = sum(one.decoded for one in followed) / seconds
    return Cost(time.process_time() - begun, tuple(one.text for one in followed), decoded)


class _FastClock:
    """A clock that runs ``SPEED`` times as fast as the real one."""

    def __init__(self) -> None:
        self._at, self._begun = datetime(2026, 3, 2, tzinfo=UTC), time.monotonic()

    def now(self) -> datetime:
        """The instant."""
        return self._at + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return (time.monotonic() - self._begun) * SPEED


async def follow_ours(engine: VoskRecogniser, sound: bytes) -> Followed:
    """One leg through our code path."""
    clock, notebook = _FastClock(), _Notebook()
    leg = Leg("call", "citizen", recogniser=engine, settings=Asr(), clock=clock, report=notebook)
    following = asyncio.create_task(leg.run())
    async for piece in _in_time(sound, 5 * _FRAME):
        leg.heard(piece, clock.now())
    leg.finish()
    await following
    return Followed(notebook.text, leg.activity.passed * FRAME_MS / 1000)


async def follow_peer(model: vosk.Model, pool: ThreadPoolExecutor, sound: bytes) -> Followed:
    """The same leg through the peer's."""
    stream = PeerStream(model, pool)
    async for piece in _in_time(sound, CHUNK):
        await stream.message(piece)
    return Followed(await stream.end(), len(sound) / BYTES_PER_SECOND)


async def _in_time(sound: bytes, step: int) -> AsyncIterator[bytes]:
    """Pieces of ``step`` bytes as they would arrive, ``SPEED`` times as fast."""
    begun = time.monotonic()
    for at in range(0, len(sound), step):
        await asyncio.sleep(max(0.0, begun + at / 16000 / SPEED - time.monotonic()))
        yield sound[at : at + step]
