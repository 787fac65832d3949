"""Finding the place in what a citizen says: the gazetteer first, then the shape of Chinese addresses. Pure.

A county or a known town anchors the address; what follows it in the shape of names (…街道 …村 …路 …号楼) belongs to
it. Without an anchor the same shapes are looked for anywhere. A town that lies in one county only brings its county.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tickets.lexicon import shipped, word_list

_NUMBER = "零一二三四五六七八九十百两幺0-9"
_NEVER_IN_NAMES = "我你您俺咱她它的是在从把了就有没不这那都很要想与跟给被着过还也个到吗呢吧啊哪嗯最们得\0,,。:;、!?？"
_SUFFIX = (
    r"街道(?!办)|镇(?!政府)|(?<![下城他家])乡(?![下村镇亲])|社区(?!居委)|"
    r"(?<![旧农离俺我全各邻本该进出回修通])村(?![委里民口干]|干部)|"
    r"庄(?![村镇]|社区|子|稼)|小区|家园|花园|公寓|大厦"
    r"|大道|大街|"
    r"(?<![道马公修铁线电水门走小条段了边村挡堵占绕跑坏泥土雨几套见断里间撒压破烂让带"
    r"赶几多生])路(?![灯面边上段况障堵口人途过车公怎东西南北]|"
    r"[东西南北][边侧面头])|"
    r"(?<![道马公修铁线电水门走小条段了边村挡堵占绕跑坏泥土雨几套见断里间撒压破烂让带"
    r"赶几多生])路(?=[东西南北](?:边|"
    r"侧|面|头|段|首|端))|"
    r"(?<=[\u4e00-\u9fff]{2})(?<![道马公修铁线电水门走小条段了边村挡堵占绕跑坏泥土雨几套见断里间撒压破烂让带赶几多生家班学来去])"
    r"路(?=上(?![学班下]))|街(?!道)|巷(?!子)|胡同|苑(?!区)|家湖"
    r"|(?<!第)[东西南北]关村?|广场(?!舞)|公园|医院|中学|小学|大学|学院|幼儿园|火车站|"
    r"高铁站|汽车站|市场(?!监)|大桥|敬老院|体育馆|图书馆"
    r"|新村|佳苑|嘉园|佳园|新城|名城|名苑|名都|华庭|华府|豪庭|豪园|雅居|雅苑|雅园|公馆|"
    r"山庄|御园|庭院|国际城|国际|家属院|宿舍|商城|批发城|步行街|美食街|超市|商场|购物中心"
    r"|卫生院|卫生室|酒店|加油站|收费站|工业园|产业园|科技园|物流园|家居城|建材城|汽配城|"
    r"水库|高架桥|立交桥|桥头|隧道|中心校|学校|实验[小中]学|[一二三四五六七八九十]中(?![午心间学年])|"
    r"[一二三四五六七八九十]小(?![时区学户部会块段伙孩])"
)
_WEAK_SUFFIX = r"城|湾|府|郡|园|墅|里|河|桥|厂|居|院"
_SIGN = rf"(?:[^{_NEVER_IN_NAMES}谁]|(?<=[阳丽名美华金帝])都)"
"""A sign of a name; 都 is one in 阳都 and 丽都."""
_COMPONENT = re.compile(rf"{_SIGN}{{1,7}}?(?:{_SUFFIX})")
_WEAK_STEM = rf"{_SIGN}{{2,5}}?(?:{_WEAK_SUFFIX})"
_WEAK = re.compile(rf"{_WEAK_STEM}(?=[{_NUMBER}]+(?:号楼|号院|栋|号|期|区|单元)|小区|[东西南北]门)")
_WEAK_BESIDE = re.compile(rf"[^{_NEVER_IN_NAMES}]{{2,5}}?(?:城|湾|府|郡|园)(?=对面|旁边|附近|门口)")
_WEAK_END = re.compile(rf"{_WEAK_STEM}$")
_FIRM = re.compile(
    rf"{_SIGN}{{0,7}}?(?:{_SIGN}[店馆铺坊](?![里口面])|(?:有限)?公司|[\u4e00-\u9fff]厂(?![家区长里])|门诊部?(?![费看医])|大排档|羊汤馆?|烤鱼|包子铺|饺子馆|拉面|快餐|酒吧|"
    r"便利店|蛋糕店|辅导班|托管班|健身(?![房器])|造型|养老公寓|疗养院|(?:机械|木业|化工|物流|建材|板材)厂?|中心(?![小卫校街路幼学])|商贸城|沥青站|搅拌站|"
    r"加气站|石子厂|洗砂厂|网吧|网咖|饭店|饭馆|宾馆|酒楼|餐厅|大酒店|游乐场|游乐园|停车场|景区|幸福院|敬老院|养老院|"
    r"(?:便民|政务|办事)?服务(?:大厅|中心)|办事大厅|美容院|理发店|健身房|药店|药房|诊所|烧烤店?|火锅店?|驾校|会所|影楼|洗浴|KTV|"
    r"棋牌室|供电所|派出所|营业厅|电影院|批发市场|汽修厂|4S店|大院|早教|培训班|补习班|板厂|食品厂|加工厂|化工厂|养殖场|屠宰场|"
    r"砖厂|石料厂|工地|售楼处|村委会|居委会|卫生所)"
)
"""Houses and firms that people name after a road or a town."""
_HOUSE_OF = re.compile(
    r"(?:中心|第[一二三四五六])?(?:卫生院|中学|小学|初中|高中|学校|幼儿园|敬老院|养老院|医院|派出所|政府|法庭|供电所|便民服务中心|农贸市场|菜市场|"
    r"大集|集市|加油站|汽车站|财政所|卫生室|村委会?|居委会|广场(?!舞)|公园|超市)(?![路街院校])"
)
"""The house that a town, a village or a road has one of."""
_HOUSED = re.compile(rf"{_SIGN}{{2,6}}?(?=[{_NUMBER}]+(?:号楼|栋|号院|单元))")
"""Whatever has a house number behind a town or a road is an estate."""
_OWNED = re.compile(
    rf"(?:买了|买的|住在|住的|我是|我们是|我在|我们)(?P<name>{_SIGN}{{2,7}})(?=的(?:房子|业主|住户|居民))"
)
_SHOPPED = re.compile(
    rf"(?![路网门附地楼上里])[^{_NEVER_IN_NAMES}]{{2,5}}?(?=买了?|吃了?|办了?|做了?|充了?|住院|看病|请客|存了?|报了)"
)
_ESTATE = re.compile(
    r"(?:小区|家园|花园|公寓|新村|佳苑|嘉园|佳园|新城|名城|华庭|华府|豪庭|豪园|雅居|雅苑|雅园|公馆|山庄|御园|庭院|国际城|家属院)$"
)
_NAMED_HOUSE = re.compile(rf"{_ESTATE.pattern}|(?:中心|广场|厂|店|馆|学校|小学|中学|公司|[{_NUMBER}](?:号楼|单元|栋))$")
_MANAGED = re.compile(rf"[^{_NEVER_IN_NAMES}]{{3,6}}?(?=的?(?:物业|业主|开发商))")
"""An estate that is called by its bare name, where its manager is meant."""
_ROAD_END = re.compile(r"(?:路|街|大道|镇|街道|商场|广场)$")
_ESTATE_SIGN = re.compile(r"(?:苑|园|庭|府|城|邸|郡|湾|都|里|墅|寓|居)$")
_NAMES_FOLLOW = re.compile(r"(?:^|[\0叫在是去到找，])$")
_NO_NAME = re.compile(r"^[小大老新好旧这那某一二两三几开个办想全]|养殖场$|^(?:工|饭|理发|餐)|(?:病|普通|统筹)门诊")
_HOUSES_STAND_AT = re.compile(r"(?:路|街|大道|镇|街道|乡|村)$")
_TOWN_KIND = re.compile(r"(?:街道|镇|乡)$")
_GOES_ON = re.compile(r"街道|镇(?!上)|乡|[路街村庄山河桥]|社区|小区|中学|小学|医院|水库|景区|大桥")
"""After a bare name: it is not the town that is named, or it is named in full."""
_TOWN_END = re.compile(r"(?:街道|镇|乡|[县区])$")
_NO_NAME_AFTER = frozenset("了不没还着过也都很就你哪要想跟与给被")
"""A name does not follow these; what looks like one is a sentence going on."""
_CROSSING = re.compile(
    rf"(?:[与和跟]|交)[^{_NEVER_IN_NAMES}]{{1,6}}?(?:路|大道|大街|街)(?=交|路口|口|的?十字|"
    rf"那个|这个|\0|$)"
)
_DETAIL = re.compile(
    rf"(?:[{_NUMBER}]+(?:号楼|号院|单元|栋|楼|号|组|户|期|区|层|室|排|弄|座))*"
    r"(?:交叉路?口|交会处?|交汇处?|路口|十字路口)?(?:往?[东西南北]+(?:边|侧|面|头|门|段|"
    r"首|端|口)?(?:[一二两三四五六七八九十百多0-9]+米(?:处|左右|路[东西南北])?)?|门口|"
    r"对面|旁边|附近|后面|前面)?"
)
_MASKED = re.compile(
    r"我(?:要|想|来)?(?:反映|投诉|举报|咨询|问)(?:一下)?|反映|投诉|举报|咨询|请问|麻烦|"
    r"[你您]好|昨天|今天|前天|每天|晚上|早上|中午|上午|下午|半夜|凌晨"
    r"|最近|这两天|上周|我们|我家|他们|住在|地址|位置|具体|附近的|一个|有个|有人|因为|"
    r"没有|影响|施工|噪音|喂|谁负责|负责|楼下|楼上|隔壁|(?<=路)和(?!.{0,6}路?[交口])|到处"
    r"|现在|就是|应该|那个|这个|就在|叫做|好像|然后|所以|但是|而且|已经|一直|经常|旁边的|"
    r"对面的|门口的|整个|全|属于|位于|靠近|大概|老家|家住|住的?|家里|去年|前年|今年|"
    r"上个月|刚才|建议|希望|能不能|可以|开车|走到|路过|经过|孩子|老人|干活|打工|上班|"
    r"买的?|去了?|来了?|听说|知道|那个什么|什么"
)
_COMMON_NOUNS = frozenset(word_list("common_places"))
_VERBAL = re.compile(
    r"^(?:一家|一所|一个|这家|那家|某家|被|掉|推|让|占|挡|堵|表扬|感谢|开办|新建|外来|去|来|上|到|进|出|买|卖|网上|附近|"
    r"门前|路边|旁边|楼下|周边|某|几)|"
    r"(?:进|离|出|乱停|停|推进|跑|申请|排队|养殖|农村|门口|堵|挡)(?=小区|村$|路$|街$)|[0-9十]岁|[上念读考](?:小学|中学|大学|幼儿园)$|^[\u4e00-\u9fff]小区$"
)
_ORIGIN = re.compile(r"(?:老家|户口|户籍|原来|以前|娘家|婆家)(?:是|在|住)*(?:咱|我们)?$")
_DENIED = re.compile(r"(?:不是|不在|不属于)$")
_LEVELS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(r"(?:街道|镇|乡)$")),
    (2, re.compile(r"(?:社区|村|庄|关)$")),
    (3, re.compile(r"(?:路|大道|大街|街|巷|胡同)$")),
)
_ANSWER_LEAD = re.compile(
    r"^(?:嗯+|啊|哦|对|好的?|那个|就是|就|我|我们|俺们?|家|位置|地址|具体|这里|这边|是|在|住|"
    r"叫|咱)+"
)
_LONGEST_ANSWER = 22
_NO_ANSWER = re.compile(
    r"[0-9]{5,}|[幺零一二两三四五六七八九]{6,}|电话|手机|先问|问问|乡下|农村|不知道|不清楚|谢谢|再见|吗$|怎么|什么|说过|没有|不是|不对|[我你您他]|了|"
    r"太|都(?![^，]{0,2}(?:$|[零一二三四五六七八九十两0-9]|小区|花园|公馆|城))|坏|还没|没定|随便|保密|希望|赶紧|麻烦|可以|不行|告诉|没人|反正|全市"
)
_ANSWER_END = re.compile(r"(?:这边|那边|这里|那里|这块|那块|这儿|那儿|这个地方|这个位置|的|了|吧|啊|呢|呀|哈|嘛)+$")


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
    _bare: Sequence[tuple[re.Pattern[str], str]] = field(init=False, repr=False, default=())
    _short: Mapping[str, str] = field(init=False, repr=False, default_factory=dict)
    _shortened: Sequence[tuple[re.Pattern[str], str]] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        owners: dict[str, list[str]] = {}
        for county, towns in self.counties.items():
            for town in towns:
                if county not in owners.setdefault(town, []):
                    owners[town].append(county)
        object.__setattr__(self, "_towns", {t: c[0] if len(c) == 1 else "" for t, c in owners.items()})
        bare = {_TOWN_KIND.sub("", town): county for town, county in self._towns.items()}
        bare = {name: county for name, county in bare.items() if len(name) >= 2}
        short = {county[:-1]: county for county in self.counties if len(county) == 3 and county[-1] in "县区"}
        object.__setattr__(self, "_short", short)
        # Compiled once: there are more names than the cache of re holds, and every utterance asks for all of them.
        object.__setattr__(self, "_bare", [(_bare_name(name), county) for name, county in bare.items()])
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
        masked = _MASKED.sub(lambda hit: "\0" * len(hit.group()), text)
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
        if masked.startswith("的", end) and _COMPONENT.match(masked, end + 1):
            stop = _extend(masked, end + 1)
        else:
            stop = _extend(masked, end)
        spoken = (named or text[start:end]) if town else ""
        tail = spoken + text[end:stop].lstrip("市县区" if not town else "").removeprefix("的").removeprefix("那个")
        if asked and (rest := _whole_answer(text[stop:])) and len(tail + rest.tail) <= _LONGEST_ANSWER:
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
            bare = _TOWN_KIND.sub("", town)
            if (
                bare != town
                and len(bare) >= 2
                and text.startswith(bare, at)
                and not _GOES_ON.match(text, at + len(bare))
            ):
                return bare, town
        return None

    def _anchor(self, text: str, whole: str) -> tuple[int, int, str, bool] | None:
        hits = [(at, len(name), name, False) for name in self.counties for at in _all(text, name)]
        hits += [(at, len(alias), county, False) for alias, county in self.aliases.items() for at in _all(text, alias)]
        hits += [(at, len(town), county, True) for town, county in self._towns.items() for at in _all(text, town)]
        hits += [(h.start(), len(h.group()), county, True) for bare, county in self._bare for h in bare.finditer(text)]
        hits += [
            (h.start(), len(h.group()), county, False)
            for short, county in self._shortened
            for h in short.finditer(text)
        ]
        good = [
            hit
            for hit in hits
            if not _ORIGIN.search(whole[: hit[0]])
            and not _DENIED.search(whole[: hit[0]])
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
    number = re.compile(rf"[{_NUMBER}]+(?:号楼|号院|单元|栋|号)")
    behind = ""
    if (
        have == {1} and parts and (_level(parts[0]) in (2, 3) or _NAMED_HOUSE.search(other.tail))
    ):  # the rest was said apart
        return detail + other.tail
    if not number.search(detail) and (hit := number.search(other.tail)) and (other.asked or hit.start() == 0):
        behind = other.tail[hit.start() :]
    return front + detail + behind


def _parts(tail: str) -> list[str]:
    return [hit.group() for hit in re.finditer(rf".{{1,8}}?(?:{_SUFFIX})|.+$", tail)]


def _level(part: str) -> int:
    return next((level for level, pattern in _LEVELS if pattern.search(part)), 4)


def _extend(text: str, at: int) -> int:
    """The end of the address that goes on at ``at``."""
    while (
        hit := (_COMPONENT.match(text, at) or _WEAK.match(text, at) or _WEAK_END.match(text, at))
    ) and hit.group() not in _COMMON_NOUNS:
        at = hit.end()
    if text.startswith("小区", at) and _ESTATE_SIGN.search(text[:at]):
        at += 2
    if _HOUSES_STAND_AT.search(text[:at]) and (house := _HOUSE_OF.match(text, at)):
        at = house.end()
    if crossing := _CROSSING.match(text, at):
        at = crossing.end()
    elif _TOWN_END.search(text[:at]) and (estate := _MANAGED.match(text, at)) and not _VERBAL.search(estate.group()):
        at = estate.end()
    elif firm := _firm_at(text, at):
        at = firm.end()
    elif (
        _TOWN_END.search(text[:at])
        and text.startswith("\0\0", at)
        and (firm := _firm_at(text, at + 2))
        and len(firm.group()) > 4
    ):
        at = firm.end()  # 杨集镇那个银河板材厂
    elif _ROAD_END.search(text[:at]) and (housed := _HOUSED.match(text, at)):
        at = housed.end()
    detail = _DETAIL.match(text, at)
    return detail.end() if detail else at


def _firm_at(text: str, at: int) -> re.Match[str] | None:
    """A house or firm that is named there; 楼下烧烤店 is none."""
    firm = _FIRM.match(text, at) or (_SHOPPED.match(text, at) if _ROAD_END.search(text[:at]) else None)
    return firm if firm and not _VERBAL.search(firm.group()) else None


def _find_free(text: str) -> Place | None:
    best: Place | None = None
    at = 0
    while hit := (_COMPONENT.search(text, at) or _WEAK.search(text, at) or _WEAK_BESIDE.search(text, at)):
        at = hit.end()
        led = text[hit.start() - 1 : hit.start()]
        if hit.group() in _COMMON_NOUNS or _VERBAL.search(hit.group()) or led in _NO_NAME_AFTER:
            continue
        end = _extend(text, hit.end())
        found = text[hit.start() : end]
        if best is None or len(found) > len(best.tail):
            best = Place(found, "", found, hit.start(), end, (found,))
        at = end
    return best or _find_named(text)


def _find_named(text: str) -> Place | None:
    """An estate that somebody lives in, a firm with a name of its own, though no road and no town is said with it."""
    for hit in _OWNED.finditer(text):
        if not _VERBAL.search(hit.group("name")) and hit.group("name") not in _COMMON_NOUNS:
            name = hit.group("name")
            return Place(name, "", name, hit.start("name"), hit.end("name"), (name,))
    for hit in _FIRM.finditer(text):
        name, before = hit.group(), text[: hit.start()]
        if len(name) >= 4 and _NAMES_FOLLOW.search(before) and not _VERBAL.search(name) and not _NO_NAME.search(name):
            end = _extend(text, hit.end())
            return Place(
                text[hit.start() : end], "", text[hit.start() : end], hit.start(), end, (text[hit.start() : end],)
            )
    return None


def _whole_answer(text: str) -> Place | None:
    """A short answer to "where" is the place, though nothing in it looks like one."""
    detail = _ANSWER_END.sub("", _ANSWER_LEAD.sub("", text))
    if not 2 <= len(detail) <= _LONGEST_ANSWER or _NO_ANSWER.search(detail):
        return None
    if re.search(rf"^[{_NUMBER}]+$", detail):
        return None
    at = text.find(detail)
    return Place(detail, "", detail, at, at + len(detail), (detail,), True)


def _marked(place: Place, asked: bool) -> Place:
    return Place(place.text, place.county, place.tail, place.start, place.end, place.words, asked)


def _bare_name(name: str) -> re.Pattern[str]:
    """A town without its kind (界湖), where a village of it or nothing follows."""
    return re.compile(
        rf"(?<![\u4e00-\u9fff]){name}(?=的?[^{_NEVER_IN_NAMES}]{{1,5}}(?:村|社区|小区)|$|那边|这边|街上|镇上|那个|这个|那里|这里)"
    )


def _short_name(name: str, county: str) -> re.Pattern[str]:
    """A county as people call it (沂水), where no road or firm of that name is meant."""
    return re.compile(rf"{name}(?![路街河大]|技术企|{county[-1]})")


def _all(text: str, name: str) -> list[int]:
    at, found = text.find(name), []
    while at >= 0:
        found.append(at)
        at = text.find(name, at + 1)
    return found
