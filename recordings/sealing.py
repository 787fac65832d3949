"""Sealing: encryption at rest of what lies in the archive, readable from any point, in pieces.

AES-256-GCM of the ``cryptography`` package over pieces of 64 KiB, each file under a key of its own (HKDF of the site's
key and the file's salt). A piece's nonce is its number and whether it is the last, so that pieces cannot be swapped,
left out or cut off (the STREAM construction, as in age). Blocking: call it on a thread.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.errors import ConfigurationError

SUFFIX = ".sealed"
"""Behind the name of the file as it was: ``mix.wav.sealed``."""
PIECE = 1 << 16
"""Bytes of sound sealed at once; the last piece of a file may be shorter."""
LEAST_SECRET = 32
"""Characters of the site's secret at least: it is a key, no password that somebody remembers."""
_MAGIC = b"HLSEAL1\n"
_NAME, _SALT, _TAG = 8, 32, 16
_HEADER = len(_MAGIC) + _NAME + _SALT


class CannotUnseal(OSError):
    """Sealed with a key that we do not have, or not what was sealed: altered, cut off, no sealed file at all."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The site's secrets, the newest first. ``seals``: whether new recordings are sealed (with the first)."""

    secrets: tuple[str, ...] = ()
    seals: bool = False

    @classmethod
    def of(cls, secret: str, *, seals: bool) -> "Keyring":
        """From the setting: secrets parted by commas; older ones still open. Raises ConfigurationError."""
        secrets = tuple(part.strip() for part in secret.split(",") if part.strip())
        if not secrets or any(len(one) < LEAST_SECRET for one in secrets):
            raise ConfigurationError(
                f"录音加密密钥(HOTLINE_RECORDINGS_KEY)至少需要 {LEAST_SECRET} 个字符",
                f"the key of the recordings (HOTLINE_RECORDINGS_KEY) needs at least {LEAST_SECRET} characters",
            )
        return cls(secrets, seals)

    def seal(self, source: Path, target: Path) -> None:
        """Write ``source`` sealed to ``target``. Raises OSError."""
        salt = os.urandom(_SALT)
        header = _MAGIC + _name_of(self.secrets[0]) + salt
        cipher = _cipher(self.secrets[0], salt)
        with source.open("rb") as plain, target.open("wb") as sealed:
            sealed.write(header)
            number, piece = 0, plain.read(PIECE)
            while True:
                following = plain.read(PIECE)
                sealed.write(cipher.encrypt(_nonce(number, last=not following), piece, header))
                if not following:
                    return
                number, piece = number + 1, following

    def open(self, path: Path) -> "Sealed":
        """A sealed file, ready to be read. Raises CannotUnseal when no key of ours fits, OSError."""
        with path.open("rb") as file:
            header = file.read(_HEADER)
            body = os.fstat(file.fileno()).st_size - _HEADER
        if len(header) < _HEADER or not header.startswith(_MAGIC) or body % (PIECE + _TAG) in range(1, _TAG):
            raise CannotUnseal(f"{path.name} is no whole sealed file")
        name, salt = header[len(_MAGIC) : len(_MAGIC) + _NAME], header[-_SALT:]
        secret = _matching(self.secrets, name)
        if secret is None:
            raise CannotUnseal(f"{path.name} was sealed with a key that this site does not have")
        return Sealed(path, header, _cipher(secret, salt), body)

    def unseal(self, source: Path, target: Path) -> None:
        """Write what was sealed to ``target``. Raises CannotUnseal, OSError."""
        sealed = self.open(source)
        with target.open("wb") as plain:
            for piece in sealed.read(0, sealed.length):
                plain.write(piece)


OPEN = Keyring()
"""For sites that seal nothing, and commands that open nothing."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed file."""

    path: Path
    header: bytes
    cipher: AESGCM
    body: int
    """Bytes behind the header."""

    @property
    def pieces(self) -> int:
        """How many pieces there are, at least one."""
        return max(-(-self.body // (PIECE + _TAG)), 1)

    @property
    def length(self) -> int:
        """Bytes of what was sealed."""
        return max(self.body - self.pieces * _TAG, 0)

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``end``, in pieces, each proved before it is given. Raises CannotUnseal."""
        first, last = start // PIECE, max(-(-min(end, self.length) // PIECE), 1)
        with self.path.open("rb") as file:
            file.seek(_HEADER + first * (PIECE + _TAG))
            for number in range(first, last):
                piece = self._piece(file.read(PIECE + _TAG), number)
                at = number * PIECE
                yield piece[max(start - at, 0) : end - at]

    def _piece(self, sealed: bytes, number: int) -> bytes:
        try:
            return self.cipher.decrypt(_nonce(number, last=number == self.pieces - 1), sealed, self.header)
        except (InvalidTag, ValueError) as failure:
            raise CannotUnseal(f"{self.path.name} is not what was sealed: it was altered or cut off") from failure


def _nonce(number: int, *, last: bool) -> bytes:
    return struct.pack(">3xQ?", number, last)


def _cipher(secret: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"hotline12345 recording").derive(secret.encode()))


def _name_of(secret: str) -> bytes:
    """Tells keys apart and gives nothing of them away."""
    return HKDF(SHA256(), _NAME, None, b"hotline12345 key name").derive(secret.encode())


def _matching(secrets: Sequence[str], name: bytes) -> str | None:
    return next((secret for secret in secrets if _name_of(secret) == name), None)
