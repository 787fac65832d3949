"""Pause and resume: while a card number is said, neither the recording nor the transcript hears it.

Asterisk writes silence meanwhile, so both tracks keep their time. The ledger says from when to when and by whom.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Protocol

from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import RuleBroken
from hotline.facts import Fact
from hotline.facts.calls import CallArrived, CallEnded
from hotline.facts.control import PartyCalled, VoiceRecorded
from hotline.facts.recordings import RecordingPaused
from hotline.ledger import read


class Recorder(Protocol):
    """The telephony room's verb. Raises HotlineError."""

    async def mute_recording(self, channel: str, muted: bool) -> None:
        """Let Asterisk write silence instead of both voices of this leg, or the voices again."""
        ...


class Pausing:
    """The use case."""

    def __init__(self, database: Database, clock: Clock, recorder: Recorder) -> None:
        self._database, self._clock, self._recorder = database, clock, recorder

    async def pause(self, call_id: str, paused: bool, by: str) -> None:
        """Pause the recording of a live call, or go on. Doing it twice changes nothing. Raises RuleBroken when over."""
        kinds = (CallArrived, CallEnded, RecordingPaused, PartyCalled, VoiceRecorded)
        facts = [entry.fact async for entry in read(self._database, call_id=call_id, kinds=kinds)]
        channels = [fact.channel for fact in facts if isinstance(fact, CallArrived)]
        if not channels or any(isinstance(fact, CallEnded) for fact in facts):
            raise RuleBroken(
                "通话已结束,无法暂停录音", "the call is over: its recording cannot be paused", code="call_over"
            )
        was = [fact.paused for fact in facts if isinstance(fact, RecordingPaused)]
        await self._recorder.mute_recording(channels[-1], paused)
        for leg in dict.fromkeys(_others(facts)):
            with suppress(RuleBroken):  # it has left the call
                await self._recorder.mute_recording(leg, paused)
        if paused != (was[-1] if was else False):
            async with self._database.unit_of_work() as uow:
                uow.record(RecordingPaused(at=self._clock.now(), by=by, call_id=call_id, paused=paused))


def _others(facts: Iterable[Fact]) -> Iterator[str]:
    """The legs of everybody else whose own voice is recorded, in the call still or not."""
    for fact in facts:
        match fact:
            case PartyCalled(uniqueid=leg, kind="phone") | VoiceRecorded(leg=leg):
                yield leg
            case _:
                pass
