"""asr.word_to_screen and asr.cer: from a spoken word to the agent's screen, over the whole way, and how right it is.

A citizen's telephone speaks test sentences: SIP → Asterisk → AudioSocket → voice gate → Vosk → live feed. A word is on
the screen when the first frame of the feed, partial or settled, holds the text up to it; it ends where an offline pass
over the file says. In turn the agent speaks, whose leg is not followed live (one stream at most): his words come from
the second pass, after the call. ``cer_live`` judges the citizen's live text, ``cer_final`` both sides' final text.

The peer is vosk-server's code path: fed the same files in real time, 0.2 s a message, without a telephone in between
(word to screen); fed both tracks of the very recording of this call (wrong characters).
"""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import vosk

from asr.models import TEST_MODEL
from asr.recogniser import VoskRecogniser, Word
from asr.workers import Workers
from bench.peer_vosk_server import CHUNK, PeerStream
from bench.registry import Tell
from bench.rows import Row
from bench.spoken import Sentence, error_rate, sentences
from bench.stage import Stage, open_stage
from hotline.demo.cast import PhoneAgent, phone_agent
from hotline.errors import Unavailable
from telephony.phone import PhoneCall

COMMAND = "make bench ONLY=asr.word_to_screen"
CALLER = "13800000001"
ONE_LEG = {"max_streams": 1, "repair_wait_seconds": 0}
_FILE = "vosk-server code path"


@dataclass
class Found:
    """What one run measured."""

    delays: list[float] = field(default_factory=list)
    live: str = ""
    spoken_live: str = ""
    final: str = ""
    spoken: str = ""
    peer_delays: list[float] = field(default_factory=list)
    peer_live: str = ""
    peer_final: str = ""


async def run(tell: Tell) -> Sequence[Row]:
    """One call of some two minutes, then the peer on the same sound."""
    said = sentences("held", "free")
    found = Found()
    workers, pool = Workers(1), ThreadPoolExecutor(1)
    engine, model = await VoskRecogniser.load(TEST_MODEL, workers), vosk.Model(str(TEST_MODEL))
    words = [await _words_of(engine, sentence) for sentence in said]
    async with _in_call(tell) as (stage, agent, citizen):
        await _talk(agent, citizen, said, words, found, tell)
        await _end(stage, agent, citizen, said, found, PeerStream(model, pool), PeerStream(model, pool))
    for sentence, of_sentence in list(zip(said, words, strict=True))[::2]:
        await _peer_delays(PeerStream(model, pool), sentence, of_sentence, found)
    workers.close()
    pool.shutdown()
    tell(f"{len(found.delays)} words timed live, {len(found.peer_delays)} of the peer's")
    return _rows(found)


def _rows(found: Found) -> list[Row]:
    def row(name: str, unit: str, ours: float, peer: float) -> Row:
        return Row(name, unit, round(ours, 3), round(peer, 3), _FILE, COMMAND)

    return [
        row("asr.word_to_screen_p95", "s", _quantile(found.delays, 0.95), _quantile(found.peer_delays, 0.95)),
        row("asr.word_to_screen_p50", "s", _quantile(found.delays, 0.5), _quantile(found.peer_delays, 0.5)),
        row(
            "asr.cer_live",
            "% of characters",
            error_rate(found.live, found.spoken_live),
            error_rate(found.peer_live, found.spoken_live),
        ),
        row(
            "asr.cer_final",
            "% of characters",
            error_rate(found.final, found.spoken),
            error_rate(found.peer_final, found.spoken),
        ),
    ]


@asynccontextmanager
async def _in_call(tell: Tell) -> AsyncIterator[tuple[Stage, PhoneAgent, PhoneCall]]:
    tell("starting a site")
    async with (
        open_stage("asr-words", seats=1, recognition=True, asr=ONE_LEG) as stage,
        phone_agent(stage.site, stage.seats[0]) as agent,
    ):
        await agent.ready()
        accepting = asyncio.create_task(agent.accept(CALLER))
        citizen = await stage.gateway.citizen(CALLER).dial(stage.site.settings.lines[0].number)
        await accepting
        await asyncio.sleep(1.5)
        yield stage, agent, citizen


