"""The draft of a work order, composed anew from everything said so far. Pure.

What the agent typed is never overwritten: typed fields win and also steer the rest (a typed place changes the unit
proposed). Each field that speech filled carries the words it came from (``because``), as they stand in the transcript,
so that the agent can judge it. Whatever behaves like ``Classifier`` decides what the matter is about.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from tickets.classifier import Classifier, Guess
from tickets.dialogue import Asked, Spoken, Turn, is_recap, read_turns
from tickets.dispatch import Directory
from tickets.kinds import telling
from tickets.normalise import Repairer
from tickets.places import Address, Gazetteer, Place, combine
from tickets.prose import matter_of, write
from tickets.repeat_calls import find_repeat
from tickets.spoken_numbers import find_contact
from tickets.times import find_time

FIELDS: tuple[str, ...] = ("title", "description", "type", "category", "place", "urgency", "phone", "unit")


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields (all of ``FIELDS``, empty when unknown) and the words that each came from.

    ``county`` and ``detail`` are the parts of the place; ``time`` is when the matter happens, as said.
    """

    values: Mapping[str, str]
    because: Mapping[str, tuple[str, ...]]
    county: str = ""
    detail: str = ""
    repeat: bool = False
    time: str = ""


@dataclass(frozen=True)
class Drafter:
    """Composes drafts for one site."""

    gazetteer: Gazetteer
    directory: Directory
    classifier: Classifier
    _cache: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._repairer.repair("您好")  # dictionaries are read now, not during the first call

    def compose(self, spoken: Sequence[Spoken], caller: str, typed: Mapping[str, str]) -> Draft:
        """The draft of what was said, in the order it was said, with what the agent typed on top."""
        heard = read_turns(spoken)
        turns = [replace(turn, text=self._repair(turn)) for turn in heard]
        matter = matter_of(turns, self.gazetteer)
        address = combine(self._places(turns))
        guesses = self._guess(turns, matter, address)
        repeat, repeat_words = find_repeat(turns)
        time = find_time(matter)
        values = dict.fromkeys(FIELDS, "") | {"urgency": "一般", "phone": caller}
        because: dict[str, tuple[str, ...]] = {"phone": ("来电号码",)} if caller else {}
        for name, guess in guesses.items():
            values[name], because[name] = guess.value, guess.words
        values |= typed
        if "unit" not in typed and (proposal := self.directory.propose(values["category"], values["place"])):
            values["unit"], because["unit"] = proposal.unit, (proposal.reason,)
        words = because.get("category", ())
        written = write(matter, values, words, self.gazetteer, repeat=repeat)
        values |= {name: text for name, text in written.items() if name not in typed}
        because |= {"repeat": repeat_words} if repeat_words else {}
        because |= {"time": (time,)} if time else {}
        shown = _as_heard(because, turns, heard)
        county, detail = (address.county, address.detail) if address else ("", "")
        kept = {name: words for name, words in shown.items() if name not in typed}
        return Draft(values, kept, county, detail, repeat, time)

    @cached_property
    def _repairer(self) -> Repairer:
        return Repairer(self.gazetteer.names, self.gazetteer.short_names)

    def _repair(self, turn: Turn) -> str:
        """The turn's text put right; a sentence is repaired once in a call, not again with each new one."""
        key = f"{turn.asked}{turn.text}"
        if key not in self._cache:
            if len(self._cache) > 2000:
                self._cache.clear()
            self._cache[key] = self._repairer.repair(turn.text, place_asked=turn.asked is Asked.PLACE)
        return self._cache[key]

    def _places(self, turns: Sequence[Turn]) -> list[Place]:
        """Where the citizen says it is, and what he confirmed when the agent read it back."""
        said = [turn for turn in turns if turn.who == "citizen" or turn.agreed]
        found = (self.gazetteer.find(turn.text, asked=turn.asked is Asked.PLACE) for turn in said)
        return [place for place in found if place]

    def _guess(self, turns: Sequence[Turn], matter: Sequence[str], address: Address | None) -> dict[str, Guess]:
        if not turns:
            return {}
        phone = find_contact(turns)
        whole = "，".join(matter)
        confirmed = "，".join(
            turn.text for turn in turns if turn.who == "agent" and turn.agreed and is_recap(turn.text)
        )
        about = self._without_places(f"{whole}，{confirmed}" if confirmed else whole)
        category = self.classifier.category(about)
        said, asked = telling(turns)
        kind = self.classifier.type(said, category.value if category else "", asked)
        if kind is None and category:
            kind = Guess("求助", category.words)
        urgency = self.classifier.urgency(whole)
        if urgency and kind and kind.value == "咨询" and "咨询" not in said:
            kind = Guess("求助", urgency.words)  # who asks when the water comes back wants water
        if urgency and kind and kind.value in ("咨询", "建议", "表扬") and urgency.value != "特急":
            urgency = None
        found = {
            "phone": Guess(phone[0], (phone[1],)) if phone else None,
            "place": Guess(address.text, address.words) if address else None,
            "category": category,
            "type": kind,
            "urgency": urgency,
        }
        return {name: guess for name, guess in found.items() if guess}

    def _without_places(self, text: str) -> str:
        """Names of places say nothing of the matter: 兰陵路 is no road damage, beside a school is not in it."""
        text = _BESIDE.sub("、", text)
        for part in text.split("，"):
            if part and (place := self.gazetteer.find(part)) and len(place.tail) < len(part) - 2:
                for word in place.words:
                    if len(word) > 2 and not _SPEAKING.search(word):
                        text = text.replace(word, "、")
        return text


_BESIDE = re.compile(r"[\u4e00-\u9fff]{2,4}(?=旁边|对面|附近)")
_SPEAKING = re.compile(r"小区|村|医院|学校|小学|中学|幼儿园|公园|工地|厂")
"""Kinds of places that do say something."""


def _as_heard(
    because: Mapping[str, tuple[str, ...]], repaired: Sequence[Turn], heard: Sequence[Turn]
) -> dict[str, tuple[str, ...]]:
    """The words as they stand in the transcript, where the repaired ones stood."""

    def original(word: str) -> str:
        for mended, plain in zip(repaired, heard, strict=True):
            if (at := mended.text.find(word)) >= 0:
                return plain.text[at : at + len(word)]
        return word

    return {name: tuple(dict.fromkeys(original(word) for word in words)) for name, words in because.items()}
