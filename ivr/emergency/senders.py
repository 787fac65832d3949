"""How a message reaches an emergency platform: by HTTP POST, or as a file in a folder where there is no address."""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import httpx

from hotline.errors import Unavailable
from hotline.settings import Secrets, Settings

SEND_SECONDS = 10.0
_REASON_SHOWN = 200


class Sender(Protocol):
    """One way of sending. Sent twice with the same ``id`` is the platform's to recognise."""

    @property
    def way(self) -> str:
        """Its name in the ledger."""
        ...

    async def send(self, message: Mapping[str, Any]) -> None:
        """Return once the platform has it. Raises Unavailable."""
        ...


class HttpSender:
    """POST as JSON; every 2xx means that the platform has it."""

    way = "http"

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url
        self._token = token

    async def send(self, message: Mapping[str, Any]) -> None:
        """Raises Unavailable with what went wrong, without the message."""
        headers = {"Idempotency-Key": str(message["id"])}
        headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            async with (
                httpx.AsyncClient(timeout=SEND_SECONDS, trust_env=False) as client,
                asyncio.timeout(2 * SEND_SECONDS),
            ):
                answer = await client.post(self._url, json=dict(message), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as failure:
            why = f"{type(failure).__name__}: {failure}"[:_REASON_SHOWN]
            raise Unavailable("紧急平台无法连接", f"the platform cannot be reached: {why}") from failure
        if not answer.is_success:
            raise Unavailable(f"紧急平台拒收(HTTP {answer.status_code})", f"the platform answered {answer.status_code}")


class FileSender:
    """One file a message, whole or not there at all; whoever carries it on removes it."""

    way = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: Mapping[str, Any]) -> None:
        """Raises Unavailable when the disk does not take it."""
        try:
            await asyncio.to_thread(self._write, f"{message['id']}.json", json.dumps(dict(message), ensure_ascii=False))
        except OSError as failure:
            raise Unavailable("推送文件无法写入", f"the outbox file cannot be written: {failure}") from failure

    def _write(self, name: str, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._folder / f".{name}"
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / name)


def senders_of(settings: Settings, outbox: Path) -> dict[str, Sender]:
    """How each platform of a site is reached; under the empty name the way for any other."""
    files = FileSender(outbox)
    found: dict[str, Sender] = {"": files}
    for one in settings.emergency:
        token = Secrets.given(f"emergency_{one.code}_token")
        found[one.code] = HttpSender(one.push_url, token) if one.push_url else files
    return found
