"""Keeps what is believed about the legs equal to what Asterisk has, and publishes every difference.

The link's stream is read in order, so no lock is needed: an event is heard, its claim is asked about, the answer is
believed, each in the turn of the loop in which it was read, for a citizen may be waiting for it. After a (re)connect
and after lost events the same is done with a whole snapshot, while events wait.
An event read before a question was sent cannot be newer than the answer; one read later is asked about anew. Questions
do not wait for each other's answers (a busy room asks hundreds a second), but answers are believed in the order of the
questions. Every few seconds a snapshot is taken beside all this, and believed of the legs of which nothing was heard
since it was asked for.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from hotline.errors import Unavailable
from telephony.ami import AmiLink
from telephony.asking import LegQuestion
from telephony.beliefs import Step, hear, reconcile, settle, strangers
from telephony.claims import Claim
from telephony.desk_phones import DeskPhones
from telephony.legs import Legs, Snapshot
from telephony.messages import AmiMessage
from telephony.observations import AsteriskRestarted, LegGone, LinkDown, LinkUp, Observation
from telephony.port import Refused
from telephony.questions import Due, Questions
from telephony.verbs import Telephone

_log = structlog.get_logger()
_RINGING = "5"
_ASK_AGAIN = (0.02, 0.1, 0.5)
"""Seconds until a claim that did not hold is asked about again: Asterisk may say "left" a moment before it is so."""
_SOON = 0.5
"""Seconds until a snapshot that failed is tried again."""
_MOST_QUESTIONS = 64
"""Open or waiting at once; beyond that events wait in the stream."""
_HEARD_AT_ONCE = 200
"""Events, before whatever else is to be done."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question on its way."""

    question: LegQuestion
    moment: int
    """Of ``Telephone.stillness`` when it was sent."""


