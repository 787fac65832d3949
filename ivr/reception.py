"""The first minute of a call: the dialled line's flow, run on the citizen's leg until somebody has the citizen."""

import structlog

from hotline.settings import Settings
from ivr.call_desk import CallDesk
from ivr.flow.book import STANDARD, FlowBook, known_prompts
from ivr.flow.checks import KnownNames
from ivr.flow.events import TransferFailed
from ivr.flow.interpreter import Step, advance, begin, wait_only
from ivr.flow.model import Flow
from ivr.flow.runner import End, FlowRunner
from ivr.flow.state import FlowState
from ivr.house import House
from ivr.people import Call
from telephony.port import CallerSession

_log = structlog.get_logger()
PLEASE_WAIT = "hotline/please-wait"


class Reception:
    """Receives citizens. Each call keeps the version of its flow, whatever is edited meanwhile."""

    def __init__(self, settings: Settings, house: House) -> None:
        """Raises ConfigurationError when a flow is at fault or a line names one that is not there."""
        self.house = house
        groups = {group.id for group in settings.groups}
        known = KnownNames(known_prompts(house.folder / "sounds"), groups)
        self.book = FlowBook.open(house.folder / "flows", known)
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

    def forget(self, call_id: str) -> None:
        """The call is over."""
        self._parked.pop(call_id, None)

    async def _begin(self, session: CallerSession, call: Call, *, returning: bool) -> tuple[Flow, Step]:
        if (parked := self._parked.pop(call.call_id, None)) is not None:
            flow, state = parked
            return flow, advance(flow, state, TransferFailed())
        flow = self._choose(call)
        if returning:  # a talk broke off, or another engine had this citizen
            await session.play(PLEASE_WAIT)
            return flow, wait_only(flow)
        return flow, begin(flow, {"caller": call.caller, "dialled": call.dialled})

    def _choose(self, call: Call) -> Flow:
        self.book.refresh()
        name = self._flows.get(call.dialled, STANDARD)
        if name not in self.book.names:  # its file was taken away while the engine runs
            _log.error("the line's flow is gone, the standard one serves", flow=name, line=call.line)
            name = STANDARD
        return self.book.flow(name)
