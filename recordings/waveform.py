"""The picture of a voice: how loud it was, in a fixed number of steps over its whole length.

Read in pieces, so that a day-long recording needs no more memory than a short one. Blocking: call it on a thread.
"""

import math
import wave
from pathlib import Path

import numpy as np

from recordings.tracks import SAMPLE_BYTES

LOUDEST = 100
"""A peak is 0 (silence) to this (full scale), on a square-root scale: quiet speech must be seen too."""
_PIECE = 1 << 20


def peaks_of(path: Path, buckets: int) -> list[int]:
    """The highest sample of each of ``buckets`` equal parts. Raises OSError, wave.Error."""
    with wave.open(str(path), "rb") as file:
        frames = file.getnframes()
        peaks = np.zeros(buckets, dtype=np.int32)
        at = 0
        while data := file.readframes(_PIECE):
            samples = np.abs(np.frombuffer(data, dtype="<i2").astype(np.int32))
            where = (np.arange(at, at + len(samples), dtype=np.int64) * buckets) // max(frames, 1)
            np.maximum.at(peaks, np.minimum(where, buckets - 1), samples)
            at += len(data) // SAMPLE_BYTES
    return [round(LOUDEST * math.sqrt(min(int(peak), 32767) / 32767)) for peak in peaks]
