"""Finding the place in what a citizen says: the site's gazetteer first, then the shape of Chinese addresses. Pure.

A county or a known town anchors the address; what follows it in the shape of names (…街道 …村 …路 …号楼) belongs to
it. Without an anchor the same shapes are looked for anywhere. A town that lies in one county only brings its county.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_NUMBER = "零一二三四五六七八九十百两0-9"
_NEVER_IN_NAMES = "我你他她它的是在从把了就有没不这那都很要想与跟给被着过还也个到\0,,。:;、!?"
_SUFFIX = (
    r"街道(?!办)|镇(?!政府)|乡(?![下村])|社区(?!居委)|村(?![委里民口干]|干部)|庄(?![村镇]|社区|子)|小区|家园|花园|公寓|大厦"
    r"|大道|大街|(?<![道马公修铁线电水门走小])路(?![灯面边上段况障堵口人途过])|街(?!道)|巷(?!子)|胡同|苑(?!区)|家湖"
    r"|(?<!第)[东西南北]关村?|广场(?!舞)|公园|医院|中学|小学|幼儿园|火车站|高铁站|汽车站|市场(?!监)|大桥|敬老院|体育馆|图书馆"
)
_COMPONENT = re.compile(rf"[^{_NEVER_IN_NAMES}]{{1,6}}?(?:{_SUFFIX})")
_CROSSING = re.compile(rf"[与和][^{_NEVER_IN_NAMES}]{{1,5}}?(?:路|大道|大街|街)(?=交)")
_DETAIL = re.compile(
    rf"(?:[{_NUMBER}]+(?:号楼|号院|单元|栋|楼|号|组|户))*"
    r"(?:交叉路?口|交会处|交汇处|路口|十字路口)?(?:[东西南北](?:边|侧|面|头|门)|门口|对面|旁边|附近)?"
)
_MASKED = re.compile(
    r"我(?:要|想|来)?(?:反映|投诉|举报|咨询|问)(?:一下)?|反映|投诉|举报|咨询|请问|麻烦|[你您]好|昨天|今天|前天|每天|晚上|早上|中午|上午|下午|半夜|凌晨"
    r"|最近|这两天|上周|我们|我家|他们|住在|地址|位置|具体|附近的|一个|有个|有人|因为|没有|影响|施工|噪音|喂|(?<=路)和(?!.{0,5}路交)|到处"
)
_COMMON_NOUNS = frozenset({
    "道路", "马路", "公路", "小路", "线路", "农村", "小区", "社区", "街道", "医院", "市场", "公园", "广场", "幼儿园",
    "大街", "村", "路",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A place in one utterance: ``text`` whole, ``county`` if known, ``[start:end]`` where it stood."""

    text: str
    county: str
    tail: str
    start: int
    end: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Gazetteer:
    """The site's counties and zones, each with its towns and well-known places."""

    counties: Mapping[str, Sequence[str]]
    _towns: Mapping[str, str] = field(init=False, repr=False, default_factory=dict)
    _short: Mapping[str, str] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        owners: dict[str, list[str]] = {}
        for county, towns in self.counties.items():
            for town in towns:
                owners.setdefault(town, []).append(county)
        object.__setattr__(self, "_towns", {t: c[0] if len(c) == 1 else "" for t, c in owners.items()})
        short = {county[:-1]: county for county in self.counties if len(county) == 3 and county[-1] in "县区"}
        object.__setattr__(self, "_short", short)

    def county_of(self, text: str) -> str:
        """The county or zone that ``text`` names or implies; empty when none."""
        place = self.find(text)
        return place.county if place else ""

    def find(self, text: str) -> Place | None:
        """The place that one utterance names."""
        masked = _MASKED.sub(lambda hit: "\0" * len(hit.group()), text)
        anchor = self._anchor(masked)
        if anchor is None:
            return _find_free(masked)
        start, end, county, town = anchor
        stop = _extend(masked, end)
        tail = (text[start:end] if town else "") + text[end:stop]
        return Place(county + tail, county, tail, start, stop, tuple(filter(None, (text[start:end], text[end:stop]))))

    def _anchor(self, text: str) -> tuple[int, int, str, bool] | None:
        hits = [(text.find(name), len(name), name, False) for name in self.counties]
        hits += [(text.find(town), len(town), county, True) for town, county in self._towns.items()]
        for short, county in self._short.items():
            hit = re.search(rf"{short}(?![路街河大]|{county[-1]})", text)
            hits.append((hit.start() if hit else -1, len(short), county, False))
        found = sorted((at, -length, county, town) for at, length, county, town in hits if at >= 0)
        if not found:
            return None
        at, length, county, town = found[0]
        return at, at - length, county, town


def join(places: Sequence[Place]) -> tuple[str, tuple[str, ...]] | None:
    """One address out of all places named in a conversation: the fullest tail, with the county said elsewhere."""
    if not places:
        return None
    best = max(places, key=lambda place: (len(place.tail), bool(place.county)))
    county = best.county or next((place.county for place in reversed(places) if place.county), "")
    words = best.words if best.county or not county else (county, *best.words)
    return county + best.tail, words


def _extend(text: str, at: int) -> int:
    """The end of the address that goes on at ``at``."""
    while (hit := _COMPONENT.match(text, at)) and hit.group() not in _COMMON_NOUNS:
        at = hit.end()
    if crossing := _CROSSING.match(text, at):
        at = crossing.end()
    detail = _DETAIL.match(text, at)
    return detail.end() if detail else at


def _find_free(text: str) -> Place | None:
    best: Place | None = None
    at = 0
    while hit := _COMPONENT.search(text, at):
        at = hit.end()
        if hit.group() in _COMMON_NOUNS:
            continue
        end = _extend(text, hit.end())
        found = text[hit.start() : end]
        if best is None or len(found) > len(best.tail):
            best = Place(found, "", found, hit.start(), end, (found,))
        at = end
    return best
