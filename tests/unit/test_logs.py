"""Personal data does not reach the log."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hotline.logs import configure_logging, mask_phone


@pytest.fixture(autouse=True)
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def logged(**values: object) -> dict[str, str]:
    out = io.StringIO()
    configure_logging(json=True, stream=out)
    structlog.get_logger("test").info("it happened", **values)
    line: dict[str, str] = json.loads(out.getvalue())
    return line


def test_a_number_is_masked_by_its_key_and_wherever_it_looks_like_one() -> None:
    line = logged(caller="13800000001", note="please phone 13912345678 back", count=3)
    assert line["caller"] == "138****0001"
    assert line["note"] == "please phone 139****5678 back"
    assert str(line["count"]) == "3"


def test_words_and_secrets_are_not_logged() -> None:
    line = logged(text="我家的路灯坏了", password="open sesame")
    assert "路灯" not in json.dumps(line, ensure_ascii=False)
    assert "sesame" not in json.dumps(line)


def test_the_standard_librarys_logs_are_masked_too() -> None:
    out = io.StringIO()
    configure_logging(json=True, stream=out)
    logging.getLogger("somewhere").warning("call from 13800000001")
    assert "13800000001" not in out.getvalue()


@given(st.from_regex(r"[0-9+*#]{0,40}", fullmatch=True))
def test_a_masked_number_never_shows_the_middle(phone: str) -> None:
    masked = mask_phone(phone)
    assert len([c for c in masked if c != "*"]) <= 7
    assert phone == "" or "*" in masked
