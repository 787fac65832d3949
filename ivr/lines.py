"""By which number a citizen came. Pure.

A merged line is dialled as it is and ends here. A retained one (双号并行) keeps a platform of its own: it may send
citizens on to us, and the carrier says so in the call's diversion. Its citizens go the way of the line that they
dialled, no matter that our own number rang, and what is written down says how they came in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hotline.settings import Line

KEPT_CHARACTERS = 64
"""As many as a work order keeps of a line's label."""


@dataclass(frozen=True, slots=True)
class CameIn:
    """A citizen's way to us."""

    line: Line
    """The line whose group, flow and skills serve."""
    dialled: str
    """What the citizen dialled, as far as we are told."""
    label: str
    """What calls and work orders keep: the line, and the number of ours through which it was sent on."""


class LineBook:
    """The site's lines. The first one serves a number that is none of them."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._first = lines[0]
        self._lines = {line.number: line for line in lines}

    def came_in(self, rang: str, diverted_from: str = "") -> CameIn:
        """``rang``: our number that rang; ``diverted_from``: who sent the call on, by the carrier's word.

        That word is anybody's to forge: only a number that is a line of ours counts.
        """
        rang = rang[:40]
        line = self._lines.get(rang, self._first)
        retained = self._lines.get(diverted_from)
        if retained is None or retained is line:
            return CameIn(line, rang, name_of(line)[:KEPT_CHARACTERS])
        through = f"，转入 {line.number}"
        return CameIn(retained, retained.number, name_of(retained)[: KEPT_CHARACTERS - len(through)] + through)


def name_of(line: Line) -> str:
    """Its label, or the number."""
    return line.label or line.number
