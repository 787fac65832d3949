"""What the rooms may ask of the telephone, as Protocols: the port that ``verbs.Telephone`` and ``fake`` fill.

Every verb raises ``Unavailable`` while the link to Asterisk is down or when it does not answer in time, and
``LegMissing`` when the leg named has ended. A channel may be named by its channel name or by its Uniqueid.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hotline.errors import RuleBroken
from telephony.legs import Leg
from telephony.observations import PhoneState


class LegMissing(RuleBroken):
    """The leg named has ended, or never was."""

    code = "leg_missing"

    def __init__(self, channel: str) -> None:
        super().__init__("该通话已结束", f"the leg {channel} has ended")
        self.channel = channel


class Refused(RuleBroken):
    """Asterisk answered, and said no."""

    code = "asterisk_refused"

    def __init__(self, action: str, why: str) -> None:
        super().__init__(f"话务平台拒绝执行:{why}", f"Asterisk refused {action}: {why}")
        self.why = why


class CallerGone(Exception):
    """The caller hung up, or the leg was taken away from this session. Ends the handler; not an error."""


class Result(StrEnum):
    """How an outgoing call went."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    """Congestion, a refusal, or a number that does not exist."""
    UNKNOWN = "unknown"
    """The link was lost, and the leg is not there any more: the citizen may have been rung. Count it as an attempt."""


@dataclass(frozen=True, slots=True)
class OriginateOutcome:
    """What became of one outgoing call."""

    result: Result
    channel_id: str
    """The leg's Uniqueid, as given by the caller of ``originate``."""
    channel: str = ""
    """The channel's name, when it was learnt."""
    reason: int = 0
    """Asterisk's reason number, for the log."""
    cause: int = 0
    """Q.850 cause of the end of a leg that was not answered, when it was learnt: 1 no such number, 34 no circuit …"""


@dataclass(frozen=True, slots=True)
class Dial:
    """One outgoing call to make."""

    endpoint: str
    """``PJSIP/1001-sip`` or ``verbs.outside_line(trunk, number)``."""
    context: str
    exten: str
    """Where the leg goes when it is answered."""
    channel_id: str
    """Its Uniqueid, chosen by us (``new_id``), so that it can be asked about after a lost link."""
    caller_id: str
    """The number to show."""
    ring_seconds: float = 30.0
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What ``CallerSession.record`` brought."""

    seconds: float
    """How long the file is, the silence at its end included."""
    key: str | None = None
    """The key that ended it."""


class Telephony(Protocol):
    """The telephone, as the rooms know it."""

    @property
    def up(self) -> bool:
        """True while Asterisk can be asked."""
        ...

    @property
    def legs(self) -> Mapping[str, Leg]:
        """The legs known now, by Uniqueid."""
        ...

    @property
    def phones(self) -> Mapping[str, PhoneState]:
        """The seats' desk phones as they were seen last, by seat."""
        ...

    def bridge(self, citizen_channel: str, seat_channel: str) -> Awaitable[None]:
        """Let two legs hear each other. About 2 ms; begun when this returns, if the seat stands still."""
        ...

    async def hang_up(self, channel: str, cause: int = 16) -> bool:
        """End a leg. False when it had ended already."""
        ...

    async def originate(self, dial: Dial) -> OriginateOutcome:
        """Dial and wait until it is answered or not, at most ``ring_seconds`` and a little. Never dials twice."""
        ...

    async def redirect(self, channel: str, context: str, exten: str) -> None:
        """Send a leg to another place of the dialplan; a two-party bridge that it is in ends."""
        ...

    async def mute(self, channel: str, muted: bool) -> None:
        """Let nobody hear what this leg says, or let them hear it again. The leg goes on hearing."""
        ...

    async def press_keys(self, channel: str, keys: str) -> None:
        """Send keypad tones to this leg, as if the other side had pressed them."""
        ...

    async def spy_audio(self, uniqueid: str, stream: str) -> str:
        """Send what this leg says to our AudioSocket, under the UUID ``stream``. Returns the spy's channel id."""
        ...

    async def stop_spy(self, spy: str) -> None:
        """End a spy; nothing happens when it has ended by itself."""
        ...

    async def mute_recording(self, channel: str, muted: bool) -> None:
        """Let the recording of this leg have silence for a while (both directions), or the voices again."""
        ...

    async def record_voice(self, channel: str, file: str) -> None:
        """Record what this leg says into ``file`` (absolute), beside whatever else is recorded of it."""
        ...

    async def stop_recording(self, channel: str) -> None:
        """End the recording of this leg; nothing happens when there is none."""
        ...

    async def queue_ready(self, seat: str, ready: bool, *, phone: bool = False) -> None:
        """Let Asterisk's own fallback queue give citizens to this seat's parked leg or to its desk phone, or not."""
        ...

    async def get_variable(self, channel: str, name: str) -> str:
        """A channel variable; empty when it is not set."""
        ...

    async def set_variable(self, channel: str, name: str, value: str) -> None:
        """Set a channel variable."""
        ...

    async def press_for(self, channel: str, key: str) -> None:
        """As if the party of this leg had pressed the key: what plays to it is cut short."""
        ...

    async def set_global(self, name: str, value: str) -> None:
        """Set a global variable of the dialplan."""
        ...

    async def get_global(self, name: str) -> str:
        """A global variable of the dialplan; empty when it is not set."""
        ...

    async def settled(self, channel: str) -> Leg | None:
        """The leg once it is not between two places (``Leg.in_transit``), in a second at most; None when it is gone."""
        ...

    async def ask_leg(self, uniqueid: str) -> Leg | None:
        """The leg as Asterisk shows it now; None when it is not there."""
        ...


