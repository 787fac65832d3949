"""8 kHz voice for models of 16 kHz: the same sound, no seam, no images."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asr.resampling import Doubler


def tone(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return 8000 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def test_a_tone_stays_the_same_tone() -> None:
    for hertz in (200, 1000, 3000):
        wide = np.frombuffer(Doubler().double(tone(hertz, 8000).astype("<i2").tobytes()), "<i2").astype(float)
        assert len(wide) == 8000
        spectrum = np.abs(np.fft.rfft(wide[100:-100] * np.hanning(len(wide) - 200)))
        at = np.fft.rfftfreq(len(wide) - 200, 1 / 16000)
        near = np.abs(at - hertz) < 30
        assert abs(at[int(np.argmax(spectrum))] - hertz) < 5
        assert spectrum[at > 4300].max() < spectrum[near].max() / 500, "an image above the telephone's band"
        assert 7500 < np.abs(wide[200:-200]).max() < 8500


@given(st.lists(st.integers(-32768, 32767), max_size=300), st.lists(st.integers(1, 80), max_size=20))
def test_chunks_join_without_a_seam(samples: list[int], cuts: list[int]) -> None:
    voice = np.array(samples, dtype="<i2").tobytes()
    whole, cut, out, at = Doubler().double(voice), Doubler(), b"", 0
    for size in cuts:
        out += cut.double(voice[at : at + 2 * size])
        at += 2 * size
    out += cut.double(voice[at:])
    assert len(out) == 2 * len(voice)
    assert np.abs(np.frombuffer(out, "<i2").astype(int) - np.frombuffer(whole, "<i2").astype(int)).max(initial=0) <= 1
