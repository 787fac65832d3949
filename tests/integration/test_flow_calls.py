"""Citizens in a flow, on a real database and a behaving telephone: progress, the night plan, messages, words."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline import ledger
from hotline.bus import Bus
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import ConfigurationError
from hotline.facts.calls import CallEnded, CallPromised, CallQueued, CallSentOut, MessageLeft
from hotline.facts.screens import WaitingChanged
from hotline.facts.speech import PartialHeard
from hotline.settings import Group, Ivr, Line, Notice, Seat, Settings, Storage
from ivr.orders import Step
from ivr.people import Call
from ivr.prompts import spoken_digits
from ivr.service import CallCentre
from ivr.services import Services
from ivr.site import opening_hours_of
from ivr.views import CallState, SeatState, SeatStatus
from telephony.fake import FakeCaller, FakeTelephony
from tests.integration.test_call_centre import AGENT, ends

NUMBER = "261120083000123456"
NOON, THREE = datetime(2026, 11, 20, 4, 0, tzinfo=UTC), datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
OUTSIDE = """
flow: outside
start: go
nodes:
  go: {do: transfer, target: "119", label: 消防, otherwise: sorry}
  sorry: {do: play, prompts: no-answer, next: wait}
  wait: {do: queue}
"""

WHO = """
flow: who
start: ask
nodes:
  ask: {do: condition, ask: caller, when: {repeated: again, withheld: hidden, known: known}, otherwise: new}
  again: {do: play, prompts: please-wait, next: wait}
  hidden: {do: play, prompts: night, next: wait}
  known: {do: play, prompts: holiday, next: wait}
  new: {do: play, prompts: welcome, next: wait}
  wait: {do: queue}
"""
FIRE = """
flow: fire
start: menu
nodes:
  menu: {do: play, prompts: welcome, keys: {7: fire}, next: wait}
  fire: {do: transfer, emergency: "119", otherwise: wait}
  wait: {do: queue}
"""


class Records:
    """Fills ``ProgressReader``, ``Articles`` and ``Messages``."""

    def __init__(self, *states: str) -> None:
        self.tickets = [
            {"number": f"{int(NUMBER) + place}", "state": state, "due_at": "2026-11-30T17:30:00+08:00"}
            for place, state in enumerate(states)
        ]
        self.messages: list[tuple[str, str, str, float]] = []

    async def progress(self, phone: str, digits: str = "") -> Sequence[Mapping[str, Any]]:
        return [one for one in self.tickets if phone == "13800000001" and one["number"].endswith(digits)]

    async def short_answer(self, article: str) -> str | None:
        return "可以提取公积金" if article == "kb_housing_fund" else None

    async def prompts(self, text: str, name: str) -> Sequence[str]:
        return [f"hotline/spoken/{name}"]

    async def take_message(self, call_id: str, caller: str, line: str, seconds: float) -> str:
        self.messages.append((call_id, caller, line, seconds))
        return NUMBER


class Town:
    """One engine's call centre with its telephone, at a time of day."""

    def __init__(self, database: Database, bus: Bus, folder: Path, now: datetime, flow: str, records: Records) -> None:
        self.database, self.bus, self.records = database, bus, records
        self.telephone = FakeTelephony(bus.publish)
        self.clock = FakeClock(now)
        storm = Notice(
            prompt="notice-busy", since=datetime(2027, 1, 1, tzinfo=UTC), until=datetime(2027, 1, 2, tzinfo=UTC)
        )
        settings = Settings(
            storage=Storage(folder=folder),
            lines=[Line(number="12345", group="general", flow=flow)],
            groups=[Group(id="general", name="综合"), Group(id="enterprise", name="企业")],
            seats=[Seat(id="1001", groups=["general"]), Seat(id="1002", groups=["enterprise"])],
            ivr=Ivr.model_validate({"day_hours": [["08:00", "20:00"]], "notices": [storm]}),
        )
        self.centre = CallCentre(settings, database, bus, self.telephone, self.clock)
        hours = opening_hours_of(settings, lambda day: True)
        self.centre.provide(
            Services(hours=hours, progress=records, articles=records, messages=records, speaker=records)
        )

    async def ready(self, seat: str) -> None:
        self.telephone.add_leg(f"PJSIP/{seat}-0001", seat=seat)
        self.centre.feed_opened(seat, AGENT)
        await self.centre.choose_status(seat, SeatStatus.READY, None, AGENT)
        await self.until(lambda: self.centre.seat(seat).state is not SeatState.UNREACHABLE)

    def calls(self, *keys: str, number: str = "13800000001") -> tuple[FakeCaller, "asyncio.Task[None]"]:
        leg = self.telephone.add_leg(f"PJSIP/trunk-{len(self.telephone.legs)}", caller=number)
        caller = FakeCaller(leg.channel, leg.uniqueid, keys, callerid=number, dnid="12345")
        return caller, asyncio.create_task(self.centre.citizen(caller))

    async def until(self, true: Any) -> None:
        with self.bus.subscribe("test") as seen:
            async with asyncio.timeout(5):
                while not true():
                    await anext(seen)

    async def rests(self, caller: FakeCaller) -> None:
        """Until the citizen hears music."""
        async with asyncio.timeout(5):
            await caller.resting.wait()

    async def hears(self, caller: FakeCaller, prompt: str) -> None:
        """Until this was played, and music after it. A prompt tells nobody: so look now and then."""
        async with asyncio.timeout(5):
            while f"hotline/{prompt}" not in caller.heard:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await caller.resting.wait()

    def state(self, caller: FakeCaller) -> Any:
        call = self.centre.floor.by_uniqueid(caller.uniqueid)
        assert call is not None
        return call

    async def facts(self, kind: type[Any]) -> list[Any]:
        """Those in the ledger once all is written that the floor has done: it is ahead of the ledger."""
        await self.centre.journal.write(Step(signals=[WaitingChanged(group="general")]), [], [])
        return [entry.fact async for entry in ledger.read(self.database) if isinstance(entry.fact, kind)]


