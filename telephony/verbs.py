"""The verbs: each is one short AMI action on channels that live without us.

``Telephone`` fills ``port.Telephony``. Nothing is sent twice; where an answer can get lost, Asterisk is asked what
became of the leg by the id that we gave it.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hotline.errors import HotlineError, RuleBroken, Unavailable
from hotline.ids import new_id
from telephony.ami import AmiLink
from telephony.asking import Asking
from telephony.legs import Leg, LegState
from telephony.messages import AmiMessage
from telephony.observations import PhoneState
from telephony.port import Dial, LegMissing, OriginateOutcome, Refused, Result
from telephony.stillness import Stillness

FALLBACK_QUEUE = "fallback"
_NUMBER = re.compile(r"[0-9*#+]{1,32}")
_KEYS = re.compile(r"[0-9*#]{1,32}")
_BETWEEN_KEYS = 0.26
"""Seconds from key to key: Asterisk plays one at a time, 160 ms long, and the far end must see a pause."""
_PATH = re.compile(r"/[^,()|${}\"\\\r\n]{1,400}\.wav")
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
_ANSWER_MARGIN = 5.0
"""Seconds beyond the ringing time for OriginateResponse to come."""
_LOOK_EVERY = 0.5
_RESULTS = {1: Result.NO_ANSWER, 3: Result.NO_ANSWER, 4: Result.ANSWERED, 5: Result.BUSY}
"""OriginateResponse's Reason is a control frame of Asterisk: 1 hang-up, 3 ringing, 4 answer, 5 busy, 8 congestion."""

_SILENT = (Result.NO_ANSWER, Result.REJECTED)
"""What a call comes to that nothing answered, not even the gateway."""
_CAUSES = {17: Result.BUSY, 18: Result.NO_ANSWER, 19: Result.NO_ANSWER, 20: Result.NO_ANSWER}
"""Q.850 causes of a leg that was never answered: 17 busy, 18 and 19 nobody answers, 20 not there."""
OUT_OF_ORDER = 38
"""The Q.850 cause of a call that a silent gateway never took: Asterisk itself names none."""
_CAUSE_SECONDS = 1.0
"""How long the hang-up may come after the answer about it."""


def outside_line(trunk: str, number: str) -> str:
    """The endpoint that reaches a telephone number through a trunk. RuleBroken when it is no number."""
    if not _NUMBER.fullmatch(number):
        raise RuleBroken("不是有效的电话号码", "that is not a telephone number", code="bad_number")
    return f"PJSIP/{number}@{trunk}"


def phone_endpoint(seat: str) -> str:
    """The endpoint, and the device, of a seat's desk phone."""
    return f"PJSIP/{seat}-sip"


@dataclass(slots=True)
class _Dialled:
    """A call on its way."""

    ended: "asyncio.Future[int]"
    """Why its leg ended."""
    rang: bool = False
    """The far end was seen to ring."""


