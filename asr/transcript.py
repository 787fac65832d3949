"""What was said in a call: the utterances, kept in a table beside the ledger's facts.

An utterance's id follows from its call, speaker and start, so storing one twice changes nothing and whoever holds
the fact knows the id.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.exc import IntegrityError

from asr.tables import transcript_repairs, utterances
from hotline.clock import Clock
from hotline.database import Database
from hotline.facts.recordings import RecordingReady
from hotline.facts.speech import UtteranceHeard


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word of an utterance, in seconds after the utterance's start."""

    text: str
    start: float
    seconds: float
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One stretch of speech of one party."""

    call_id: str
    who: str
    """``citizen`` or ``agent``."""
    text: str
    started_at: datetime
    seconds: float
    confidence: float | None
    words: tuple[SpokenWord, ...] = ()
    repaired: bool = False
    """Missed live, transcribed from the recording after the call."""
    corrected: str | None = None
    """The text as a person put it right; ``text`` stays what was heard."""
    corrected_by: str | None = None

    @property
    def id(self) -> str:
        """Follows from the call, the speaker and the start."""
        return utterance_id(self.call_id, self.who, self.started_at)


def utterance_id(call_id: str, who: str, started_at: datetime) -> str:
    """The id of what ``who`` began to say at ``started_at``, to the millisecond."""
    return f"{call_id}-{who}-{round(started_at.timestamp() * 1000)}"


class TranscriptStore:
    """Reads and writes utterances."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, utterance: Utterance) -> bool:
        """Store it and record the fact; False when it is there already. Raises Unavailable."""
        try:
            async with self._database.unit_of_work() as uow:
                await uow.execute(insert(utterances).values(_row_of(utterance)))
                uow.record(self._fact_of(utterance))
        except IntegrityError:
            return False
        return True

    async def transcript(self, call_id: str) -> list[Utterance]:
        """Everything said in a call, by the time it began."""
        query = (
            select(utterances)
            .where(utterances.c.call_id == call_id)
            .order_by(utterances.c.started_at, utterances.c.who.desc())
        )
        async with self._database.reading() as connection:
            return [_utterance_of(row) for row in (await connection.execute(query)).mappings()]

    async def is_repaired(self, recording_id: str) -> bool:
        """Whether this recording has had its second pass."""
        query = select(transcript_repairs.c.recording_id).where(transcript_repairs.c.recording_id == recording_id)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).first() is not None

    async def note_repair(self, ready: RecordingReady, utterances_added: int, missing_seconds: float) -> None:
        """The recording has had its second pass; a later one replaces the note."""
        row = {"recording_id": ready.recording_id, "call_id": ready.call_id, "done_at": self._clock.now()}
        row |= {"utterances": utterances_added, "seconds": missing_seconds}
        async with self._database.unit_of_work() as uow:
            await uow.execute(delete(transcript_repairs).where(transcript_repairs.c.recording_id == ready.recording_id))
            await uow.execute(insert(transcript_repairs).values(row))

    async def of_call(self, call_id: str) -> Sequence[dict[str, Any]]:
        """The transcript in the shape of the API."""
        return [
            {
                "id": said.id,
                "call_id": said.call_id,
                "who": said.who,
                "text": said.text,
                "started_at": said.started_at.isoformat(),
                "seconds": said.seconds,
                "confidence": said.confidence,
                "repaired": said.repaired,
            }
            for said in await self.transcript(call_id)
        ]

    def _fact_of(self, utterance: Utterance) -> UtteranceHeard:
        return UtteranceHeard(
            at=self._clock.now(),
            call_id=utterance.call_id,
            who=utterance.who,
            text=utterance.text,
            started_at=utterance.started_at,
            seconds=utterance.seconds,
            confidence=utterance.confidence,
            repaired=utterance.repaired,
        )


def _row_of(utterance: Utterance) -> dict[str, Any]:
    words = [[word.text, word.start, word.seconds, word.confidence] for word in utterance.words]
    return {
        "id": utterance.id,
        "call_id": utterance.call_id,
        "who": utterance.who,
        "text": utterance.text,
        "started_at": utterance.started_at,
        "seconds": utterance.seconds,
        "confidence": utterance.confidence,
        "words": json.dumps(words, ensure_ascii=False),
        "repaired": utterance.repaired,
    }


def _utterance_of(row: RowMapping) -> Utterance:
    return Utterance(
        call_id=row["call_id"],
        who=row["who"],
        text=row["text"],
        started_at=row["started_at"],
        seconds=row["seconds"],
        confidence=row["confidence"],
        words=tuple(SpokenWord(*word) for word in json.loads(row["words"])),
        repaired=bool(row["repaired"]),
        corrected=row["corrected"],
        corrected_by=row["corrected_by"],
    )
