"""Claims: what an event says about a leg, asked about before it is believed; and which answers bear one out."""

from dataclasses import dataclass

from telephony.legs import Leg
from telephony.messages import AmiMessage

_FALLBACK_APPLICATIONS = ("UserEvent", "Set", "Playback", "Queue")
"""Where a citizen is who has fallen back; one in our hands is in ``AGI``."""
_LEAVING_SECONDS = 0.02
"""How long the news of a leg's leaving a bridge may wait for what it leaves for: it ends, or it parks."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an event says about a leg, to be asked about."""

    event: str
    uniqueid: str
    bridge_id: str = ""
    cause: int = 0
    said: str = ""
    """The name of a UserEvent."""

    @property
    def patience(self) -> float:
        """Seconds that it may wait for another claim about the same leg, to be asked about together with it."""
        return _LEAVING_SECONDS if self.event == "BridgeLeave" else 0.0

    def holds(self, found: Leg | None, before: Leg | None = None) -> bool:
        """Whether what Asterisk shows bears the event out. Of a leg that has ended anything may have been true.

        ``before``: as all earlier answers showed the leg.
        """
        if found is None:
            return True
        match self.event:
            case "Hangup":
                return False
            case "BridgeEnter":
                return found.bridge_id == self.bridge_id
            case "BridgeLeave":
                return found.bridge_id != self.bridge_id
            case "UserEvent" if self.said == "SeatParked":
                return found.parked or _has_gone_on(before, found)
            case "UserEvent":
                return found.application in _FALLBACK_APPLICATIONS
            case _:
                return True


def read_claim(event: AmiMessage, uniqueid: str) -> Claim:
    """What this event says."""
    cause = event.get("Cause")
    return Claim(
        event.event,
        uniqueid,
        event.get("BridgeUniqueid"),
        int(cause) if cause.isdecimal() else 0,
        event.get("UserEvent"),
    )


def _has_gone_on(before: Leg | None, found: Leg) -> bool:
    """A seat that has parked and was given its next citizen before the answer came: it told no lie."""
    return before is not None and found.bridge_id not in (None, before.bridge_id)
