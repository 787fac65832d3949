"""μ-law against the interpreter's own tables, keys against RFC 2833, tones against each other."""

import audioop

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.phone import mulaw
from telephony.phone.keys import KEYS, KeyEvent, key_press, unpack_key
from telephony.phone.tones import make_tone, tone_share

ALL_BYTES = bytes(range(256))


def test_decoding_is_g711() -> None:
    assert mulaw.decode(ALL_BYTES).astype("<i2").tobytes() == audioop.ulaw2lin(ALL_BYTES, 2)


def test_decoded_samples_encode_to_the_same_byte_but_for_the_second_zero() -> None:
    again = mulaw.encode(mulaw.decode(ALL_BYTES))
    assert [n for n in ALL_BYTES if again[n] != n] == [0x7F]  # minus zero


def test_encoding_is_g711_and_the_same_on_both_sides_of_zero() -> None:
    positive = np.arange(0, 32768).astype(np.int16)
    encoded = np.frombuffer(mulaw.encode(positive), np.uint8)
    assert encoded.tobytes() == audioop.lin2ulaw(positive.astype("<i2").tobytes(), 2)
    assert np.array_equal(np.frombuffer(mulaw.encode(-positive[1:]), np.uint8), encoded[1:] & 0x7F)
    assert mulaw.encode(np.array([-32768], np.int16)) == b"\0"


def test_silence_is_sample_zero() -> None:
    assert mulaw.encode(np.zeros(1, np.int16)) == bytes([mulaw.SILENCE])


@given(st.sampled_from(KEYS), st.booleans(), st.integers(0, 65535))
def test_a_key_survives_the_wire(key: str, end: bool, samples: int) -> None:
    event = KeyEvent(key, end, samples)
    assert unpack_key(event.pack()) == event


def test_a_press_is_bytes_of_rfc_2833() -> None:
    packets = [event.pack().hex() for event in key_press("5", packets=2)]
    assert packets == ["050a00a0", "050a0140", "058a0140", "058a0140", "058a0140"]
    assert key_press("#")[0].pack()[0] == 11


@pytest.mark.parametrize("payload", [b"", b"\x01\x02", b"\x10\x0a\x00\xa0"])
def test_what_is_no_key_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="not a telephone key"):
        unpack_key(payload)


@pytest.mark.parametrize("key", ["", "12", "x"])
def test_no_such_key_can_be_pressed(key: str) -> None:
    with pytest.raises(ValueError, match="not a telephone key"):
        key_press(key)


@given(st.integers(300, 3300), st.floats(500, 30000))
def test_one_packet_of_a_tone_is_known_among_others(hz: int, level: float) -> None:
    packet = mulaw.decode(mulaw.encode(make_tone(hz, 0.02, level)))
    assert tone_share(packet, hz) > 0.9
    assert tone_share(packet, hz + 120) < 0.3


def test_noise_and_silence_hold_no_tone() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 160).astype(np.int16)
    assert tone_share(noise, 700) < 0.5
    assert tone_share(np.zeros(160, np.int16), 700) == 0.0
    assert tone_share(np.zeros(0, np.int16), 700) == 0.0