class CallerSession(Protocol):
    """One citizen in the engine's hands (FastAGI). Every verb raises ``CallerGone`` once the caller has hung up."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What Asterisk told at the start: ``agi_channel``, ``agi_uniqueid``, ``agi_callerid``, ``agi_extension`` …"""
        ...

    @property
    def query(self) -> Mapping[str, str]:
        """The part of the URL after ``?``."""
        ...

    @property
    def channel(self) -> str:
        """The leg's channel name."""
        ...

    @property
    def uniqueid(self) -> str:
        """The leg's Uniqueid."""
        ...

    async def answer(self) -> None:
        """Pick up."""
        ...

    async def play(self, prompt: str, escape_digits: str = "") -> str | None:
        """Play a prompt (``hotline/welcome``); the key of ``escape_digits`` that cut it short, or None."""
        ...

    async def play_many(self, prompts: Sequence[str], escape_digits: str = "") -> str | None:
        """Play prompts one after the other until a key cuts them short."""
        ...

    async def wait_key(self, seconds: float) -> str | None:
        """The next key pressed within ``seconds``, or None."""
        ...

    async def rest(self, seconds: float, keys: str = "") -> str | None:
        """Let music play for ``seconds`` or until a key of ``keys``, which is returned. No keys: nothing is sent."""
        ...

    async def record(self, file: str, *, seconds: float, silence: float, key: str) -> Recorded:
        """Record into ``file`` (absolute, without ``.wav``) until ``key``, silence, or time is up."""
        ...

    async def set_music(self, on: bool) -> None:
        """Start or stop the music on hold."""
        ...

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable."""
        ...

    async def get_variable(self, name: str) -> str | None:
        """A channel variable; None when it is not set."""
        ...

    async def hang_up(self) -> None:
        """Hang the caller up."""
        ...

    async def release(self) -> None:
        """Give the leg back to the dialplan (close the socket); at once after ``Telephony.bridge`` took it."""
        ...

    async def until_gone(self) -> None:
        """Return when the caller has hung up or the session was released. For a waiting room that sends nothing."""
        ...
