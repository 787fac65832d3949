"""The flows of a site, by name: the shipped ones and the site's own, which win. Reloaded while the engine runs.

A ``Flow`` never changes, so a call that holds one keeps its version. A file that was changed for the worse is refused:
the last good version stays in use and the fault is logged once. A faulty file at the *start* stops the engine: nobody
should find out at three in the morning.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from hotline.errors import ConfigurationError
from hotline.settings import Line, Settings
from ivr.english import ENGLISH_PROMPTS
from ivr.flow.checks import Fault, KnownNames
from ivr.flow.model import Flow
from ivr.flow.reading import FlowError, read_flow
from ivr.prompts import BEEP, PROMPTS

_log = structlog.get_logger()
SHIPPED_FLOWS = Path(__file__).parent.parent / "flows"
STANDARD = "standard"

Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as it was when it was last looked at, and the flow in use for it."""

    stamp: Stamp
    flow: Flow


class FlowBook:
    """Flows by name."""

    def __init__(self, folders: Sequence[Path], known: KnownNames | None = None) -> None:
        self._folders = folders
        self._known = known or KnownNames()
        self._entries: dict[Path, Entry] = {}
        self._refused: dict[Path, Stamp] = {}

    @classmethod
    def open(cls, site_folder: Path | None, known: KnownNames | None = None) -> "FlowBook":
        """The shipped flows and those in ``site_folder``. Raises ``FlowError`` for the first file at fault."""
        book = cls([SHIPPED_FLOWS, *([site_folder] if site_folder is not None else [])], known)
        for path, stamp in book._files().items():
            book._entries[path] = Entry(stamp, book._read(path))
        return book

    @property
    def names(self) -> list[str]:
        """Every flow that a line may have."""
        return sorted(self._by_name())

    def flow(self, name: str) -> Flow:
        """The newest good version. Raises ``ConfigurationError`` for an unknown name."""
        found = self._by_name().get(name)
        if found is None:
            raise ConfigurationError(
                f"没有名为“{name}”的流程，可用的有：{'、'.join(self.names)}",
                f"there is no flow {name!r}; there are: {', '.join(self.names)}",
            )
        return found

    def check_lines(self, lines: Iterable[Line]) -> None:
        """Every line's flow must exist. Raises ``ConfigurationError``."""
        for line in lines:
            self.flow(line.flow)

    def refresh(self) -> None:
        """Take up files that were added or changed since. Never raises; what is faulty is logged and left out."""
        files = self._files()
        for path in self._entries.keys() - files.keys():
            _log.warning("flow file is gone; calls in progress go on", file=path.name)
            del self._entries[path]
        for path, stamp in files.items():
            known = self._entries.get(path)
            if (known is not None and known.stamp == stamp) or self._refused.get(path) == stamp:
                continue
            try:
                self._entries[path] = Entry(stamp, self._read(path))
                self._refused.pop(path, None)
                _log.info("flow loaded", file=path.name, version=self._entries[path].flow.version)
            except FlowError as failure:
                self._refused[path] = stamp
                _log.error("flow refused; the last good version stays", file=path.name, faults=failure.en)

    def _by_name(self) -> dict[str, Flow]:
        order = {folder: place for place, folder in enumerate(self._folders)}
        entries = sorted(self._entries.items(), key=lambda item: (order[item[0].parent], item[0].name))
        return {entry.flow.name: entry.flow for _, entry in entries}

    def _files(self) -> dict[Path, Stamp]:
        files: dict[Path, Stamp] = {}
        for folder in self._folders:
            for path in sorted(folder.glob("*.yaml")):
                try:
                    status = path.stat()
                except OSError:  # removed between the two looks
                    continue
                files[path] = (status.st_mtime_ns, status.st_size)
        return files

    def _read(self, path: Path) -> Flow:
        return read_flow(read_text(path), source=str(path), known=self._known)


def read_text(path: Path) -> str:
    """A flow file's text. Raises ``FlowError`` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise FlowError(str(path), [Fault(1, f"无法读取：{failure}", f"cannot be read: {failure}")]) from failure


def known_names_of(settings: Settings, sounds: Path) -> KnownNames:
    """What a site's flows may name; its own recordings lie in ``sounds``."""
    platforms = {platform.code for platform in settings.emergency}
    return KnownNames(known_prompts(sounds), {group.id for group in settings.groups}, emergencies=platforms)


def known_prompts(sounds: Path | None = None) -> frozenset[str]:
    """The names of all prompts: shipped, and the site's own recordings in ``sounds/<language>/hotline``."""
    shipped = {*PROMPTS, *ENGLISH_PROMPTS, BEEP}
    own = {path.stem for path in sounds.glob("*/hotline/*.wav")} if sounds is not None else set()
    return frozenset(shipped | own)
