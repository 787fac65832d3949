"""Live transcription as a whole: which calls are listened to, and where the words go.

Driven by facts: a connected call gets a spy on each leg, an ended call gives its last words (``live_legs.py``).
Recognition that is off, for whatever reason, leaves every call untouched and says why.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from typing import Any

import structlog

from asr.admission import Stream
from asr.audiosocket import AudioSocketServer
from asr.figures import Figures
from asr.live_legs import LiveLegs
from asr.pool import HostView, Pool
from asr.recogniser import Recogniser
from asr.recognition import Recognition, open_recognition, streams_of
from asr.spying import BACK_OFF, Spying
from asr.transcript import TranscriptStore
from asr.utterances import Utterance
from asr.writing import AS_IT_COMES, Writing, names_with_numerals
from hotline.bus import SubscriberTooSlow, Subscription
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import Unavailable
from hotline.facts import Message
from hotline.facts.calls import CallAdopted, CallConnected, CallEnded
from hotline.facts.recordings import RecordingPaused
from hotline.facts.screens import RecognitionChanged
from hotline.facts.speech import PartialHeard
from hotline.ledger import read
from hotline.settings import Asr, Settings

_log = structlog.get_logger()

_STOP_SECONDS = 5.0
_MODEL_SECONDS = 30.0
"""How often an engine without a model looks whether there is one now."""
_STORE_AGAIN = (0.2, 1.0, 3.0)


class Transcription:
    """The asr room's service. Make it with ``open_transcription``."""

    def __init__(
        self,
        database: Database,
        *,
        spying: Spying,
        door: AudioSocketServer,
        recogniser: Recogniser | None,
        state: Recognition,
        settings: Asr,
        clock: Clock,
        back_off: Sequence[float] = BACK_OFF,
        writing: Writing = AS_IT_COMES,
        pool: Pool | None = None,
    ) -> None:
        self._state, self._pool = state, pool
        self.transcripts = TranscriptStore(database, clock, writing)
        self._database = database
        self._bus, self._settings = database.bus, settings
        self._legs = LiveLegs(
            spying=spying, door=door, settings=settings, clock=clock, back_off=back_off,
            report=self, changed=self._tell_changed,
        )  # fmt: skip
        self._recogniser = recogniser
        self._loaded = asyncio.Event()
        if recogniser is not None:
            self._loaded.set()
        if pool is not None:
            pool.on_change(self._tell_changed)
        self._subscription = self._subscribe()

    async def run(self) -> None:
        """Follow the facts of calls until cancelled. Facts published since the making of the service count too."""
        while True:
            try:
                async for fact in self._subscription:
                    await self._take(fact)
                return
            except SubscriberTooSlow:
                self._subscription = self._subscribe()
                _log.error("call facts were missed: some calls are left to transcription after the call")

    def follow(self, call: CallConnected) -> None:
        """Listen to both legs. Doing it twice changes nothing; another seat takes the agent's side over."""
        for who, uniqueid in (("citizen", call.citizen_uniqueid), ("agent", call.seat_uniqueid)):
            if uniqueid:
                self._follow(Stream(call.call_id, who), uniqueid)

    def listen(self, call_id: str, uniqueid: str) -> None:
        """Listen to a citizen who talks with no agent yet (a message, words for keys). Twice is as good as once."""
        self._follow(Stream(call_id, "citizen"), uniqueid)

    async def last_words(self, call_id: str, seconds: float) -> None:
        """Settle what this citizen said up to now; return when it is stored, or after ``seconds``."""
        await self._legs.last_words(Stream(call_id, "citizen"), seconds)

    async def adopt(self, call_id: str) -> None:
        """Listen again to a call that lived on while the engine was away: its legs are those that the ledger names."""
        legs = [entry.fact async for entry in read(self._database, call_id=call_id, kinds=[CallConnected])]
        pauses = [entry.fact async for entry in read(self._database, call_id=call_id, kinds=[RecordingPaused])]
        if pauses and isinstance(pauses[-1], RecordingPaused):
            self.mute(call_id, pauses[-1].paused)
        if legs and isinstance(legs[-1], CallConnected):
            self.follow(legs[-1])

    def mute(self, call_id: str, muted: bool) -> None:
        """Hear nothing of this call while its recording is paused, or hear it again."""
        self._legs.mute(call_id, muted)

    def end(self, call_id: str) -> None:
        """The call is over: settle what was said last, stop its spies."""
        self._legs.end(call_id)

    async def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Settle and store what was said up to now, in at most ``seconds``; the calls themselves live on."""
        self._subscription.close()
        await self._legs.stop(seconds)

    async def idle(self) -> None:
        """Return once no leg is followed and all last words are stored."""
        await self._legs.idle()

    async def call_settled(self, call_id: str) -> None:
        """Return once the last words of this call's legs are stored."""
        await self._legs.settled(call_id)

    @property
    def state(self) -> Recognition:
        """Whether speech is recognised now, and if not, why."""
        if self._pool is not None and not self._pool.streams:
            return Recognition(False, reason_zh="没有可用的识别主机", reason_en="no recognition host answers")
        return self._state

    @property
    def limit(self) -> int:
        """Live voices at most: the site's own number, else what the machines that are up can follow."""
        elsewhere = self._pool.streams if self._pool is not None else 0
        return self._settings.max_streams or elsewhere or streams_of(self._settings)

    @property
    def hosts(self) -> list[HostView]:
        """The other machines that recognise; none when the engine does it itself."""
        return self._pool.views if self._pool is not None else []

    @property
    def recogniser(self) -> Recogniser | None:
        """The loaded model; None while recognition is off."""
        return self._recogniser

    async def watch_model(self, load: Callable[[], Awaitable[tuple[Recogniser | None, Recognition]]]) -> None:
        """While there is no model, look for one now and then, until cancelled. Calls from then on are followed."""
        while self._recogniser is None:
            await asyncio.sleep(_MODEL_SECONDS)
            self._recogniser, self._state = await load()
        self._loaded.set()
        self._tell_changed()

    async def model_loaded(self) -> None:
        """Return once there is a model."""
        await self._loaded.wait()

    async def transcript(self, call_id: str) -> list[Utterance]:
        """What was said in a call, by the time it began."""
        return await self.transcripts.transcript(call_id)

    @property
    def figures(self) -> Figures:
        """Counters, live legs included."""
        return self._legs.figures

    def overview(self) -> dict[str, Any]:
        """How recognition fares, in the shape of the API: counters since the start, and the other machines."""
        moved = self._pool.moved if self._pool is not None else 0
        told = asdict(self.figures) | {"on": self.state.on, "reason": self.state.reason, "limit": self.limit}
        return told | {"moved": moved, "hosts": [asdict(host) for host in self.hosts]}

    def partial(self, call_id: str, who: str, text: str) -> None:
        """Tell the screens what is being said; called by a leg."""
        self._bus.publish(PartialHeard(call_id=call_id, who=who, text=text))

    async def settled(self, utterance: Utterance) -> None:
        """Store an utterance; called by a leg. A database that is away for seconds costs nothing."""
        for wait in (*_STORE_AGAIN, None):
            try:
                await self.transcripts.add(utterance)
                return
            except Unavailable as failure:
                if wait is None:
                    self._legs.count_unsaved()
                    _log.error("utterance not saved", call_id=utterance.call_id, reason=failure.en)
                    return
            await asyncio.sleep(wait)

    def _follow(self, stream: Stream, uniqueid: str) -> None:
        if self._recogniser is not None:
            self._legs.follow(stream, uniqueid, self._recogniser, self.limit)

    def _tell_changed(self) -> None:
        self._bus.publish(RecognitionChanged())

    def _subscribe(self) -> Subscription:
        return self._bus.subscribe("asr", CallConnected, CallAdopted, CallEnded, RecordingPaused, capacity=10_000)

    async def _take(self, fact: Message) -> None:
        try:
            match fact:
                case CallConnected():
                    self.follow(fact)
                case CallAdopted():
                    await self.adopt(fact.call_id)
                case CallEnded():
                    self.end(fact.call_id)
                case RecordingPaused():
                    self.mute(fact.call_id, fact.paused)
        except Exception:  # the edge of the loop: one call's fault ends no other's transcription
            _log.exception("a call fact was not followed")


def writing_of(settings: Settings) -> Writing:
    """How this site's transcripts are shown: its places' names are no numbers."""
    places = settings.organisation.places
    return Writing(names_with_numerals([*places, *(name for names in places.values() for name in names)]))


@asynccontextmanager
async def open_transcription(
    settings: Settings, database: Database, *, spying: Spying, clock: Clock, names: Sequence[str] = ()
) -> AsyncIterator[Transcription]:
    """Load the model, open the door, and on leaving let last words settle. Raises ConfigurationError: port taken."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_recognition(settings, names))
        door = await stack.enter_async_context(AudioSocketServer(settings.asterisk.audiosocket_port, clock))
        service = Transcription(
            database,
            spying=spying,
            door=door,
            recogniser=opened.recogniser,
            state=opened.state,
            settings=settings.asr,
            clock=clock,
            writing=writing_of(settings),
            pool=opened.pool,
        )
        stack.push_async_callback(service.stop)
        if settings.asr.enabled:
            looking = asyncio.create_task(service.watch_model(opened.load))
            stack.callback(looking.cancel)
        yield service
