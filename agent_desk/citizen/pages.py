"""The page behind the link of a message: ``/c/<token>``. Looking changes nothing; only sending the form does.

A guess is told off by its seal without a look-up, and guesses are counted by address; a true link is counted by
itself, so that nobody pays for a neighbour behind the same gateway.
"""

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from agent_desk.citizen.words import LANGUAGES, WORDS, day_of
from callback.sms.answers import LONGEST_WORDS, CitizenAnswer, OpenedLink
from callback.sms.links import LinkState
from callback.sms.throttle import Throttle
from hotline.clock import Clock
from hotline.errors import Unavailable

_log = structlog.get_logger()
_STATUS: Mapping[str, int] = {
    "thanks": 200, "used": 410, "settled": 410, "expired": 410, "unknown": 404, "often": 429, "away": 503,
}  # fmt: skip
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_FIELDS = ("solved", "satisfied", "manner", "words")
_TOKEN_SHOWN = 64


class Answers(Protocol):
    """The callback room's part."""

    def knows(self, token: str) -> bool: ...
    async def open(self, token: str) -> OpenedLink: ...
    async def answer(self, token: str, answer: CitizenAnswer) -> LinkState: ...


class CitizenPages(Starlette):
    """An app of its own, mounted at ``/c``: no session, no JSON, no script."""

    def __init__(self, answers: Answers, clock: Clock, zone: ZoneInfo) -> None:
        super().__init__(routes=[Route("/{token}", self._page, methods=["GET", "POST"])])
        self._answers = answers
        self._clock = clock
        self._zone = zone
        self._guesses = Throttle(20, 600.0)
        self._visits = Throttle(30, 600.0)
        environment = Environment(
            loader=PackageLoader("agent_desk.citizen", ""), autoescape=True, undefined=StrictUndefined
        )
        self._template = environment.get_template("page.html")

    async def _page(self, request: Request) -> Response:
        token, language = request.path_params["token"][:_TOKEN_SHOWN], _language_of(request)
        now = self._clock.monotonic()
        try:
            if not self._answers.knows(token):
                host = request.client.host if request.client else ""
                return self._say("unknown" if self._guesses.allows(host, now) else "often", language)
            if not self._visits.allows(token, now):
                return self._say("often", language)
            if request.method == "POST":
                return await self._take(request, token, language)
            return await self._show(token, language, {})
        except Unavailable as failure:
            _log.warning("a citizen's page could not be shown", why=failure.en)
            return self._say("away", language)

    async def _take(self, request: Request, token: str, language: str) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        given = {name: values[0] for name, values in parse_qs(body, max_num_fields=20).items() if name in _FIELDS}
        answer = _answer_of(given)
        if answer is None:
            return await self._show(token, language, given, WORDS[language]["missing"])
        state = await self._answers.answer(token, answer)
        return self._say("thanks" if state is LinkState.OPEN else state.value, language)

    async def _show(self, token: str, language: str, given: Mapping[str, str], fault: str = "") -> Response:
        link = await self._answers.open(token)
        if link.state is not LinkState.OPEN:
            return self._say(link.state.value, language)
        t = WORDS[language]
        matter = t["matter_plain"]
        if link.made_at is not None and link.number_end:
            matter = t["matter"].format(day=day_of(link.made_at, self._zone, language), end=link.number_end)
        filled = {name: given.get(name, "") for name in _FIELDS}
        page = self._template.render(
            form=True, language=language, t=t, head=t["title"], matter=matter, given=filled, fault=fault
        )
        return HTMLResponse(page, 422 if fault else 200, _HEADERS)

    def _say(self, state: str, language: str) -> Response:
        t, other = WORDS[language], WORDS["en" if language == "zh" else "zh"]
        page = self._template.render(
            form=False, language=language, t=t, state=state, head=t[state], more=t[f"{state}_more"],
            other_head=other[state], other_more=other[f"{state}_more"],
        )  # fmt: skip
        return HTMLResponse(page, _STATUS[state], _HEADERS)


def _language_of(request: Request) -> str:
    wanted = request.query_params.get("lang", "")
    if wanted in LANGUAGES:
        return wanted
    return "en" if request.headers.get("accept-language", "zh").lower().startswith("en") else "zh"


def _answer_of(given: Mapping[str, str]) -> CitizenAnswer | None:
    """None when it is not whole."""
    solved, satisfied, manner = (given.get(name, "") for name in ("solved", "satisfied", "manner"))
    if solved not in ("0", "1") or not _is_grade(satisfied) or (manner and not _is_grade(manner)):
        return None
    words = "".join(sign for sign in given.get("words", "").strip() if sign.isprintable() or sign == "\n")
    return CitizenAnswer(
        solved=solved == "1",
        satisfaction=int(satisfied),
        manner=int(manner) if manner else None,
        words=words[:LONGEST_WORDS],
    )


def _is_grade(text: str) -> bool:
    return len(text) == 1 and text in "12345"
