"""Where files are made, on a thread: mixed, encoded, sealed, archived in one step; and made readable again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from recordings.archive import Archive, Stored
from recordings.encoding import CannotEncode, decode, encode
from recordings.legs import Legs
from recordings.mixdown import Mixed, Take, mix_down
from recordings.repair import examine
from recordings.sealing import SUFFIX, Keyring
from recordings.spool import Spool
from recordings.store import Recording
from recordings.tracks import Track, Voice, archive_name

_log = structlog.get_logger()


class Workshop:
    """Blocking work on sound; call it on a thread. ``form``: the archive's format."""

    def __init__(self, spool: Spool, archive: Archive, form: str, keys: Keyring) -> None:
        self._spool, self._archive = spool, archive
        self._format, self._keys = form, keys

    def make(self, recording: Recording, legs: Legs) -> tuple[Mixed, Sequence[Stored], Sequence[Voice]] | None:
        """Mix into a fresh folder and move that into the archive. None when there is no sound."""
        voices = [voice for voice in legs.voices if self._spool.voice(voice.uniqueid) is not None]
        apart = any(voice.uniqueid == legs.main for voice in voices)  # somebody's leg without the citizen's
        sources = {} if apart else self._spool.find(legs.main)
        files = {voice: path for voice in voices if (path := self._spool.voice(voice.uniqueid)) is not None}
        if not any(examine(path).frames for path in (*sources.values(), *files.values())):
            return None
        began = min(map(_began, sources.values() or files.values()))
        takes = [Take(voice.track, path, _began(path) - began) for voice, path in files.items()]
        prepared = self._archive.prepare(recording.id)
        try:
            mixed = mix_down(sources, prepared, takes)
            self._encode(prepared, mixed.tracks)
            self._seal(prepared)
            stored = self._archive.put(prepared, recording.folder, mixed.tracks)
            return replace(mixed, began=datetime.fromtimestamp(began, UTC)), stored, voices
        except BaseException:
            self._archive.discard(prepared)
            raise

    def readable(self, path: Path, folder: Path) -> Path:
        """A plain wav of a track that is sealed, encoded or both. Raises OSError."""
        if path.suffix == SUFFIX:
            plain = folder / path.name.removesuffix(SUFFIX)
            self._keys.unseal(path, plain)
            path = plain
        if path.suffix != ".wav":
            decode(path, folder / "sound.wav")
            path = folder / "sound.wav"
        return path

    def _seal(self, prepared: Path) -> None:
        """Only sealed files are moved to the archive. One that cannot be sealed is tried again."""
        for path in list(prepared.iterdir()) if self._keys.seals else ():
            self._keys.seal(path, path.with_name(path.name + SUFFIX))
            path.unlink()

    def _encode(self, prepared: Path, tracks: Sequence[Track]) -> None:
        if self._format == "wav":
            return
        try:
            for track in tracks:
                encode(prepared / archive_name(track), prepared / archive_name(track, self._format))
        except CannotEncode as failure:  # WAV is kept: a recording is never lost for its format
            _log.error("recordings stay WAV", wanted=self._format, error=str(failure))
            for path in prepared.glob(f"*.{self._format}"):
                path.unlink()
            return
        for track in tracks:
            (prepared / archive_name(track)).unlink()


def _began(path: Path) -> float:
    """When the file's first sample was spoken, in seconds since 1970: the last write is the last sample."""
    shape = examine(path)
    return path.stat().st_mtime - shape.frames / shape.rate
