"""What the ledger knows of parties, for the rooms that keep their recordings."""

from sqlalchemy import select

from hotline import ledger
from hotline.database import Database
from hotline.facts.control import PartyCalled, VoiceRecorded


async def party_call(database: Database, uniqueid: str) -> str | None:
    """The call that the party with this channel, or the recording of a seat's voice, belonged to."""
    kind = ledger.ledger.c.kind.in_([PartyCalled.__name__, VoiceRecorded.__name__])
    about = ledger.ledger.c.body.contains(f'"{uniqueid}"', autoescape=True)
    async with database.reading() as connection:
        found: str | None = (
            await connection.execute(select(ledger.ledger.c.call_id).where(kind, about).limit(1))
        ).scalar_one_or_none()
    return found
