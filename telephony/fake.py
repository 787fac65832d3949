"""An in-memory telephone with behaviour, for the rooms' tests: no Asterisk, no sockets, no time.

``FakeTelephony`` keeps legs and bridges and publishes the same observations as the real line; ``FakeCaller`` is a
citizen who presses keys from a list and hangs up when told.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from hotline.errors import Unavailable
from telephony.legs import PARKED, Leg, LegState
from telephony.observations import (
    AsteriskRestarted,
    CitizenFellBack,
    GoneReason,
    LegAnswered,
    LegBridged,
    LegGone,
    LegUnbridged,
    LinkDown,
    LinkUp,
    NewLeg,
    Observation,
    PhoneSeen,
    PhoneState,
    SeatParked,
)
from telephony.port import CallerGone, Dial, LegMissing, OriginateOutcome, Recorded, Result


class FakeTelephony:
    """Fills ``port.Telephony``. ``outcomes`` says how dialling an endpoint ends; unknown endpoints answer."""

    def __init__(self, publish: Callable[[Observation], None] = lambda _: None) -> None:
        self.outcomes: dict[str, Result] = {}
        self.causes: dict[str, int] = {}
        """Endpoint → the Q.850 cause with which dialling it fails."""
        self.dialled: list[Dial] = []
        self.spies: dict[str, tuple[str, str]] = {}
        self.voices: dict[str, str] = {}
        """Uniqueid → file into which its voice is recorded."""
        self.unrecorded: set[str] = set()
        """Channels whose recording has silence now."""
        """Spy channel id → (uniqueid spied on, stream)."""
        self.queue: set[str] = set()
        """Seats that the fallback queue may ring."""
        self.globals: dict[str, str] = {}
        self.variables: dict[tuple[str, str], str] = {}
        """(uniqueid, name) → value."""
        self.redirected: list[tuple[str, str, str]] = []
        self.was_redirected = asyncio.Event()
        self.muted: set[str] = set()
        self.pressed: list[tuple[str, str]] = []
        self.queue_by_phone: set[str] = set()
        """Seats whose desk phone the fallback queue may ring."""
        self.slow: set[str] = set()
        """Endpoints that ring until ``picks_up`` or ``refuses``."""
        self.pressed_for: list[tuple[str, str]] = []
        """(uniqueid, key) of ``press_for``."""
        self._legs: dict[str, Leg] = {}
        self._phones: dict[str, PhoneState] = {}
        self._rung: dict[str, asyncio.Future[tuple[Result, int]]] = {}
        self._broken: dict[str, str | None] = {}
        """Bridges that legs were in whose end nobody was told of yet."""
        self.asked = asyncio.Event()
        """Set once somebody has asked for a leg."""
        self._publish = publish
        self._numbers = count(1)
        self._up = True

    @property
    def up(self) -> bool:
        return self._up

    @property
    def legs(self) -> Mapping[str, Leg]:
        return self._legs

    @property
    def phones(self) -> Mapping[str, PhoneState]:
        return self._phones

    # --- what the test does to the world -----------------------------------------------------------------

    def add_leg(self, channel: str, *, caller: str = "", seat: str | None = None, uniqueid: str = "") -> Leg:
        """A leg appears and is up; with ``seat`` it is that seat's parked leg (``PJSIP/<seat>-…``)."""
        leg = Leg(
            uniqueid or f"1700000000.{next(self._numbers)}",
            channel,
            state=LegState.UP,
            caller=caller,
            exten=PARKED if seat is not None else "s",
            seat=seat,
        )
        self._legs[leg.uniqueid] = leg
        self._publish(NewLeg(uniqueid=leg.uniqueid, channel=channel, caller=caller, call=None, seat=seat))
        self._publish(LegAnswered(uniqueid=leg.uniqueid, channel=channel))
        self._park(leg)
        return leg

    def phone(self, seat: str, state: PhoneState) -> None:
        """A desk phone registers, is used, or goes away."""
        self._phones[seat] = state
        self._publish(PhoneSeen(seat=seat, state=state))

    def picks_up(self, endpoint: str) -> None:
        """Whoever is rung there answers."""
        self._rung[endpoint].set_result((Result.ANSWERED, 0))

    def refuses(self, endpoint: str, cause: int = 17) -> None:
        """Whoever is rung there turns the call away (17 busy, 21 rejected, 19 does not answer)."""
        self._rung[endpoint].set_result((Result.REJECTED, cause))

    def is_rung(self, endpoint: str) -> bool:
        """Whether it rings there now."""
        return endpoint in self._rung

    def drop(self, channel: str, cause: int = 16, reason: GoneReason = GoneReason.HUNG_UP) -> None:
        """A party hangs up by itself."""
        self.tell(self.forget(channel, cause, reason))

    def forget(self, channel: str, cause: int = 16, reason: GoneReason = GoneReason.HUNG_UP) -> LegGone:
        """A party hangs up; nobody is told until ``tell``."""
        leg = self._leg(channel)
        del self._legs[leg.uniqueid]
        for endpoint, answer in self._rung.items():
            if leg.channel.startswith(endpoint.split("@")[0]) and not answer.done():
                answer.set_result((Result.REJECTED, cause))
        self._broken[leg.uniqueid] = leg.bridge_id
        return LegGone(
            uniqueid=leg.uniqueid, channel=leg.channel, reason=reason, cause=cause, call=leg.call, seat=leg.seat
        )

    def tell(self, gone: LegGone) -> None:
        """The news of a leg's end; a bridge that one party is left in dissolves."""
        self._publish(gone)
        if (bridge_id := self._broken.pop(gone.uniqueid)) is not None:
            self._break_bridge(bridge_id)

    def fall_back(self, uniqueid: str) -> None:
        """A citizen's leg is now in the hands of Asterisk's own queue."""
        leg = self._legs[uniqueid] = replace(self._legs[uniqueid], context="citizen", application="Queue")
        self._publish(CitizenFellBack(uniqueid=uniqueid, channel=leg.channel, call=leg.call))

    def go_down(self) -> None:
        """The link to Asterisk is lost."""
        self._up = False
        self._publish(LinkDown(why="lost"))

    def come_up(self, restarted: bool = False) -> None:
        """The link is back; ``restarted``: to another Asterisk, which has none of the legs."""
        self._up = True
        if restarted:
            self._publish(AsteriskRestarted())
            for leg in list(self._legs.values()):
                self._legs[leg.uniqueid] = replace(leg, bridge_id=None)
                self.drop(leg.uniqueid, 0, GoneReason.ASTERISK_RESTARTED)
        self._publish(LinkUp())

    # --- port.Telephony ----------------------------------------------------------------------------------

    async def bridge(self, citizen_channel: str, seat_channel: str) -> None:
        self._require_up()
        pair = [self._leg(citizen_channel), self._leg(seat_channel)]
        for leg in pair:
            self._leave(leg)
        bridge_id = f"bridge-{next(self._numbers)}"
        for leg in pair:
            others = tuple(other.uniqueid for other in self._legs.values() if other.bridge_id == bridge_id)
            self._legs[leg.uniqueid] = replace(self._legs[leg.uniqueid], bridge_id=bridge_id)
            self._publish(LegBridged(uniqueid=leg.uniqueid, channel=leg.channel, bridge_id=bridge_id, others=others))

    async def hang_up(self, channel: str, cause: int = 16) -> bool:
        self._require_up()
        try:
            self.drop(channel, cause)
        except LegMissing:
            return False
        return True

    async def originate(self, dial: Dial) -> OriginateOutcome:
        self._require_up()
        self.dialled.append(dial)
        result = self.outcomes.get(dial.endpoint, Result.ANSWERED)
        channel = f"{dial.endpoint.split('@')[0]}-{next(self._numbers):08x}"
        if dial.endpoint in self.slow:
            result = await self._ring(dial, channel)
        if result is Result.ANSWERED:
            self.add_leg(channel, uniqueid=dial.channel_id, seat=_seat_at(dial.endpoint))
        return OriginateOutcome(result, dial.channel_id, channel, cause=self.causes.get(dial.endpoint, 0))

    async def _ring(self, dial: Dial, channel: str) -> Result:
        seat = _seat_at(dial.endpoint)
        leg = self._legs[dial.channel_id] = Leg(dial.channel_id, channel, state=LegState.RINGING, seat=seat)
        self._publish(NewLeg(uniqueid=leg.uniqueid, channel=channel, caller="", call=None, seat=None))
        answer: asyncio.Future[tuple[Result, int]] = asyncio.get_running_loop().create_future()
        self._rung[dial.endpoint] = answer
        result, cause = await answer
        del self._rung[dial.endpoint]
        if result is not Result.ANSWERED and leg.uniqueid in self._legs:
            self.drop(leg.uniqueid, cause)
        return result

    async def redirect(self, channel: str, context: str, exten: str) -> None:
        self._require_up()
        leg = self._leg(channel)
        self.redirected.append((leg.uniqueid, context, exten))
        self.was_redirected.set()
        self._leave(leg)

    async def mute(self, channel: str, muted: bool) -> None:
        self._require_up()
        (self.muted.add if muted else self.muted.discard)(self._leg(channel).uniqueid)

    async def press_keys(self, channel: str, keys: str) -> None:
        self._require_up()
        self.pressed.append((self._leg(channel).uniqueid, keys))

    async def spy_audio(self, uniqueid: str, stream: str) -> str:
        self._require_up()
        leg = self._leg(uniqueid)
        spy = f"spy-{next(self._numbers)}"
        self.spies[spy] = (leg.uniqueid, stream)
        return spy

    async def stop_spy(self, spy: str) -> None:
        self._require_up()
        self.spies.pop(spy, None)

    async def mute_recording(self, channel: str, muted: bool) -> None:
        self._require_up()
        self.unrecorded = (self.unrecorded | {channel}) if muted else (self.unrecorded - {channel})

    async def record_voice(self, channel: str, file: str) -> None:
        self._require_up()
        self.voices[self._leg(channel).uniqueid] = file

    async def stop_recording(self, channel: str) -> None:
        self._require_up()
        self.voices.pop(self._leg(channel).uniqueid, None)

    async def queue_ready(self, seat: str, ready: bool, *, phone: bool = False) -> None:
        self._require_up()
        members = self.queue_by_phone if phone else self.queue
        if ready:
            members.add(seat)
        else:
            members.discard(seat)

    async def get_variable(self, channel: str, name: str) -> str:
        self._require_up()
        return self.variables.get((self._leg(channel).uniqueid, name), "")

    async def set_variable(self, channel: str, name: str, value: str) -> None:
        self._require_up()
        self.variables[(self._leg(channel).uniqueid, name)] = value

    async def press_for(self, channel: str, key: str) -> None:
        self._require_up()
        self.pressed_for.append((self._leg(channel).uniqueid, key))

    async def set_global(self, name: str, value: str) -> None:
        self._require_up()
        self.globals[name] = value

    async def get_global(self, name: str) -> str:
        self._require_up()
        return self.globals.get(name, "")

    async def settled(self, channel: str) -> Leg | None:
        self._require_up()
        return next((leg for leg in self._legs.values() if channel in (leg.uniqueid, leg.channel)), None)

    async def ask_leg(self, uniqueid: str) -> Leg | None:
        self._require_up()
        self.asked.set()
        return self._legs.get(uniqueid)

    # --- how the world behaves ---------------------------------------------------------------------------

    def _require_up(self) -> None:
        if not self._up:
            raise Unavailable("话务平台连接中断", "the link to Asterisk is down")

    def _leg(self, channel: str) -> Leg:
        for leg in self._legs.values():
            if channel in (leg.uniqueid, leg.channel):
                return leg
        raise LegMissing(channel)

    def _leave(self, leg: Leg) -> None:
        if leg.bridge_id is None:
            return
        bridge_id = leg.bridge_id
        self._legs[leg.uniqueid] = freed = replace(leg, bridge_id=None)
        self._publish(LegUnbridged(uniqueid=leg.uniqueid, channel=leg.channel, bridge_id=bridge_id))
        self._park(freed)
        self._break_bridge(bridge_id)

    def _break_bridge(self, bridge_id: str) -> None:
        """Asterisk dissolves a bridge that one party is left in."""
        left = [leg for leg in self._legs.values() if leg.bridge_id == bridge_id]
        if len(left) == 1:
            self._leave(left[0])

    def _park(self, leg: Leg) -> None:
        if leg.parked and leg.seat is not None:
            self._publish(SeatParked(uniqueid=leg.uniqueid, channel=leg.channel, seat=leg.seat))


