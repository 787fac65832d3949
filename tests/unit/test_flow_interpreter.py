"""The interpreter, walked by hand and by random events: it never raises, and nobody is left without an order."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.book import FlowBook
from ivr.flow.events import (
    ALL_KEYS,
    Answered,
    Ask,
    EnterQueue,
    Event,
    HangUp,
    Heard,
    KeyPressed,
    Order,
    Play,
    Quiet,
    Record,
    Recorded,
    RequestCallback,
    Subject,
    Transfer,
    TransferFailed,
    WaitedTooLong,
)
from ivr.flow.interpreter import Step, advance, begin
from ivr.flow.model import Flow
from ivr.flow.reading import read_flow
from ivr.flow.state import FlowState

BOOK = FlowBook.open(None)
STANDARD, MENU = BOOK.flow("standard"), BOOK.flow("full-menu")
SILENCE = Quiet()
FOUND = Answered(
    "found",
    {"number": "261120083000123456", "progress": "progress-working", "due": "2026-11-30", "due_prompt": "progress-due"},
)


def walk(flow: Flow, *events: Event) -> Step:
    step = begin(flow, {"caller": "13800000001", "dialled": "12345"})
    for event in events:
        step = advance(flow, step.state, event)
    return step


def ordered(flow: Flow, *events: Event) -> Order:
    return walk(flow, *events).state.order


def test_the_standard_flow_is_one_greeting_and_the_waiting_room() -> None:
    assert ordered(STANDARD) == Play(("hotline/welcome",), "1290")
    assert ordered(STANDARD, SILENCE) == Ask(Subject.CALENDAR)
    waiting = ordered(STANDARD, SILENCE, Answered("open"))
    assert isinstance(waiting, EnterQueue)
    assert (waiting.group, waiting.keys, waiting.longest_wait_seconds) == ("", "129", 900)


def test_nought_repeats_and_nine_is_english() -> None:
    assert ordered(STANDARD, KeyPressed("0")) == ordered(STANDARD)
    assert ordered(STANDARD, KeyPressed("9")) == Play(("hotline/welcome",), language="en")
    english = ordered(STANDARD, KeyPressed("9"), SILENCE)
    assert isinstance(english, EnterQueue)
    assert (english.group, english.language) == ("english", "en")


def test_progress_is_spoken_in_the_middle_of_waiting() -> None:
    state = walk(STANDARD, SILENCE, Answered("open"), KeyPressed("1")).state
    assert state.order == Ask(Subject.PROGRESS, {"number": ""})
    said: list[str] = []
    step = advance(STANDARD, state, FOUND)
    while isinstance(step.state.order, Play):
        said += step.state.order.prompts
        step = advance(STANDARD, step.state, SILENCE)
    assert said[0] == "hotline/progress-is"
    assert said[1:4] == ["hotline/d2", "hotline/d6", "hotline/yao"]
    assert said[19:21] == ["hotline/progress-working", "hotline/progress-due"]
    assert said[-1] == "hotline/day"
    assert isinstance(step.state.order, EnterQueue)


def test_without_a_deadline_none_is_spoken() -> None:
    found = replace(FOUND, values={"number": "1", "progress": "progress-closed"})
    step = walk(STANDARD, KeyPressed("1"), found, SILENCE, SILENCE)
    assert step.state.order == Play(("hotline/progress-closed",))
    assert isinstance(advance(STANDARD, step.state, SILENCE).state.order, EnterQueue)


def test_the_number_is_keyed_in_and_a_slip_is_forgiven() -> None:
    asked = walk(STANDARD, KeyPressed("1"), Answered("missing")).state
    assert asked.order == Play(("hotline/progress-number",), ALL_KEYS, 8.0)
    state = asked
    for key in "12#":
        state = advance(STANDARD, state, KeyPressed(key)).state
    assert state.order == Play(("hotline/invalid-key", "hotline/progress-number"), ALL_KEYS, 8.0)
    for key in "123456#":
        state = advance(STANDARD, state, KeyPressed(key)).state
    assert state.order == Ask(Subject.PROGRESS, {"number": "123456"})
    missing = advance(STANDARD, state, Answered("missing")).state
    assert missing.order == Play(("hotline/progress-missing",))
    assert isinstance(advance(STANDARD, asked, SILENCE).state.order, Play)
    assert isinstance(walk(STANDARD, KeyPressed("1"), Answered("missing"), SILENCE, SILENCE).state.order, EnterQueue)


def test_a_pause_ends_a_number_that_is_long_enough() -> None:
    state = walk(STANDARD, KeyPressed("1"), Answered("missing"), *(KeyPressed(key) for key in "123456")).state
    assert state.order == Play((), ALL_KEYS, 8.0)
    assert advance(STANDARD, state, SILENCE).state.order == Ask(Subject.PROGRESS, {"number": "123456"})


def test_what_cannot_be_asked_leads_to_a_person() -> None:
    assert isinstance(ordered(STANDARD, KeyPressed("1"), Answered("unavailable")), EnterQueue)
    assert isinstance(ordered(STANDARD, SILENCE, Answered("unavailable")), EnterQueue)


def test_at_three_in_the_morning_with_nobody_there_a_call_is_owed() -> None:
    night = (SILENCE, Answered("closed"), SILENCE)
    assert isinstance(ordered(STANDARD, *night, Answered("free")), EnterQueue)
    assert ordered(STANDARD, *night, Answered("unstaffed")) == RequestCallback()
    promised = walk(STANDARD, *night, Answered("unstaffed"), Answered("taken"))
    assert promised.state.order == Play(("hotline/callback-promised", "hotline/goodbye"))
    over = advance(STANDARD, promised.state, SILENCE).state
    assert (over.order, over.finished) == (HangUp("callback_promised"), True)
    withheld = ordered(STANDARD, *night, Answered("unstaffed"), Answered("refused"), SILENCE)
    assert isinstance(withheld, EnterQueue)


def test_an_emergency_notice_names_its_prompt() -> None:
    assert ordered(STANDARD, SILENCE, Answered("notice", {"notice": "notice-busy"})) == Play(
        ("hotline/notice-busy",), "129"
    )
    assert isinstance(ordered(STANDARD, SILENCE, Answered("notice")), EnterQueue)


def test_who_waits_too_long_is_called_back() -> None:
    assert ordered(STANDARD, SILENCE, Answered("open"), WaitedTooLong()) == RequestCallback()


MAIN = (SILENCE, Answered("open"))


def test_a_menu_forgives_and_then_finds_a_person() -> None:
    first = ordered(MENU, *MAIN)
    assert first == Play(("hotline/menu-main",), ALL_KEYS, 5.0, listening=True)
    assert ordered(MENU, *MAIN, KeyPressed("8")) == replace(first, prompts=("hotline/invalid-key", "hotline/menu-main"))
    assert ordered(MENU, *MAIN, SILENCE) == first
    assert ordered(MENU, *MAIN, SILENCE, KeyPressed("8"))== Ask(
        Subject.QUEUE, {"group": "", "long_seconds": "120.0"}
    )  # fmt: skip


def test_words_are_keys_where_they_are_configured() -> None:
    assert ordered(MENU, *MAIN, Heard("我要转人工谢谢")) == ordered(MENU, *MAIN, KeyPressed("0"))
    assert ordered(MENU, *MAIN, Heard("查询一下我的工单进度")) == ordered(MENU, *MAIN, KeyPressed("1"))
    assert ordered(MENU, *MAIN, Heard("你好你好")) == ordered(MENU, *MAIN)
    assert ordered(STANDARD, Heard("人工")) == ordered(STANDARD)


def test_an_article_is_played_and_cut_short_by_a_key() -> None:
    asked = (*MAIN, KeyPressed("3"), KeyPressed("2"))
    assert ordered(MENU, *asked) == Ask(Subject.KNOWLEDGE, {"article": "kb_housing_fund"})
    playing = (*asked, Answered("found", prompts=("hotline/spoken-1",)))
    assert ordered(MENU, *playing) == Play(("hotline/spoken-1",), "0")
    assert ordered(MENU, *playing, KeyPressed("0")) == ordered(MENU, *MAIN, KeyPressed("3"))
    assert isinstance(ordered(MENU, *playing, SILENCE), EnterQueue)
    assert isinstance(ordered(MENU, *asked, Answered("missing")), EnterQueue)


def test_a_message_is_left() -> None:
    recording = (*MAIN, KeyPressed("4"), SILENCE)
    assert ordered(MENU, *recording) == Record(120.0, 4.0, "#")
    assert ordered(MENU, *recording, Recorded("m1", 3.5)) == Play(("hotline/message-thanks", "hotline/goodbye"))
    assert isinstance(ordered(MENU, *recording, Recorded("", 0)), EnterQueue)


TRANSFER = read_flow(
    """
