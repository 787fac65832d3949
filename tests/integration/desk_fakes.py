"""A house for the desk to stand in: rooms that behave, in memory, and an app around them."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from agent_desk.feed.hub import FeedHub
from agent_desk.guard import Desk
from agent_desk.pages import Pages
from agent_desk.ports import Health, Rooms, Shape
from agent_desk.server import create_app, create_desk
from callback.port import LiveCall, RobotStatus
from hotline.bus import Bus
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import NotFound, RuleBroken, Unavailable
from hotline.facts.screens import CallChanged, OfferGone, OfferMade, SeatChanged, WaitingChanged
from hotline.security import Account, Deed, Person, Role, Security
from hotline.settings import Group, Line, Organisation, Secrets, Settings, Unit, Web
from hotline.settings import Seat as SeatSettings
from ivr.call_records import CallRecords
from ivr.callers import CallerRecord
from ivr.kpi import Kpi, Tally, kpi_of
from ivr.views import (
    AlarmView,
    CallState,
    CallView,
    FiguresView,
    GroupView,
    LiveView,
    OfferView,
    SeatKind,
    SeatState,
    SeatStatus,
    SeatView,
)
from recordings.sealing import Keyring, Sealed
from tests.passwords import cheap_passwords
from tickets.finding import Wanted
from tickets.grains import PivotWish
from tickets.views import TicketGlance

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PASSWORD = "correct-horse-7"
CITIZEN = "13800000001"

ACCOUNTS = (
    Account(account="agent1001", name="王敏", roles=frozenset({Role.AGENT}), seat="1001"),
    Account(account="agent1002", name="李强", roles=frozenset({Role.AGENT}), seat="1002"),
    Account(account="relief1001", name="赵燕", roles=frozenset({Role.AGENT}), seat="1001"),
    Account(account="supervisor", name="班长", roles=frozenset({Role.SUPERVISOR})),
    Account(account="department", name="沂水县", roles=frozenset({Role.DEPARTMENT}), unit="371323"),
    Account(account="elsewhere", name="河东区", roles=frozenset({Role.DEPARTMENT}), unit="371312"),
    Account(account="inspector", name="质检员", roles=frozenset({Role.INSPECTOR})),
    Account(account="admin", name="系统管理员", roles=frozenset({Role.ADMIN})),
    Account(account="discipline", name="纪检监察", roles=frozenset({Role.DISCIPLINE})),
)


def a_call(call_id: str, state: CallState = CallState.WAITING, seat: str | None = None) -> CallView:
    """A citizen's call in the middle of its life."""
    return CallView(
        call_id=call_id,
        caller=CITIZEN,
        dialled="12345",
        line="12345 热线",
        group="general",
        state=state,
        arrived_at=NOON,
        connected_at=NOON if seat else None,
        ended_at=None,
        end_reason=None,
        seat=seat,
    )


def a_seat(seat_id: str) -> SeatView:
    """A seat whose agent is not there yet."""
    return SeatView(
        id=seat_id,
        name=f"{seat_id}号座席",
        account=None,
        agent_name=None,
        status=SeatStatus.OFFLINE,
        reason=None,
        state=SeatState.UNREACHABLE,
        since=NOON,
        call_id=None,
        groups=("general",),
    )


