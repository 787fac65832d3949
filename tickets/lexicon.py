"""The shipped lists of words, read once."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def shipped(name: str) -> Any:
    """A YAML file of ``tickets/data``."""
    raw = files("tickets").joinpath(f"data/{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def word_list(name: str) -> tuple[str, ...]:
    """One list of ``lexicon.yaml``."""
    return tuple(shipped("lexicon")[name].split())
