"""G.711 μ-law by tables, because pyVoIP squeezes telephone audio through 8 linear bits and ruins it.

Linear samples are signed 16-bit; one μ-law byte is one sample at 8 kHz. ``SILENCE`` is the byte of sample 0.
"""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

SILENCE = 0xFF
_BIAS = 0x84
_CLIP = 32635


def _decoding_table() -> Samples:
    """The 256 values of ITU-T G.711: inverted byte = sign, 3 bits of exponent, 4 of mantissa."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + _BIAS << ((code & 0x70) >> 4)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encoding_table() -> npt.NDArray[np.uint8]:
    """One byte for each of the 65536 samples, indexed by the sample's bits read as unsigned."""
    linear = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(linear), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(linear < 0, 0x80, 0)
    code = ~(sign | (exponent << 4) | mantissa) & 0xFF
    return np.asarray(code, np.uint8)


_DECODE = _decoding_table()
_ENCODE = _encoding_table()


def decode(payload: bytes) -> Samples:
    """μ-law bytes → as many signed 16-bit samples."""
    return np.take(_DECODE, np.frombuffer(payload, np.uint8))


def encode(samples: Samples) -> bytes:
    """Signed 16-bit samples → as many μ-law bytes. Louder than the clip level is clipped."""
    return _ENCODE[np.ascontiguousarray(samples, np.int16).view(np.uint16)].tobytes()
