"""Whose channel is it? What the recordings room asks, answered by those who know the calls."""

from hotline.database import Database
from ivr.control.journal import party_call
from ivr.service import CallCentre
from telephony.port import Telephony


class RecordedChannels:
    """For the recordings room: whose channel is it?"""

    def __init__(self, centre: CallCentre, telephone: Telephony, database: Database) -> None:
        self._centre = centre
        self._telephone = telephone
        self._database = database

    def is_live(self, uniqueid: str) -> bool:
        """Whether the channel is still there as far as anybody knows."""
        return uniqueid in self._telephone.legs or self._centre.is_live(uniqueid)

    def is_call_live(self, call_id: str) -> bool:
        """Whether the call goes on."""
        return call_id in self._centre.floor.calls.live

    async def call_of(self, uniqueid: str) -> str | None:
        """The call; a return visit's attempt is its own, what another party or a seat says is its call's."""
        if uniqueid.startswith(("party_", "voice_")):
            return await party_call(self._database, uniqueid)
        return uniqueid if uniqueid.startswith("callback_") else await self._centre.call_of(uniqueid)
