"""The shipped model is learnt once and kept; whatever is wrong with the file, it is learnt again."""

import gzip
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tickets.evidence import Evidence
from tickets.model_file import write_evidence
from tickets.shipped_model import origin, read_or_learn

LEARNT = Evidence({"路灯": {"市政公用/路灯井盖": 7.25}, "~lu den": {"市政公用/路灯井盖": 1.5}})
OTHER = Evidence({"狗": {"公安司法/养犬": 3.0}})


class Lessons:
    """Counts how often something was learnt."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self) -> Evidence:
        self.given += 1
        return LEARNT


def test_it_is_learnt_once(tmp_path: Path) -> None:
    lessons, path = Lessons(), tmp_path / "var" / "model.gz"
    assert [read_or_learn(path, "key", lessons) for _ in range(3)] == [LEARNT] * 3
    assert lessons.given == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def half(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def flipped(whole: bytes) -> bytes:
    return whole[:20] + bytes([whole[20] ^ 0xFF]) + whole[21:]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: b"",
        half,
        flipped,
        lambda whole: gzip.compress(b"[]"),
        lambda whole: gzip.compress(b'{"format": 1, "key": "key", "weights": {"a": {"b": "c"}}}'),
        lambda whole: gzip.compress(b"[" * 100_000),
    ],
    ids=["empty", "half", "a bit flipped", "a list", "no number", "deep"],
)
def test_a_broken_file_is_learnt_again_and_mended(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    lessons, path = Lessons(), tmp_path / "model.gz"
    read_or_learn(path, "key", lessons)
    path.write_bytes(spoil(path.read_bytes()))
    assert read_or_learn(path, "key", lessons) == LEARNT
    assert read_or_learn(path, "key", lessons) == LEARNT
    assert lessons.given == 2


def test_what_was_learnt_from_other_texts_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "model.gz"
    write_evidence(OTHER, path, "of older texts")
    assert read_or_learn(path, "of these texts", Lessons()) == LEARNT


def test_a_folder_that_refuses_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    lessons = Lessons()
    assert read_or_learn(tmp_path / "var" / "model.gz", "key", lessons) == LEARNT
    assert lessons.given == 1


def test_the_origin_is_the_same_in_every_process() -> None:
    assert origin() == origin()
    assert len(origin()) == 64
