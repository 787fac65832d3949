"""Test tones, and one bin of a Fourier transform (what Goertzel's filter computes, here one dot product) to find them.

So a test can say who hears whom.
"""

import numpy as np

from telephony.phone.mulaw import Samples

RATE = 8000
LOUD = 400.0  # root mean square of a 16-bit sample above which a packet is a sound, not line noise


def make_tone(hz: float, seconds: float, level: float = 8000.0) -> Samples:
    """A sine of ``level`` (peak, 16-bit) at 8 kHz."""
    t = np.arange(int(RATE * seconds)) / RATE
    return np.round(level * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def loudness(samples: Samples) -> float:
    """Root mean square in 16-bit units; 0 for no samples."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def tone_share(samples: Samples, hz: float) -> float:
    """Share (0…1) of the energy that lies at ``hz``: about 1 for that sine alone, near 0 for others.

    With one packet of 20 ms a tone is told from others 100 Hz away.
    """
    n = len(samples)
    if n == 0:
        return 0.0
    window = np.hanning(n)
    x = samples.astype(np.float64) * window
    energy = float(np.sum(x * x))
    if energy == 0.0:
        return 0.0
    power = abs(np.dot(x, np.exp(-2j * np.pi * hz / RATE * np.arange(n)))) ** 2
    return min(1.0, 2.0 * float(power) * float(window @ window) / (energy * float(window.sum()) ** 2))
