"""From spoken words to the written ones of a work order: third person, no greetings, no fillers. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from tickets.clauses import clauses, plain, shorten
from tickets.dialogue import Asked, Turn
from tickets.places import Gazetteer, Place

_PROBLEM_LENGTH = 24
_LONGEST_WISH = 16
_CHATTER_AROUND = 5
_COURTESY = re.compile(
    r"^(?:(?:喂+|[你您]好|嗯+|啊+|哎+|哦+|呃+|额|那个|就是(?:说)?|是这样(?:的|子)?(?:啊)?|"
    r"对+|是的?|好的?|可以|行|没有了|没别的了|不用了|谢谢[你您啊]?"
    r"|感谢[你您]?|辛苦了|麻烦[你您]了|再见|同志|美女|帅哥|老师(?=[我您你])|客服|热线|"
    r"12345|一二三四五|咱?是(?:12345|一二三四五|热线)(?:吗|吧)?|你是?12345吗?"
    r"|知道了|明白了|能听到吗?|听得到|就这些|就这样|没了|不是|没错|对的|哎呀|唉|我说一下|"
    r"我跟你说|我给你说|跟你说|我有个事|有个事|有这么个事|我这边|我这里)[，,。!?？]?)+"
)
_LEAD = re.compile(
    r"^(?:请|麻烦)?(?:帮我|我|俺)?(?:再|打电话|今天|这次|就)?(?:是)?(?:要|想|来|得|"
    r"想要)?(?:反映|反应|表扬|求助|投诉|举报|咨询|建议|了解|打听|问)(?:个|一个|一下|下|一件|"
    r"一?点)*(?:问题|情况|事情?)?(?:过(?=.{3}))?(?:就是)?[，,]?"
)
_ENDING = re.compile(
    r"(?:[，,]?(?:好的|好(?=谢)|谢谢[你您啊]?|谢谢了|麻烦[你您]了|麻烦你们了|辛苦了|再见|拜拜|"
    r"行吧|你看看?(?:吧|咋办)?))+[，,。]?$"
)
_SELF_INFO = re.compile(
    r"^(?:你?记一?下(?:吧)?)?(?:我的|我|联系|请打这个|就打这个)?(?:电话|手机|号码|手机号|"
    r"电话号码)+(?:码)?(?:就)?(?:是|为)?"
    r"[0-9零〇一幺二两三四五六七八九]*$"
)
_NUMBER_ONLY = re.compile(r"^(?:不对|错了|是|嗯|对|应该是|最后|后面|几位|[0-9零〇一幺二两三四五六七八九])+$")
_NAME_ONLY = re.compile(r"^(?:我)?(?:免贵)?(?:姓.|叫.{2,4}|姓.叫.{2,4}|姓.名.{1,2})(?:先生|女士)?$")
_PHONE_INSIDE = re.compile(
    r"[，,]?(?:我的?|联系)?(?:电话|手机号?|号码|联系方式)*(?:号码|号)?(?:就)?(?:是|"
    r"为)?[0-9零〇幺一二两三四五六七八九]{7,}"
)
_NUMBERS = re.compile(
    r"[0-9零〇幺一二两三四五六七八九]{3,}$|[0-9零〇幺]{3,}|(?:最后|后面|尾号|前面|中间|"
    r"开头).{0,5}[0-9零〇幺一二两三四五六七八九]{1,}$"
)
_CHAFF = re.compile(
    r"(?:嗯+|呃+|(?<![全金余限差定总数名])额+(?![头外度])|啊(?!呀)|哎呀?|唉|哈(?=[，,。]|$))|那个那个|这个这个|"
    r"就是就是|就是说|怎么说呢|你知道吧|你说是吧|对吧(?=[^，,。])|然后呢|反正就是|那什么"
)
_STUTTER = re.compile(r"(我|你|他|这|那|就|是|就是|这个|那个|我们|然后|一直)\1+")
_TIME = re.compile(
    r"^(?:昨天|今天|前天|最近|这两天|上周|每天|这几天|从昨天|从前天)?(?:上午|下午|晚上|早上|"
    r"半夜|凌晨|夜里|开始)?"
)
_HERE = re.compile(
    r"^(?:(?:我家|我们家|我们小区|我们村|俺村|我们这边|我们这里|我们这个小区|这个小区|这边|这里|那边|那里|我们|俺们?)"
    r"(?:里面?|楼下|门口|附近|旁边)?的?|有(?![人关]))"
)
_EFFECT = re.compile(
    r"(?:已经(?=[一二两三四五六七八九十半好几很]|有)|差不多有|影响|希望|请(?!问)|晚上出门|"
    r"多次反映|存在|非常危险|大家|一直没有?人|要求|家里有|赶紧|赶快|麻烦|到现在|都没人|"
    r"导致|[，,。;；]|所以|因为|而且|但是|"
    r"我们?(?=[要想希觉找打给])|能不能|你们)"
)
_HEREABOUTS = ("这边", "这里", "这儿", "这一片")
_WE = ("我们这个", "我们", "俺们", "咱们", "我", "俺", "咱")
_PERSONS: tuple[tuple[str, str], ...] = (
    ("我国", "\0国"),
    ("自我", "自\0"),
    ("我们老百姓", "老百姓"),
    ("咱老百姓", "老百姓"),
    *((f"{we}的", "其") for we in ("我们", "我", "俺")),
    ("我自己", "其本人"),
    ("我本人", "其本人"),
    *((we + at, "当地") for we in _WE for at in _HEREABOUTS),
    *((we + what, f"其所在{what}") for we in _WE for what in ("小区", "单元", "村", "单位", "公司")),
    *((f"{we}庄", "其所在村") for we in ("我们", "俺们", "俺", "咱")),
    *((we, "其") for we in ("我们", "俺们", "咱们", "我", "俺")),
    ("\0国", "我国"),
    ("自\0", "自我"),
    ("你们", "热线"),
    ("您们", "热线"),
    ("您", "热线"),
)
"""A description begins with 诉求人; from there on work orders say 其."""
_WISH = re.compile(
    r"(?:请|麻烦)?(?:你们|您们|咱们)?(?:赶紧|赶快|快|尽快|能不能|给)?(?:派人)?来?(?:给)?"
    r"(?:看看|查查|管管|处理|解决|调一下|修一下|查一下)(?:一下)?(?:吧|呗|行不行)?$"
)
_ADDRESSED = re.compile(r"你们|您们|赶紧|赶快|尽快|咱们|派人")
_SHORT_ANSWER = 7
_BARE_ANSWER = re.compile(r"(?:那倒|倒是|还|都|暂时)?[没有是的对不好行可以嗯知道过用啊呀]+")
_TELLING = 6
"""A problem shorter than this is told together with what follows it."""
_IMPERSONAL = re.compile(r"我们|俺们|咱们|我的?|俺的?|你们|您")
_VERBS: Mapping[str, str] = {"咨询": "咨询", "建议": "建议", "举报": "举报", "表扬": "表扬"}


def strip_courtesy(text: str) -> str:
    """What an utterance says to the matter: greetings, thanks, numbers and names taken away; may be empty."""
    text = _STUTTER.sub(r"\1", _CHAFF.sub("", text))
    text = _COURTESY.sub("", _LEAD.sub("", _COURTESY.sub("", text)))
    text = _ENDING.sub("", text).strip("，,。")
    if _SELF_INFO.match(text) or _NUMBER_ONLY.match(text) or _NAME_ONLY.match(text) or len(text) < 2:
        return ""
    return text


def third_person(text: str) -> str:
    """First person to third: 我家 → 其家."""
    for first, third in _PERSONS:
        text = text.replace(first, third)
    return text


def _told(matter: Sequence[str]) -> str:
    """All that was said to the matter, as the sentences of a work order."""
    spoken = [[_without_wish(clause) for clause in clauses(plain(text))] for text in matter]
    sentences = ["，".join(clause for clause, _ in told if len(clause) > 1) for told in spoken]
    text = third_person("；".join(dict.fromkeys(filter(None, sentences))))
    wished = any(wish for told in spoken for _, wish in told)
    return text + "；希望尽快处理" if wished and "希望" not in text else text


def _without_wish(clause: str) -> tuple[str, bool]:
    """A clause without "do come and look", and whether that stood in it."""
    if len(clause) < _LONGEST_WISH and _ADDRESSED.search(clause) and _WISH.search(clause):
        return _WISH.sub("", clause), True
    return clause, False


def matter_of(turns: Sequence[Turn], gazetteer: Gazetteer) -> list[str]:
    """What the citizen said to the matter, turn by turn, without what only answers for name, number and courtesy."""
    told = []
    for turn in turns:
        if turn.who != "citizen" or (turn.asked is Asked.NAME and len(turn.text) < 10):
            continue
        if turn.asked is Asked.PLACE and _only_names_a_place(turn.text, gazetteer):
            continue
        if _NUMBERS.search(turn.text) and (turn.asked is Asked.PHONE or len(turn.text) < 20):
            continue
        text = strip_courtesy(_PHONE_INSIDE.sub("", turn.text))
        if not text or (turn.asked in (Asked.PHONE, Asked.MORE, Asked.REPEAT) and len(text) < 6):
            continue
        if len(text) <= _SHORT_ANSWER and _BARE_ANSWER.fullmatch(text):
            continue
        told.append(text)
    told = list(dict.fromkeys(told))
    return [text for text in told if not _only_names_a_place(text, gazetteer, chatter=1)] or told


def _only_names_a_place(text: str, gazetteer: Gazetteer, chatter: int = _CHATTER_AROUND) -> bool:
    place = gazetteer.find(text, asked=chatter == _CHATTER_AROUND)
    return place is not None and len(place.county + place.tail) + chatter >= len(text)


def write(
    matter: Sequence[str],
    values: Mapping[str, str],
    category_words: Iterable[str],
    gazetteer: Gazetteer,
    *,
    repeat: bool = False,
) -> dict[str, str]:
    """Title and description; nothing while nothing was said to the matter."""
    if not matter:
        return {}
    verb = _VERBS.get(values["type"], "反映")
    problem = _problem(matter, tuple(category_words), gazetteer)
    place = values["place"]
    if problem.startswith(verb):
        problem = problem[len(verb) :]
    title = f"{verb}{place}{problem}" if verb != "反映" else f"关于{place}{problem}的问题"
    told = _told(matter)
    if place and place not in told.replace("的", "") and not any(place.endswith(text) for text in matter):
        told = f"{told}；地点：{place}"
    if repeat and not re.search(r"反映过|打过|[次遍回]|上次|之前|催", told):
        told += "；此前反映过"
    return {"title": title if problem else "", "description": f"诉求人{verb}：{told}。"}


def _problem(matter: Sequence[str], words: Sequence[str], gazetteer: Gazetteer) -> str:
    """The short phrase that names the trouble: what follows the place in the utterance that named it."""
    text = max(matter, key=lambda one: sum(len(word) for word in words if word in one), default="")
    if not any(word in text for word in words):
        return ""
    place = gazetteer.find(text)
    rest = text if place is None else _without(text, place)
    rest = _HERE.sub("", _TIME.sub("", rest.lstrip("的，,")))
    found = sorted((rest.find(word), word) for word in words if word in rest)
    if found and found[0][0] > _PROBLEM_LENGTH // 2:
        rest = rest[found[0][0] :]
    parts = [part for clause in clauses(plain(rest)) for part in _EFFECT.split(clause) if len(part) > 1] or [rest]
    weights = {word: len(word) * (len(words) - rank) for rank, word in enumerate(words)}
    best = max(range(len(parts)), key=lambda at: sum(w for word, w in weights.items() if word in parts[at]) - at)
    problem = parts[best]
    if len(problem) < _TELLING and best + 1 < len(parts):
        problem += parts[best + 1]
    problem = _IMPERSONAL.sub("", _HERE.sub("", problem))
    problem = shorten(problem, _PROBLEM_LENGTH).strip("的了，,是在呢吧啊吗")
    return problem if len(problem) > 1 else words[0]


def _without(text: str, place: Place) -> str:
    after = text[place.end :]
    return after if len(after) >= 3 else text[: place.start] + after
