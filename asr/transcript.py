"""What was said in a call: the utterances, kept in a table beside the ledger's facts.

An utterance's id follows from its call, speaker and start, so storing one twice changes nothing and whoever holds
the fact knows the id.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from asr.reread import Second
from asr.tables import transcript_repairs, transcript_rereads, utterances
from asr.utterances import SpokenWord, Utterance
from asr.writing import AS_IT_COMES, Writing
from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken
from hotline.facts.recordings import RecordingReady
from hotline.facts.speech import UtteranceCorrected, UtteranceHeard, UtteranceReread
from hotline.security.audit import Deed, append_deed


class TranscriptStore:
    """Reads and writes utterances."""

    def __init__(self, database: Database, clock: Clock, writing: Writing = AS_IT_COMES) -> None:
        self._database = database
        self._clock = clock
        self._writing = writing

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

    async def is_reread(self, recording_id: str) -> bool:
        """Whether the bigger model has read this recording."""
        query = select(transcript_rereads.c.recording_id).where(transcript_rereads.c.recording_id == recording_id)
        async with self._database.reading() as connection:
            return (await connection.execute(query)).first() is not None

    async def note_reread(self, ready: RecordingReady, model: str, changed: int) -> None:
        """The bigger model has read the recording; a later time replaces the note."""
        row = {"recording_id": ready.recording_id, "call_id": ready.call_id, "done_at": self._clock.now()}
        async with self._database.unit_of_work() as uow:
            await uow.execute(delete(transcript_rereads).where(transcript_rereads.c.recording_id == ready.recording_id))
            await uow.execute(insert(transcript_rereads).values(row | {"model": model, "changed": changed}))

    async def take_second(self, first: Utterance, second: Second) -> bool:
        """Put a second text beside the first; False when a person put it right meanwhile, or it is there already."""
        words = [
            [word.text, word.start, word.seconds, word.confidence, at in second.changed]
            for at, word in enumerate(second.words)
        ]
        change = (
            update(utterances)
            .where(utterances.c.id == first.id, utterances.c.corrected.is_(None))
            .where(utterances.c.second_text.is_distinct_from(second.text))
            .values(second_text=second.text, second_words=json.dumps(words, ensure_ascii=False))
        )
        async with self._database.unit_of_work() as uow:
            if not (await uow.execute(change)).rowcount:
                return False
            before, now = first.second_text or first.text, self._clock.now()
            uow.record(
                UtteranceReread(at=now, call_id=first.call_id, utterance_id=first.id, before=before, text=second.text)
            )
        return True

    async def of_call(self, call_id: str) -> Sequence[dict[str, Any]]:
        """The transcript in the shape of the API."""
        return [self.shape(said) for said in await self.transcript(call_id)]

    async def correct(self, call_id: str, utterance_id: str, text: str, by: str, deed: Deed) -> dict[str, Any]:
        """Put a text right; what was heard is kept beside it. Raises NotFound, RuleBroken for an empty text."""
        text = " ".join(text.split())
        if not text:
            raise RuleBroken("更正后的文字不能为空", "a corrected text cannot be empty", code="empty_text")
        async with self._database.unit_of_work() as uow:
            where = (utterances.c.id == utterance_id, utterances.c.call_id == call_id)
            row = (await uow.execute(select(utterances).where(*where))).mappings().one_or_none()
            if row is None:
                raise NotFound("没有这句话", "there is no such utterance")
            before, now = row["corrected"] or row["second_text"] or row["text"], self._clock.now()
            if text != before:
                change = update(utterances).where(*where)
                await uow.execute(change.values(corrected=text, corrected_by=by, corrected_at=now))
                uow.record(
                    UtteranceCorrected(
                        at=now, by=by, call_id=call_id, utterance_id=utterance_id, before=before, text=text
                    )
                )
                await append_deed(uow, deed, now)
        return self.shape(replace(_utterance_of(row), corrected=text, corrected_by=by))

    async def one(self, utterance_id: str) -> dict[str, Any] | None:
        """One utterance in the shape of the API."""
        async with self._database.reading() as connection:
            query = select(utterances).where(utterances.c.id == utterance_id)
            row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else self.shape(_utterance_of(row))

    def shape(self, said: Utterance) -> dict[str, Any]:
        """An utterance in the shape of the API: ``text`` as heard, ``display`` as it is read."""
        words = said.second_words or said.words
        return {
            "id": said.id,
            "call_id": said.call_id,
            "who": said.who,
            "text": said.text,
            "display": said.corrected or self._writing.show(said.second_text or said.text, words),
            "started_at": said.started_at.isoformat(),
            "seconds": said.seconds,
            "confidence": said.confidence,
            "repaired": said.repaired,
            "corrected_by": said.corrected_by,
            "words": [[word.text, word.start, word.seconds] for word in words],
            "reread": [said.second_words[at].text for at in said.changed],
        }

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
            display=self._writing.show(utterance.text, utterance.words),
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
    second = json.loads(row["second_words"] or "[]")
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
        second_text=row["second_text"],
        second_words=tuple(SpokenWord(*word[:4]) for word in second),
        changed=tuple(at for at, word in enumerate(second) if word[4]),
    )
