"""The runner's hands on a behaving citizen: what is heard while waiting, and when the waiting ends."""

from dataclasses import dataclass, field

from ivr.flow.book import FlowBook
from ivr.flow.events import Answered, Ask, EnterQueue, Transfer
from ivr.flow.interpreter import begin, wait_only
from ivr.flow.model import Flow
from ivr.flow.reading import read_flow
from ivr.flow.runner import End, FlowRunner
from ivr.flow.state import FlowState
from telephony.fake import FakeCaller

STANDARD = FlowBook.open(None).flow("standard")
ENGLISH = read_flow("flow: x\nstart: a\nnodes:\n  a: {do: queue, language: en}\n")


@dataclass
class FakeDesk:
    """A line that moves: ``places`` are what is told at each announcement; after the last one an agent comes."""

    places: list[int]
    wait: float | None = None
    waited: float = 0.0
    announce_seconds: float = 0.01
    asked: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    noted: list[dict[str, str]] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        return bool(self.places)

    def place(self) -> int:
        return self.places.pop(0)

    def expected_wait(self) -> float | None:
        return self.wait

    def waited_seconds(self) -> float:
        return self.waited

    async def enter_line(self, order: EnterQueue) -> None:
        pass

    async def ask(self, order: Ask) -> Answered:
        self.asked.append(order.subject.value)
        if order.subject.value == "queue":
            raise RuntimeError("broken")
        return Answered("open")

    async def owe_call(self, number: str) -> Answered:
        return Answered("taken")

    def message_file(self) -> str:
        return "/nowhere/message"

    async def keep_message(self, seconds: float) -> bool:
        return False

    def listen(self, flow: Flow, state: FlowState | None) -> None:
        pass

    async def send_out(self, order: Transfer, state: FlowState) -> None:
        pass

    async def note(self, state: FlowState) -> None:
        self.noted.append(dict(state.variables))

    async def end(self, reason: str) -> None:
        self.ended.append(reason)


def names(caller: FakeCaller) -> list[str]:
    return [name.removeprefix("hotline/") for name in caller.heard]


async def test_place_and_expected_wait_are_said() -> None:
    caller = FakeCaller("PJSIP/t-1", "u1")
    end = await FlowRunner(STANDARD, caller, FakeDesk([3], wait=130.0)).run(wait_only(STANDARD))
    assert end is End.TAKEN
    assert names(caller) == ["position-is", "d3", "position-place", "expected-wait", "d3", "minutes"]


async def test_the_same_in_english() -> None:
    caller = FakeCaller("PJSIP/t-1", "u1")
    await FlowRunner(ENGLISH, caller, FakeDesk([3, 1], wait=700.0)).run(begin(ENGLISH))
    assert names(caller)[:6] == ["position-is", "d3", "position-place", "expected-wait", "n12", "minutes"]
    assert names(caller)[6:7] == ["position-next"]
    assert caller.variables["CHANNEL(language)"] == "en"


async def test_the_hint_follows_the_place_and_the_limit_ends_the_waiting() -> None:
    caller, desk = FakeCaller("PJSIP/t-1", "u1"), FakeDesk([2, 2, 2], waited=901.0)
    end = await FlowRunner(STANDARD, caller, desk).run(begin(STANDARD))
    assert end is End.HUNG_UP
    assert names(caller)[:5] == ["welcome", "position-is", "d2", "position-place", "queue-keys"]
    assert names(caller)[-2:] == ["callback-promised", "goodbye"]
    assert (desk.asked, desk.ended) == (["calendar"], ["callback_promised"])


async def test_a_question_that_breaks_is_unavailable() -> None:
    flow = read_flow(
        "flow: x\nstart: a\nnodes:\n  a: {do: condition, ask: queue, when: {free: b}, otherwise: b}\n  b: {do: queue}\n"
    )
    caller = FakeCaller("PJSIP/t-1", "u1")
    assert await FlowRunner(flow, caller, FakeDesk([1])).run(begin(flow)) is End.TAKEN
