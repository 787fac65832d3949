"""The spool: the folder into which Asterisk writes while people talk, and knowing when it has finished.

No event tells that a file is closed, but its header does: Asterisk fills the sizes in when it closes. A file whose
writer was killed never gets them; then standing still for a while, after the call's end, is the sign.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
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
    """The files below one folder. Blocking, except ``settle``."""

    def __init__(self, folder: Path, patience: Patience | None = None) -> None:
        self.folder = folder
        self.patience = patience or Patience()

    def find(self, uniqueid: str) -> dict[Track, Path]:
        """The files of a channel that are there now."""
        paths = {track: self.folder / spool_name(uniqueid, track) for track in _PARTIES}
        return {track: path for track, path in paths.items() if path.is_file()}

    def those_of(self, uniqueids: Iterable[str]) -> list[str]:
        """Which of these channels have files here."""
        return [uniqueid for uniqueid in uniqueids if self.find(uniqueid)]

    def voice(self, uniqueid: str) -> Path | None:
        """The file with what this leg says."""
        return self.find(uniqueid).get(Track.CITIZEN)

    def left(self) -> list[Left]:
        """Every channel that has files here. An absent folder is an empty one."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        found = ((uniqueid, self.find(uniqueid)) for uniqueid in uniqueids(names))
        return [
            Left(uniqueid, max(_written_at(path) for path in files.values()), all(map(_is_final, files.values())))
            for uniqueid, files in found
            if files
        ]

    async def settle(self, uniqueid: str) -> dict[Track, Path]:
        """The channel's files once nobody writes to them any more; empty when there are none. Bounded by ``limit``."""
        begun = still_since = time.monotonic()
        sizes: dict[Track, int] = {}
        while True:
            files = await asyncio.to_thread(self.find, uniqueid)
            is_final, grown = await asyncio.to_thread(_look_at, files)
            if is_final:
                return files
            now = time.monotonic()
            if grown != sizes:
                sizes, still_since = grown, now
            if now - still_since >= self.patience.still or now - begun >= self.patience.limit:
                return files
            await asyncio.sleep(self.patience.poll)

    def remove(self, *uniqueids: str) -> None:
        """Delete these channels' files. Only ever called when the archive holds them, flushed and hashed."""
        for uniqueid in uniqueids:
            for path in self.find(uniqueid).values():
                path.unlink(missing_ok=True)


def _look_at(files: Mapping[Track, Path]) -> tuple[bool, dict[Track, int]]:
    """Whether all are there and final, and how big each is."""
    sizes = {track: path.stat().st_size for track, path in files.items() if path.exists()}
    return bool(files) and all(map(_is_final, files.values())), sizes


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # kept and cleared by somebody else just now
        return time.time()


def _is_final(path: Path) -> bool:
    try:
        return examine(path).is_final
    except NotAudio:  # will not get better by waiting
        return True
    except OSError:  # unreadable: whoever keeps it will say why
        return False