flow: emergency
start: go
nodes:
  go: {do: transfer, target: "119", label: 消防, otherwise: sorry}
  sorry: {do: play, prompts: no-answer, next: wait}
  wait: {do: queue}
"""
)


def test_a_transfer_that_nobody_answers_comes_back() -> None:
    assert ordered(TRANSFER, SILENCE) == Transfer("119", "消防")
    assert ordered(TRANSFER, SILENCE, TransferFailed()) == Play(("hotline/no-answer",))


def test_a_late_or_doubled_event_changes_nothing() -> None:
    state = walk(STANDARD, SILENCE).state
    for late in (KeyPressed("1"), SILENCE, WaitedTooLong(), Recorded("x", 1), TransferFailed()):
        assert advance(STANDARD, state, late) == Step(state)


def test_a_state_of_another_version_finds_the_waiting_room() -> None:
    lost = replace(walk(STANDARD, SILENCE).state, node="gone")
    assert advance(STANDARD, lost, Answered("open")).state.order == EnterQueue()


@pytest.mark.parametrize("flow", [STANDARD, MENU], ids=["standard", "full-menu"])
def test_too_many_steps_end_in_the_waiting_room(flow: Flow) -> None:
    step = begin(flow)
    keys = {"main": "3", "policies": "0"} if flow is MENU else {"greeting": "0"}
    for _ in range(3 * flow.maximum_steps):
        key = keys.get(step.state.node)
        event: Event = KeyPressed(key) if key else Answered("open") if step.state.node == "hours" else SILENCE
        step = advance(flow, step.state, event)
        if step.state.finished:
            break
    assert isinstance(step.state.order, EnterQueue)


text = st.text(max_size=20)
answers = st.sampled_from(
    "open closed holiday notice unstaffed found several missing taken refused unavailable nonsense".split()  # noqa: SIM905
)
values = st.dictionaries(
    st.sampled_from(["number", "progress", "due", "due_prompt", "notice", "digits", "x"]), text, max_size=4
)
events = st.one_of(
    st.builds(KeyPressed, st.sampled_from(list(ALL_KEYS)) | text),
    st.builds(Heard, text | st.sampled_from(["人工", "查询进度", "公积金"])),
    st.just(SILENCE),
    st.builds(Answered, answers, values, st.just(()) | st.just(("hotline/a",))),
    st.just(WaitedTooLong()),
    st.builds(Recorded, text, st.sampled_from([0.0, 2.5])),
    st.just(TransferFailed()),
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([STANDARD, MENU, TRANSFER]), st.lists(events, max_size=60))
def test_whatever_happens_a_citizen_has_an_order(flow: Flow, happening: list[Event]) -> None:
    step = begin(flow, {"caller": ""})
    for event in happening:
        before = step.state
        step = advance(flow, before, event)
        state = step.state
        assert state.order is not None
        assert step.orders in ((), (state.order,))
        assert state.steps <= flow.maximum_steps
        assert FlowState.from_json(state.to_json()) == state
        if before.finished:
            assert state == before
        if state.finished:
            assert isinstance(state.order, HangUp | EnterQueue)
        if isinstance(state.order, EnterQueue) and not state.order.keys and not state.order.longest_wait_seconds:
            assert not step.orders or state.node


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([STANDARD, MENU]), st.data())
def test_who_presses_nothing_is_with_a_person_or_owed_a_call(flow: Flow, data: st.DataObject) -> None:
    step = begin(flow)
    for _ in range(40):
        match step.state.order:
            case EnterQueue() | HangUp():
                return
            case Ask() | RequestCallback():
                step = advance(flow, step.state, data.draw(st.builds(Answered, answers)))
            case Record():
                step = advance(flow, step.state, Recorded("", 0))
            case _:
                step = advance(flow, step.state, SILENCE)
    pytest.fail(f"still at {step.state.node}")
