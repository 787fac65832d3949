"""Pictures, films and documents of work orders: checked by content, kept by hash."""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken
from hotline.facts.tickets import AttachmentAdded
from hotline.ids import new_id
from tickets.contents import KINDS, LARGEST, Kind, clean_picture, kind_of
from tickets.tables import ticket_attachments

MOST = 20
"""Attachments of one work order."""
Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where an attachment lies and what it is."""

    path: Path
    media_type: str
    name: str


class Attachments:
    """The archive of attachments below one folder. Who may see or add is asked before, by the desk."""

    def __init__(self, database: Database, clock: Clock, folder: Path) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder

    async def add(self, ticket_id: str, name: str, chunks: AsyncIterator[bytes], by: str) -> Shape:
        """Keep one file; sent again it is the same attachment. Raises ``RuleBroken`` for what is not taken."""
        incoming = self._folder / f"{new_id('incoming')}.part"
        try:
            await self._write(incoming, chunks)
            kind, digest, size = await asyncio.to_thread(self._settle, incoming)
        finally:
            await asyncio.to_thread(incoming.unlink, missing_ok=True)
        row = {
            "id": new_id("attachment"), "ticket_id": ticket_id, "sha256": digest, "kind": kind.name,
            "name": Path(name).name[:120] or f"附件{kind.suffix}", "bytes": size, "by": by, "at": self._clock.now(),
        }  # fmt: skip
        with contextlib.suppress(IntegrityError):  # it is here already
            await self._note(row)
        return await self._read(ticket_attachments.c.sha256 == digest, ticket_attachments.c.ticket_id == ticket_id)

    async def find(self, ticket_ids: Sequence[str], attachment_id: str) -> StoredFile:
        """An attachment of one of these work orders. Raises ``NotFound``."""
        c = ticket_attachments.c
        row = await self._read(c.id == attachment_id, c.ticket_id.in_(ticket_ids))
        kind = KINDS[row["kind"]]
        return StoredFile(self._path(row["sha256"], kind), kind.media_type, row["name"])

    async def _note(self, row: Shape) -> None:
        async with self._database.unit_of_work() as uow:
            of_ticket = select(func.count()).where(ticket_attachments.c.ticket_id == row["ticket_id"])
            if (await uow.execute(of_ticket)).scalar_one() >= MOST:
                raise RuleBroken(f"每个工单最多{MOST}个附件", f"a work order has at most {MOST} attachments")
            await uow.execute(insert(ticket_attachments).values(row))
            named = {name: row[name] for name in ("ticket_id", "kind", "sha256")}
            uow.record(AttachmentAdded(at=row["at"], by=row["by"], attachment_id=row["id"], **named))

    async def _read(self, *conditions: Any) -> Shape:
        async with self._database.reading() as connection:
            row = (await connection.execute(select(ticket_attachments).where(*conditions))).mappings().first()
        if row is None:
            raise NotFound("没有这个附件", "there is no such attachment")
        return dict(row)

    async def _write(self, incoming: Path, chunks: AsyncIterator[bytes]) -> None:
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        file, size = await asyncio.to_thread(incoming.open, "wb"), 0
        try:
            async for chunk in chunks:
                size += len(chunk)
                if size > LARGEST:
                    raise _too_large(LARGEST)
                await asyncio.to_thread(file.write, chunk)
        finally:
            await asyncio.to_thread(file.close)

    def _settle(self, incoming: Path) -> tuple[Kind, str, int]:
        """Check, clean, hash and move into place, on the disk before anybody is told. Blocking."""
        with incoming.open("rb") as file:
            kind = kind_of(file.read(16))
        if incoming.stat().st_size > kind.largest:
            raise _too_large(kind.largest)
        clean = incoming.with_suffix(".clean")
        try:
            if kind.name in ("jpeg", "png"):
                clean_picture(incoming, clean, kind)
            else:
                shutil.copyfile(incoming, clean)
            with clean.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            size, place = clean.stat().st_size, self._path(digest, kind)
            place.parent.mkdir(parents=True, exist_ok=True)
            clean.replace(place)
        finally:
            clean.unlink(missing_ok=True)
        return kind, digest, size

    def _path(self, digest: str, kind: Kind) -> Path:
        return self._folder / digest[:2] / f"{digest}{kind.suffix}"


def _too_large(largest: int) -> RuleBroken:
    return RuleBroken(
        f"文件不能超过{largest // 1024 // 1024}MB", f"a file has at most {largest} bytes", code="file_too_large"
    )
