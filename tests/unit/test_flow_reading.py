"""A flow is checked whole: every fault with its line, in one go."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flow.book import FlowBook, known_prompts
from ivr.flow.checks import KnownNames
from ivr.flow.drawing import draw_mermaid, draw_svg
from ivr.flow.model import Flow, Menu, Queue
from ivr.flow.reading import FlowError, read_flow

KNOWN = KnownNames(prompts=known_prompts(), groups={"general"}, articles={"kb_heating"})
GOOD = """\
flow: small
start: hello
nodes:
  hello: {do: play, prompts: welcome, keys: {1: menu}, next: wait}
  menu:
    do: menu
    prompts: [menu-main]
    keys: {0: wait, "#": bye}
    words: {0: [人工]}
    otherwise: wait
  bye: {do: hang_up}
  wait: {do: queue, group: general}
"""


def faults(text: str) -> list[tuple[int, str]]:
    with pytest.raises(FlowError) as caught:
        read_flow(text, source="site/small.yaml", known=KNOWN)
    assert all(fault.zh and fault.en for fault in caught.value.faults)
    return [(fault.line, fault.en) for fault in caught.value.faults]


def with_line(line: int, text: str) -> str:
    lines = GOOD.splitlines()
    lines[line - 1] = text
    return "\n".join(lines) + "\n"


def test_a_good_flow_is_read() -> None:
    flow = read_flow(GOOD, known=KNOWN)
    menu = flow.nodes["menu"]
    assert isinstance(menu, Menu)
    assert (menu.keys["#"], menu.words["0"], menu.tries) == ("bye", ("人工",), 3)
    assert isinstance(flow.nodes["wait"], Queue)
    assert flow.version == read_flow(GOOD).version != read_flow(GOOD + "\n# other\n").version


@pytest.mark.parametrize(
    ("line", "text", "told"),
    [
        (2, "start: nowhere", "no node 'nowhere'"),
        (4, "  hello: {do: play, prompts: welcome, keys: {1: menu}, next: wiat}", "no node 'wiat'"),
        (4, "  hello: {do: play, prompts: wellcome, keys: {1: menu}, next: wait}", "no prompt 'wellcome'"),
        (4, "  hello: {do: play, prompts: $never, keys: {1: menu}, next: wait}", "nothing sets the variable 'never'"),
        (4, "  hello: {do: play, prompts: welcome, keys: {x: menu}, next: wait}", "pattern"),
        (4, "  hello: {do: sing, prompts: welcome, next: wait}", "do must be one of"),
        (4, "  hello: just words", "do must be one of"),
        (9, "    words: {7: [人工]}", "7 is not among the keys"),
        (10, "    otherwis: wait", "otherwis: unknown key"),
        (11, "  bye: {do: hang_up, prompts: goodbye, do: queue}", "'do' stands there twice"),
        (12, "  wait: {do: queue, group: nobody}", "no group 'nobody'"),
        (12, "  wait: {do: queue, too_long: bye}", "go together"),
        (12, "  wait: {do: knowledge, article: kb_x, next: bye, otherwise: bye}", "no article 'kb_x'"),
    ],
)
def test_a_fault_is_told_with_its_line(line: int, text: str, told: str) -> None:
    assert any(at == line and told in words for at, words in faults(with_line(line, text)))


def test_a_missing_field_is_told_where_the_node_begins() -> None:
    assert (12, "nodes.wait.into: missing") in faults(
        with_line(12, "  wait: {do: collect, prompts: welcome, next: bye}")
    )


def test_a_node_that_nobody_reaches() -> None:
    assert faults(GOOD + "  island: {do: hang_up}\n") == [(13, "the node 'island' cannot be reached")]


def test_a_loop_without_an_exit() -> None:
    ring = "  bye: {do: play, prompts: welcome, next: round}\n  round: {do: play, prompts: goodbye, next: bye}\n"
    told = faults(GOOD.replace("  bye: {do: hang_up}\n", ring))
    assert [(line, "without an exit" in words) for line, words in told] == [(11, True), (12, True)]


def test_a_loop_that_only_a_key_leaves_is_no_exit_for_who_presses_nothing() -> None:
    ring = "  bye: {do: play, prompts: welcome, keys: {1: wait}, next: bye}\n"
    assert faults(GOOD.replace("  bye: {do: hang_up}\n", ring)) == [
        (11, "'bye' keeps a citizen who presses nothing in a loop for ever")
    ]


def test_all_faults_at_once_in_the_order_of_lines() -> None:
    text = with_line(2, "start: nowhere").replace("prompts: welcome", "prompts: wellcome").replace("0: wait", "0: w")
    assert [line for line, _ in faults(text)] == [2, 4, 8]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1), ("- a\n", 1), ("flow: [\n", 2), ("flow: small\nstart: a\n", 1), ("x: &a [*a]\n", 1),
        ("a: &b 1\nc: *b\n", 1), ("[" * 3000, 1), ("nodes: {a: {do: queue}}", 1), ("? [a]\n: b\n", 1),
        ("x" * 300_000, 1),
    ],
)  # fmt: skip
def test_what_is_no_flow_at_all(text: str, line: int) -> None:
    assert faults(text)[0][0] == line


def test_an_unquoted_number_keeps_its_zero() -> None:
    text = GOOD.replace("bye: {do: hang_up}", "bye: {do: transfer, target: 0110, otherwise: wait}")
    assert read_flow(text, known=KNOWN).nodes["bye"].target == "0110"  # type: ignore[union-attr]


def test_an_emergency_platform_must_be_one_of_the_site() -> None:
    known = KnownNames(emergencies={"119"})
    for where, fine in (("emergency: 119", True), ("emergency: 911", False), ("emergency: 119, target: 119", False)):
        text = GOOD.replace("bye: {do: hang_up}", f"bye: {{do: transfer, {where}, otherwise: wait}}")
        try:
            read_flow(text, known=known)
            assert fine
        except FlowError:
            assert not fine


@given(st.text(alphabet="flow: small{}[],\n -&*!?|>'\"%@`#nodestarplyx1", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(FlowError):
        read_flow(text)


@pytest.fixture(params=["standard", "full-menu"])
def shipped(request: pytest.FixtureRequest) -> Flow:
    return FlowBook.open(None, KnownNames(prompts=known_prompts())).flow(str(request.param))


def test_the_shipped_flows_are_drawn(shipped: Flow) -> None:
    mermaid, svg = draw_mermaid(shipped), draw_svg(shipped)
    for name in shipped.nodes:
        assert f"{name}<br/>" in mermaid
        assert f">{name}</text>" in svg
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")


def test_the_shipped_english_is_spoken_in_english_only_with_english_prompts(shipped: Flow) -> None:
    english = {path.stem for path in (Path("ivr/sounds/en/hotline")).glob("*.wav")}
    node = shipped.nodes["english"]
    assert {prompt for prompt, _ in node.spoken()} <= english
