"""Logging: structlog, JSON lines or a readable console, personal data masked by the name of the key.

The rule that keeps citizens' data out of logs: a number goes under ``phone``, ``caller``, ``callee`` or ``number``,
words under ``text``; the processor masks these, and whatever looks like a Chinese mobile number anywhere else.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_PHONE_KEYS = frozenset({"phone", "caller", "callee", "contact"})
_TEXT_KEYS = frozenset({"text", "words", "said", "description"})
_SECRET_KEYS = frozenset({"password", "secret", "token", "cookie"})
_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


def mask_phone(phone: str) -> str:
    """``13800000001`` → ``138****0001``; short ones keep their last two digits."""
    if len(phone) >= 8:
        return f"{phone[:3]}****{phone[-4:]}"
    return "*" * max(len(phone) - 2, 0) + phone[-2:] if len(phone) > 2 else "*" * len(phone)


def mask_text(text: str) -> str:
    """Words become their count."""
    return f"<{len(text)} characters>"


def mask_event(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that masks numbers, words and secrets."""
    for key, value in event.items():
        if key in _SECRET_KEYS:
            event[key] = "***"
        elif not isinstance(value, str):
            continue
        elif key in _PHONE_KEYS:
            event[key] = mask_phone(value)
        elif key in _TEXT_KEYS:
            event[key] = mask_text(value)
        else:
            event[key] = _MOBILE.sub(r"\1****\2", value)
    return event


def configure_logging(*, json: bool | None = None, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Set structlog and the standard library's logging up. ``json`` None means: JSON unless a terminal looks on."""
    out = stream or sys.stderr
    as_json = not out.isatty() if json is None else json
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask_event,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        # One name for all: nobody reads it, and finding the module's searches the stack for each line.
        logger_factory=lambda *_: logging.getLogger("hotline"),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in (
        "uvicorn.access",
        "httpx",
        "asyncio",
        "sqlalchemy.engine",
        "pydub.converter",
        "aiosqlite",
        "alembic",
        "uvicorn.error",
        "panoramisk.manager",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)
