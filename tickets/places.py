"""Finding the place in what a citizen says: the gazetteer first, then the shape of Chinese addresses. Pure.

A county or a known town anchors the address; what follows it in the shape of names (…街道 …村 …路 …号楼) belongs to
it. Without an anchor the same shapes are looked for anywhere. A town that lies in one county only brings its county.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tickets.lexicon import shipped
from tickets.place_words import (
    ANSWER_END,
    ANSWER_LEAD,
    COMMON_NOUNS,
    COMPONENT,
    CROSSING,
    DENIED,
    DETAIL,
    ESTATE_SIGN,
    FIRM,
    GOES_ON,
    HOUSE_OF,
    HOUSED,
    HOUSES_STAND_AT,
    LEVELS,
    LONGEST_ANSWER,
    MANAGED,
    MASKED,
    NAMED_HOUSE,
    NAMES_FOLLOW,
    NEVER_IN_NAMES,
    NO_ANSWER,
    NO_NAME,
    NO_NAME_AFTER,
    NUMBER,
    ORIGIN,
    OWNED,
    ROAD_END,
    SHOPPED,
    SUFFIX,
    TOWN_END,
    TOWN_KIND,
    VERBAL,
    WEAK,
    WEAK_BESIDE,
    WEAK_END,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in one utterance: ``text`` whole, ``county`` if known, ``[start:end]`` where it stood."""

    text: str
    county: str
    tail: str
    start: int
    end: int
    words: tuple[str, ...]
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """A place put together from a whole conversation, and the words it came from."""

    county: str
    detail: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """As one line."""
        return self.county + self.detail


@cache
def _shipped_places() -> Mapping[str, Any]:
    gazetteer: Mapping[str, Any] = shipped("gazetteer")
    return gazetteer