async def _talk(
    agent: PhoneAgent,
    citizen: PhoneCall,
    said: Sequence[Sentence],
    words: Sequence[Sequence[Word]],
    found: Found,
    tell: Tell,
) -> None:
    """Citizen and agent in turns; the citizen's words are timed."""
    for number, sentence in enumerate(said):
        if number % 2:
            await agent.leg.say(sentence.path)
            await asyncio.sleep(0.8)
            continue
        tell(f"sentence {number + 1} of {len(said)}")
        arrivals: list[tuple[float, str, bool]] = []
        watching = asyncio.create_task(_watch(agent, len(agent.person.feed.seen), arrivals))
        begun = asyncio.get_running_loop().time()
        await citizen.say(sentence.path)
        await asyncio.sleep(2.5)
        watching.cancel()
        found.live += "".join(text for _, text, settled in arrivals if settled)
        found.spoken_live += sentence.text
        found.delays += _delays(words[number], begun, arrivals)


async def _watch(agent: PhoneAgent, since: int, arrivals: list[tuple[float, str, bool]]) -> None:
    feed, at = agent.person.feed, since
    loop = asyncio.get_running_loop()
    while True:
        while at < len(feed.seen):
            message: dict[str, Any] = feed.seen[at]
            at += 1
            if message["type"] in ("partial", "utterance") and message["data"]["who"] == "citizen":
                arrivals.append((loop.time(), message["data"]["text"], message["type"] == "utterance"))
        await asyncio.sleep(0.005)


def _delays(words: Sequence[Word], begun: float, arrivals: Sequence[tuple[float, str, bool]]) -> list[float]:
    """For each word: from its end to the first text that holds all up to it. Words never shown right are left out."""
    delays, prefix, before = [], "", ""
    shown = []
    for at, text, settled in arrivals:
        shown.append((at, before + text))
        before += text if settled else ""
    for word in words:
        prefix += word.text
        seen = next((at for at, text in shown if text.startswith(prefix)), None)
        if seen is not None:
            delays.append(seen - (begun + word.end))
    return delays


async def _end(
    stage: Stage,
    agent: PhoneAgent,
    citizen: PhoneCall,
    said: Sequence[Sentence],
    found: Found,
    peer_citizen: PeerStream,
    peer_agent: PeerStream,
) -> None:
    """Hang up, wait for the second pass, read the final text; the peer hears the very recording."""
    desk = await agent.person.get("/desk")
    call_id = desk["call"]["call_id"]
    await citizen.hang_up()
    ready = await agent.person.feed.until("recording", timeout=60)
    transcript = await _complete(agent, call_id)
    for who, first, peer in (("citizen", 0, peer_citizen), ("agent", 1, peer_agent)):
        found.final += "".join(one["text"] for one in transcript if one["who"] == who)
        found.spoken += "".join(sentence.text for sentence in said[first::2])
        sound = (await agent.person.http.get(f"/api/recordings/{ready['id']}/audio?track={who}")).content[44:]
        for at in range(0, len(sound), CHUNK):
            await peer.message(sound[at : at + CHUNK])
        text = await peer.end()
        found.peer_final += text
        found.peer_live += text if who == "citizen" else ""


async def _complete(agent: PhoneAgent, call_id: str) -> list[dict[str, Any]]:
    """The transcript once it stands still."""
    before, still = -1, 0
    for _ in range(120):
        transcript: list[dict[str, Any]] = (await agent.person.get(f"/calls/{call_id}"))["transcript"]
        still = still + 1 if len(transcript) == before else 0
        if still >= 10 and any(one["repaired"] for one in transcript):
            return transcript
        before = len(transcript)
        await asyncio.sleep(0.5)
    raise Unavailable("转写未能补全", "the transcript was not completed in a minute")


async def _peer_delays(stream: PeerStream, sentence: Sentence, words: Sequence[Word], found: Found) -> None:
    loop = asyncio.get_running_loop()
    sound = sentence.sound + bytes(2 * 16000)
    begun, arrivals = loop.time(), []
    for at in range(0, len(sound), CHUNK):
        piece = sound[at : at + CHUNK]
        await asyncio.sleep(max(0.0, begun + (at + len(piece)) / 16000 - loop.time()))
        arrivals.append((loop.time(), await stream.message(piece), False))
    found.peer_delays += _delays(words, begun, arrivals)


async def _words_of(engine: VoskRecogniser, sentence: Sentence) -> list[Word]:
    voice = engine.open_voice()
    words = [word for heard in await voice.hear(sentence.sound) if heard.settled for word in heard.words]
    return [*words, *(await voice.settle()).words]


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(math.ceil(share * len(ordered)) - 1, len(ordered) - 1)] if ordered else math.nan
