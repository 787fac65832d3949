"""The cast of a story: citizens on the carrier's side, agents at a seat, each with a voice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from hotline.demo.people import Shape, Somebody, signed_in
from hotline.demo.site import Site
from hotline.settings import Secrets
from telephony.phone import PhoneCall, ScriptedPhone

SPEECH = Path(__file__).parent / "speech"


@dataclass(frozen=True)
class Script:
    """What is said in one conversation, turn by turn, and what the citizen answers when phoned back."""

    name: str
    phone: str
    turns: tuple[tuple[str, str], ...]
    """(who, name of the wav below ``speech/``)."""
    corrections: Shape
    """What the agent types into the draft."""
    keys: tuple[str, ...]
    """Solved (1 yes, 2 no), then the grade (1 满意 … 5 不满意)."""
    verdict: str
    """Where the work order ends: ``closed`` or, redone, ``dispatched``."""


class Agent(Protocol):
    """An agent at the desk, by whatever means."""

    person: Somebody

    async def ready(self) -> None:
        """Go ready; returns when the seat is idle."""
        ...

    async def accept(self, caller: str) -> Shape:
        """Wait for this citizen's offer and take it; the call."""
        ...

    async def say(self, wav: Path) -> None:
        """Speak."""
        ...

    async def submit(self, call_id: str, corrections: Shape) -> Shape:
        """Correct the draft and send the work order out; the ticket."""
        ...

    async def hang_up(self, call_id: str) -> None:
        """End the talk."""
        ...

    async def end_wrap_up(self) -> None:
        """Finish wrap-up; returns when the seat is idle."""
        ...


class PhoneAgent:
    """An agent with a plain SIP phone nailed up as the seat, acting over HTTP. For machines without a browser."""

    def __init__(self, person: Somebody, leg: PhoneCall) -> None:
        self.person = person
        self.leg = leg
        self.seat: str = person.me["seat"]

    async def ready(self) -> None:
        """Go ready."""
        await self.person.be_ready()

    async def accept(self, caller: str) -> Shape:
        """Take this citizen's offer."""
        offer = await self.person.feed.until("offer", lambda offer: offer["caller"] == caller, timeout=30)
        return await self.person.accept(offer)

    async def say(self, wav: Path) -> None:
        """Speak into the leg."""
        await self.leg.say(wav)

    async def submit(self, call_id: str, corrections: Shape) -> Shape:
        """Type, then send."""
        if corrections:
            await self.person.ask("PATCH", f"/desk/calls/{call_id}/draft", corrections)
        ticket: Shape = await self.person.post(f"/desk/calls/{call_id}/submit", how="dispatch")
        return ticket

    async def hang_up(self, call_id: str) -> None:
        """End the talk."""
        await self.person.post(f"/desk/calls/{call_id}/hangup")

    async def end_wrap_up(self) -> None:
        """Finish wrap-up."""
        feed = self.person.feed
        since = len(feed.seen)
        seat = (await self.person.get("/desk"))["seat"]
        if seat["state"] == "talking":
            seat = await feed.until("seat", lambda seat: seat["state"] != "talking", since=since)
        if seat["state"] == "wrap_up":
            await self.person.post("/desk/wrap-up/end")


@asynccontextmanager
async def phone_agent(site: Site, seat: str) -> AsyncIterator[PhoneAgent]:
    """Sign the agent of ``seat`` in and nail the seat up by a SIP phone."""
    asterisk = site.settings.asterisk
    server, password = (asterisk.host, asterisk.sip_port), Secrets(site.folder).seat_password(seat)
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(ScriptedPhone(seat, server, user=f"{seat}-sip", password=password))
        person = await stack.enter_async_context(signed_in(site.url, site.logins[f"agent{seat}"]))
        leg = await phone.dial("seat")
        stack.push_async_callback(_hang_up, leg)
        yield PhoneAgent(person, leg)


async def _hang_up(leg: PhoneCall) -> None:
    if leg.is_up:
        await leg.hang_up()


def _said_by(who: str, said: Shape) -> bool:
    return bool(said["who"] == who)


async def converse(agent: Agent, citizen: PhoneCall, script: Script) -> None:
    """Speak the turns; each waits until what was said before is on the desk's screen, or a little."""
    feed = agent.person.feed
    for who, name in script.turns:
        since = len(feed.seen)
        await (citizen.say(SPEECH / f"{name}.wav") if who == "citizen" else agent.say(SPEECH / f"{name}.wav"))
        try:
            await feed.until("utterance", partial(_said_by, who), since=since, timeout=6)
        except TimeoutError:
            continue  # recognition may be off; the conversation goes on all the same