@dataclass(frozen=True)
class Gazetteer:
    """The site's counties and zones, each with its towns and well-known places."""

    counties: Mapping[str, Sequence[str]]
    aliases: Mapping[str, str] = field(default_factory=dict)
    roads: frozenset[str] = frozenset()
    _towns: Mapping[str, str] = field(init=False, repr=False, default_factory=dict)
    _bare: Mapping[str, str] = field(init=False, repr=False, default_factory=dict)
    _short: Mapping[str, str] = field(init=False, repr=False, default_factory=dict)
    _shortened: Sequence[tuple[re.Pattern[str], str]] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        owners: dict[str, list[str]] = {}
        for county, towns in self.counties.items():
            for town in towns:
                if county not in owners.setdefault(town, []):
                    owners[town].append(county)
        object.__setattr__(self, "_towns", {t: c[0] if len(c) == 1 else "" for t, c in owners.items()})
        bare = {TOWN_KIND.sub("", town): county for town, county in self._towns.items()}
        object.__setattr__(self, "_bare", {name: county for name, county in bare.items() if len(name) >= 2})
        short = {county[:-1]: county for county in self.counties if len(county) == 3 and county[-1] in "县区"}
        object.__setattr__(self, "_short", short)
        # Compiled once: there are more names than the cache of re holds, and every utterance asks for all of them.
        object.__setattr__(self, "_shortened", [(_short_name(name, county), county) for name, county in short.items()])

    @classmethod
    def of(cls, places: Mapping[str, Sequence[str]]) -> "Gazetteer":
        """The site's places and, where it shares a county with the shipped gazetteer, that one's too."""
        ours = _shipped_places()
        known = {county: line.split() for county, line in ours["counties"].items()}
        if places and not set(places) & set(known):
            return cls(places)
        merged = {
            county: list(dict.fromkeys([*places.get(county, ()), *known.get(county, ())]))
            for county in {**places, **known}
        }
        for county, line in ours["landmarks"].items():
            merged[county] = list(dict.fromkeys([*merged.get(county, []), *line.split()]))
        aliases = {alias: county for county, line in ours["aliases"].items() for alias in line.split()}
        return cls(merged, aliases, frozenset(ours["roads"].split()))

    @property
    def names(self) -> tuple[str, ...]:
        """Every full name, for repairing what was misheard."""
        return (*self.counties, *self._towns, *self.aliases, *self.roads)

    @property
    def short_names(self) -> tuple[str, ...]:
        """Counties as people call them: 沂水, 费县."""
        return (*self._short, *(county for county in self.counties if len(county) == 2))

    def county_of(self, text: str) -> str:
        """The county or zone that ``text`` names or implies; empty when none."""
        place = self.find(text)
        return place.county if place else ""

    def find(self, text: str, *, asked: bool = False) -> Place | None:
        """The place that one utterance names. ``asked``: it answers a question for the place."""
        masked = MASKED.sub(lambda hit: "\0" * len(hit.group()), text)
        anchor = self._anchor(masked, text)
        if anchor is None:
            found = _find_free(masked) or self._known_road(masked)
            answer = _whole_answer(text) if asked else None
            if found and answer and found.tail not in answer.tail:
                answer = None
            return answer or (_marked(found, asked) if found else None)
        start, end, county, town = anchor
        if not town and (inner := self._anchor(masked[end : end + 14], masked[end:])) and inner[3] and inner[0] <= 1:
            start, end, town = end + inner[0], end + inner[1], True
        named = ""
        if not town and (bare := self._bare_town(masked, end, county)):
            start, end, town, named = end, end + len(bare[0]), True, bare[1]
        if masked.startswith("的", end) and COMPONENT.match(masked, end + 1):
            stop = _extend(masked, end + 1)
        else:
            stop = _extend(masked, end)
        spoken = (named or text[start:end]) if town else ""
        tail = spoken + text[end:stop].lstrip("市县区" if not town else "").removeprefix("的").removeprefix("那个")
        if asked and (rest := _whole_answer(text[stop:])) and len(tail + rest.tail) <= LONGEST_ANSWER:
            tail, stop = tail + rest.tail, stop + rest.end
        if town and tail == spoken and (other := _find_free(masked[: anchor[0]])) and _level(other.tail) != 1:
            apart = (other.tail, text[anchor[0] : end])
            return Place(county + tail + other.tail, county, tail + other.tail, other.start, end, apart, asked)
        if not tail and (other := _find_free(masked[stop:]) or _find_free(masked[: anchor[0]])):
            at = text.find(other.tail)
            return Place(
                county + other.tail, county, other.tail, at, at + len(other.tail), (text[start:end], other.tail), asked
            )
        first = anchor[1] if start != anchor[0] else end
        words = tuple(filter(None, (text[anchor[0] : first], text[first:stop])))
        return Place(county + tail, county, tail, anchor[0], stop, words, asked)

    def _known_road(self, text: str) -> Place | None:
        """A road of the town, whatever follows it (停在北京路边上)."""
        hits = [(at, -len(road), road) for road in self.roads for at in _all(text, road)[:1]]
        if not hits:
            return None
        at, _, road = min(hits)
        return Place(road, "", road, at, at + len(road), (road,))

    def _bare_town(self, text: str, at: int, county: str) -> tuple[str, str] | None:
        """A town of ``county`` named without its kind right behind it (沂南青驼): as said, and in full."""
        for town in self.counties.get(county, ()):
            bare = TOWN_KIND.sub("", town)
            if (
                bare != town
                and len(bare) >= 2
                and text.startswith(bare, at)
                and not GOES_ON.match(text, at + len(bare))
            ):
                return bare, town
        return None

    def _anchor(self, text: str, whole: str) -> tuple[int, int, str, bool] | None:
        hits = [(at, len(name), name, False) for name in self.counties for at in _all(text, name)]
        hits += [(at, len(alias), county, False) for alias, county in self.aliases.items() for at in _all(text, alias)]
        hits += [(at, len(town), county, True) for town, county in self._towns.items() for at in _all(text, town)]
        hits += [
            (at, len(bare), county, True) for bare, county in self._bare.items() for at in _all(text, bare)
            if not _WITHIN_A_NAME.match(text[at - 1 : at]) and _AFTER_BARE_NAME.match(text, at + len(bare))
        ]  # fmt: skip
        hits += [
            (h.start(), len(h.group()), county, False)
            for short, county in self._shortened
            for h in short.finditer(text)
        ]
        good = [
            hit
            for hit in hits
            if not ORIGIN.search(whole[: hit[0]])
            and not DENIED.search(whole[: hit[0]])
            and not whole.startswith("人", hit[0] + hit[1])
        ]
        found = sorted((at, -length, county, town) for at, length, county, town in (good))
        if not found:
            return None
        at, length, county, town = found[0]
        return at, at - length, county, town


def combine(places: Sequence[Place]) -> Address | None:
    """One address out of all places named in a conversation: the fullest, completed by what was said elsewhere."""
    if not places:
        return None
    best = max(places, key=lambda place: (len(place.tail) + 6 * place.asked if place.tail else -1, bool(place.county)))
    counties = [place for place in places if place.county]
    owner = best if best.county else next((place for place in reversed(counties)), None)
    county = owner.county if owner else ""
    detail, words = best.tail, list(best.words)
    for other in places:
        if (
            other is best
            or not other.tail
            or other.tail in detail
            or (other.county and county and other.county != county)
        ):
            continue
        fuller = _complete(detail, other)
        if fuller != detail:
            detail, words = fuller, [*words, *other.words]
    if owner and owner is not best:
        words = [owner.words[0] if owner.words else county, *words]
    return Address(county, detail, tuple(dict.fromkeys(words)))


def join(places: Sequence[Place]) -> tuple[str, tuple[str, ...]] | None:
    """The combined address as one line."""
    address = combine(places)
    return (address.text, address.words) if address else None


def _complete(detail: str, other: Place) -> str:
    """``detail`` with the town or village before it, or the house number behind it, that ``other`` adds."""
    have = {_level(part) for part in _parts(detail)}
    parts = _parts(other.tail)
    front = "".join(
        part
        for part in parts
        if part not in detail
        and (level := _level(part))
        and level not in have
        and level < min(have or {4})
        and (level < 3 or other.asked)
    )
    number = re.compile(rf"[{NUMBER}]+(?:号楼|号院|单元|栋|号)")
    behind = ""
    if (
        have == {1} and parts and (_level(parts[0]) in (2, 3) or NAMED_HOUSE.search(other.tail))
    ):  # the rest was said apart
        return detail + other.tail
    if not number.search(detail) and (hit := number.search(other.tail)) and (other.asked or hit.start() == 0):
        behind = other.tail[hit.start() :]
    return front + detail + behind


