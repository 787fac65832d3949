"""What a text is found by: the pairs of neighbouring characters in it. Pure.

A dictionary cuts 罗家庄村 one way when it is written down and another way when somebody types 家庄村 only, and finds
nothing then. Pairs know no dictionary: whoever types two characters or more of a text finds it, and an index over
pairs serves both databases. Pairs alone say a little too much (家庄 and 庄村 may stand far apart), so the text itself
is compared afterwards.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise


def pairs(text: str) -> frozenset[str]:
    """The pairs in ``text``, lower case; letters and digits only, never across a space or a sign."""
    return frozenset(pair for run in _runs(text.lower()) for pair in map("".join, pairwise(run)))


def searchable(texts: Iterable[str]) -> str:
    """All pairs of several texts, each once, separated by spaces: what is kept beside a work order."""
    return " ".join(sorted(frozenset[str]().union(*(pairs(text) for text in texts))))


def _runs(text: str) -> Iterator[str]:
    begin = 0
    for at, letter in enumerate(text):
        if not letter.isalnum():
            yield text[begin:at]
            begin = at + 1
    yield text[begin:]
