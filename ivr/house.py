"""What the first minute of every call shares: the floor, the telephone, the clock, and the services of other rooms."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hotline.bus import Bus
from hotline.clock import Clock
from hotline.database import Database
from ivr.floor import Floor
from ivr.orders import Step
from ivr.owed_calls import OwedCalls
from ivr.services import Services
from telephony.port import Telephony


@dataclass
class House:
    """Handed to every call's desk."""

    floor: Floor
    do: "Callable[[Step], asyncio.Future[None]]"
    """Write a step of the floor, tell it, carry its orders out."""
    telephone: Telephony
    bus: Bus
    database: Database
    clock: Clock
    folder: Path
    """``storage.folder``, absolute."""
    services: Services = field(default_factory=Services)

    @property
    def owed(self) -> OwedCalls:
        """The calls that we owe."""
        return OwedCalls(self.database, self.clock, self.services.owed)
