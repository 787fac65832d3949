"""One screen's queue: bounded, without doubles. The bus never waits for it; too full, and the screen is cut."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

from agent_desk.feed.shape import STATES, Frame, key_of
from hotline.security import Session

CAPACITY = 200
"""Frames that may wait for a browser."""

TOO_SLOW = 4008
NOT_SIGNED_IN = 4401
SEAT_TAKEN = 4409
"""Somebody else sits at this seat."""
GOING_AWAY = 1001
TRY_AGAIN = 1013

_SETTLED = STATES | {"offer_ended", "partial"}
"""What a snapshot makes pointless: it shows memory as it is at its instant, and these were queued before that."""
_SEAT, _CALL = ("seat", ""), ("call", "")


class Outbox:
    """What waits for one browser, and whether and why that browser must go."""

    def __init__(self, session: Session, capacity: int = CAPACITY) -> None:
        self.session = session
        self.person = session.person
        self.ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        """Gets the close code."""
        self._capacity = capacity
        self._waiting: deque[Frame] = deque()
        self._woken = asyncio.Event()
        self._shown: dict[tuple[str, str], Any] = {}
        self._said: frozenset[str] = frozenset()

    def put(self, frames: Iterable[Frame]) -> None:
        """Queue frames; when there is no room the screen is cut and takes a snapshot later."""
        for frame in frames:
            if len(self._waiting) >= self._capacity:
                self.end(TOO_SLOW)
                return
            self._waiting.append(frame)
        self._woken.set()

    def end(self, code: int) -> None:
        """The connection must be closed with ``code``; the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(code)

    def settle(self, snapshots: Iterable[Frame]) -> None:
        """A snapshot was taken in this very step: drop what it made pointless, remember what it shows.

        Of drafts only the newest is kept: each is whole, and the snapshot's may already be that one.
        """
        kept: deque[Frame] = deque(frame for frame in self._waiting if frame["type"] not in _SETTLED)
        drafts = [frame for frame in kept if frame["type"] == "draft"]
        self._waiting = deque(frame for frame in kept if frame["type"] != "draft" or frame is drafts[-1])
        for snapshot in snapshots:
            self._remember(snapshot)

    async def next(self) -> Frame:
        """The next frame that tells this screen something new."""
        while True:
            while self._waiting:
                frame = self._waiting.popleft()
                if self._is_new(frame):
                    return frame
            self._woken.clear()
            await self._woken.wait()

    def _is_new(self, frame: Frame) -> bool:
        if frame["type"] == "utterance":
            return frame["data"]["id"] not in self._said
        key = key_of(frame)
        if key is None:
            return True
        if self._shown.get(key) == frame["data"]:
            return False
        self._shown[key] = frame["data"]
        call = self._shown.get(_CALL)
        if key == _SEAT and call is not None and call["call_id"] != frame["data"].get("call_id"):
            del self._shown[_CALL]  # the screen turns away from that call; if it comes back unchanged, that is news
        return True

    def _remember(self, snapshot: Frame) -> None:
        data = snapshot["data"]
        if snapshot["type"] == "desk":
            self._said = frozenset(utterance["id"] for utterance in data["transcript"])
            self._shown |= {(name, ""): data[name] for name in ("seat", "offer", "call") if data[name] is not None}
        elif snapshot["type"] == "live":
            self._remember_live(data)
        elif (key := key_of(snapshot)) is not None:
            self._shown[key] = data

    def _remember_live(self, data: dict[str, Any]) -> None:
        self._shown |= {("live.waiting", ""): data["waiting"], ("live.figures", ""): data["figures"]}
        self._shown |= {("live.recognition", ""): data.get("recognition")}
        self._shown |= {("live.seat", seat["id"]): seat for seat in data["seats"]}
        self._shown |= {("live.group", group["id"]): group for group in data["groups"]}
