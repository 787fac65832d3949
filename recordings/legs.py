"""Whose files in the spool make one recording: the citizen's leg, and everybody whose own voice was recorded. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hotline.facts import Fact
from hotline.facts.calls import CallArrived
from hotline.facts.control import PartyCalled, VoiceRecorded
from recordings.tracks import Heard, Voice, voices_of

LEG_FACTS = (CallArrived, PartyCalled, VoiceRecorded)


@dataclass(frozen=True, slots=True)
class Legs:
    """See the module's docstring."""

    main: str
    """The citizen's channel, or whatever else was recorded alone."""
    voices: tuple[Voice, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody's."""
        return tuple(dict.fromkeys((self.main, *(voice.uniqueid for voice in self.voices))))


def legs_of(facts: Sequence[Fact]) -> Legs:
    """The legs that the ledger tells of one call."""
    main = next((fact.uniqueid for fact in facts if isinstance(fact, CallArrived)), "")
    return Legs(main, tuple(voices_of(_heard(facts))))


def _heard(facts: Iterable[Fact]) -> Iterator[Heard]:
    """Everybody but the citizen whose voice was recorded, in the order of coming."""
    for fact in facts:
        match fact:
            case PartyCalled(kind="phone"):
                yield Heard(fact.uniqueid, False, fact.party_id, fact.name)
            case VoiceRecorded():
                yield Heard(fact.uniqueid, True, fact.seat, fact.name)
            case _:
                pass
