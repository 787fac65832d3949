"""Matters from every channel, as one kind of work order: idempotent by the sender's own id, acknowledged by number."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from hotline.clock import Clock
from hotline.database import Database
from hotline.errors import NotFound
from hotline.facts.tickets import IntakeReceived
from hotline.ids import new_id
from hotline.security import Person
from tickets import store
from tickets.dialogue import Spoken
from tickets.guards import Actor
from tickets.making import Maker
from tickets.movement import Mover
from tickets.scope import OUT_OF_SCOPE, suspect
from tickets.site import TicketSite
from tickets.states import DONE, STATE_ZH, Action, Role, State

Row = dict[str, Any]
Shape = dict[str, Any]


class Channel(StrEnum):
    """How a matter came in. Part of the URL in the HTTP API."""

    TELEPHONE = "telephone"
    SMS = "sms"
    WEB = "web"
    WECHAT = "wechat"
    WEIBO = "weibo"
    APP = "app"
    EMAIL = "email"
    LETTER = "letter"
    VISIT = "visit"
    PARTNER = "partner"


class Intake:
    """Use cases of the senders: hand a matter in, ask how it goes."""

    def __init__(self, database: Database, clock: Clock, site: TicketSite, mover: Mover, maker: Maker) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._mover = mover
        self._maker = maker

    async def receive(
        self, channel: str, sender_id: str, fields: Mapping[str, str], by: Person | None, *, confidential: bool = False
    ) -> Shape:
        """The acknowledgement. Sent again with the same id, the same number is given and nothing is made.

        ``by`` is None for a machine. ``confidential``: the sender asks to be hidden from units, as a report always
        is. What the sender leaves out is filled in from the words as in a call. Raises
        ``RuleBroken`` for fields that the site does not know.
        """
        for name, value in fields.items():
            self._site.check_field(name, value)
        fresh_id, now, actor = new_id("ticket"), self._clock.now(), sender(Channel(channel), by)
        async with self._database.unit_of_work() as uow:
            ticket_id = await store.claim_intake(uow, channel, sender_id, fresh_id, now)
            if ticket_id == fresh_id:
                values = self._composed(fields)
                origin = {"channel": channel, "line": "", "call_id": None, "created_by": actor.account}
                row = await self._maker.make(
                    uow, fresh_id, values, origin | {"sender_id": sender_id, "protected": confidential}
                )
                row = await self._mover.move(uow, row, Action.REGISTER, actor, {})
                named = {"ticket_id": fresh_id, "number": row["number"], "channel": channel, "sender_id": sender_id}
                uow.record(IntakeReceived(at=now, by=actor.account, **named))
        return await self._acknowledge(ticket_id, duplicate=ticket_id != fresh_id)

    async def progress(self, number: str, phone: str) -> Shape:
        """How a matter goes, for the citizen who knows its number and his own: the same by every channel.

        Raises ``NotFound``, also when the telephone number is not the one of the matter.
        """
        async with self._database.reading() as connection:
            row = await store.read_ticket(connection, number)
            if row is None or row["parent_id"] is not None or not row["phone"] or row["phone"] != phone:
                raise NotFound("没有查到该工单，请核对编号和电话", "no such work order: check number and telephone")
            target = await store.read_ticket(connection, row["merged_into"]) if row["merged_into"] else None
        return _progress(target or row, self._site.zone) | {"number": row["number"]}

    async def find(self, channel: str, number: str, by: Person | None) -> Row:
        """The work order that this sender handed in, to put something to it. Raises ``NotFound``."""
        async with self._database.reading() as connection:
            row = await store.read_ticket(connection, number)
        if row is None or row["channel"] != channel or row["created_by"] != sender(Channel(channel), by).account:
            raise NotFound("没有查到该工单", "no such work order")
        return row

    def _composed(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        said = [Spoken("citizen", fields.get("description", ""))]
        given = {name: value for name, value in fields.items() if value}
        return self._site.drafter.compose(said, fields.get("phone", ""), given).values

    async def _acknowledge(self, ticket_id: str, *, duplicate: bool) -> Shape:
        async with self._database.reading() as connection:
            row = await store.read_ticket(connection, ticket_id)
            assert row is not None
            repeats = await store.read_repeats(connection, ticket_id)
        hint = suspect(row["description"])
        return {
            "ticket_id": row["id"],
            "number": row["number"],
            "state": row["state"],
            "state_zh": STATE_ZH[State(row["state"])],
            "duplicate": duplicate,
            "received_at": row["created_at"].astimezone(self._site.zone).isoformat(timespec="seconds"),
            "zh": f"您的诉求已登记，编号{row['number']}，可凭编号和电话查询办理进度",
            "en": f"registered as {row['number']}; ask how it goes with this number and your telephone number",
            "repeats": [one["number"] for one in repeats],
            "scope_hint": OUT_OF_SCOPE[hint].sentence(hint) if hint else None,
        }


def sender(channel: Channel, by: Person | None) -> Actor:
    """Who hands it in: the signed-in person, or the channel's machine."""
    if by is None:
        return Actor(f"channel:{channel.value}", frozenset({Role.SYSTEM}))
    return Actor(by.account, frozenset(role.value for role in by.roles), by.unit)


def _progress(row: Row, zone: ZoneInfo) -> Shape:
    """What a citizen may read: no names, and the reply once it was accepted."""
    state = State(row["state"])
    answered = state is State.TO_CALLBACK or state in DONE
    times = {
        name: row[name].astimezone(zone).isoformat(timespec="seconds") if row[name] else None
        for name in ("created_at", "due_at", "closed_at")
    }
    return times | {
        "state": state.value,
        "state_zh": STATE_ZH[state],
        "reply": (row["reply"] or row["answer"]) if answered else None,
        "route": row["route"],
    }
