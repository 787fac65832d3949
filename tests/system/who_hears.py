"""Who hears whom, measured: every party speaks a tone of its own; a third of a second is split."""

import asyncio
from collections.abc import Sequence

import numpy as np

from telephony.phone import PhoneCall
from telephony.phone.mulaw import Samples
from telephony.phone.tones import RATE

_WINDOW = 16
"""Packets of 20 ms: long enough that music on hold is not taken for a tone."""
_PRESENT, _ABSENT = 2500.0, 1200.0
"""Peaks in 16-bit units; tones are spoken with 8000, and softmix may turn each down a little."""


def peak(samples: Samples, hertz: float) -> float:
    """How strong the sine of this pitch is: its peak, 16-bit units."""
    window = np.hanning(len(samples))
    turn = np.exp(-2j * np.pi * hertz / RATE * np.arange(len(samples)))
    return float(2 * abs(np.dot(samples.astype(np.float64) * window, turn)) / window.sum())


async def hears(call: PhoneCall, *pitches: float, but: Sequence[float] = (), timeout: float = 6.0) -> None:
    """Until all of these tones are heard at once and none of ``but``. Raises AssertionError with what was heard."""
    loop = asyncio.get_running_loop()
    since, found = loop.time(), {}
    while loop.time() < since + timeout:
        packets = call.heard.packets(since)[-_WINDOW:]
        if len(packets) == _WINDOW:
            sound = np.concatenate([packet.samples for packet in packets])
            found = {pitch: round(peak(sound, pitch)) for pitch in (*pitches, *but)}
            if all(found[p] > _PRESENT for p in pitches) and all(found[p] < _ABSENT for p in but):
                return
        elif not pitches and loop.time() > since + 1.0:
            return  # nothing at all is heard: a leg that stands alone gets no packets
        await asyncio.sleep(0.04)
    raise AssertionError(f"{call.number} should hear {pitches} and none of {tuple(but)}; peaks were {found}")
