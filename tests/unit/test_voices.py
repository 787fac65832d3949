"""A seat's own voice belongs to the call in which it was spoken."""

from dataclasses import replace

import pytest

from ivr.control.voices import is_of_another_call
from telephony.legs import Leg

SEAT = Leg("1.2", "PJSIP/1001-2", bridge_id="b", seat="1001", voice="voice_1")


@pytest.mark.parametrize(("leg", "recorded_in", "is_other"), [
    (SEAT, "call_1", True), (SEAT, "call_2", False), (SEAT, None, False), (replace(SEAT, voice=None), "call_1", False),
])  # fmt: skip
def test_a_recording_that_was_not_stopped_in_time_is_of_another_call(
    leg: Leg, recorded_in: str | None, is_other: bool
) -> None:
    """None: begun by an engine before us, so nobody knows; it goes on, as it did."""
    assert is_of_another_call(leg, "call_2", recorded_in) is is_other
