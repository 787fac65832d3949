"""Questions to Asterisk about legs and devices: nothing here changes anything there.

Asterisk answers what came over one link in the order in which it was sent, so an answer is never older than its
question.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from hotline.errors import Unavailable
from telephony.ami import AmiLink
from telephony.legs import Leg, Snapshot, read_leg
from telephony.messages import AmiMessage, fault, parse
from telephony.port import Refused

_VARIABLES = "HOTLINE_CALL,HOTLINE_SEAT,HOTLINE_VOICE"
_SETTLED_WITHIN, _LOOK_AT_TRANSIT_EVERY = 1.0, 0.01
_PARSED_AT_ONCE = 16
"""Items of a long list, some 25 µs each: whatever else is to be done comes in between."""


class LegQuestion:
    """One leg is being asked about; ``told`` is called when it is ``done``. Raises Unavailable: the link is down."""

    def __init__(self, link: AmiLink, uniqueid: str, told: Callable[[], None] | None = None) -> None:
        self._uniqueid = uniqueid
        self._listing = link.begin("Status", {"Channel": uniqueid, "Variables": _VARIABLES}, told)

    @property
    def done(self) -> bool:
        """True when ``answer`` may be called."""
        return self._listing.done

    def answer(self) -> Leg | None:
        """The leg as Asterisk showed it; None when it is not there. Unavailable when the answer cannot be read."""
        try:
            items = self._listing.items
        except Refused as refusal:
            if "no such channel" in refusal.why.lower():
                return None
            raise Unavailable(
                "话务平台拒绝查询", f"Asterisk refused to show leg {self._uniqueid}: {refusal.why}"
            ) from refusal
        if not items or fault(items[0]) is not None:
            raise Unavailable("话务平台应答无法解读", f"the state of leg {self._uniqueid} could not be read")
        return read_leg(items[0])


class Asking:
    """What can be asked over one AMI link."""

    def __init__(self, link: AmiLink) -> None:
        self._link = link

    def begin_to_ask(self, uniqueid: str, told: Callable[[], None]) -> LegQuestion:
        """Ask about one leg; the question is sent when this returns. Raises Unavailable when the link is down."""
        return LegQuestion(self._link, uniqueid, told)

    async def ask_leg(self, uniqueid: str) -> Leg | None:
        """The leg as Asterisk shows it now; None when it is not there. Unavailable when the answer cannot be read."""
        told = asyncio.Event()
        question = self.begin_to_ask(uniqueid, told.set)
        await told.wait()
        return question.answer()

    async def settled(self, channel: str) -> Leg | None:
        """The leg once it is not in transit, in a second at most; None when it is gone."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _SETTLED_WITHIN
        while True:
            leg = await self.ask_leg(channel)
            if leg is None or loop.time() >= deadline:
                return leg
            if not leg.in_transit and (leg.bridge_id is None or not await self._is_alone(leg.bridge_id)):
                return leg
            await self._wait_for_news(channel, _LOOK_AT_TRANSIT_EVERY)

    async def ask_started(self) -> str:
        """When this Asterisk process started, in its own words; another value means another process."""
        core = await self._link.action("CoreStatus")
        return f"{core.get('CoreStartupDate')} {core.get('CoreStartupTime')}"

    async def ask_all(self, told_sent: Callable[[], None] = lambda: None) -> Snapshot:
        """Every leg as Asterisk shows it. ``told_sent`` is called at the moment at which the question is sent."""
        legs: dict[str, Leg] = {}
        unreadable: set[str] = set()
        async for item in self._long_list("Status", {"Variables": _VARIABLES}, told_sent):
            if fault(item) is None:
                leg = read_leg(item)
                legs[leg.uniqueid] = leg
            else:
                unreadable.update(item.values("Uniqueid"))
        return Snapshot(legs, frozenset(unreadable - legs.keys()))

    async def ask_devices(self) -> dict[str, str]:
        """Every device that Asterisk knows (``PJSIP/1001-sip``), with its word for the device's state."""
        items = self._long_list("DeviceStateList", {})
        return {item.get("Device"): item.get("State") async for item in items if fault(item) is None}

    async def _long_list(
        self, name: str, fields: dict[str, str], told_sent: Callable[[], None] = lambda: None
    ) -> AsyncIterator[AmiMessage]:
        """A list of hundreds, parsed in pieces: what a citizen waits for is handled in between."""
        told = asyncio.Event()
        listing = self._link.begin(name, fields, told.set, unparsed=True)
        told_sent()
        await told.wait()
        for number, block in enumerate(listing.blocks):
            if number % _PARSED_AT_ONCE == 0:
                await asyncio.sleep(0)
            yield parse(block)

    async def _wait_for_news(self, channel: str, seconds: float) -> None:
        """For so long, or until something else has shown where the leg is."""
        await asyncio.sleep(seconds)

    async def _is_alone(self, bridge_id: str) -> bool:
        """Whether a bridge is down to one leg, which is therefore about to leave it."""
        try:
            return len(await self._link.listing("BridgeInfo", {"BridgeUniqueid": bridge_id})) < 2
        except Refused:  # it is gone already
            return True
