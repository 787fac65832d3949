"""What is learnt from the shipped texts, kept in ``var/`` so that a start does not learn it again.

The file is believed only under a hash of all that it was learnt from: texts, the code that counts, the dictionary of
sounds. Missing, broken, of other texts: it is learnt anew and written again; a disk that refuses costs only time.
"""

import hashlib
import importlib.metadata
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path

import structlog

from tickets import evidence, sounds
from tickets.classifier import shipped_evidence, shipped_samples
from tickets.evidence import Evidence
from tickets.model_file import read_evidence, write_evidence

_log = structlog.get_logger()

SHIPPED_FILE = "draft-shipped.json.gz"


@cache
def kept_evidence(folder: Path) -> Evidence:
    """What the shipped texts teach: from memory, from ``folder``, or learnt now."""
    learnt_already = shipped_evidence.cache_info().currsize > 0
    return shipped_evidence() if learnt_already else read_or_learn(folder / SHIPPED_FILE, origin(), shipped_evidence)


def read_or_learn(path: Path, key: str, learn: Callable[[], Evidence]) -> Evidence:
    """What ``path`` keeps for ``key``; else what ``learn`` gives, kept there from now on."""
    try:
        return read_evidence(path, key)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as failure:
        _log.info("the shipped draft model is learnt anew", file=str(path), reason=str(failure))
    learnt = learn()
    try:
        write_evidence(learnt, path, key)
    except OSError as failure:
        _log.warning("the shipped draft model could not be kept", file=str(path), reason=str(failure))
    return learnt


def origin() -> str:
    """The hash of everything that the shipped model depends on."""
    inputs = hashlib.sha256(repr(shipped_samples()).encode())
    for module in (evidence, sounds):
        inputs.update(inspect.getsource(module).encode())
    inputs.update(importlib.metadata.version("pypinyin").encode())
    return inputs.hexdigest()
