"""For all tests: an example of hypothesis may take long on a busy machine; the whole test has its own time-out.

And the order of files where they are played side by side: system tests first, the longest of them before all, so that
no worker is left alone with one at the end. They are not mixed with integration tests, which only reckon: people who
speak in real time would have to wait for a core.
"""

import os
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")

LONGEST = (
    "test_story", "test_bad_input", "test_flow_real", "test_interleavings", "test_crash", "test_second_pass",
    "test_desk_acts", "test_oversight_pages", "test_desk_transfers", "test_callback_crowd",
)  # fmt: skip
"""Of the system tests, each more than half a minute."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every worker comes to the same order."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        files = {path: list(found) for path, found in groupby(items, key=attrgetter("path"))}
        items[:] = [item for path in sorted(files, key=place_of) for item in files[path]]


def place_of(path: Path) -> tuple[int, int]:
    """Sort by it; files of one place keep their order."""
    if path.parent.name != "system":
        return 1, 0
    return 0, LONGEST.index(path.stem) if path.stem in LONGEST else len(LONGEST)
