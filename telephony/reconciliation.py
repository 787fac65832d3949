"""Keeps what is believed about the legs equal to what Asterisk has, and publishes every difference.

One task reads the link's stream in order, so no lock is needed: an event is heard, its claim is asked about, the
answer is believed. After a (re)connect, after lost events and every few seconds the same is done with a whole snapshot.
An event read before a question was asked cannot be newer than the answer; one read later is asked about anew. Questions
do not wait for each other's answers (a busy room asks hundreds a second), but answers are believed in the order of the
questions, and a snapshot only when no question is open.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from hotline.errors import Unavailable
from telephony.ami import AmiLink
from telephony.ami_stream import LinkNotice
from telephony.desk_phones import DeskPhones
from telephony.legs import Claim, Leg, Legs, Step, hear, reconcile, settle
from telephony.messages import AmiMessage
from telephony.observations import AsteriskRestarted, LegGone, LinkDown, LinkUp, Observation
from telephony.port import Refused
from telephony.verbs import Telephone

_log = structlog.get_logger()
_RINGING = "5"
_ASK_AGAIN = (0.02, 0.1, 0.5)
"""Seconds until a claim that did not hold is asked about again: Asterisk may say "left" a moment before it is so."""
_SOON = 0.5
"""Seconds until a snapshot that failed is tried again."""
_MOST_QUESTIONS = 64
"""Open at once; beyond that events wait in the stream."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A claim that did not hold, to be asked about once more at ``when`` (loop time)."""

    claim: Claim
    when: float
    asked: int


@dataclass(frozen=True, slots=True)
class _Question:
    """A claim that Asterisk is being asked about, for the ``asked`` + 1st time."""

    claim: Claim
    asked: int
    answer: "asyncio.Task[Leg | None]"


class Reconciler:
    """``run`` it for as long as the link lives. ``counts``: claims, claims_refuted, snapshots, restarts."""

    def __init__(
        self,
        link: AmiLink,
        telephone: Telephone,
        publish: Callable[[Observation], None],
        every: float = 5.0,
        phones: DeskPhones | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.seen = asyncio.Event()
        """Set when the legs were seen for the first time."""
        self._link = link
        self._telephone = telephone
        self._publish = publish
        self._every = every
        self._phones = phones or DeskPhones(telephone, publish, ())
        self._legs: Legs = {}
        self._started = ""
        self._told_up = False
        self._snapshot_due = float("inf")
        self._doubts: list[_Doubt] = []
        self._questions: deque[_Question] = deque()

    async def run(self) -> None:
        """Until the link is closed."""
        loop = asyncio.get_running_loop()
        stream = self._link.stream()
        reading: asyncio.Future[AmiMessage | LinkNotice] | None = None
        try:
            while True:
                await self._do_what_is_due(loop.time())
                reading = reading or asyncio.ensure_future(anext(stream))
                await self._until_news(reading)
                while self._questions and self._questions[0].answer.done():
                    await self._hear_answer(self._questions.popleft())
                if reading.done() and len(self._questions) < _MOST_QUESTIONS:
                    item, reading = await reading, None
                    await self._take(item)
        except StopAsyncIteration:
            return
        finally:
            for task in (reading, *(question.answer for question in self._questions)):
                if task is not None:
                    task.cancel()

    async def _until_news(self, reading: "asyncio.Future[AmiMessage | LinkNotice]") -> None:
        """Until an event was read, the oldest question is answered, or something is due."""
        waits: list[asyncio.Future[AmiMessage | LinkNotice] | asyncio.Task[Leg | None]] = [reading]
        if self._questions:
            waits.append(self._questions[0].answer)
            if len(self._questions) >= _MOST_QUESTIONS:
                waits.remove(reading)
        wake = min([self._snapshot_due, *(doubt.when for doubt in self._doubts)])
        left = None if wake == float("inf") else max(0.0, wake - asyncio.get_running_loop().time())
        await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    async def _take(self, item: AmiMessage | LinkNotice) -> None:
        if isinstance(item, AmiMessage) and item.event == "DeviceStateChange":
            await self._phones.hear(item)
        elif isinstance(item, AmiMessage):
            if item.event == "Newstate" and item.get("ChannelState") == _RINGING:
                self._telephone.note_ringing(item.get("Uniqueid"))  # not worth a question: it moves and ends nothing
            step = hear(self._legs, item, {question.claim.uniqueid for question in self._questions})
            self._believe(step)
            if step.claim is not None:
                self._ask(step.claim, 0)
        elif self._link.up:
            await self._compare()
        elif self._told_up:
            self._told_up = False
            self._snapshot_due = float("inf")
            self._doubts.clear()
            self._publish(LinkDown(why=item.why))

    async def _do_what_is_due(self, now: float) -> None:
        due = [doubt for doubt in self._doubts if doubt.when <= now]
        self._doubts = [doubt for doubt in self._doubts if doubt.when > now]
        for doubt in due:
            self._ask(doubt.claim, doubt.asked)
        if self._snapshot_due <= now:
            await self._compare()

    def _ask(self, claim: Claim, asked: int) -> None:
        """Ask Asterisk about a claim; the answer is believed in its turn."""
        self.counts["claims"] += 1
        answer = asyncio.create_task(self._telephone.ask_leg(claim.uniqueid))
        self._questions.append(_Question(claim, asked, answer))

    async def _hear_answer(self, question: _Question) -> None:
        """Believe it; when the claim does not hold yet, ask again a little later, and then no more."""
        claim = question.claim
        try:
            found = await question.answer
        except Unavailable as failure:
            _log.warning("leg not seen", uniqueid=claim.uniqueid, why=failure.en)
            self._snapshot_due = min(self._snapshot_due, asyncio.get_running_loop().time() + _SOON)
            return
        self._believe(settle(self._legs, claim, found))
        if claim.holds(found):
            return
        if question.asked < len(_ASK_AGAIN):
            when = asyncio.get_running_loop().time() + _ASK_AGAIN[question.asked]
            self._doubts.append(_Doubt(claim, when, question.asked + 1))
        else:
            self.counts["claims_refuted"] += 1
            _log.warning("event not borne out by Asterisk", event_name=claim.event, uniqueid=claim.uniqueid)

    async def _compare(self) -> None:
        """Take a snapshot, believe it, publish what differs."""
        loop = asyncio.get_running_loop()
        if not self._link.up:
            self._snapshot_due = float("inf")  # the notice of the next connect brings the next one
            return
        while self._questions:
            await self._hear_answer(self._questions.popleft())
        try:
            snapshot = await self._telephone.ask_all()
        except (Unavailable, Refused) as failure:
            _log.warning("no snapshot", why=failure.en)
            self._snapshot_due = loop.time() + _SOON
            return
        self._snapshot_due = loop.time() + self._every
        self.counts["snapshots"] += 1
        restarted = bool(self._started) and snapshot.started != self._started
        self._started = snapshot.started
        if restarted:
            self.counts["restarts"] += 1
            _log.warning("asterisk restarted", started=snapshot.started, legs_lost=len(self._legs))
            self._publish(AsteriskRestarted())
        self._believe(reconcile(self._legs, snapshot, restarted))
        await self._phones.compare()
        self.seen.set()
        if not self._told_up:
            self._told_up = True
            self._publish(LinkUp())

    def _believe(self, step: Step) -> None:
        self._legs = step.legs
        self._telephone.believe(step.legs)
        for observed in step.observed:
            if isinstance(observed, LegGone):
                self._telephone.note_end(observed.uniqueid, observed.cause)
            self._publish(observed)
