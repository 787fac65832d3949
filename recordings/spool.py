"""The spool: the folder into which Asterisk writes while people talk, and knowing when it has finished.

No event tells that a file is closed, but its header does: Asterisk fills the sizes in when it closes. A file whose
writer was killed never gets them; then standing still for a while, after the call's end, is the sign.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from recordings.repair import NotAudio, examine
from recordings.tracks import Track, spool_name, uniqueids

_PARTIES = (Track.CITIZEN, Track.AGENT)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for files to become final, in seconds."""

    begin: float = 0.5
    """After a call's end before its files are looked at: that moment belongs to the seat's next citizen."""
    poll: float = 0.1
    still: float = 3.0
    """Not growing for so long after the call's end means: nobody writes any more. MixMonitor writes every 2 s."""
    limit: float = 10.0
    """After so long it is taken as it is; what is still written then was no part of the conversation."""


@dataclass(frozen=True, slots=True)
class Left:
    """Files of one channel that lie in the spool."""

    uniqueid: str
    written_at: float
    """Seconds since 1970 of the last write."""
    is_final: bool


class Spool:
    """The files below one folder. Blocking."""

    def __init__(self, folder: Path, patience: Patience | None = None) -> None:
        self.folder = folder
        self.patience = patience or Patience()

    def find(self, uniqueid: str) -> dict[Track, Path]:
        """The files of a channel that are there now."""
        paths = {track: self.folder / spool_name(uniqueid, track) for track in _PARTIES}
        return {track: path for track, path in paths.items() if path.is_file()}

    def has_any_of(self, uniqueids: Iterable[str]) -> bool:
        """Whether any of these channels has files here."""
        return any(self.find(uniqueid) for uniqueid in uniqueids)

    def left(self) -> list[Left]:
        """Every channel that has files here. An absent folder is an empty one."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        found = ((uniqueid, self.find(uniqueid)) for uniqueid in uniqueids(names))
        return [
            Left(uniqueid, max(_written_at(path) for path in files.values()), all(map(is_final, files.values())))
            for uniqueid, files in found
            if files
        ]

    def remove(self, *uniqueids: str) -> None:
        """Delete these channels' files. Only ever called when the archive holds them, flushed and hashed."""
        for uniqueid in uniqueids:
            for path in self.find(uniqueid).values():
                path.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # kept and cleared by somebody else just now
        return time.time()


def is_final(path: Path) -> bool:
    """Whether Asterisk has closed the file, or it will not get better by waiting."""
    try:
        return examine(path).is_final
    except NotAudio:  # will not get better by waiting
        return True
    except OSError:  # unreadable: whoever keeps it will say why
        return False
