"""What every answer and request passes, whatever the route: size limit, origin check, security headers.

Plain ASGI, so that streamed audio and WebSockets pass without being buffered.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent_desk.refusals import body, refuse

_log = structlog.get_logger()

LARGEST_BODY = 256 * 1024
"""Bytes. The longest thing that people send is a description."""
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of a picture or film put to a work order; the room is stricter by kind."""
LARGEST_LIST = 4 * 1024 * 1024
"""Bytes of a list of people to be asked."""
_LARGEST: Mapping[str, int] = {"/attachments": LARGEST_FILE, "/list": LARGEST_LIST}
"""By how the path ends."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'self'",
            "connect-src 'self' ws: wss:",
            "media-src 'self' blob:",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "style-src 'self' 'unsafe-inline'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""ws: and wss: are open because the seat's phone registers at Asterisk's own port."""


def is_foreign(headers: Headers) -> bool:
    """Whether a page of another site sent this.

    Sec-Fetch-Site is the browser's own word and no page can forge it; browsers without it, or on plain HTTP, name
    the Origin. Programs that are no browser send neither and are not foreign.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and urlsplit(origin).netloc.casefold() != headers.get("host", "").casefold()


class BodyTooLarge(HTTPException):
    """More bytes came than a request may have. An HTTPException, so that FastAPI passes it on as it is."""

    def __init__(self) -> None:
        super().__init__(413)


class Armour:
    """The outermost layer of the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        guarded = _with_headers(send, private=scope["path"].startswith("/api/"))
        if scope["method"] not in _SAFE and is_foreign(headers):
            refusal = body("foreign_origin", "请求来自其他网站,已拒绝", "this request came from another site")
            await JSONResponse(refusal, 403)(scope, receive, guarded)
            return
        await self._limited(scope, receive, guarded, headers)

    async def _limited(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        announced = headers.get("content-length", "0")
        largest = next((most for end, most in _LARGEST.items() if scope["path"].endswith(end)), LARGEST_BODY)
        if not announced.isdecimal() or int(announced) > largest:
            await refuse(413)(scope, receive, send)
            return
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > largest:
                raise BodyTooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except Exception:  # the edge of a request: whatever it was, the house goes on and nothing inside is shown
            _log.exception("unexpected error in a request", path=scope["path"], method=scope["method"])
            if started:
                raise
            await refuse(500)(scope, receive, send)


def _with_headers(send: Send, *, private: bool) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if private:
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return guarded
