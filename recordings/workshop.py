"""Where files are made: mixed, encoded, sealed, archived in one step; and made readable again.

Blocking, and written so that it may run in a process of its own (``recordings.worker``): orders and what became of
them are plain data, and nothing here imports the database, the settings or a logger.
"""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recordings.archive import Archive, Stored
from recordings.encoding import CannotEncode, decode, encode
from recordings.legs import Legs
from recordings.mixdown import Take, mix_down
from recordings.repair import NotAudio, Sound
from recordings.sealing import SUFFIX, Keyring
from recordings.spool import Spool, is_final
from recordings.tracks import Track, Voice, archive_name


@dataclass(frozen=True, slots=True)
class Order:
    """One recording to be made."""

    recording_id: str
    folder: str
    legs: Legs
    as_they_are: bool
    """Take files that were never finished too: nobody writes to them any more."""


@dataclass(frozen=True, slots=True)
class Made:
    """It lies in the archive."""

    seconds: float
    began: datetime
    """When the first sample was spoken, as far as the files tell."""
    stored: tuple[Stored, ...]
    """The mix first, then those parties of whom there was a sound file."""
    voices: tuple[Voice, ...]
    """Who is in it besides the citizen."""
    flaw: str = ""
    """Why it is no more than a WAV, though the site wants another format."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Somebody may still write to the files: nothing was made."""

    size: int
    """Bytes so far, of all of them."""


@dataclass(frozen=True, slots=True)
class Silent:
    """There is no sound in the files."""


@dataclass(frozen=True, slots=True)
class Gone:
    """There are no files: there never were any, or somebody else was quicker."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The spool files are kept, and all may be tried again."""

    error: str


Outcome = Made | Unfinished | Silent | Gone | Failed


class Workshop:
    """Blocking work on sound. ``form``: the archive's format."""

    def __init__(self, spool: Spool, archive: Archive, form: str, keys: Keyring) -> None:
        self._spool, self._archive = spool, archive
        self._format, self._keys = form, keys

    def make_all(self, orders: Sequence[Order]) -> list[Outcome]:
        """One after the other; what becomes of one is no matter of the others."""
        return [self._outcome(order) for order in orders]

    def make(self, order: Order) -> Outcome:
        """Mix into a fresh folder and move that into the archive. Raises OSError (disk full), NotAudio."""
        found = {name: files for name in order.legs.names if (files := self._spool.find(name))}
        if not found:
            return Gone()
        voices = tuple(voice for voice in order.legs.voices if Track.CITIZEN in found.get(voice.uniqueid, {}))
        apart = any(voice.uniqueid == order.legs.main for voice in voices)  # somebody's leg without the citizen's
        main = {} if apart else found.get(order.legs.main, {})
        sources = {track: Sound.of(path) for track, path in main.items()}
        spoken = {voice: Sound.of(found[voice.uniqueid][Track.CITIZEN]) for voice in voices}
        if not order.as_they_are and not _finished(found, (*sources.values(), *spoken.values())):
            return Unfinished(sum(path.stat().st_size for files in found.values() for path in files.values()))
        if not any(sound.shape.frames for sound in (*sources.values(), *spoken.values())):
            return Silent()
        return self._made(order, sources, spoken)

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

    def _outcome(self, order: Order) -> Outcome:
        try:
            return self.make(order)
        except (OSError, NotAudio) as failure:
            return Failed(str(failure))
        except Exception:  # a mistake of ours must not keep the other calls from their recordings
            return Failed(traceback.format_exc(limit=-5))

    def _made(self, order: Order, sources: Mapping[Track, Sound], spoken: Mapping[Voice, Sound]) -> Made:
        began = min(sound.began for sound in sources.values() or spoken.values())
        takes = [Take(voice.track, sound, sound.began - began) for voice, sound in spoken.items()]
        prepared = self._archive.prepare(order.recording_id)
        try:
            mixed = mix_down(sources, prepared, takes)
            flaw = self._encode(prepared, mixed.tracks)
            self._seal(prepared)
            stored = self._archive.put(prepared, order.folder, mixed.tracks)
        except BaseException:
            self._archive.discard(prepared)
            raise
        return Made(mixed.seconds, datetime.fromtimestamp(began, UTC), stored, tuple(spoken), flaw)

    def _seal(self, prepared: Path) -> None:
        """Only sealed files are moved to the archive. One that cannot be sealed is tried again."""
        for path in list(prepared.iterdir()) if self._keys.seals else ():
            self._keys.seal(path, path.with_name(path.name + SUFFIX))
            path.unlink()

    def _encode(self, prepared: Path, tracks: Sequence[Track]) -> str:
        """Into the site's format; why not, when WAV is kept: a recording is never lost for its format."""
        if self._format == "wav":
            return ""
        try:
            for track in tracks:
                encode(prepared / archive_name(track), prepared / archive_name(track, self._format))
        except CannotEncode as failure:
            for path in prepared.glob(f"*.{self._format}"):
                path.unlink()
            return str(failure)
        for track in tracks:
            (prepared / archive_name(track)).unlink()
        return ""


def _finished(found: Mapping[str, Mapping[Track, Path]], sounds: Sequence[Sound]) -> bool:
    """Whether Asterisk has closed all files; some are no part of the recording and were not looked at yet."""
    known = {sound.path: sound.shape.is_final for sound in sounds}
    paths = [path for files in found.values() for path in files.values()]
    return all(known[path] if path in known else is_final(path) for path in paths)
