"""Who is shown what, and what a screen's queue lets through: no I/O."""

from datetime import UTC, datetime
from typing import Any

import pytest

from agent_desk.feed.news import (
    CallNews,
    DeskNews,
    FiguresNews,
    GroupNews,
    News,
    OfferGoneNews,
    OfferNews,
    RecognitionNews,
    SeatNews,
    TicketNews,
    WaitingNews,
)
from agent_desk.feed.outbox import NOT_SIGNED_IN, TOO_SLOW, Outbox
from agent_desk.feed.shape import Frame, key_of, shape
from hotline.security import Person, Role, Session
from ivr.views import CallState, CallView, FiguresView, GroupView, SeatState, SeatStatus, SeatView

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
AGENT = Person(account="agent1001", name="王敏", roles=frozenset({Role.AGENT}), seat="1001")
NEIGHBOUR = Person(account="agent1002", name="李强", roles=frozenset({Role.AGENT}), seat="1002")
SUPERVISOR = Person(account="supervisor", name="班长", roles=frozenset({Role.SUPERVISOR}))
ADMIN = Person(account="admin", name="管理员", roles=frozenset({Role.ADMIN}))
DEPARTMENT = Person(account="dept", name="沂水县", roles=frozenset({Role.DEPARTMENT}), unit="371323")
ELSEWHERE = Person(account="else", name="河东区", roles=frozenset({Role.DEPARTMENT}), unit="371312")
INSPECTOR = Person(account="inspector", name="质检员", roles=frozenset({Role.INSPECTOR}))
EVERYBODY = (AGENT, NEIGHBOUR, SUPERVISOR, ADMIN, DEPARTMENT, ELSEWHERE, INSPECTOR)

CALL = CallView(
    call_id="call_1",
    caller="13800000001",
    dialled="12345",
    line="12345 热线",
    group="general",
    state=CallState.TALKING,
    arrived_at=NOON,
    connected_at=NOON,
    ended_at=None,
    end_reason=None,
    seat="1001",
)
SEAT = SeatView(
    id="1001",
    name="一号",
    account="agent1001",
    agent_name="王敏",
    status=SeatStatus.READY,
    reason=None,
    state=SeatState.IDLE,
    since=NOON,
    call_id=None,
    groups=("general",),
)
GROUP = GroupView(
    id="general",
    name="综合",
    waiting=1,
    longest_wait_seconds=3.0,
    ready=1,
    busy=0,
    not_ready=0,
    answered_15s_rate=None,
    abandoned=0,
)
FIGURES = FiguresView(arrived=1, answered=0, abandoned=0, within_15s=0)
SUMMARY = {"id": "ticket_1", "unit": "371323", "title": "路灯"}


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        (SeatNews(view=SEAT), {"agent1001": "seat", "supervisor": "live.seat", "admin": "live.seat"}),
        (OfferNews(seat="1001", offer={"offer_id": 1}), {"agent1001": "offer"}),
        (OfferGoneNews(seat="1001", offer_id=1, outcome="timed_out"), {"agent1001": "offer_ended"}),
        (CallNews(seat="1001", view=CALL), {"agent1001": "call"}),
        (CallNews(seat=None, view=CALL), {}),
        (DeskNews(seat="1002", type="utterance", data={"id": "u1"}), {"agent1002": "utterance"}),
        (DeskNews(seat=None, type="utterance", data={"id": "u1"}), {}),
        (
            TicketNews(summary=SUMMARY, accounts=frozenset({"agent1002"}), seat="1001"),
            {"agent1001": "ticket", "agent1002": "ticket", "dept": "ticket"},
        ),
        (TicketNews(summary=SUMMARY | {"unit": None}, accounts=frozenset({"robot", "supervisor"}), seat=None), {}),
        (WaitingNews(calls=(CALL,)), {"supervisor": "live.waiting", "admin": "live.waiting"}),
        (GroupNews(view=GROUP), {"supervisor": "live.group", "admin": "live.group"}),
        (FiguresNews(view=FIGURES), {"supervisor": "live.figures", "admin": "live.figures"}),
        (RecognitionNews(data={"live": 2}), {"supervisor": "live.recognition", "admin": "live.recognition"}),
    ],
)
def test_everybody_is_shown_what_concerns_them_and_nothing_else(news: News, expected: dict[str, str]) -> None:
    shown = {viewer.account: [frame["type"] for frame in shape(news, viewer)] for viewer in EVERYBODY}
    assert {account: types for account, types in shown.items() if types} == {a: [t] for a, t in expected.items()}


def test_a_supervisor_who_also_answers_sees_a_seat_both_ways() -> None:
    both = Person(account="b", name="B", roles=frozenset({Role.AGENT, Role.SUPERVISOR}), seat="1001")
    assert [frame["type"] for frame in shape(SeatNews(view=SEAT), both)] == ["seat", "live.seat"]