class Telephone(Asking):
    """The verbs over one AMI link. ``legs`` is kept by the reconciler."""

    def __init__(self, link: AmiLink, audiosocket: tuple[str, int]) -> None:
        super().__init__(link)
        self._audiosocket = audiosocket
        self._legs: Mapping[str, Leg] = {}
        self._phones: Mapping[str, PhoneState] = {}
        self._dialled: dict[str, _Dialled] = {}
        self._ending: set[str] = set()
        self._awaited: dict[str, asyncio.Event] = {}
        self.stillness = Stillness()
        """Which seats' legs stand still; kept by the reconciler and by the verbs that move legs."""

    @property
    def up(self) -> bool:
        """True while Asterisk can be asked."""
        return self._link.up

    @property
    def legs(self) -> Mapping[str, Leg]:
        """The legs known now, by Uniqueid."""
        return self._legs

    @property
    def phones(self) -> Mapping[str, PhoneState]:
        """The desk phones as they were seen last, by seat."""
        return self._phones

    def believe_phones(self, phones: Mapping[str, PhoneState]) -> None:
        """Take over what was found out about desk phones."""
        self._phones = phones

    def believe(self, legs: Mapping[str, Leg]) -> None:
        """Take over what the reconciler has found out."""
        self._legs = legs

    def note_ringing(self, uniqueid: str) -> None:
        """The far end rings."""
        if (dialled := self._dialled.get(uniqueid)) is not None:
            dialled.rang = True

    def note_end(self, uniqueid: str, cause: int) -> None:
        """A leg has ended, for this cause."""
        self._ending.discard(uniqueid)
        self.stillness.forget(uniqueid)
        dialled = self._dialled.get(uniqueid)
        if dialled is not None and not dialled.ended.done():
            dialled.ended.set_result(cause)

    def note_shown(self, leg: Leg, moment: int) -> None:
        """Asterisk has shown a leg, being asked at this moment of ``stillness``."""
        self.stillness.show(leg, moment)
        if (awaited := self._awaited.get(leg.uniqueid)) is not None:
            awaited.set()

    def is_ending(self, uniqueid: str) -> bool:
        """True for a leg that we are hanging up: nothing can keep it alive, whoever tells of its end."""
        return uniqueid in self._ending

    def bridge(self, citizen_channel: str, seat_channel: str) -> Awaitable[None]:
        """Let two legs hear each other. Asterisk answers in about 2 ms; ``LegBridged`` follows for each.

        It is sent at once when the seat stands still; else as soon as it does, or is shown to be out of any bridge.
        """
        seat, citizen = self._uniqueid_of(seat_channel), self._uniqueid_of(citizen_channel)
        sent: asyncio.Future[Awaitable[AmiMessage]] = asyncio.get_running_loop().create_future()

        def send() -> None:
            if sent.done():
                return
            self._moving(seat)
            self._moving(citizen)
            try:
                sent.set_result(self._link.start("Bridge", {"Channel1": citizen_channel, "Channel2": seat_channel}))
            except HotlineError as failure:  # for whoever awaits it
                sent.set_exception(failure)

        self.stillness.when_still(seat, send)
        return self._bridge(citizen_channel, seat, send, sent)

    async def _bridge(
        self, citizen: str, seat: str, send: Callable[[], None], sent: "asyncio.Future[Awaitable[AmiMessage]]"
    ) -> None:
        if not sent.done():
            settling = asyncio.create_task(self.settled(seat))
            try:
                either: set[asyncio.Future[Any]] = {settling, sent}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if not sent.done():
                    await settling
                    send()
            finally:
                settling.cancel()
                self.stillness.no_more(seat, send)
        await self._answered(citizen, await sent)

    async def hang_up(self, channel: str, cause: int = 16) -> bool:
        """End a leg. False when it had ended already."""
        uniqueid = self._uniqueid_of(channel)
        self._moving(uniqueid)
        if uniqueid in self._legs:
            self._ending.add(uniqueid)
        try:
            await self._on_leg("Hangup", channel, {"Channel": channel, "Cause": str(cause)})
        except LegMissing:
            return False
        except BaseException:
            self._ending.discard(uniqueid)
            raise
        return True

    async def redirect(self, channel: str, context: str, exten: str) -> None:
        """Send a leg to another place of the dialplan; a two-party bridge that it is in ends."""
        fields = {"Channel": channel, "Context": context, "Exten": exten, "Priority": "1"}
        self._moving(self._uniqueid_of(channel))
        await self._on_leg("Redirect", channel, fields)

    async def mute(self, channel: str, muted: bool) -> None:
        """Let nobody hear what this leg says, or let them hear it again. The leg goes on hearing."""
        fields = {"Channel": self._name_of(channel), "Direction": "in", "State": "on" if muted else "off"}
        await self._on_leg("MuteAudio", channel, fields)

    async def press_keys(self, channel: str, keys: str) -> None:
        """Send keypad tones to this leg. RuleBroken for anything but digits, ``*`` and ``#``, 32 at most."""
        if not _KEYS.fullmatch(keys):
            raise RuleBroken("只能发送数字、*和#", "only digits, * and # can be sent", code="bad_keys")
        name = self._name_of(channel)
        for key in keys:
            await self._on_leg("PlayDTMF", channel, {"Channel": name, "Digit": key, "Duration": "160"})
            await asyncio.sleep(_BETWEEN_KEYS)

    async def get_variable(self, channel: str, name: str) -> str:
        """A channel variable; empty when it is not set."""
        answer = await self._on_leg("Getvar", channel, {"Channel": channel, "Variable": name})
        return answer.get("Value")

    async def set_variable(self, channel: str, name: str, value: str) -> None:
        """Set a channel variable."""
        await self._on_leg("Setvar", channel, {"Channel": channel, "Variable": name, "Value": value})

    async def press_for(self, channel: str, key: str) -> None:
        """As if the party of this leg had pressed the key: what plays to it is cut short."""
        if len(key) != 1 or key not in "0123456789*#":
            raise RuleBroken("无效的按键", "that is not a key", code="bad_key")
        await self._on_leg("PlayDTMF", channel, {"Channel": channel, "Digit": key, "Receive": "true"})

    async def set_global(self, name: str, value: str) -> None:
        """Set a global variable of the dialplan."""
        await self._link.action("Setvar", {"Variable": name, "Value": value})

    async def get_global(self, name: str) -> str:
        """A global variable of the dialplan; empty when it is not set."""
        return (await self._link.action("Getvar", {"Variable": name})).get("Value")

    async def queue_ready(self, seat: str, ready: bool, *, phone: bool = False) -> None:
        """Let Asterisk's own fallback queue give citizens to this seat's parked leg, or to its desk phone (``phone``).

        Doing it again changes nothing.
        """
        place = "fallback-phone" if phone else "fallback-seat"
        fields = {"Queue": FALLBACK_QUEUE, "Interface": f"Local/{seat}@{place}/n"}
        try:
            if ready:
                await self._link.action("QueueAdd", {**fields, "MemberName": seat, "Paused": "false"})
            else:
                await self._link.action("QueueRemove", fields)
        except Refused as refusal:
            if not refusal.why.endswith("Already there" if ready else "Not there"):
                raise

    async def spy_audio(self, uniqueid: str, stream: str) -> str:
        """Send what this leg says (8 kHz mono, 16 bit) to our AudioSocket under the UUID ``stream``.

        Returns the spy's channel id. It ends by itself with the leg.
        """
        if not _NAME.fullmatch(uniqueid) or not _NAME.fullmatch(stream):
            raise RuleBroken("无效的通道标识", "that is not the id of a leg or stream", code="bad_id")
        host, port = self._audiosocket
        spy = new_id("spy")
        fields = {
            "Channel": f"AudioSocket/{host}:{port}/{stream}/c(slin)",
            "Application": "ChanSpy",
            "Data": f"{uniqueid},uqoEl",  # exact id; quiet; only what it says; end with it; long queue
            "Timeout": "3000",
            "ChannelId": spy,
        }
        answer = await self._link.originate(fields, 3.0 + _ANSWER_MARGIN)
        if answer.response != "Success":
            raise Unavailable("无法取得通话音频", f"the audio spy on {uniqueid} did not start")
        return spy

    async def stop_spy(self, spy: str) -> None:
        """End a spy; nothing happens when it has ended by itself."""
        await self.hang_up(spy)

    async def mute_recording(self, channel: str, muted: bool) -> None:
        """Let MixMonitor write silence for both directions of this leg, or the voices again."""
        fields = {"Channel": self._name_of(channel), "Direction": "both", "State": "1" if muted else "0"}
        await self._on_leg("MixMonitorMute", channel, fields)

    async def record_voice(self, channel: str, file: str) -> None:
        """Let MixMonitor write what this leg says. RuleBroken for a path that Asterisk would read otherwise."""
        if not _PATH.fullmatch(file):
            raise RuleBroken("录音文件路径含有非法字符", "that path cannot be handed to Asterisk", code="bad_path")
        await self._on_leg("MixMonitor", channel, {"Channel": self._name_of(channel), "Options": f"r({file})"})

    async def stop_recording(self, channel: str) -> None:
        """End a MixMonitor of this leg."""
        try:
            await self._on_leg("StopMixMonitor", channel, {"Channel": self._name_of(channel)})
        except Refused:  # none is running
            return

    async def originate(self, dial: Dial) -> OriginateOutcome:
        """Dial once and wait for the outcome, over a lost link too: then Asterisk is asked by ``dial.channel_id``.

        Raises Unavailable only when nothing was sent: the link was down before. At most ``ring_seconds`` and 5 s.
        """
        if not self.up:
            raise Unavailable("话务平台连接中断", "the link to Asterisk is down")
        limit = dial.ring_seconds + _ANSWER_MARGIN
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limit
        dialled = self._dialled[dial.channel_id] = _Dialled(loop.create_future())
        try:
            answer = await self._link.originate(_originate_fields(dial), limit)
            reason = _number(answer.get("Reason"))
            result = Result.ANSWERED if answer.response == "Success" else _RESULTS.get(reason, Result.REJECTED)
            cause = 0
            if result is Result.REJECTED:
                result, cause = await self._why_ended(dialled.ended)
            if result in _SILENT and not dialled.rang and await self._is_away(dial.endpoint):
                result, cause = Result.REJECTED, OUT_OF_ORDER
        except Refused as refusal:
            return OriginateOutcome(Result.REJECTED, dial.channel_id, reason=_number(refusal.why))
        except Unavailable:
            return await self._look_for(dial.channel_id, deadline)
        finally:
            del self._dialled[dial.channel_id]
        return OriginateOutcome(result, dial.channel_id, answer.get("Channel"), reason, cause)

    async def _why_ended(self, ended: "asyncio.Future[int]") -> tuple[Result, int]:
        """Asterisk answers "failed, reason 0" for a busy line; only the cause of the hang-up tells."""
        try:
            async with asyncio.timeout(_CAUSE_SECONDS):
                cause = await ended
        except TimeoutError:
            return Result.REJECTED, 0
        return _CAUSES.get(cause, Result.REJECTED), cause

    async def _is_away(self, endpoint: str) -> bool:
        """Whether Asterisk finds this endpoint's gateway silent. Never where it never asks (``trunk`` settings)."""
        gateway = endpoint.partition("@")[2]
        try:
            shown = await self._link.listing("PJSIPShowEndpoint", {"Endpoint": gateway}) if gateway else []
        except (Refused, Unavailable):  # what is known of the call stands
            return False
        contacts = [found for found in shown if found.event == "ContactStatusDetail"]  # contacts of its settings too
        return any(found.get("Status") == "Unreachable" for found in contacts)

    async def _wait_for_news(self, channel: str, seconds: float) -> None:
        """A seat that parks says so, and is asked about: sooner than we would look again."""
        uniqueid = self._uniqueid_of(channel)
        news = self._awaited.setdefault(uniqueid, asyncio.Event())
        try:
            async with asyncio.timeout(seconds):
                await news.wait()
        except TimeoutError:
            return
        finally:
            self._awaited.pop(uniqueid, None)

    def _moving(self, uniqueid: str) -> None:
        """We are about to move this leg."""
        if uniqueid in self._legs:
            self.stillness.move(uniqueid)

    def _uniqueid_of(self, channel: str) -> str:
        """Of a leg named by its channel; what is not known is its own."""
        if channel in self._legs:
            return channel
        return next((leg.uniqueid for leg in self._legs.values() if leg.channel == channel), channel)

    def _name_of(self, channel: str) -> str:
        """These two actions know channels by name only."""
        leg = self._legs.get(channel)
        if leg is None and "/" not in channel:
            raise LegMissing(channel)
        return leg.channel if leg is not None else channel

    async def _on_leg(self, action: str, channel: str, fields: Mapping[str, str]) -> AmiMessage:
        return await self._answered(channel, self._link.action(action, fields))

    async def _answered(self, channel: str, answer: Awaitable[AmiMessage]) -> AmiMessage:
        try:
            return await answer
        except Refused as refusal:
            why = refusal.why.lower()
            if "no such channel" in why or "does not exist" in why or "not up" in why:
                raise LegMissing(channel) from refusal
            raise

    async def _look_for(self, channel_id: str, deadline: float) -> OriginateOutcome:
        """What became of a leg whose answer was lost: look until it is up or gone, or time is up."""
        loop = asyncio.get_running_loop()
        while loop.time() < deadline:
            try:
                leg = await self.ask_leg(channel_id)
            except Unavailable:
                await asyncio.sleep(min(_LOOK_EVERY, max(0.0, deadline - loop.time())))
                continue
            if leg is None:
                break
            if leg.state is LegState.UP:
                return OriginateOutcome(Result.ANSWERED, channel_id, leg.channel)
            await asyncio.sleep(_LOOK_EVERY)
        return OriginateOutcome(Result.UNKNOWN, channel_id)


def _originate_fields(dial: Dial) -> dict[str, str | list[str]]:
    for name, value in dial.variables.items():
        if not _NAME.fullmatch(name) or any(character in value for character in ',"\\'):
            raise RuleBroken("通道变量含有非法字符", f"variable {name[:40]!r} cannot be passed on", code="bad_variable")
    return {
        "Channel": dial.endpoint,
        "Context": dial.context,
        "Exten": dial.exten,
        "Priority": "1",
        "ChannelId": dial.channel_id,
        "CallerID": dial.caller_id,
        "Timeout": str(int(dial.ring_seconds * 1000)),
        "Variable": [f"{name}={value}" for name, value in dial.variables.items()],
    }


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
