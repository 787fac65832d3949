"""The chain of recordings in the ledger: each fact names the link of the one before it. Pure.

A link is the hash over a fact's own hash, name and predecessor, so that taking one out, altering one or slipping one
in breaks the chain at the next: whoever edits the database cannot hide it without writing all later facts anew.
"""

import hashlib
import itertools
from collections.abc import Sequence

from hotline.facts.recordings import RecordingReady


def link_of(fact: RecordingReady) -> str:
    """What the next fact names as its ``previous``."""
    text = "\n".join((fact.previous, fact.recording_id, fact.call_id, fact.sha256))
    return hashlib.sha256(text.encode()).hexdigest()


def broken_links(facts: Sequence[RecordingReady]) -> list[RecordingReady]:
    """Facts, in the ledger's order, that do not name the link of the one before.

    Facts from before the chain name none; once one does, all later ones must.
    """
    broken, chained = [], False
    for before, fact in itertools.pairwise([None, *facts]):
        assert fact is not None
        expected = link_of(before) if before is not None else ""
        if fact.previous != expected and (chained or fact.previous):
            broken.append(fact)
        chained = chained or bool(fact.previous)
    return broken