def test_numbers_are_whole_on_the_call_and_masked_on_the_wall() -> None:
    (mine,) = shape(CallNews(seat="1001", view=CALL), AGENT)
    (wall,) = shape(WaitingNews(calls=(CALL,)), SUPERVISOR)
    assert mine["data"]["caller"] == "13800000001"
    assert wall["data"][0]["caller"] == "138****0001"


def test_a_seat_number_without_the_role_shows_nothing() -> None:
    former = Person(account="x", name="X", roles=frozenset({Role.INSPECTOR}), seat="1001")
    assert shape(CallNews(seat="1001", view=CALL), former) == []


def test_only_what_shows_the_present_can_be_superseded() -> None:
    assert key_of({"type": "seat", "data": {}}) == ("seat", "")
    assert key_of({"type": "live.seat", "data": {"id": "1001"}}) == ("live.seat", "1001")
    for happened in ("partial", "utterance", "ticket", "offer_ended", "recording", "draft", "ping"):
        assert key_of({"type": happened, "data": {}}) is None


# -- the queue of one screen ------------------------------------------------------------------------------------------


def frame(type_: str, **data: Any) -> Frame:
    return {"type": type_, "data": data}


def outbox(capacity: int = 200) -> Outbox:
    return Outbox(Session(AGENT, "f" * 64, NOON), capacity)


async def drain(box: Outbox, count: int) -> list[Frame]:
    return [await box.next() for _ in range(count)]


async def test_a_state_that_is_shown_already_is_not_sent_again() -> None:
    box = outbox()
    box.put([frame("seat", state="idle"), frame("seat", state="idle"), frame("seat", state="offered")])
    box.put([frame("seat", state="idle")])
    assert [f["data"]["state"] for f in await drain(box, 3)] == ["idle", "offered", "idle"]


async def test_what_happened_is_sent_every_time() -> None:
    box = outbox()
    box.put([frame("partial", text="路"), frame("partial", text="路")])
    assert len(await drain(box, 2)) == 2


async def test_one_frame_too_many_cuts_the_screen() -> None:
    box = outbox(capacity=3)
    box.put([frame("partial", text=str(n)) for n in range(3)])
    assert not box.ended.done()
    box.put([frame("partial", text="3")])
    assert box.ended.result() == TOO_SLOW
    box.end(NOT_SIGNED_IN)
    assert box.ended.result() == TOO_SLOW


def desk_snapshot(*said: str) -> Frame:
    transcript = [{"id": id_} for id_ in said]
    return frame("desk", seat={"state": "talking"}, offer=None, call={"call_id": "call_1"}, transcript=transcript)


async def test_a_snapshot_settles_what_was_queued_before_it() -> None:
    box = outbox()
    box.put(
        [
            frame("seat", state="idle"),
            frame("offer", offer_id=1),
            frame("offer_ended", offer_id=1),
            frame("draft", title="a"),
            frame("utterance", id="u1"),
            frame("partial", text="路"),
            frame("draft", title="b"),
            frame("utterance", id="u2"),
            frame("ticket", id="ticket_1"),
        ]
    )
    box.settle([desk_snapshot("u1")])
    box.put([frame("seat", state="talking"), frame("seat", state="wrap_up")])
    got = await drain(box, 4)
    assert [f["type"] for f in got] == ["draft", "utterance", "ticket", "seat"]
    assert got[0]["data"]["title"] == "b"
    assert got[1]["data"]["id"] == "u2"
    assert got[3]["data"]["state"] == "wrap_up"


async def test_a_call_that_comes_back_to_the_seat_unchanged_is_shown_again() -> None:
    """Passed on to a colleague and back: between the two the screen has turned away from it."""
    box = outbox()
    call = frame("call", call_id="call_1", state="talking", seat="1001")
    here, gone = frame("seat", state="talking", call_id="call_1"), frame("seat", state="idle", call_id=None)
    box.put([here, call, call, gone, here, call])
    assert [f["type"] for f in await drain(box, 5)] == ["seat", "call", "seat", "seat", "call"]


async def test_a_live_snapshot_is_not_repeated_by_the_stream() -> None:
    box = outbox()
    seats = [{"id": "1001", "state": "idle"}, {"id": "1002", "state": "idle"}]
    box.settle([frame("live", groups=[{"id": "general"}], waiting=[], seats=seats, figures={"arrived": 1})])
    box.put([{"type": "live.waiting", "data": []}, frame("live.figures", arrived=1), frame("live.group", id="general")])
    box.put([frame("live.seat", id="1002", state="idle"), frame("live.seat", id="1001", state="talking")])
    (got,) = await drain(box, 1)
    assert got == frame("live.seat", id="1001", state="talking")
