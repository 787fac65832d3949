"""The first minute of a call: the dialled line's flow, run on the citizen's leg until somebody has the citizen."""

from dataclasses import dataclass

import structlog

from hotline.errors import RuleBroken
from hotline.settings import Settings
from ivr.call_desk import CallDesk
from ivr.flow.book import STANDARD, FlowBook, known_names_of
from ivr.flow.events import TransferFailed
from ivr.flow.interpreter import Step, advance, begin, wait_only
from ivr.flow.model import Flow
from ivr.flow.runner import End, FlowRunner
from ivr.flow.state import FlowState
from ivr.house import House
from ivr.nuisance.treatment import NOTICE_FLOW
from ivr.people import Call
from telephony.port import CallerSession

_log = structlog.get_logger()
PLEASE_WAIT = "hotline/please-wait"
PROMISED_CALL = "hotline/promised-call"
SENT_TO = "HOTLINE_FLOW"
"""The channel's variable that says to which ``flow/node`` an agent passed its citizen on. It outlives an engine."""


@dataclass(frozen=True, slots=True)
class FlowPlace:
    """A node that agents may pass citizens on to."""

    target: str
    """``flow/node``."""
    flow: str
    """The flow's title."""
    title: str


def asks(flow: Flow) -> bool:
    """Whether it keeps what is chosen at a menu."""
    return any(node.do in ("menu", "play") and getattr(node, "into", None) for node in flow.nodes.values())


class Reception:
    """Receives citizens. Each call keeps the version of its flow, whatever is edited meanwhile."""

    def __init__(self, settings: Settings, house: House) -> None:
        """Raises ConfigurationError when a flow is at fault or a line names one that is not there."""
        self.house = house
        self.book = FlowBook.open(house.folder / "flows", known_names_of(settings, house.folder / "sounds"))
        self.book.check_lines(settings.lines)
        self._flows = {line.number: line.flow for line in settings.lines}
        self._parked: dict[str, tuple[Flow, FlowState]] = {}
        """Calls that are connected with a number outside, and where they go on."""

    async def receive(self, session: CallerSession, call: Call, *, returning: bool) -> None:
        """Until an agent has the citizen or the leg goes elsewhere. Raises ``CallerGone``."""
        await session.answer()
        flow, step = await self._begin(session, call, returning=returning)
        desk = CallDesk(self.house, call, session)
        try:
            end = await FlowRunner(flow, session, desk).run(step)
            if end is End.SENT_OUT and desk.parked is not None:
                self._parked[call.call_id] = flow, desk.parked
        finally:
            desk.close()

    def places(self) -> list[FlowPlace]:
        """Every titled node of every flow."""
        self.book.refresh()
        flows = [self.book.flow(name) for name in self.book.names]
        return [
            FlowPlace(f"{flow.name}/{name}", flow.title or flow.name, node.title)
            for flow in flows
            for name, node in flow.nodes.items()
            if node.title
        ]

    def interviews(self) -> list[str]:
        """The names of the flows that ask and keep answers, for polls."""
        self.book.refresh()
        return [name for name in self.book.names if asks(self.book.flow(name))]

    def require_place(self, place: str) -> None:
        """Raise RuleBroken unless ``flow/node`` is a place that a citizen can be passed on to."""
        self.book.refresh()
        name, _, node = place.partition("/")
        if name not in self.book.names or node not in self.book.flow(name).nodes:
            raise RuleBroken(f"没有语音流程节点 {place}", f"there is no flow node {place}", code="unknown_flow")

    def forget(self, call_id: str) -> None:
        """The call is over."""
        self._parked.pop(call_id, None)

    async def _begin(self, session: CallerSession, call: Call, *, returning: bool) -> tuple[Flow, Step]:
        if (parked := self._parked.pop(call.call_id, None)) is not None:
            flow, state = parked
            if self.house.services.emergencies is not None:
                await self.house.services.emergencies.flow_failed(call.call_id)
            return flow, advance(flow, state, TransferFailed())
        if returning and (sent := await self._sent(session, call)) is not None:
            return sent
        flow = self._choose(call)
        if call.promise is not None and not returning:  # in front of the line while still being told why we ring
            await self.house.do(self.house.floor.call_queued(call.call_id, self.house.clock.now()))
            await session.play(PROMISED_CALL)
            return flow, wait_only(flow)
        if returning:  # a talk broke off, or another engine had this citizen
            await session.play(PLEASE_WAIT)
            return flow, wait_only(flow)
        return flow, begin(flow, {"caller": call.caller, "dialled": call.dialled})

    async def _sent(self, session: CallerSession, call: Call) -> tuple[Flow, Step] | None:
        """The node that an agent passed this citizen on to, once."""
        name, _, node = (await session.get_variable(SENT_TO) or "").partition("/")
        if not name:
            return None
        await session.set_variable(SENT_TO, "")
        if name not in self.book.names:  # its file was taken away in this very second: a seat, then
            return None
        flow = self.book.flow(name)
        return flow, begin(flow, {"caller": call.caller, "dialled": call.dialled}, node)

    def _choose(self, call: Call) -> Flow:
        self.book.refresh()
        name = NOTICE_FLOW if call.nuisance == "notice" else self._flows.get(call.dialled, STANDARD)
        if name not in self.book.names:  # its file was taken away while the engine runs
            _log.error("the line's flow is gone, the standard one serves", flow=name, line=call.line)
            name = STANDARD
        return self.book.flow(name)
