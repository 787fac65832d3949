"""What a citizen does with the link: which matter it is, and the answer that closes the return visit.

The row of the link, the disposition and what becomes of the work order are one transaction: two taps, two engines, or a
tap while an agent writes the result down: one of them wins, and the other is told so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from callback.sms.links import Link, LinkState, judge, link_id_of, new_link_id
from callback.sms.outbox import SmsOutbox
from callback.sms.tables import citizen_links as links
from callback.sms.wording import survey_text
from hotline.clock import Clock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken
from hotline.facts.outreach import LinkAnswered
from hotline.ids import new_id
from hotline.outreach import Sms

Row = Mapping[str, Any]
LONGEST_WORDS = 500
VISIT, SURVEYED = "visit", "surveyed"
_MOBILE = re.compile(r"(?:\+?86|0)?1[3-9][0-9]{9}")
_ANOTHERS = frozenset({"wrong_person", "invalid_number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenAnswer:
    """What was filled in; satisfaction and manner: 1 (满意) to 5 (不满意)."""

    solved: bool
    satisfaction: int
    manner: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedLink:
    """What the page shows: no name, no title, no words of the matter."""

    state: LinkState
    number_end: str = ""
    made_at: datetime | None = None


class Visits(Protocol):
    """The ledger of return visits."""

    async def get(self, task_id: str) -> Row: ...

    async def settle_by(
        self, task_id: str, *, disposition: str, solved: bool | None = None, satisfaction: int | None = None,
        manner: int | None = None, words: str = "", by: str, uow: UnitOfWork | None = None,
    ) -> object:  # fmt: skip
        """Close it with this answer, and the work order by it. Raises RuleBroken when it has moved on."""
        ...


class CitizenAnswers:
    """Links made, opened and used. Fills the robot's ``GivenUp``."""

    def __init__(
        self, database: Database, clock: Clock, zone: ZoneInfo, rules: Sms, outbox: SmsOutbox, visits: Visits, key: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone
        self._rules = rules
        self._outbox = outbox
        self._visits = visits
        self._key = key

    async def given_up(self, uow: UnitOfWork, row: Row, now: datetime) -> None:
        """Nobody was reached: owe the citizen a message. In the transaction that says so."""
        if not self._rules.page_url or row["kind"] != VISIT or not can_read(row):
            return
        link_id = new_link_id()
        named = {"task_id": row["id"], "ticket_id": row["ticket_id"]}
        expires_at = now + timedelta(days=self._rules.link_days)
        await uow.execute(insert(links).values(id=link_id, created_at=now, expires_at=expires_at, **named))
        text = survey_text(self._rules.signature, row["number"], row["created_at"], self._zone, self._rules.link_days)
        message = {"id": new_id("sms"), "purpose": "survey", "phone": row["phone"], "body": text, "link_id": link_id}
        await self._outbox.add(uow, message | named)

    def knows(self, token: str) -> bool:
        """Whether we made it; costs nothing, so that guesses cost us nothing."""
        return link_id_of(token, self._key) is not None

    async def open(self, token: str) -> OpenedLink:
        """What this link is good for; an OpenedLink of ``UNKNOWN`` for one that is not ours."""
        found = await self._find(token)
        if found is None:
            return OpenedLink(state=LinkState.UNKNOWN)
        link, task = found
        state = judge(link, settled=task["state"] == "closed", now=self._clock.now())
        return OpenedLink(state=state, number_end=task["number"][-6:], made_at=task["created_at"])

    async def answer(self, token: str, answer: CitizenAnswer) -> LinkState:
        """Keep the answer. ``OPEN``: it was kept; anything else says why not."""
        _check(answer)
        found = await self._find(token)
        if found is None:
            return LinkState.UNKNOWN
        link, task = found
        now = self._clock.now()
        state = judge(link, settled=task["state"] == "closed", now=now)
        if state is not LinkState.OPEN:
            return state
        try:
            async with self._database.unit_of_work() as uow:
                unused = (links.c.id == link.id, links.c.used_at.is_(None))
                if (await uow.execute(update(links).where(*unused).values(used_at=now))).rowcount != 1:
                    return LinkState.USED
                uow.record(LinkAnswered(at=now, by="citizen", task_id=link.task_id, ticket_id=link.ticket_id))
                await self._visits.settle_by(
                    link.task_id, disposition=SURVEYED, solved=answer.solved, satisfaction=answer.satisfaction,
                    manner=answer.manner, words=answer.words, by="citizen", uow=uow,
                )  # fmt: skip
        except RuleBroken as failure:
            if failure.code == "bad_field":
                raise
            return LinkState.SETTLED  # somebody phones the citizen, or has, at this very moment
        return LinkState.OPEN

    async def _find(self, token: str) -> tuple[Link, Row] | None:
        link_id = link_id_of(token, self._key)
        if link_id is None:
            return None
        async with self._database.reading() as connection:
            row = (await connection.execute(select(links).where(links.c.id == link_id))).mappings().one_or_none()
        if row is None:
            return None
        link = Link(row["id"], row["task_id"], row["ticket_id"], row["expires_at"], row["used_at"])
        try:
            return link, await self._visits.get(link.task_id)
        except NotFound:
            return None


def can_read(row: Row) -> bool:
    """Whether a message to this task's number reaches the citizen: a mobile that is his, as far as we know."""
    return _MOBILE.fullmatch(row["phone"]) is not None and row["disposition"] not in _ANOTHERS


def _check(answer: CitizenAnswer) -> None:
    grades = [answer.satisfaction, *([answer.manner] if answer.manner is not None else [])]
    if any(grade not in range(1, 6) for grade in grades):
        raise RuleBroken("评价只能是 1 至 5", "a grade is 1 to 5", code="bad_field")
    if len(answer.words) > LONGEST_WORDS:
        raise RuleBroken(f"意见最多 {LONGEST_WORDS} 字", f"at most {LONGEST_WORDS} characters", code="bad_field")
