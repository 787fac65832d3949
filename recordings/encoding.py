"""Formats: a track as WAV, MP3 or Opus. pydub knows the encoder (ffmpeg); the sound goes past us as a stream.

Blocking: call it on a thread. A machine without ffmpeg keeps WAV: a recording is never lost for its format.
"""

import subprocess
from pathlib import Path

from pydub import AudioSegment
from pydub.utils import which

MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "opus": "audio/ogg"}
_CODECS = {
    "mp3": ["-codec:a", "libmp3lame", "-b:a", "32k"],
    "opus": ["-codec:a", "libopus", "-b:a", "24k", "-application", "voip"],
}
_LIMIT_SECONDS = 600


class CannotEncode(OSError):
    """ffmpeg is missing, or it refused."""


def encode(source: Path, target: Path) -> None:
    """Write ``source`` (wav) in the format of ``target``'s suffix. Raises CannotEncode."""
    options = _CODECS[target.suffix.removeprefix(".")]
    _run(["-i", str(source), *options, "-map_metadata", "-1", "-fflags", "+bitexact", str(target)])


def decode(source: Path, target: Path) -> None:
    """Write ``source`` of any format as 8 kHz mono 16-bit wav. Raises CannotEncode."""
    _run(["-i", str(source), "-ar", "8000", "-ac", "1", "-codec:a", "pcm_s16le", str(target)])


def _run(arguments: list[str]) -> None:
    program = which(str(AudioSegment.converter))
    if program is None:
        raise CannotEncode("ffmpeg is not installed")
    command = [program, "-nostdin", "-loglevel", "error", "-y", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired as failure:
        raise CannotEncode("ffmpeg did not end in time") from failure
    if done.returncode != 0:
        raise CannotEncode(f"ffmpeg: {done.stderr.decode(errors='replace').strip()[-200:]}")
