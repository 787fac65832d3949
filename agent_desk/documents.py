"""Documents as downloads."""

import asyncio
from urllib.parse import quote

from fastapi import Response

from tickets.documents import MEDIA_TYPE, Document, as_word

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORD = {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "A Word file"}


async def word_file(name: str, document: Document) -> Response:
    """A .docx under ``name``. Made off the event loop: a long table takes a while."""
    return download(await asyncio.to_thread(as_word, document), f"{name}.docx", MEDIA_TYPE)


def download(body: bytes, name: str, media_type: str) -> Response:
    """A file to keep."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "private, no-store",
    }
    return Response(body, media_type=media_type, headers=headers)
