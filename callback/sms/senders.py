"""How a message leaves the house: one line in a file, or an HTTP gateway. Both may be told the same message twice."""

import asyncio
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from hotline.errors import Unavailable

_REASON_SHOWN = 200
_PIECE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One short message. Told twice with the same ``id``, it is to be sent on once."""

    id: str
    phone: str
    text: str


class Sender(Protocol):
    """One way of sending."""

    @property
    def way(self) -> str:
        """Its name in the ledger."""
        ...

    async def send(self, message: Message) -> None:
        """Return once the message is taken. Raises Unavailable, without what the message says."""
        ...


class HttpGateway:
    """POST as JSON ``{id, phone, text}``; every 2xx means that the gateway has it, 409 that it had it before."""

    way = "http"

    def __init__(self, url: str, token: str = "", seconds: float = 10.0) -> None:
        self._url = url
        self._token = token
        self._seconds = seconds

    async def send(self, message: Message) -> None:
        """Raises Unavailable with what went wrong."""
        headers = {"Idempotency-Key": message.id}
        headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
        body = {"id": message.id, "phone": message.phone, "text": message.text}
        try:
            async with (
                asyncio.timeout(2 * self._seconds),
                httpx.AsyncClient(timeout=self._seconds, trust_env=False) as client,
            ):
                answer = await client.post(self._url, json=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as failure:
            why = f"{type(failure).__name__}: {failure}"[:_REASON_SHOWN]
            raise Unavailable("短信网关无法连接", f"the SMS gateway cannot be reached: {why}") from failure
        if not answer.is_success and answer.status_code != httpx.codes.CONFLICT:
            raise Unavailable(
                f"短信网关拒收(HTTP {answer.status_code})", f"the SMS gateway answered {answer.status_code}"
            )


class FileOutbox:
    """One JSON line a message, whole or not there: a line that a crash tore is cut off before the next one."""

    way = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, message: Message) -> None:
        """Raises Unavailable when the disk does not take it."""
        named = {"id": message.id, "phone": message.phone, "text": message.text}
        line = json.dumps(named, ensure_ascii=False).encode() + b"\n"
        try:
            await asyncio.to_thread(self._append, line)
        except OSError as failure:
            raise Unavailable("短信文件无法写入", f"the SMS outbox cannot be written: {failure}") from failure

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(opened, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # another engine may share the folder
            end = _end_of_whole_lines(opened)
            try:
                file.truncate(end)
                file.seek(end)
                if file.write(line) != len(line):
                    raise OSError("the disk is full")
                os.fsync(opened)
            except OSError:
                file.truncate(end)
                raise


def _end_of_whole_lines(file: int) -> int:
    """Where the last whole line ends, read from behind."""
    at = os.fstat(file).st_size
    while at > 0:
        begins = max(0, at - _PIECE)
        found = os.pread(file, at - begins, begins).rfind(b"\n")
        if found >= 0:
            return begins + found + 1
        at = begins
    return 0