def _seat_at(endpoint: str) -> str | None:
    """The seat whose desk phone this is."""
    return endpoint.removeprefix("PJSIP/").removesuffix("-sip") if endpoint.endswith("-sip") else None


class FakeCaller:
    """Fills ``port.CallerSession``: a citizen who presses ``keys`` in turn ("" = does not press)."""

    def __init__(self, channel: str, uniqueid: str, keys: Sequence[str] = (), **environment: str) -> None:
        self.environment: Mapping[str, str] = {
            "agi_channel": channel,
            "agi_uniqueid": uniqueid,
            **{f"agi_{name}": value for name, value in environment.items()},
        }
        self.query: Mapping[str, str] = {}
        self.channel = channel
        self.uniqueid = uniqueid
        self.heard: list[str] = []
        self.music = False
        self.answered = False
        self.released = False
        self.variables: dict[str, str] = {}
        self.recorded: list[str] = []
        """Files asked for by ``record``."""
        self.speaks_seconds = 3.0
        """How long a message this citizen leaves."""
        self.resting = asyncio.Event()
        """Set while music plays and nothing is asked of the citizen."""
        self._keys = list(keys)
        self._pressed: asyncio.Queue[str] = asyncio.Queue()
        self._gone = asyncio.Event()

    def presses(self, key: str) -> None:
        """The citizen presses a key while music plays."""
        self._pressed.put_nowait(key)

    def hangs_up(self) -> None:
        """The citizen hangs up."""
        self._gone.set()

    async def answer(self) -> None:
        self._require_here()
        self.answered = True

    async def play(self, prompt: str, escape_digits: str = "") -> str | None:
        self._require_here()
        self.heard.append(prompt)
        if escape_digits and self._keys and self._keys[0] and self._keys[0] in escape_digits:
            return self._keys.pop(0)
        return None

    async def play_many(self, prompts: Sequence[str], escape_digits: str = "") -> str | None:
        for prompt in prompts:
            key = await self.play(prompt, escape_digits)
            if key is not None:
                return key
        return None

    async def wait_key(self, seconds: float) -> str | None:
        self._require_here()
        return (self._keys.pop(0) or None) if self._keys else None

    async def rest(self, seconds: float, keys: str = "") -> str | None:
        """Ends early only by ``presses`` and ``hangs_up``, never by the list of keys."""
        self._require_here()
        self.resting.set()
        gone = asyncio.ensure_future(self._gone.wait())
        key = asyncio.ensure_future(self._pressed.get())
        done, open_ = await asyncio.wait({gone, key}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for waiting in open_:
            waiting.cancel()
        self.resting.clear()
        if gone in done:
            raise CallerGone
        return key.result() if key in done and key.result() in keys else None

    async def record(self, file: str, *, seconds: float, silence: float, key: str) -> Recorded:
        self._require_here()
        self.recorded.append(file)
        return Recorded(self.speaks_seconds)

    async def set_music(self, on: bool) -> None:
        self._require_here()
        self.music = on

    async def set_variable(self, name: str, value: str) -> None:
        self._require_here()
        self.variables[name] = value

    async def get_variable(self, name: str) -> str | None:
        self._require_here()
        return self.variables.get(name)

    async def hang_up(self) -> None:
        self._require_here()
        self._gone.set()

    async def release(self) -> None:
        self.released = True
        self._gone.set()

    async def until_gone(self) -> None:
        await self._gone.wait()

    def _require_here(self) -> None:
        if self._gone.is_set():
            raise CallerGone
