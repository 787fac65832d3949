"""Putting right what was misheard: both versions stay, the screens are told, the trail says who."""

from datetime import UTC, datetime

import pytest

from asr.transcript import TranscriptStore
from asr.utterances import SpokenWord, Utterance
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken
from hotline.facts.speech import UtteranceCorrected, UtteranceHeard
from hotline.ledger import read
from hotline.security.audit import Audit, Deed

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DEED = Deed(who="agent1001", what="utterance_corrected", whom="u", from_where="127.0.0.1")


@pytest.fixture
async def store(database: Database) -> TranscriptStore:
    store = TranscriptStore(database, FakeClock(NOON))
    words = (SpokenWord("三", 0.0, 0.2, 0.9), SpokenWord("号楼", 0.2, 0.3, 0.9), SpokenWord("停点", 1.0, 0.4, 0.5))
    said = Utterance(
        call_id="call_1",
        who="citizen",
        text="三号楼停点",
        started_at=NOON,
        seconds=1.4,
        confidence=0.8,
        words=words,
    )
    assert await store.add(said)
    return store


async def test_what_was_heard_stays_and_what_is_read_changes(store: TranscriptStore, database: Database) -> None:
    (said,) = await store.of_call("call_1")
    assert (said["text"], said["display"]) == ("三号楼停点", "3号楼，停点。")
    shown = await store.correct("call_1", said["id"], " 三号楼停电 ", "agent1001", DEED)
    assert shown["display"] == "三号楼停电"
    (after,) = await store.of_call("call_1")
    assert (after["text"], after["display"], after["corrected_by"]) == ("三号楼停点", "三号楼停电", "agent1001")
    facts = [entry.fact async for entry in read(database, call_id="call_1")]
    heard, corrected = facts
    assert isinstance(heard, UtteranceHeard)
    assert heard.display == "3号楼，停点。"
    assert isinstance(corrected, UtteranceCorrected)
    assert (corrected.before, corrected.text, corrected.by) == ("三号楼停点", "三号楼停电", "agent1001")
    assert [entry.deed.what for entry in await Audit(database, FakeClock(NOON)).latest()] == ["utterance_corrected"]


async def test_the_same_text_twice_is_one_correction(store: TranscriptStore, database: Database) -> None:
    (said,) = await store.of_call("call_1")
    for _ in range(2):
        await store.correct("call_1", said["id"], "三号楼停电", "agent1001", DEED)
    assert len([entry async for entry in read(database, kinds=[UtteranceCorrected])]) == 1


async def test_nothing_else_is_corrected(store: TranscriptStore) -> None:
    (said,) = await store.of_call("call_1")
    with pytest.raises(NotFound):
        await store.correct("call_2", said["id"], "别的", "agent1001", DEED)
    with pytest.raises(RuleBroken):
        await store.correct("call_1", said["id"], "  ", "agent1001", DEED)
