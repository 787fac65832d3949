"""The legs that are transcribed now: let in, muted, settled when they end. One leg's fault ends no other."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from asr.admission import Stream, admit
from asr.audiosocket import AudioSocketServer
from asr.figures import Figures, add_leg
from asr.leg import Leg, Report
from asr.recogniser import Recogniser
from asr.spying import SpiedLeg, Spying
from hotline.clock import Clock
from hotline.settings import Asr

_log = structlog.get_logger()

_DRAIN_SECONDS = 60.0
"""How long the last words of a call may take when the machine is behind."""


class LiveLegs:
    """Who is listened to now. ``changed`` is called when that, or who was left out, changes."""

    def __init__(
        self,
        *,
        spying: Spying,
        door: AudioSocketServer,
        settings: Asr,
        clock: Clock,
        back_off: Sequence[float],
        report: Report,
        changed: Callable[[], None],
    ) -> None:
        self._spying, self._door, self._back_off = spying, door, back_off
        self._settings, self._clock = settings, clock
        self._report, self._changed = report, changed
        self._live: dict[Stream, SpiedLeg] = {}
        self._tasks: dict[asyncio.Task[None], Stream] = {}
        self._muted: frozenset[str] = frozenset()
        self._past = Figures()

    def follow(self, stream: Stream, uniqueid: str, recogniser: Recogniser, limit: int) -> None:
        """Listen to this leg if there is room for it; another leg of the same party gives way to it."""
        known = self._live.get(stream)
        if known is not None and known.uniqueid == uniqueid and not known.ending:
            return
        if known is not None:
            known.end()
        live = [other for other, leg in self._live.items() if not leg.ending]
        admission = admit(stream, live, limit)
        if admission.instead_of is not None:
            self._live[admission.instead_of].end()
        if not admission.admitted or admission.instead_of is not None:
            self._past = replace(self._past, skipped=self._past.skipped + 1)
            _log.warning("too many live streams", call_id=stream.call_id, who=stream.who, limit=limit)
        if admission.admitted:
            self._start(stream, uniqueid, recogniser)
        self._changed()

    async def last_words(self, stream: Stream, seconds: float) -> None:
        """Settle what this party said up to now; return when it is stored, or after ``seconds``."""
        if (leg := self._live.get(stream)) is None:
            return
        leg.end()
        if waited := [task for task, of_stream in self._tasks.items() if of_stream == stream]:
            await asyncio.wait(waited, timeout=seconds)

    def mute(self, call_id: str, muted: bool) -> None:
        """Hear nothing of this call, or hear it again."""
        self._muted = (self._muted | {call_id}) if muted else (self._muted - {call_id})
        for stream, spied in self._live.items():
            if stream.call_id == call_id:
                spied.leg.muted = muted

    def end(self, call_id: str) -> None:
        """The call is over: settle what was said last, stop its spies."""
        self._muted -= {call_id}
        for stream, leg in self._live.items():
            if stream.call_id == call_id:
                leg.end()

    async def stop(self, seconds: float) -> None:
        """Settle and store what was said up to now, in at most ``seconds``."""
        for leg in self._live.values():
            leg.end()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def idle(self) -> None:
        """Return once no leg is followed and all last words are stored."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def settled(self, call_id: str) -> None:
        """Return once the last words of this call's legs are stored."""
        while tasks := [task for task, stream in self._tasks.items() if stream.call_id == call_id]:
            await asyncio.wait(tasks)

    def count_unsaved(self) -> None:
        """The database did not take an utterance."""
        self._past = replace(self._past, unsaved=self._past.unsaved + 1)

    @property
    def figures(self) -> Figures:
        """Counters, live legs included."""
        total = replace(self._past, live=len(self._live))
        for leg in self._live.values():
            total = add_leg(total, leg)
        return total

    def _start(self, stream: Stream, uniqueid: str, recogniser: Recogniser) -> None:
        leg = Leg(
            stream.call_id, stream.who, recogniser=recogniser, settings=self._settings, clock=self._clock,
            report=self._report,
        )  # fmt: skip
        leg.muted = stream.call_id in self._muted
        spied = SpiedLeg(
            leg, uniqueid, spying=self._spying, door=self._door, clock=self._clock, back_off=self._back_off
        )
        self._live.pop(stream, None)
        self._live[stream] = spied
        task = asyncio.create_task(self._listen(stream, spied), name=f"asr {stream.who} {stream.call_id}")
        self._tasks[task] = stream
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _listen(self, stream: Stream, spied: SpiedLeg) -> None:
        recognition = asyncio.create_task(spied.leg.run())
        try:
            await spied.run()
            spied.leg.finish()
            async with asyncio.timeout(_DRAIN_SECONDS):
                await recognition
        except TimeoutError:
            _log.warning("last words not settled in time", call_id=stream.call_id, who=stream.who)
        except Exception:  # the edge of this leg's loop: no fault here may reach another leg
            _log.exception("a leg's transcription broke", call_id=stream.call_id, who=stream.who)
        finally:
            recognition.cancel()
            self._past = add_leg(self._past, spied)
            if self._live.get(stream) is spied:
                del self._live[stream]
            self._changed()
