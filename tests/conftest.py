"""For all tests: an example of hypothesis may take long on a busy machine; the whole test has its own time-out.

And the order of files where they are played side by side: most of a system test is waiting for people to finish
speaking, while most of an integration test is reckoning, so they are mixed, and the longest begin.
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
        items[:] = [item for path in mixed(list(files)) for item in files[path]]


def mixed(files: list[Path]) -> list[Path]:
    """System tests and integration tests among each other, the longest first; then all others, which are short."""
    system, integration = ([path for path in files if path.parent.name == kind] for kind in ("system", "integration"))
    system.sort(key=lambda path: LONGEST.index(path.stem) if path.stem in LONGEST else len(LONGEST))
    waiting = {path: 0.9 * number / len(system) for number, path in enumerate(system)}  # nobody waits alone at the end
    reckoning = {path: number / len(integration) for number, path in enumerate(integration)}
    places = waiting | reckoning
    return sorted(files, key=lambda path: places.get(path, 1.0))