class FakeCallCentre:
    """One waiting room, two seats; offers are fenced, accepting twice is refused."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.seats = {seat_id: a_seat(seat_id) for seat_id in ("1001", "1002")}
        self.calls: dict[str, CallView] = {}
        self.offers: dict[str, OfferView] = {}
        self.owed: dict[str, Shape] = {}
        self.alarms: tuple[AlarmView, ...] = ()
        self.screens: list[tuple[str, str]] = []
        self.screen_closed = asyncio.Event()
        self._offer_ids = iter(range(1, 10_000))

    def seat(self, seat_id: str) -> SeatView:
        if seat_id not in self.seats:
            raise NotFound("没有这个座席", "there is no such seat")
        return self.seats[seat_id]

    def offer_for(self, seat_id: str) -> OfferView | None:
        return self.offers.get(seat_id)

    def call_for(self, seat_id: str) -> CallView | None:
        call_id = self.seat(seat_id).call_id
        return self.calls[call_id] if call_id else None

    def call(self, call_id: str) -> CallView | None:
        return self.calls.get(call_id)

    def live(self) -> LiveView:
        waiting = tuple(call for call in self.calls.values() if call.state is CallState.WAITING)
        group = GroupView(
            id="general",
            name="综合受理",
            waiting=len(waiting),
            longest_wait_seconds=0.0,
            ready=sum(seat.status is SeatStatus.READY for seat in self.seats.values()),
            busy=0,
            not_ready=0,
            answered_15s_rate=None,
            abandoned=0,
        )
        figures = FiguresView(arrived=len(self.calls), answered=0, abandoned=0, within_15s=0)
        return LiveView(
            groups=(group,),
            waiting=waiting,
            seats=tuple(self.seats.values()),
            figures=figures,
            at=NOON,
            alarms=self.alarms,
        )

    async def find_call(self, call_id: str) -> CallView:
        if call_id not in self.calls:
            raise NotFound("没有这通电话", "there is no such call")
        return self.calls[call_id]

    async def recent_calls(self, seat_id: str, limit: int) -> Sequence[CallView]:
        return [call for call in self.calls.values() if call.seat == seat_id][:limit]

    async def calls_this_month(self, phone: str) -> int:
        return sum(call.caller == phone for call in self.calls.values())

    async def caller_record(self, phone: str, call_id: str | None = None) -> CallerRecord:
        return CallerRecord(calls_this_month=await self.calls_this_month(phone))

    async def choose_status(self, seat_id: str, status: SeatStatus, reason: str | None, by: Person) -> SeatView:
        if reason not in (None, "小休"):
            raise RuleBroken("没有这个示忙原因", "no such reason", code="unknown_reason")
        return self.change_seat(seat_id, status=status, reason=reason)

    async def choose_kind(self, seat_id: str, kind: SeatKind, by: Person) -> SeatView:
        if self.seat(seat_id).call_id is not None:
            raise RuleBroken("通话中不能切换话路", "not during a call", code="seat_busy")
        return self.change_seat(seat_id, kind=kind)

    async def accept(self, seat_id: str, offer_id: int, by: Person) -> CallView:
        offer = self.offers.get(seat_id)
        if offer is None or offer.offer_id != offer_id:
            raise RuleBroken("该来电已不可接听", "the offer is over", code="offer_over")
        await asyncio.sleep(0)
        self.end_offer(seat_id, "accepted")
        self.change_call(offer.call_id, state=CallState.TALKING, seat=seat_id, connected_at=NOON)
        self.change_seat(seat_id, state=SeatState.TALKING, call_id=offer.call_id)
        return self.calls[offer.call_id]

    async def reject(self, seat_id: str, offer_id: int, by: Person) -> SeatView:
        if seat_id not in self.offers or self.offers[seat_id].offer_id != offer_id:
            raise RuleBroken("该来电已不可拒接", "the offer is over", code="offer_over")
        self.end_offer(seat_id, "rejected")
        return self.seat(seat_id)

    async def hang_up(self, seat_id: str, call_id: str, by: Person) -> CallView:
        if self.seat(seat_id).call_id != call_id:
            raise RuleBroken("您不在这通电话中", "you are not in this call", code="not_in_call")
        self.change_call(call_id, state=CallState.ENDED, ended_at=NOON, end_reason="agent_hung_up")
        self.change_seat(seat_id, state=SeatState.WRAP_UP)
        return self.calls[call_id]

    async def end_wrap_up(self, seat_id: str, by: Person) -> SeatView:
        if self.seat(seat_id).state is not SeatState.WRAP_UP:
            raise RuleBroken("座席不在话后处理中", "the seat is not wrapping up", code="not_wrapping_up")
        return self.change_seat(seat_id, state=SeatState.IDLE, call_id=None)

    async def move(self, call_id: str, seat: str | None, group: str | None, reason: str, by: Person) -> CallView:
        if call_id not in self.calls or self.calls[call_id].state is not CallState.WAITING:
            raise RuleBroken("该市民已不在等候", "this citizen does not wait any more", code="not_waiting")
        if seat is not None:
            self.seat(seat)
            self.offer(seat, call_id)
        return self.calls[call_id]

    async def promises(self, state: str, groups: Sequence[str] | None) -> Sequence[Shape]:
        return [p for p in self.owed.values() if p["state"] == state and (groups is None or p["group"] in groups)]

    async def keep_promise(self, promise_id: str, by: Person, groups: Sequence[str] | None) -> Shape:
        promise = self.owed.get(promise_id)
        if promise is None or promise["state"] != "open" or (groups is not None and promise["group"] not in groups):
            raise NotFound("没有这条待回电记录", "there is no such open promise of a call")
        promise |= {"state": "done", "done_at": NOON, "by": by.account}
        return promise

    async def kpi_over(
        self, begins: datetime, ends: datetime, group: str | None = None, duty: str | None = None
    ) -> Kpi:
        if duty is not None:
            return kpi_of(Tally(arrived=1, queued=1, answered=1, within_15s=1))
        return kpi_of(Tally(arrived=4, queued=4, answered=3, within_15s=3, abandoned=1, waited_ms=9000))

    async def ask_rest(self, seat_id: str, reason: str | None, by: Person) -> SeatView:
        return self.change_seat(seat_id, rest_asked=reason)

    async def decide_rest(self, seat_id: str, granted: bool, by: Person) -> SeatView:
        if self.seat(seat_id).rest_asked is None:
            raise RuleBroken("该座席没有休息申请", "this seat does not ask for a rest", code="not_asked")
        return self.change_seat(seat_id, rest_asked=None, rest_owed=granted)

    async def force_break(self, seat_id: str, seconds: int, by: Person) -> SeatView:
        return self.change_seat(seat_id, status=SeatStatus.NOT_READY, reason="强制休息")

    async def end_break(self, seat_id: str, by: Person) -> SeatView:
        return self.change_seat(seat_id, status=SeatStatus.READY, reason=None)

    def owe(self, promise_id: str, group: str = "general") -> None:
        """Somebody gave up waiting."""
        self.owed[promise_id] = {
            "id": promise_id,
            "phone": CITIZEN,
            "call_id": "call_1",
            "line": "12345 热线",
            "group": group,
            "reason": "abandoned",
            "state": "open",
            "since": NOON,
            "created_at": NOON,
            "done_at": None,
            "by": None,
            "on_the_line": False,
        }

    def feed_opened(self, seat_id: str, by: Person) -> None:
        self.screens.append(("opened", seat_id))
        self.change_seat(seat_id, account=by.account, agent_name=by.name, state=SeatState.IDLE)

    def feed_closed(self, seat_id: str) -> None:
        self.screens.append(("closed", seat_id))
        self.screen_closed.set()

    # -- what a test makes happen ---------------------------------------------------------------------------------

    def arrive(self, call_id: str) -> None:
        """A citizen waits."""
        self.calls[call_id] = a_call(call_id)
        self.bus.publish(CallChanged(call_id=call_id))
        self.bus.publish(WaitingChanged(group="general"))

    def offer(self, seat_id: str, call_id: str) -> OfferView:
        """Hold the citizen out to a seat."""
        made = OfferView(
            offer_id=next(self._offer_ids),
            call_id=call_id,
            caller=CITIZEN,
            line="12345 热线",
            waited_seconds=3.0,
            expires_at=NOON + timedelta(seconds=20),
            reason="空闲最久",
        )
        self.offers[seat_id] = made
        self.change_call(call_id, state=CallState.OFFERED)
        self.change_seat(seat_id, state=SeatState.OFFERED)
        self.bus.publish(OfferMade(seat=seat_id, offer_id=made.offer_id))
        return made

    def end_offer(self, seat_id: str, outcome: str) -> None:
        """The offer leaves the screen."""
        gone = self.offers.pop(seat_id)
        self.bus.publish(OfferGone(seat=seat_id, offer_id=gone.offer_id, outcome=outcome))

    def connect(self, seat_id: str, call_id: str) -> None:
        """Put a seat in a conversation at once."""
        self.calls[call_id] = a_call(call_id, CallState.TALKING, seat_id)
        self.bus.publish(CallChanged(call_id=call_id, seat=seat_id))
        self.change_seat(seat_id, state=SeatState.TALKING, call_id=call_id)

    def change_seat(self, seat_id: str, **changes: Any) -> SeatView:
        """Change a seat and say so."""
        self.seats[seat_id] = replace(self.seat(seat_id), **changes)
        self.bus.publish(SeatChanged(seat=seat_id))
        return self.seats[seat_id]

    def change_call(self, call_id: str, **changes: Any) -> None:
        """Change a call and say so."""
        self.calls[call_id] = replace(self.calls[call_id], **changes)
        self.bus.publish(CallChanged(call_id=call_id, seat=self.calls[call_id].seat))


class FakeWorkOrders:
    """Work orders by id; a department sees its unit's only."""

    def __init__(self) -> None:
        self.drafts: dict[str, Shape] = {}
        self.tickets: dict[str, Shape] = {}
        self.unit_names = {"371323": "沂水县", "371312": "河东区"}

    async def draft(self, call_id: str) -> Shape | None:
        return self.drafts.get(call_id)

    async def edit_draft(self, call_id: str, changes: Mapping[str, str], by: Person) -> Shape:
        draft = self.drafts.setdefault(call_id, {"call_id": call_id, "typed": []})
        draft |= changes
        draft["typed"] = sorted({*draft["typed"], *changes})
        return draft

    async def submit(
        self, call_id: str, fields: Mapping[str, str], how: str, answer: str | None, by: Person, *,
        article_id: str | None = None, matter: str | None = None, confidential: bool = False,
    ) -> Shape:  # fmt: skip
        return self.add("ticket_1", call_id=call_id, created_by=by.account, title=fields.get("title", ""))

    async def history(self, phone: str, limit: int = 20) -> Sequence[Shape]:
        return [ticket for ticket in self.tickets.values() if ticket["phone"] == phone][:limit]

    async def page(self, viewer: Person, wanted: Wanted, *, page: int = 1, size: int = 50, after: str = "") -> Shape:
        state = wanted.state
        seen = [t for t in self.tickets.values() if self._sees(viewer, t) and (not state or t["state"] == state)]
        some = {"items": seen[(page - 1) * size : page * size], "total": len(seen), "page": page, "size": size}
        return some | {"more": False, "next": None}

    async def each(self, viewer: Person, wanted: Wanted, at_most: int) -> AsyncIterator[Shape]:
        for ticket in (await self.page(viewer, wanted, size=at_most))["items"]:
            yield ticket

    async def citizens(self, viewer: Person, wanted: Wanted, at_most: int) -> AsyncIterator[Shape]:
        for ticket in (await self.page(viewer, wanted, size=at_most))["items"]:
            yield ticket

    async def figures(self, viewer: Person, wish: PivotWish) -> Shape:
        total = {"tickets": len(self.tickets), "done": 0, "overdue": 0}
        return {"rows": [""], "columns": [""], "cells": [{"row": "", "column": ""} | total], "total": total}

    @property
    def shelves(self) -> "FakeShelves":
        return FakeShelves()

    async def ticket(self, ticket_id: str, viewer: Person) -> Shape:
        found = self.tickets.get(ticket_id)
        if found is None or not self._sees(viewer, found):
            raise NotFound("没有这个工单", "no such work order")
        return found

    async def act(self, ticket_id: str, action: str, fields: Mapping[str, Any], by: Person) -> Shape:
        ticket = await self.ticket(ticket_id, by)
        if action != "sign":
            raise RuleBroken("当前状态不允许", "not in this state", code="not_now")
        ticket["state"] = "in_progress"
        return ticket

    async def act_on_all(
        self, ticket_ids: Sequence[str], action: str, fields: Mapping[str, Any], by: Person
    ) -> Sequence[Shape]:
        return [await self.act(ticket_id, action, fields, by) for ticket_id in ticket_ids]

    async def summary(self, ticket_id: str) -> TicketGlance | None:
        found = self.tickets.get(ticket_id)
        return TicketGlance(found, found["created_by"]) if found else None

    async def of_call(self, call_id: str) -> str | None:
        return next((t["id"] for t in self.tickets.values() if t["call_id"] == call_id), None)

    async def of_calls(self, call_ids: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        found = [ticket for ticket in self.tickets.values() if ticket["call_id"] in call_ids]
        return {ticket["call_id"]: (ticket["id"], ticket["number"]) for ticket in found}

    def categories(self) -> Sequence[Shape]:
        return [{"level1": "市政公用", "leaves": ["路灯井盖"]}]

    def units(self) -> Sequence[Shape]:
        return [{"code": code, "name": name, "level": 2, "parent": None} for code, name in self.unit_names.items()]

    def due_at(self, urgency: str) -> datetime:
        if urgency != "一般":
            raise RuleBroken("没有这个紧急程度", "no such urgency", code="bad_field")
        return NOON + timedelta(days=5)

    def add(self, ticket_id: str, *, unit: str = "371323", **fields: Any) -> Shape:
        """A dispatched work order."""
        self.tickets[ticket_id] = {
            "id": ticket_id,
            "number": "260302120000000001",
            "title": "路灯不亮",
            "type": "求助",
            "category": "市政公用/路灯井盖",
            "place": "沂城街道",
            "urgency": "一般",
            "state": "dispatched",
            "state_zh": "待签收",
            "unit": unit,
            "unit_name": self.unit_names[unit],
            "created_at": NOON,
            "dispatched_at": NOON,
            "due_at": NOON + timedelta(days=5),
            "lamp": "green",
            "phone_masked": "138****0001",
            "description": "村口的路灯坏了",
            "phone": CITIZEN,
            "call_id": None,
            "reply": None,
            "contact": None,
            "timeline": [],
            "callbacks": [],
            "actions": [{"action": "sign", "zh": "签收", "needs": []}],
            "created_by": "agent1001",
            "secret": "never leaves the house",
        } | fields
        return self.tickets[ticket_id]

    def _sees(self, viewer: Person, ticket: Shape) -> bool:
        if viewer.has(Role.DEPARTMENT):
            return bool(ticket["unit"] == viewer.unit)
        return not viewer.has(Role.AGENT) or bool(ticket["created_by"] == viewer.account)


class FakeIntake:
    """A door at which nothing is kept."""

    async def receive(
        self, channel: str, sender_id: str, fields: Mapping[str, str], by: Person | None, *, confidential: bool = False
    ) -> Shape:
        raise RuleBroken("今天不收", "not today")

    async def progress(self, number: str, phone: str) -> Shape:
        raise NotFound("没有这个工单", "no such work order")

    async def find(self, channel: str, number: str, by: Person | None) -> Shape:
        raise NotFound("没有这个工单", "no such work order")


@dataclass(frozen=True)
class FakeAttachments:
    """An archive without files."""

    path: Path
    media_type: str = "image/png"
    name: str = "x"

    async def add(self, ticket_id: str, name: str, chunks: AsyncIterator[bytes], by: str) -> Shape:
        raise RuleBroken("没有内容", "nothing in it")

    async def find(self, ticket_ids: Sequence[str], attachment_id: str) -> "FakeAttachments":
        raise NotFound("没有这个附件", "no such attachment")


RECOGNITION: Shape = {
    "on": True, "reason": None, "live": 2, "limit": 80, "skipped": 1, "moved": 0, "failures": 0, "lost_seconds": 0.0,
    "heard_seconds": 9.0, "recognised_seconds": 4.0, "unsaved": 0,
    "hosts": [{"address": "10.0.0.5:9200", "up": True, "streams": 80, "voices": 2}],
}  # fmt: skip


@dataclass(frozen=True)
class FakeTrack:
    """A file that plays."""

    path: Path
    call_id: str


class FakeArchive:
    """Recordings, transcripts, knowledge and return visits: things that are only read."""

    def __init__(self) -> None:
        self.tracks: dict[str, FakeTrack] = {}
        self.said: dict[str, list[Shape]] = {}
        self.reads = 0

    async def track(self, recording_id: str, track: str) -> FakeTrack:
        if recording_id not in self.tracks:
            raise NotFound("没有这条录音", "no such recording")
        return self.tracks[recording_id]


class FakeRecordings(FakeArchive):
    async def of_call(self, call_id: str) -> Sequence[Shape]:
        found = [recording_id for recording_id, track in self.tracks.items() if track.call_id == call_id]
        shown = {"seconds": 2.0, "sha256": "00" * 32, "tracks": ["mix", "citizen", "agent"], "created_at": NOON}
        return [{"id": recording_id, "call_id": call_id} | shown for recording_id in found]

    keys = Keyring.of("k" * 40, seals=True)

    def sealed(self, path: Path) -> Sealed:
        try:
            return self.keys.open(path)
        except OSError as failure:
            raise Unavailable("录音无法解密", f"it cannot be unsealed: {failure}") from failure

    async def peaks(self, recording_id: str, buckets: int) -> Shape:
        return {"recording_id": recording_id, "seconds": 2.0, "peaks": {"citizen": [0] * buckets}}

    async def export(self, recording_id: str, track: str, listener: str) -> Path:
        copy = Path(tempfile.mkdtemp()) / "copy.wav"
        copy.write_bytes((await self.track(recording_id, track)).path.read_bytes() + listener.encode())
        return copy

    async def hold(self, recording_id: str, held: bool, reason: str, by: str) -> Shape:
        (shape,) = await self.of_call((await self.track(recording_id, "mix")).call_id)
        return dict(shape) | {"held": held}


class FakePausing:
    def __init__(self) -> None:
        self.paused: dict[str, bool] = {}

    async def pause(self, call_id: str, paused: bool, by: str) -> None:
        self.paused[call_id] = paused


class FakeTranscripts(FakeArchive):
    async def of_call(self, call_id: str) -> Sequence[Shape]:
        self.reads += 1
        await asyncio.sleep(0)
        return list(self.said.get(call_id, []))

    async def one(self, utterance_id: str) -> Shape | None:
        return next((said for all_ in self.said.values() for said in all_ if said["id"] == utterance_id), None)

    async def correct(self, call_id: str, utterance_id: str, text: str, by: str, deed: Deed) -> Shape:
        said = await self.one(utterance_id)
        if said is None:
            raise NotFound("没有这句话", "there is no such utterance")
        said |= {"display": text, "corrected_by": by}
        return said


class FakeKnowledge:
    async def search(self, words: str, limit: int = 10) -> Sequence[Shape]:
        return [{"id": "kb_1", "title": "路灯报修", "answer": "拨打…", "score": 0.9}] if "路灯" in words else []


class FakeShelves:
    async def all(self, kind: str, by: Person) -> Sequence[Shape]:
        return []

    async def put(self, kind: str, name: str, body: Mapping[str, str], by: Person) -> Shape:
        return {"name": name, "body": dict(body), "by": by.account}

    async def drop(self, kind: str, name: str, by: Person) -> None:
        raise NotFound("没有这一项", "no such thing")


class FakeCallbacks:
    async def page(self, *, state: str | None, page: int, size: int) -> Shape:
        item = {"task_id": "cb_1", "ticket_id": "ticket_1", "state": "done", "attempt": 1, "at": NOON}
        return {"items": [item | {"disposition": "answered", "solved": True, "satisfaction": 1}], "total": 1}


class FakeRobot:
    """A robot with one call up."""

    def __init__(self) -> None:
        self.paused_by = ""

    def status(self) -> RobotStatus:
        call = LiveCall("callback_1", "visit", "callback_c1", "260302120000000001", CITIZEN, "answered", NOON, "solved")
        return RobotStatus(bool(self.paused_by), self.paused_by, "closed", None, 4, 1, 2.0, NOON, (call,))

    async def pause(self, by: str, reason: str, deed: Deed) -> None:
        self.paused_by = by

    async def resume(self, by: str, deed: Deed) -> None:
        self.paused_by = ""


@dataclass(frozen=True)
class FakeMade:
    """A seat that is kept for a citizen."""

    channel_id: str
    call_id: str


class FakeLine:
    """Rings citizens for seats; they answer as ``outcomes`` says, and talk until ``hang_up``."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.rung: list[str] = []
        self.up: set[str] = set()
        self._over: dict[str, asyncio.Event] = {}
        self._phones: dict[str, str] = {}
        self._ids = iter(range(1, 10_000))

    def keep(self, seat: str, phone: str, label: str, by: Person) -> FakeMade:
        if not phone.isdigit():
            raise RuleBroken("不是有效的电话号码", "that is not a telephone number", code="bad_number")
        number = next(self._ids)
        made = FakeMade(f"hand_{number}", f"call_{number}")
        self._phones[made.channel_id], self._over[made.channel_id] = phone, asyncio.Event()
        return made

    def give_up(self, channel_id: str) -> None:
        self._over[channel_id].set()

    async def ring(self, channel_id: str) -> str:
        phone = self._phones[channel_id]
        self.rung.append(phone)
        outcome = self.outcomes.get(phone, "talked")
        if outcome == "talked":
            self.up.add(channel_id)
        return outcome

    async def until_over(self, channel_id: str) -> None:
        await self._over[channel_id].wait()

    async def is_up(self, channel_id: str) -> bool:
        return channel_id in self.up

    async def hang_up(self, channel_id: str) -> None:
        self.up.discard(channel_id)
        self._over[channel_id].set()


def settings_for(port: int = 8012) -> Settings:
    """A small site."""
    return Settings(
        web=Web(port=port),
        lines=[Line(number="12345", label="12345 热线", group="general")],
        groups=[Group(id="general", name="综合受理")],
        seats=[SeatSettings(id="1001", groups=["general"]), SeatSettings(id="1002", groups=["general"])],
        organisation=Organisation(units=[Unit(code="371323", name="沂水县"), Unit(code="371312", name="河东区")]),
    )


@dataclass
class House:
    """The desk's app and everything behind it."""

    app: FastAPI
    desk: Desk
    bus: Bus
    clock: FakeClock
    security: Security
    settings: Settings
    centre: FakeCallCentre
    orders: FakeWorkOrders
    recordings: FakeRecordings
    transcripts: FakeTranscripts
    health: Health = field(default_factory=lambda: Health("up", "on"))
    recognition: Shape = field(default_factory=lambda: RECOGNITION)
    database: Database = field(init=False)

    @property
    def hub(self) -> FeedHub:
        return self.desk.hub

    def browser(self, **options: Any) -> httpx.AsyncClient:
        """A browser's HTTP side, without a network."""
        transport = httpx.ASGITransport(app=self.app, client=("10.0.0.9", 50000))
        return httpx.AsyncClient(transport=transport, base_url="http://desk.test", **options)

    @asynccontextmanager
    async def signed_in(self, account: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser in which ``account`` signed in; nobody when it is empty."""
        async with self.browser() as browser:
            if account:
                answer = await browser.post("/api/login", json={"account": account, "password": PASSWORD})
                assert answer.status_code == 200, answer.text
            yield browser


@asynccontextmanager
async def open_house(
    folder: Path, *, port: int = 8012, ping_seconds: float = 15.0, database_url: str | None = None
) -> AsyncIterator[House]:
    """Build it, with the accounts above; every password is ``PASSWORD``. ``database_url``: migrated, without accounts;
    None makes a SQLite in ``folder``."""
    bus, clock = Bus(), FakeClock(NOON)
    database = await Database.open(database_url or f"sqlite+aiosqlite:///{folder / 'desk.db'}", bus)
    if database_url is None:
        await database.create_all()
    security = Security.open(database, clock, 12, cheap_passwords())
    for account in ACCOUNTS:
        await security.accounts.add(account, PASSWORD, by="test", from_where="console")
    centre, orders, recordings, transcripts = FakeCallCentre(bus), FakeWorkOrders(), FakeRecordings(), FakeTranscripts()
    house: House
    settings = settings_for(port)
    rooms = Rooms(
        call_centre=centre,
        work_orders=orders,
        intake=FakeIntake(),
        attachments=FakeAttachments(folder),
        callbacks=FakeCallbacks(),
        recordings=recordings,
        transcripts=transcripts,
        pausing=FakePausing(),
        knowledge=FakeKnowledge(),
        health=lambda: house.health,
        recognition=lambda: house.recognition,
        records=CallRecords(database, clock, settings.wrap_up, settings.site.zone),
    )
    made = create_desk(
        rooms=rooms, security=security, settings=settings, secrets=Secrets(folder / "secrets"), bus=bus, clock=clock
    )
    made = replace(made, ping_seconds=ping_seconds)
    app = create_app(made, Pages(folder / "static"))
    house = House(app, made, bus, clock, security, settings, centre, orders, recordings, transcripts)
    house.database = database
    yield house
    security.close()
    await database.close()
