"""Show how far a long first start is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


class ShowProgress(Protocol):
    """Called as often as there is news: the step's name in Chinese and English, how much of it is done (0 to 1)."""

    def __call__(self, zh: str, en: str, done: float) -> None: ...


def show_nothing(zh: str, en: str, done: float) -> None:
    """For tests and services."""


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[ShowProgress]:
    """A bar per step on the terminal; where there is none, a line per step."""
    screen = console or Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bars:
        tasks: dict[str, object] = {}

        def show(zh: str, en: str, done: float) -> None:
            if en not in tasks:
                tasks[en] = bars.add_task(f"{zh} / {en}", total=1.0)
                if not screen.is_terminal:
                    screen.print(f"{zh} / {en} …")
            bars.update(tasks[en], completed=done)  # type: ignore[arg-type]

        yield show
