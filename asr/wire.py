"""What an engine and a recognition host say to each other: who may talk, and results as JSON. Pure.

Both prove that they know the site's secret by a keyed hash over both sides' fresh numbers; the secret itself never goes
over the wire, and what was overheard once opens nothing again. The voice itself is encrypted below this
(``encryption.py``).
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from asr.recogniser import Heard, Word
from hotline.errors import RuleBroken

VERSION = 1
ENGINE, HOST = "engine", "host"
WATCH, VOICE, LATER = "watch", "voice", "later"
"""What an engine opens a connection for; ``LATER``: a voice whose work waits behind that of all others."""
SETTLE = "settle"
"""The one text message of a voice after the greeting; everything else that it sends is sound."""
LONGEST_SOUND = 1 << 20
"""Bytes in one message at most: a minute of voice."""
LEAST_SECRET = 16
_NONCE = 32


class Stranger(RuleBroken):
    """The other side does not know the secret, or does not speak as we do."""

    code = "asr_stranger"


def fresh_number() -> str:
    """A number used once."""
    return secrets.token_hex(_NONCE // 2)


def proof(secret: str, side: str, engines: str, hosts: str) -> str:
    """What ``side`` shows: that it knows the secret, for these two numbers only."""
    words = f"hotline asr {VERSION} {side} {engines} {hosts}"
    return hmac.new(secret.encode(), words.encode(), hashlib.sha256).hexdigest()


def check_proof(shown: Any, secret: str, side: str, engines: str, hosts: str) -> None:
    """Raise Stranger unless ``shown`` is what ``side`` must show."""
    wanted = proof(secret, side, engines, hosts)
    if not isinstance(shown, str) or not hmac.compare_digest(shown.encode(), wanted.encode()):
        raise Stranger("识别主机口令不符", f"the {side} does not know the secret (HOTLINE_ASR_SECRET)")


def read_message(text: str | bytes) -> Mapping[str, Any]:
    """A JSON object. Raises Stranger."""
    try:
        data = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Stranger("识别主机应答无法读取", "not a message of ours")
    return data


def number_in(data: Mapping[str, Any]) -> str:
    """The fresh number of a greeting. Raises Stranger when it is none, or of another version."""
    number = data.get("nonce")
    if data.get("version") != VERSION or not isinstance(number, str) or len(number) != _NONCE:
        raise Stranger("识别主机版本不符", f"the other side does not speak version {VERSION}")
    return number


def write_heard(heard: Sequence[Heard]) -> str:
    """Results as one message."""
    rows = [
        {"text": one.text, "settled": one.settled, "words": [[w.text, w.start, w.end, w.confidence] for w in one.words]}
        for one in heard
    ]
    return json.dumps({"heard": rows}, ensure_ascii=False)


def read_heard(text: str | bytes) -> list[Heard]:
    """Results out of a message. Raises Stranger."""
    data = read_message(text)
    try:
        return [
            Heard(
                str(row["text"]),
                tuple(Word(str(word), float(start), float(end), sure) for word, start, end, sure in row["words"]),
                bool(row["settled"]),
            )
            for row in data["heard"]
        ]
    except (KeyError, TypeError, ValueError) as failure:
        raise Stranger("识别主机应答无法读取", f"not results of ours: {data.get('error', failure)}") from failure
