"""Telephone voice for models of 16 kHz: twice as many samples, nothing added above 4 kHz. Pure but for its memory.

A windowed sinc of 63 taps: what lies between two samples is what the band up to 4 kHz allows, images are 60 dB down,
and the sound comes 2 ms late. Chunks join without a seam, so that a stream may be fed as it comes.
"""

import numpy as np
import numpy.typing as npt

_HALF = 31


def _taps() -> npt.NDArray[np.float32]:
    at = np.arange(-_HALF, _HALF + 1)
    return (np.sinc(at / 2) * np.kaiser(2 * _HALF + 1, 6.0)).astype(np.float32)


_TAPS = _taps()


class Doubler:
    """One stream from 8 to 16 kHz, 16-bit."""

    def __init__(self) -> None:
        self._before = np.zeros(_HALF, dtype=np.float32)
        """The last samples of the chunk before, which the filter still needs."""

    def double(self, audio: bytes) -> bytes:
        """As many seconds of voice, at 16 kHz. A last half sample is left out."""
        fresh = np.frombuffer(audio[: len(audio) // 2 * 2], dtype="<i2").astype(np.float32)
        if not len(fresh):
            return b""
        known = np.concatenate((self._before, fresh))
        self._before = known[-_HALF:]
        spread = np.zeros(2 * len(known), dtype=np.float32)
        spread[::2] = known
        smooth = np.convolve(spread, _TAPS, mode="valid")[-2 * len(fresh) :]
        return bytes(np.clip(np.rint(smooth), -32768, 32767).astype("<i2").tobytes())