def _parts(tail: str) -> list[str]:
    return [hit.group() for hit in re.finditer(rf".{{1,8}}?(?:{SUFFIX})|.+$", tail)]


def _level(part: str) -> int:
    return next((level for level, pattern in LEVELS if pattern.search(part)), 4)


def _extend(text: str, at: int) -> int:
    """The end of the address that goes on at ``at``."""
    while (
        hit := (COMPONENT.match(text, at) or WEAK.match(text, at) or WEAK_END.match(text, at))
    ) and hit.group() not in COMMON_NOUNS:
        at = hit.end()
    if text.startswith("小区", at) and ESTATE_SIGN.search(text[:at]):
        at += 2
    if HOUSES_STAND_AT.search(text[:at]) and (house := HOUSE_OF.match(text, at)):
        at = house.end()
    if crossing := CROSSING.match(text, at):
        at = crossing.end()
    elif TOWN_END.search(text[:at]) and (estate := MANAGED.match(text, at)) and not VERBAL.search(estate.group()):
        at = estate.end()
    elif firm := _firm_at(text, at):
        at = firm.end()
    elif (
        TOWN_END.search(text[:at])
        and text.startswith("\0\0", at)
        and (firm := _firm_at(text, at + 2))
        and len(firm.group()) > 4
    ):
        at = firm.end()  # 杨集镇那个银河板材厂
    elif ROAD_END.search(text[:at]) and (housed := HOUSED.match(text, at)):
        at = housed.end()
    detail = DETAIL.match(text, at)
    return detail.end() if detail else at


def _firm_at(text: str, at: int) -> re.Match[str] | None:
    """A house or firm that is named there; 楼下烧烤店 is none."""
    firm = FIRM.match(text, at) or (SHOPPED.match(text, at) if ROAD_END.search(text[:at]) else None)
    return firm if firm and not VERBAL.search(firm.group()) else None


def _find_free(text: str) -> Place | None:
    best: Place | None = None
    at = 0
    while hit := (COMPONENT.search(text, at) or WEAK.search(text, at) or WEAK_BESIDE.search(text, at)):
        at = hit.end()
        led = text[hit.start() - 1 : hit.start()]
        if hit.group() in COMMON_NOUNS or VERBAL.search(hit.group()) or led in NO_NAME_AFTER:
            continue
        end = _extend(text, hit.end())
        found = text[hit.start() : end]
        if best is None or len(found) > len(best.tail):
            best = Place(found, "", found, hit.start(), end, (found,))
        at = end
    return best or _find_named(text)


def _find_named(text: str) -> Place | None:
    """An estate that somebody lives in, a firm with a name of its own, though no road and no town is said with it."""
    for hit in OWNED.finditer(text):
        if not VERBAL.search(hit.group("name")) and hit.group("name") not in COMMON_NOUNS:
            name = hit.group("name")
            return Place(name, "", name, hit.start("name"), hit.end("name"), (name,))
    for hit in FIRM.finditer(text):
        name, before = hit.group(), text[: hit.start()]
        if len(name) >= 4 and NAMES_FOLLOW.search(before) and not VERBAL.search(name) and not NO_NAME.search(name):
            end = _extend(text, hit.end())
            return Place(
                text[hit.start() : end], "", text[hit.start() : end], hit.start(), end, (text[hit.start() : end],)
            )
    return None


def _whole_answer(text: str) -> Place | None:
    """A short answer to "where" is the place, though nothing in it looks like one."""
    detail = ANSWER_END.sub("", ANSWER_LEAD.sub("", text))
    if not 2 <= len(detail) <= LONGEST_ANSWER or NO_ANSWER.search(detail):
        return None
    if re.search(rf"^[{NUMBER}]+$", detail):
        return None
    at = text.find(detail)
    return Place(detail, "", detail, at, at + len(detail), (detail,), True)


def _marked(place: Place, asked: bool) -> Place:
    return Place(place.text, place.county, place.tail, place.start, place.end, place.words, asked)


_WITHIN_A_NAME = re.compile(r"[\u4e00-\u9fff]")
_AFTER_BARE_NAME = re.compile(
    rf"的?[^{NEVER_IN_NAMES}]{{1,5}}(?:村|社区|小区)|$|那边|这边|街上|镇上|那个|这个|那里|这里"
)
"""Behind a town without its kind (界湖): a village of it, or nothing."""


def _short_name(name: str, county: str) -> re.Pattern[str]:
    """A county as people call it (沂水), where no road or firm of that name is meant."""
    return re.compile(rf"{name}(?![路街河大]|技术企|{county[-1]})")


def _all(text: str, name: str) -> list[int]:
    at, found = text.find(name), []
    while at >= 0:
        found.append(at)
        at = text.find(name, at + 1)
    return found
