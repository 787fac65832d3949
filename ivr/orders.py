"""What the floor wants done. The hands carry orders out and report back; they decide nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hotline.facts import Fact, Signal


@dataclass(frozen=True, slots=True)
class Connect:
    """Bridge the citizen with the seat, then report ``connected`` or ``connect_failed`` with this offer's number."""

    call_id: str
    offer_id: int
    seat: str
    citizen_channel: str
    seat_channel: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring the seat's phone under this id; picked up, it parks and is heard of. Report how it went if it did not."""

    call_id: str
    seat: str
    ring_id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang a channel up, by its name or Uniqueid. Gone already is as good."""

    channel: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Fetch a citizen from Asterisk's own queue to our waiting room."""

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class MirrorReadiness:
    """Tell Asterisk's fallback queue whether this seat takes calls, for the day we are gone."""

    seat: str
    ready: bool
    phone: bool = False
    """By having its phone rung."""


Order = Connect | Ring | HangUp | TakeBack | MirrorReadiness


@dataclass(slots=True)
class Step:
    """What one event led to: facts to be written, then signals to be told, then orders to be carried out."""

    facts: list[Fact] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    """Calls whose row must be written."""
    seats: set[str] = field(default_factory=set)
    """Seats whose row must be written."""

    def tell(self, signals: Sequence[Signal]) -> None:
        """Add signals, each once."""
        self.signals.extend(signal for signal in signals if signal not in self.signals)
