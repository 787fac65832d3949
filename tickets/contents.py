"""What a file really is, told by its first bytes and never by its name; and pictures without what cameras write in.

A photograph tells where and when it was taken and with whose telephone. Re-encoding keeps the picture, turned the
right way up, and drops everything else.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from hotline.errors import RuleBroken

_MB = 1024 * 1024
_MOST_PIXELS = 80_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file that is taken in. ``largest``: bytes."""

    name: str
    media_type: str
    suffix: str
    largest: int


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("jpeg", "image/jpeg", ".jpg", 20 * _MB),
        Kind("png", "image/png", ".png", 20 * _MB),
        Kind("mp4", "video/mp4", ".mp4", 60 * _MB),
        Kind("pdf", "application/pdf", ".pdf", 20 * _MB),
    )
}
LARGEST = max(kind.largest for kind in KINDS.values())


def kind_of(head: bytes) -> Kind:
    """The kind of a file that begins with ``head`` (12 bytes or more). Raises ``RuleBroken`` for any other."""
    if head.startswith(b"\xff\xd8\xff"):
        return KINDS["jpeg"]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return KINDS["png"]
    if head[4:8] == b"ftyp":
        return KINDS["mp4"]
    if head.startswith(b"%PDF-"):
        return KINDS["pdf"]
    raise RuleBroken(
        "只接受 JPEG、PNG 图片，MP4 视频和 PDF 文件", "only JPEG, PNG, MP4 and PDF are taken", code="bad_file"
    )


def clean_picture(source: Path, target: Path, kind: Kind) -> None:
    """Write the picture anew without metadata. Raises ``RuleBroken`` when it is broken or absurdly large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=[kind.name.upper()]) as opened:
                if opened.width * opened.height > _MOST_PIXELS:
                    raise _broken()
                picture = ImageOps.exif_transpose(opened)
        bare = Image.new(picture.mode, picture.size)
        bare.paste(picture)
        if picture.mode == "P" and (palette := picture.getpalette()) is not None:
            bare.putpalette(palette)
        bare.save(target, format=kind.name.upper(), **({"quality": 90} if kind.name == "jpeg" else {}))
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError, Warning) as broken:
        raise _broken() from broken


def _broken() -> RuleBroken:
    return RuleBroken("图片已损坏或尺寸过大", "the picture is broken or too large", code="bad_file")
