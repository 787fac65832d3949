"""What a waiting citizen hears."""

from datetime import UTC, datetime, timedelta

from ivr.people import Call
from ivr.views import CallState
from ivr.waiting_room import WaitLimit, wait_for_agent
from telephony.fake import FakeCaller
from telephony.port import CallerSession

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def waiting() -> tuple[FakeCaller, Call]:
    call = Call("c1", "138", "12345", "12345", "a", "PJSIP/t-1", "u1", NOON, queued_at=NOON)
    return FakeCaller("PJSIP/t-1", "u1"), call


async def test_place_and_expected_wait_are_said() -> None:
    caller, call = waiting()

    async def take(session: CallerSession, taken: Call) -> bool:
        return True

    limit = WaitLimit(0, take)
    await wait_for_agent(caller, call, lambda: 3, 30, lambda: 130.0, limit, lambda: NOON)
    said = [name.removeprefix("hotline/") for name in caller.heard]
    assert said == ["position-is", "d3", "position-place", "expected-wait", "d3", "minutes"]


async def test_the_limit_is_offered_once_and_only_to_who_waits() -> None:
    caller, call = waiting()
    offered: list[str] = []

    async def refuse(session: CallerSession, asked: Call) -> bool:
        offered.append(asked.call_id)
        return False

    def place() -> int:
        if len(caller.heard) > 3:
            call.state = CallState.TALKING
        return 1

    await wait_for_agent(
        caller, call, place, 0.001, limit=WaitLimit(60, refuse), now=lambda: NOON + timedelta(seconds=61)
    )
    assert offered == ["c1"]
    assert "hotline/expected-wait" not in caller.heard
