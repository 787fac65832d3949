"""Sealed files: whatever is done to one is noticed, and any part of one can be read."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.errors import ConfigurationError
from recordings.sealing import PIECE, CannotUnseal, Keyring

SECRET, OTHER = "a" * 32, "b" * 40
SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 777)


def sealed(folder: Path, size: int, secret: str = SECRET) -> tuple[Path, bytes]:
    """A sealed file and what is in it."""
    plain = (bytes(range(251)) * (size // 251 + 1))[:size]
    (folder / "mix.wav").write_bytes(plain)
    Keyring.of(secret, seals=True).seal(folder / "mix.wav", folder / "mix.wav.sealed")
    return folder / "mix.wav.sealed", plain


def whole(path: Path, keys: str = SECRET) -> bytes:
    opened = Keyring.of(keys, seals=False).open(path)
    return b"".join(opened.read(0, opened.length))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sealed_comes_out_again_and_nothing_shows(tmp_path: Path, size: int) -> None:
    path, plain = sealed(tmp_path, size)
    assert whole(path) == plain
    assert Keyring.of(SECRET, seals=False).open(path).length == size
    assert len(plain) < 16 or plain[:16] not in path.read_bytes()


@settings(max_examples=40)
@given(st.data())
def test_any_part_can_be_read(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path, plain = sealed(tmp_path_factory.mktemp("part"), 2 * PIECE + 99)
    start = data.draw(st.integers(0, len(plain)))
    end = data.draw(st.integers(start, len(plain)))
    assert b"".join(Keyring.of(SECRET, seals=False).open(path).read(start, end)) == plain[start:end]


@settings(max_examples=40)
@given(st.integers(0, 2 * PIECE + 200))
def test_one_changed_byte_is_noticed(tmp_path_factory: pytest.TempPathFactory, at: int) -> None:
    path, _ = sealed(tmp_path_factory.mktemp("changed"), 2 * PIECE + 99)
    body = bytearray(path.read_bytes())
    body[at % len(body)] ^= 1
    path.write_bytes(body)
    with pytest.raises(CannotUnseal):
        whole(path)


@pytest.mark.parametrize("left", [0, 47, 48, 60, 48 + PIECE + 16, 48 + PIECE + 20, -1, -16])
def test_a_cut_file_is_noticed(tmp_path: Path, left: int) -> None:
    path, _ = sealed(tmp_path, 2 * PIECE + 99)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(CannotUnseal):
        whole(path)


def test_swapped_pieces_and_pieces_of_another_file_are_noticed(tmp_path: Path) -> None:
    path, _ = sealed(tmp_path, 3 * PIECE)
    body, step = path.read_bytes(), PIECE + 16
    path.write_bytes(body[:48] + body[48 + step : 48 + 2 * step] + body[48 : 48 + step] + body[48 + 2 * step :])
    with pytest.raises(CannotUnseal):
        whole(path)
    again, _ = sealed(tmp_path, 3 * PIECE)  # the same sound under the same key, another salt
    mixed = again.read_bytes()
    again.write_bytes(mixed[:48] + body[48 : 48 + step] + mixed[48 + step :])
    with pytest.raises(CannotUnseal):
        whole(again)


def test_an_older_key_still_opens_and_a_foreign_one_does_not(tmp_path: Path) -> None:
    path, plain = sealed(tmp_path, 100)
    assert whole(path, f"{OTHER}, {SECRET}") == plain
    with pytest.raises(CannotUnseal, match="does not have"):
        whole(path, OTHER)


@pytest.mark.parametrize("secret", ["", "short", f"{SECRET},short"])
def test_a_weak_key_is_refused(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="32"):
        Keyring.of(secret, seals=True)
