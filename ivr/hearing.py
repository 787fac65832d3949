"""Barge-in by voice: a configured word, recognised while a prompt plays, is made into the key that it stands for.

The key goes in through Asterisk, as if it had been pressed: so a prompt is cut short the one way that there is. One key
for one utterance: what is left of the same sentence must not choose in the next menu too.
"""

import asyncio
from contextlib import suppress

from hotline.bus import Subscription
from hotline.errors import HotlineError
from hotline.facts.speech import PartialHeard, UtteranceHeard
from ivr.flow.meaning import meant_key
from ivr.flow.model import Flow
from ivr.flow.state import FlowState
from ivr.house import House
from ivr.people import Call


class Hearing:
    """Listens to one citizen."""

    def __init__(self, house: House, call: Call) -> None:
        self._house = house
        self._call = call
        self._place: tuple[Flow, FlowState] | None = None
        self._spent = False
        """The utterance being spoken has pressed its key."""
        self._heard: Subscription = house.bus.subscribe("hearing", PartialHeard, UtteranceHeard, capacity=5000)
        self._task = asyncio.create_task(self._follow())
        if house.services.ears is not None:
            house.services.ears.listen(call.call_id, call.uniqueid)

    def listen_for(self, place: tuple[Flow, FlowState] | None) -> None:
        """From now on words mean what they mean at this node; None: nothing."""
        self._place = place

    def close(self) -> None:
        """Hear no more."""
        self._heard.close()
        self._task.cancel()

    async def _follow(self) -> None:
        async for message in self._heard:
            match message:
                case PartialHeard(call_id=self._call.call_id, who="citizen", text=text):
                    await self._take(text, settled=False)
                case UtteranceHeard(call_id=self._call.call_id, who="citizen", text=text, confidence=confidence):
                    await self._take(text, settled=True, confidence=confidence)
                    self._spent = False
                case _:
                    pass

    async def _take(self, text: str, *, settled: bool, confidence: float | None = None) -> None:
        if self._place is None or self._spent:
            return
        flow, state = self._place
        key = meant_key(flow.nodes[state.node], text, settled=settled, confidence=confidence)
        if key is None:
            return
        self._place, self._spent = None, True
        with suppress(HotlineError):  # the leg is gone, or the link is: keys still work
            await self._house.telephone.press_for(self._call.channel, key)
