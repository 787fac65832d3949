"""While a card number is said: Asterisk writes silence, the transcript hears nothing, the ledger says so."""

from datetime import UTC, datetime

import pytest

from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import RuleBroken
from hotline.facts.calls import CallArrived, CallEnded
from hotline.facts.recordings import RecordingPaused
from hotline.ledger import read
from recordings.pausing import Pausing

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class Recorder:
    """Remembers which legs are muted."""

    def __init__(self) -> None:
        self.muted: dict[str, bool] = {}

    async def mute_recording(self, channel: str, muted: bool) -> None:
        self.muted[channel] = muted


async def arrive(database: Database) -> None:
    async with database.unit_of_work() as uow:
        uow.record(
            CallArrived(
                at=NOON, call_id="call_1", caller="1", dialled="12345", line="12345", channel="PJSIP/1", uniqueid="c1"
            )
        )


async def test_paused_and_gone_on_each_once(database: Database) -> None:
    await arrive(database)
    recorder = Recorder()
    pausing = Pausing(database, FakeClock(NOON), recorder)
    for paused in (True, True, False, False):
        await pausing.pause("call_1", paused, "agent1001")
        assert recorder.muted == {"PJSIP/1": paused}
    facts = [entry.fact async for entry in read(database, kinds=[RecordingPaused])]
    assert [(fact.paused, fact.by) for fact in facts if isinstance(fact, RecordingPaused)] == [
        (True, "agent1001"),
        (False, "agent1001"),
    ]


async def test_a_call_that_is_over_is_refused(database: Database) -> None:
    pausing = Pausing(database, FakeClock(NOON), Recorder())
    with pytest.raises(RuleBroken):
        await pausing.pause("call_1", True, "agent1001")
    await arrive(database)
    async with database.unit_of_work() as uow:
        uow.record(CallEnded(at=NOON, call_id="call_1", reason="citizen_hung_up", waited_seconds=1, talked_seconds=1))
    with pytest.raises(RuleBroken):
        await pausing.pause("call_1", True, "agent1001")
