"""Parts of what is no plain file: a player seeks in a sealed recording. One range of RFC 9110."""

import asyncio
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from starlette.responses import Response, StreamingResponse

from hotline.errors import Unavailable

_RANGE = re.compile(r"bytes=(?P<first>\d{0,15})-(?P<last>\d{0,15})")


class Readable(Protocol):
    """Bytes that can be read from any point. Reading may raise OSError."""

    @property
    def length(self) -> int:
        """How many there are."""
        ...

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Those from ``start`` up to ``end``, in pieces; blocking."""
        ...


def part_of(header: str | None, length: int) -> tuple[int, int] | None:
    """From and up to which byte; None when the whole is wanted, or the header is none that we serve. Pure.

    Raises ValueError for a range that lies outside.
    """
    asked = _RANGE.fullmatch((header or "").replace(" ", ""))
    if asked is None or not (asked["first"] or asked["last"]):
        return None
    if not asked["first"]:
        start, end = max(length - int(asked["last"]), 0), length
    else:
        start, end = int(asked["first"]), min(int(asked["last"] or length) + 1, length)
        if asked["last"] and int(asked["last"]) < start:
            return None  # an invalid range is ignored, says the RFC
    if start >= end:
        raise ValueError(f"no byte of {length} lies there")
    return start, end


async def answer_part(
    source: Readable, header: str | None, media_type: str, headers: Mapping[str, str] = {}
) -> Response:
    """200 with all, 206 with the part asked for, 416 outside. Raises Unavailable when it cannot be read."""
    common = {**headers, "Accept-Ranges": "bytes"}
    try:
        part = part_of(header, source.length)
    except ValueError:
        return Response(status_code=416, headers=common | {"Content-Range": f"bytes */{source.length}"})
    start, end = part or (0, source.length)
    pieces = source.read(start, end)
    try:
        first = await asyncio.to_thread(next, pieces, b"")
    except OSError as failure:
        raise Unavailable("录音文件无法读取,请联系管理员", f"the recording cannot be read: {failure}") from failure
    common |= {"Content-Length": str(end - start)}
    if part:
        common |= {"Content-Range": f"bytes {start}-{end - 1}/{source.length}"}
    body = itertools.chain([first], pieces)
    return StreamingResponse(body, 206 if part else 200, common, media_type=media_type)
