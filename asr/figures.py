"""Counters of live transcription, for the supervisor and the benches."""

from dataclasses import dataclass, replace

from asr.activity import FRAME_MS
from asr.spying import SpiedLeg


@dataclass(frozen=True, slots=True)
class Figures:
    """Counters since the start; seconds are seconds of voice."""

    live: int = 0
    skipped: int = 0
    """Legs not followed live, because the machine follows as many as it can."""
    spied_again: int = 0
    failures: int = 0
    """Chunks that the recogniser refused or did not come back from."""
    heard_seconds: float = 0.0
    recognised_seconds: float = 0.0
    """Of those heard: what the voice gate let through."""
    lost_seconds: float = 0.0
    unsaved: int = 0
    """Utterances that the database did not take."""


def add_leg(total: Figures, spied: SpiedLeg) -> Figures:
    """``total`` with one leg's counters added; ``live`` is not touched."""
    leg = spied.leg
    return replace(
        total,
        spied_again=total.spied_again + max(spied.tries - 1, 0),
        failures=total.failures + leg.figures.failures,
        heard_seconds=total.heard_seconds + leg.activity.frames * FRAME_MS / 1000,
        recognised_seconds=total.recognised_seconds + leg.activity.passed * FRAME_MS / 1000,
        lost_seconds=total.lost_seconds + leg.figures.lost_seconds,
    )