class Reconciler:
    """``run`` it for as long as the link lives. ``counts``: claims, questions, claims_refuted, snapshots, restarts."""

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
        self._stream = link.stream()
        self._telephone = telephone
        self._publish = publish
        self._every = every
        self._phones = phones or DeskPhones(telephone, publish, ())
        self._legs: Legs = {}
        self._started = ""
        self._told_up = False
        self._snapshot_due = float("inf")
        self._questions: Questions[_Asked] = Questions()
        self._is_sure = False
        """False until a snapshot was taken after the link came up, or after events were lost."""
        self._looking: asyncio.Task[Snapshot] | None = None
        self._sleeps_until: float | None = None
        """Loop time; None while events have to wait, or are being heard."""
        self._failure: Exception | None = None
        self._heard_of: set[str] = set()
        """Legs of which something was heard since the snapshot that is being taken was asked for."""

    async def run(self) -> None:
        """Until the link is closed."""
        clock = asyncio.get_running_loop().time
        self._stream.attend(self._turn)
        try:
            while not self._stream.ended:
                while (notice := self._stream.take_notice()) is not None:
                    await self._hear_notice(notice.why)
                self._hear_all(clock())
                await self._look_when_due(clock())
                self._ask_what_is_due(clock())
                if self._stream.empty or self._is_full:
                    self._sleeps_until = self._due
                    await self._stream.news(self._sleeps_until)
                    self._sleeps_until = None
                if self._failure is not None:
                    raise self._failure
        finally:
            self._look_no_more()

    @property
    def _due(self) -> float:
        return min(self._snapshot_due, self._questions.wake_at())

    @property
    def _is_full(self) -> bool:
        return len(self._questions) >= _MOST_QUESTIONS

    def _turn(self) -> None:
        """Something was read: do at once what needs no waiting. The rest is for ``run``."""
        if self._sleeps_until is None or self._failure is not None:
            return
        now = asyncio.get_running_loop().time()
        try:
            self._hear_all(now)
            self._ask_what_is_due(now)
        except Exception as failure:  # run raises it: an engine that does not see the legs must not go on deciding
            self._failure = failure
        if self._failure is not None or not self._stream.empty or self._due < self._sleeps_until:
            self._stream.wake()

    # -- events and questions -------------------------------------------------------------------------------------

    def _hear_all(self, now: float) -> None:
        """What came, until a notice; the answers last: an event that came before may say more."""
        for _ in range(_HEARD_AT_ONCE):
            if self._is_full or (event := self._stream.take_event()) is None:
                break
            if event.event == "DeviceStateChange":
                self._phones.hear(event)
            else:
                self._hear(event)
        self._hear_answers(now)

    def _hear(self, event: AmiMessage) -> None:
        uniqueid = event.get("Uniqueid")
        if event.event == "Newstate" and event.get("ChannelState") == _RINGING:
            self._telephone.note_ringing(uniqueid)  # not worth a question: it moves and ends nothing
        elif self._looking is not None:
            self._heard_of.add(uniqueid)
        step = hear(self._legs, event, self._questions.concerned())
        self._believe(step)
        claim = step.claim
        if claim is None:
            return
        self.counts["claims"] += 1
        if (leg := self._legs.get(uniqueid)) is not None:
            if leg.seat is not None and claim.said == "SeatParked":
                self._telephone.stillness.hear(uniqueid)
            else:
                self._telephone.stillness.stir(uniqueid)
        if claim.event == "Hangup" and self._telephone.is_ending(uniqueid) and not self._questions.is_open(uniqueid):
            self._believe(settle(self._legs, None, [claim]))  # Asterisk has answered that already
        else:
            self._questions.add(claim, asyncio.get_running_loop().time() + claim.patience)

    def _ask_what_is_due(self, now: float) -> None:
        for due in self._questions.take_due(now):
            self.counts["questions"] += 1
            if self._looking is not None:
                self._heard_of.add(due.uniqueid)
            moment = self._telephone.stillness.moment
            try:
                question = self._telephone.begin_to_ask(due.uniqueid, self._stream.wake)
            except Unavailable:  # the next snapshot tells
                continue
            self._questions.open.append((due, _Asked(question, moment)))

    def _hear_answers(self, now: float) -> None:
        answered = self._questions.open
        while answered and answered[0][1].question.done:
            self._hear_answer(*answered.popleft(), now)

    def _hear_answer(self, due: Due, asked: _Asked, now: float) -> None:
        """Believe it; of a claim that does not hold yet, ask again a little later, and then no more."""
        try:
            found = asked.question.answer()
        except Unavailable as failure:
            _log.warning("leg not seen", uniqueid=due.uniqueid, why=failure.en)
            self._snapshot_due = min(self._snapshot_due, now + _SOON)
            return
        before = self._legs.get(due.uniqueid)
        self._believe(settle(self._legs, found, due.claims))
        if found is not None and before is not None:
            self._telephone.note_shown(found, asked.moment)
        for doubt in due.doubts:
            if doubt.claim.holds(found, before):
                continue
            if doubt.asked < len(_ASK_AGAIN):
                self._questions.add(doubt.claim, now + _ASK_AGAIN[doubt.asked], doubt.asked + 1)
            else:
                self.counts["claims_refuted"] += 1
                _log.warning("event not borne out by Asterisk", event_name=doubt.claim.event, uniqueid=due.uniqueid)

    # -- snapshots ------------------------------------------------------------------------------------------------

    async def _hear_notice(self, why: str) -> None:
        """The link's state has changed, or events were lost."""
        self._is_sure = False
        self._look_no_more()
        self._questions.clear()
        self._telephone.stillness.clear()
        if self._link.up:
            await self._compare()
        elif self._told_up:
            self._told_up = False
            self._snapshot_due = float("inf")
            self._publish(LinkDown(why=why))

    async def _look_when_due(self, now: float) -> None:
        if self._looking is not None and self._looking.done():
            looked, self._looking = self._looking, None
            self._believe_what_was_seen(looked, now)
        if self._snapshot_due > now:
            return
        if not self._link.up:
            self._snapshot_due = float("inf")  # the notice of the next connect brings the next one
        elif not self._is_sure:
            await self._compare()
        else:
            self._snapshot_due = float("inf")
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(lambda _: self._stream.wake())

    async def _look(self) -> Snapshot:
        await self._phones.compare()
        return await self._telephone.ask_all(self._note_what_is_open)

    def _note_what_is_open(self) -> None:
        self._heard_of = set(self._questions.concerned())

    def _believe_what_was_seen(self, looked: "asyncio.Task[Snapshot]", now: float) -> None:
        """A snapshot was taken while events went on."""
        try:
            snapshot = looked.result()
        except (Unavailable, Refused) as failure:
            self._put_off(failure, now)
            return
        self._believe(reconcile(self._legs, snapshot, heard_of=self._heard_of))
        for uniqueid in strangers(self._legs, snapshot, self._heard_of):
            self._questions.add(Claim("Seen", uniqueid), now)
        self._snapshot_due = now + self._every
        self.counts["snapshots"] += 1

    async def _compare(self) -> None:
        """Take a snapshot, believe it, publish what differs. Events wait."""
        clock = asyncio.get_running_loop().time
        try:
            started = await self._telephone.ask_started()
            snapshot = await self._telephone.ask_all()
        except (Unavailable, Refused) as failure:
            self._put_off(failure, clock())
            return
        self._is_sure = True
        self._snapshot_due = clock() + self._every
        self.counts["snapshots"] += 1
        restarted = bool(self._started) and started != self._started
        self._started = started
        if restarted:
            self.counts["restarts"] += 1
            _log.warning("asterisk restarted", started=started, legs_lost=len(self._legs))
            self._publish(AsteriskRestarted())
        self._believe(reconcile(self._legs, snapshot, restarted))
        await self._phones.compare()
        self.seen.set()
        if not self._told_up:
            self._told_up = True
            self._publish(LinkUp())

    def _put_off(self, failure: Unavailable | Refused, now: float) -> None:
        _log.warning("no snapshot", why=failure.en)
        self._snapshot_due = now + _SOON

    def _look_no_more(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _believe(self, step: Step) -> None:
        self._legs = step.legs
        self._telephone.believe(step.legs)
        for observed in step.observed:
            if isinstance(observed, LegGone):
                self._telephone.note_end(observed.uniqueid, observed.cause)
                self._questions.forget(observed.uniqueid)
            self._publish(observed)