@pytest.fixture
async def town(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    """At noon with the standard flow and one work order, unless ``parametrize(indirect)`` says (time, flow, states)."""
    now, flow, *states = getattr(request, "param", (NOON, "standard", "in_progress"))
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/who.yaml").write_text(WHO, encoding="utf-8")
    (tmp_path / "flows/fire.yaml").write_text(FIRE, encoding="utf-8")
    (tmp_path / "flows/outside.yaml").write_text(OUTSIDE, encoding="utf-8")
    town = Town(database, database.bus, tmp_path, now, flow, Records(*states))
    await town.centre.load()
    running = asyncio.create_task(town.centre.run())
    yield town
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def at(now: datetime, flow: str = "standard", *states: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("town", [(now, flow, *states)], indirect=True)


PROGRESS = ["hotline/progress-is", *spoken_digits(NUMBER), "hotline/progress-working", "hotline/progress-due"]


async def test_one_in_the_greeting_tells_the_progress_and_leads_to_the_line(town: Town) -> None:
    caller, _ = town.calls("1")
    await town.rests(caller)
    assert caller.heard[: 1 + len(PROGRESS)] == ["hotline/welcome", *PROGRESS]
    assert town.state(caller).queued_at is not None
    assert len(await town.facts(CallQueued)) == 1


async def test_one_while_waiting_keeps_the_place(town: Town) -> None:
    first, _ = town.calls()
    await town.rests(first)
    second, _ = town.calls(number="13800000002")
    await town.rests(second)
    since = town.state(first).queued_at
    first.presses("1")
    await town.hears(first, "progress-due")
    assert (town.state(first).queued_at, town.centre.floor.position(town.state(first).call_id)) == (since, 1)
    assert len(await town.facts(CallQueued)) == 2


async def test_an_agent_takes_a_citizen_who_listens_to_the_progress(town: Town) -> None:
    caller, session = town.calls()
    await town.rests(caller)
    caller.presses("1")
    await town.ready("1001")
    await town.until(lambda: town.centre.offer_for("1001"))
    offer = town.centre.offer_for("1001")
    assert offer is not None
    await town.centre.accept("1001", offer.offer_id, AGENT)
    await ends(session)
    assert town.state(caller).state is CallState.TALKING


async def test_two_asks_for_the_enterprise_seats(town: Town) -> None:
    caller, _ = town.calls("2")
    await town.rests(caller)
    assert town.state(caller).group == "enterprise"
    await town.ready("1001")
    assert town.centre.offer_for("1001") is None
    await town.ready("1002")
    await town.until(lambda: town.centre.offer_for("1002"))


async def test_nine_is_spoken_to_in_english(town: Town) -> None:
    caller, _ = town.calls("9")
    await town.rests(caller)
    assert caller.variables["CHANNEL(language)"] == "en"
    assert caller.heard[-1] == "hotline/position-next"
    assert town.state(caller).group == "general"  # this town has no English seats


@at(NOON, "standard", "in_progress", "to_dispatch")
async def test_of_several_work_orders_the_number_is_asked(town: Town) -> None:
    caller, _ = town.calls("1", *"123457#")
    await town.rests(caller)
    told = caller.heard.index("hotline/progress-number")
    assert caller.heard[told + 1 : told + 20] == ["hotline/progress-is", *spoken_digits(f"{int(NUMBER) + 1}")]
    assert "hotline/progress-received" in caller.heard


@at(THREE)
async def test_at_three_with_an_agent_there_the_citizen_waits_for_her(town: Town) -> None:
    await town.ready("1001")
    caller, _ = town.calls()
    await town.until(lambda: town.centre.offer_for("1001"))
    assert caller.heard[:2] == ["hotline/welcome", "hotline/night"]


@at(THREE)
async def test_at_three_with_nobody_there_a_call_is_owed(town: Town) -> None:
    caller, session = town.calls()
    await ends(session)
    assert caller.heard == [f"hotline/{name}" for name in ("welcome", "night", "callback-promised", "goodbye")]
    assert caller.variables["HOTLINE_AFTER"] == "hangup"
    (owed,) = await town.centre.owed.open()
    assert (owed["phone"], owed["group"], owed["state"]) == ("13800000001", "general", "open")
    again, session = town.calls()
    await ends(session)
    assert "hotline/callback-promised" in again.heard
    assert len(await town.centre.owed.open()) == len(await town.facts(CallPromised)) == 1
    town.telephone.drop(caller.channel)
    await town.until(lambda: town.centre.floor.by_uniqueid(caller.uniqueid) is None)
    assert [fact.reason for fact in await town.facts(CallEnded)] == ["callback_promised"]
    await town.centre.owed.keep(owed["id"], "xiaoli")
    assert await town.centre.owed.open() == []


@at(THREE)
async def test_a_withheld_number_at_three_waits(town: Town) -> None:
    caller, _ = town.calls(number="unknown")
    await town.rests(caller)
    assert "hotline/callback-impossible" in caller.heard
    assert town.state(caller).queued_at is not None


@at(datetime(2027, 1, 1, 4, tzinfo=UTC))
async def test_a_notice_is_told(town: Town) -> None:
    caller, _ = town.calls()
    await town.rests(caller)
    assert caller.heard[:2] == ["hotline/welcome", "hotline/notice-busy"]


async def test_who_has_waited_too_long_is_called_back(town: Town) -> None:
    caller, session = town.calls()
    await town.rests(caller)
    town.clock.advance(901)
    caller.presses("#")  # any end of the music looks at the clock
    await ends(session)
    assert caller.heard[-2:] == ["hotline/callback-promised", "hotline/goodbye"]


@at(NOON, "full-menu")
async def test_an_article_is_read_out(town: Town) -> None:
    caller, _ = town.calls("", "3", "2")
    await town.rests(caller)
    assert "hotline/spoken/kb_housing_fund" in caller.heard
    missing, _ = town.calls("", "3", "3")
    await town.rests(missing)
    assert not any("spoken" in prompt for prompt in missing.heard)


@at(NOON, "full-menu")
async def test_a_message_becomes_a_work_order(town: Town) -> None:
    caller, session = town.calls("4")
    caller.speaks_seconds = 6.0
    await ends(session)
    assert caller.heard[-2:] == ["hotline/message-thanks", "hotline/goodbye"]
    assert [message[1:] for message in town.records.messages] == [("13800000001", "12345", 6.0)]
    assert [fact.seconds for fact in await town.facts(MessageLeft)] == [6.0]


@at(NOON, "full-menu")
async def test_a_silent_message_is_none(town: Town) -> None:
    caller, _ = town.calls("4")
    caller.speaks_seconds = 4.2  # silence, as Asterisk's detector counts it
    await town.rests(caller)
    assert town.records.messages == []


@at(NOON, "full-menu")
async def test_a_word_is_a_key(town: Town) -> None:
    await town.ready("1001")
    caller, _ = town.calls("0")
    await town.rests(caller)
    call_id = town.state(caller).call_id
    for who, text in (
        ("agent", "留言"),
        ("citizen", "给我"),
        ("citizen", "给 我 回电"),
        ("citizen", "给 我 回电 留言"),
    ):
        town.bus.publish(PartialHeard(call_id=call_id, who=who, text=text))
    async with asyncio.timeout(5):
        while not town.telephone.pressed_for:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert town.telephone.pressed_for == [(caller.uniqueid, "5")]


@at(NOON, "outside")
async def test_a_number_outside_is_dialled_and_nobody_there_comes_back(town: Town) -> None:
    caller, session = town.calls()
    await ends(session)
    assert (caller.variables["HOTLINE_AFTER"], caller.variables["HOTLINE_TARGET"]) == ("dial", "119")
    await town.ready("1001")
    assert town.centre.offer_for("1001") is None
    (sent,) = await town.facts(CallSentOut)
    assert (sent.target, sent.label) == ("119", "消防")
    back = FakeCaller(caller.channel, caller.uniqueid, callerid="13800000001", dnid="12345")
    asyncio.create_task(town.centre.citizen(back))  # noqa: RUF006
    await town.until(lambda: town.centre.offer_for("1001"))
    assert back.heard[0] == "hotline/no-answer"


class Platforms:
    """Fills ``EmergencyLine``."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def from_flow(self, call: Call, code: str) -> tuple[str, str]:
        self.seen.append(f"{code} for {call.caller}")
        return "6119", "消防"

    async def flow_failed(self, call_id: str) -> None:
        self.seen.append("failed")


@at(NOON, "fire")
async def test_one_key_sends_to_an_emergency_platform_and_its_data_along(town: Town) -> None:
    platforms = Platforms()
    town.centre.provide(replace(town.centre.reception.house.services, emergencies=platforms))
    caller, session = town.calls("7")
    await ends(session)
    assert (caller.variables["HOTLINE_AFTER"], caller.variables["HOTLINE_TARGET"]) == ("dial", "6119")
    (sent,) = await town.facts(CallSentOut)
    assert (sent.target, sent.label) == ("6119", "消防")
    back = FakeCaller(caller.channel, caller.uniqueid, callerid="13800000001", dnid="12345")
    asyncio.create_task(town.centre.citizen(back))  # noqa: RUF006
    await town.rests(back)
    assert platforms.seen == ["119 for 13800000001", "failed"]


@at(NOON, "fire")
async def test_without_the_means_to_send_data_the_number_is_dialled_all_the_same(town: Town) -> None:
    caller, session = town.calls("7")
    await ends(session)
    assert caller.variables["HOTLINE_TARGET"] == "119"


@at(NOON, "who", "closed")
async def test_a_flow_may_ask_who_calls(town: Town) -> None:
    heard = []
    for number in ("13700000009", "13700000009", ""):
        caller, session = town.calls(number=number)
        await town.rests(caller)
        heard.append(caller.heard[0])
        town.telephone.drop(caller.channel)
        caller.hangs_up()
        await ends(session)
    assert heard == ["hotline/welcome", "hotline/please-wait", "hotline/night"]  # new, repeated, withheld


@at(NOON, "who")
async def test_a_flow_may_ask_whether_a_work_order_is_open(town: Town) -> None:
    town.records.tickets[:] = Records("in_progress").tickets
    caller, _ = town.calls()
    await town.rests(caller)
    assert caller.heard[0] == "hotline/holiday"


async def test_an_edited_flow_serves_the_next_call(town: Town) -> None:
    waiting, _ = town.calls()
    await town.rests(waiting)
    own = town.centre.reception.house.folder / "flows/standard.yaml"
    own.write_text("flow: standard\nstart: a\nnodes:\n  a: {do: play, prompts: night, next: b}\n  b: {do: queue}\n")
    newer, _ = town.calls(number="13800000002")
    await town.rests(newer)
    assert newer.heard[0] == "hotline/night"
    waiting.presses("1")
    await town.hears(waiting, "progress-due")  # its version still knows the key


def test_a_line_with_an_unknown_flow_stops_the_start(tmp_path: Path) -> None:
    settings = Settings(
        storage=Storage(folder=tmp_path),
        lines=[Line(number="12345", group="general", flow="nothing")],
        groups=[Group(id="general", name="综合")],
        seats=[Seat(id="1001", groups=["general"])],
    )
    with pytest.raises(ConfigurationError, match="no flow 'nothing'"):
        CallCentre(settings, None, Bus(), FakeTelephony(), FakeClock(NOON))  # type: ignore[arg-type]
