"""How a dialled number answers, on the real Asterisk, which says "failed, reason 0" whatever the far end said."""

import asyncio

import pytest

from hotline.ids import new_id
from telephony.port import Dial, Result
from telephony.verbs import outside_line
from tests.system.conftest import RunningAsterisk
from tests.system.test_control_verbs import talking

ANSWERS = {486: Result.BUSY, 480: Result.NO_ANSWER, 603: Result.REJECTED, 404: Result.REJECTED}


@pytest.mark.timeout(60)
async def test_busy_is_told_from_nobody_there_and_from_a_refusal(asterisk: RunningAsterisk) -> None:
    async with talking(asterisk) as talk:
        for status, result in ANSWERS.items():
            phone = talk.gateway.citizen("6001")
            join = {"HOTLINE_JOIN": "nobody"}
            dial = Dial(outside_line("trunk", "6001"), "party", "add", new_id("party"), "12345", 10.0, join)
            dialling = asyncio.create_task(talk.telephone.originate(dial))
            (await phone.next_call()).reject(status)
            assert (await dialling).result is result, status
