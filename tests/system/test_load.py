"""Many at once, dialled by SIPp: no call is lost, doubled, stuck, or given to two, and every channel goes."""

from pathlib import Path

import pytest

from bench.acd_load import Load, ours_under
from bench.sipp_load import Report
from bench.stage import open_stage


async def carried(folder: Path, load: Load) -> None:
    """Raises Unavailable for a channel that stays, TimeoutError for a recording that never comes."""
    calls = round(load.calls_per_second * load.seconds)
    async with open_stage("load", below=folder, seats=load.seats, recognition=False, answer="auto") as stage:
        outcome, verdict = await ours_under(stage, load, print)
    assert outcome.report == Report(made=calls, succeeded=calls, failed=0)
    assert verdict.clean, verdict
    assert verdict.arrived == verdict.connected + verdict.gave_up == calls
    assert verdict.gave_up < calls / 10, "some patience is over only where the machine is far too slow"


@pytest.mark.timeout(180)
async def test_a_rush(tmp_path: Path) -> None:
    await carried(tmp_path, Load(calls_per_second=4, seconds=8, seats=10))


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_twenty_calls_a_second_into_forty_seats_for_three_minutes(tmp_path: Path) -> None:
    await carried(tmp_path, Load())
