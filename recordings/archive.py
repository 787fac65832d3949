"""The archive: YYYY/MM/DD/<call>/{mix,citizen,agent}.wav (.sealed), complete or not there at all.

A recording is prepared in a folder of its own beside the days, every file flushed to the disk, and then renamed
into place in one step. Whoever pulls the plug finds either the whole recording or the spool files it comes from.
Blocking: call it on a thread.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from recordings.sealing import SUFFIX
from recordings.tracks import FORMATS, Track, archive_name

_PREPARING = ".preparing"
_LEAVING = ".leaving"


@dataclass(frozen=True, slots=True)
class Stored:
    """A track that lies in the archive."""

    track: Track
    sha256: str
    size: int
    """Bytes of the whole file."""
    format: str = "wav"


def folder_name(call_id: str, day: datetime, zone: ZoneInfo, serial: int = 0) -> str:
    """Where a recording goes, relative to the archive; ``serial`` tells a call's further recordings apart."""
    return f"{day.astimezone(zone):%Y/%m/%d}/{call_id}" + (f"-{serial + 1}" if serial else "")


def hash_file(path: Path) -> str:
    """The file's sha256 in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def form_of(path: Path) -> str:
    """``wav``, ``opus`` or ``mp3``, whether the file is sealed or not."""
    return path.name.removesuffix(SUFFIX).rpartition(".")[2]


class Archive:
    """The files below one folder; what they mean stands in the table and the ledger."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._safe: set[Path] = set()
        """Folders that are known to outlive a power cut, each found in the one above it."""

    def file(self, folder: str, track: Track) -> Path:
        """Where a track lies, in whichever format, whether it is there or not."""
        return _file_of(self.root / folder, track)

    def holds(self, folder: str, hashes: Mapping[Track, str]) -> bool:
        """Whether all these tracks lie there unaltered. Reads them whole."""
        paths = {self.file(folder, track): sha256 for track, sha256 in hashes.items()}
        return bool(paths) and all(path.is_file() and hash_file(path) == sha256 for path, sha256 in paths.items())

    def prepare(self, recording_id: str) -> Path:
        """A fresh empty folder on the archive's own disk, for the mixdown to write into."""
        folder = self.root / _PREPARING / recording_id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def put(self, prepared: Path, folder: str, tracks: Iterable[Track]) -> tuple[Stored, ...]:
        """Hash and flush what was prepared, then move it into place, replacing an unfinished try. Raises OSError."""
        stored = tuple(_flushed(_file_of(prepared, track), track) for track in tracks)
        _flush_folder(prepared)
        place = self.root / folder
        self._make_folder(place.parent)
        if place.exists():  # moved there by a run that died before its row was written
            self.remove(folder)
        prepared.rename(place)
        _flush_folder(place.parent)
        return stored

    def _make_folder(self, folder: Path) -> None:
        """With all above it up to the root; what this run has flushed already is not flushed for each recording."""
        if folder in self._safe and folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        above = [folder, *folder.parents]
        made = above[: above.index(self.root) + 1]
        for one in made:
            _flush_folder(one)
        self._safe = set(made)

    def remove(self, folder: str) -> None:
        """Delete a recording: out of sight in one step, then off the disk. Missing is as good as gone."""
        place = self.root / folder
        leaving = self.root / _LEAVING / folder.replace("/", "-")
        leaving.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(leaving, ignore_errors=True)
        try:
            place.rename(leaving)
        except FileNotFoundError:
            return
        _flush_folder(place.parent)
        shutil.rmtree(leaving)

    def discard(self, prepared: Path) -> None:
        """Give up a folder that was prepared."""
        shutil.rmtree(prepared, ignore_errors=True)

    def sweep(self) -> None:
        """At start: clear away what a killed run had in preparation or was deleting."""
        for name in (_PREPARING, _LEAVING):
            shutil.rmtree(self.root / name, ignore_errors=True)


def _flushed(path: Path, track: Track) -> Stored:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Stored(track, digest, os.fstat(file.fileno()).st_size, form_of(path))


def _file_of(folder: Path, track: Track) -> Path:
    names = [archive_name(track, form) for form in FORMATS]
    paths = [folder / name for name in (*names, *(name + SUFFIX for name in names))]
    return next((path for path in paths if path.is_file()), paths[0])


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
