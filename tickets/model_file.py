"""Learnt evidence in a file: zipped JSON, so that reading it runs nothing; replaced whole or not at all."""

import gzip
import json
import os
import zlib
from pathlib import Path

from tickets.evidence import Evidence

FORMAT = 1


def write_evidence(evidence: Evidence, path: Path, key: str = "") -> None:
    """Write ``path``, readable by its owner only. ``key`` says what it was learnt from. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    data = {"format": FORMAT, "key": key, "weights": evidence.weights}
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(gzip.compress(body.encode(), mtime=0))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_evidence(path: Path, key: str = "") -> Evidence:
    """What was written for ``key``. Raises FileNotFoundError, OSError, and ValueError for anything that is not that."""
    try:
        data = json.loads(gzip.decompress(path.read_bytes()))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']}")
        if data.get("key", "") != key:
            raise ValueError("learnt from something else")
        weights = {str(feature): _labels(labels) for feature, labels in data["weights"].items()}
    except (EOFError, zlib.error, KeyError, TypeError, AttributeError, RecursionError) as failure:
        raise ValueError(str(failure)) from failure
    return Evidence(weights)


def _labels(labels: dict[str, float]) -> dict[str, float]:
    if not all(isinstance(nats, float) for nats in labels.values()):
        raise ValueError("a weight is no number")
    return labels
