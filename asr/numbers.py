"""Numbers as people write them: 幺三八… → 138…, 三号楼二单元五零一室 → 3号楼2单元501室, 百分之三十 → 30%. Pure.

Careful on purpose: a number is rewritten only where its neighbours prove that it is one. 万一, 十分, 第一中学, 七八个,
几十年 stay, and so does every place name that the site knows (十字路街道). Dates, money and times follow from units.
"""

import itertools
import re
from collections.abc import Collection

_DIGITS = {character: str(value) for value, character in enumerate("零一二三四五六七八九")} | {"〇": "0", "幺": "1"}
_VALUES = {**{character: int(digit) for character, digit in _DIGITS.items()}, "两": 2}
_STEPS = {"十": 10, "百": 100, "千": 1000}
_GROUPS = {"万": 10_000, "亿": 100_000_000}
_DIGIT = "零〇一二三四五六七八九幺"
_NUMBER = f"[{_DIGIT}两十百千万亿]+"

IDIOMS = (
    "万一",
    "千万",
    "十分",
    "十足",
    "百姓",
    "百货",
    "千家万户",
    "一一",
    "九九",
    "三三两两",
    "七上八下",
    "一百二十个",
)
_VAGUE_BEFORE = ("几", "数", "第", "好几", "初")
_VAGUE_BEFORE_STEPS = ("上", "成", "好")
_UNITS = (
    "号楼|号|栋|幢|单元|室|楼|层|月|日|元|块钱|毛钱|岁|米|公里|平方|平米|吨|公斤|斤|分钟|小时|人|户|年级|期|级|车道|%"
)
_AFTER_TEN = f"{_UNITS}|个|天|年|次|家|辆|点|路公交|路车|块|倍"
_ONE = re.compile(f"(?:{_UNITS})")
_TEN = re.compile(f"(?:{_AFTER_TEN})")
_CLOCK = re.compile(f"点(?:半|钟|整|多|左右|[{_DIGIT}十])")
_HALF_DAY = re.compile("(?:上午|下午|晚上|早上|早晨|凌晨|中午|夜里|傍晚)$")
_BUS = re.compile("路(?:公交|车)")
_MONEY = re.compile("块(?:钱|[一二三四五六七八九])")
_DECIMAL = re.compile(f"({_NUMBER})点([{_DIGIT}]+)(?=元|块|万|亿|米|公里|平|吨|公斤|斤|度|倍|级|升|个百分点|小时)")
_PERCENT = re.compile(f"百分之({_NUMBER})(?:点([{_DIGIT}]+))?")
_RUN = re.compile(_NUMBER)


def write_numbers(text: str, keep: Collection[str] = ()) -> str:
    """``text`` with its numbers in digits; no number inside a word of ``keep`` is touched."""
    kept = re.compile("|".join(re.escape(word) for word in sorted((*IDIOMS, *keep), key=len, reverse=True)))
    parts, at = [], 0
    for word in kept.finditer(text):
        minutes = word.group() == "十分" and text[word.end() : word.end() + 1] == "钟"
        inside = word.group() in IDIOMS and word.start() > 0 and _RUN.match(text[word.start() - 1])
        if minutes or inside:  # 十分钟, 两千万
            continue
        parts += [_write(text[at : word.start()]), word.group()]
        at = word.end()
    return "".join([*parts, _write(text[at:])])


def value_of(number: str) -> int | None:
    """What 三百二十五, 十二, 三万五 or 两千零八 come to; None when it is no number."""
    total = group = 0
    digit: int | None = None
    last_step, zero = 1, False
    for character in number:
        if character in _VALUES:
            if digit is not None and not (zero and digit == 0):
                return None
            digit, zero = _VALUES[character], _VALUES[character] == 0
        elif character in _STEPS:
            group += (1 if digit is None or digit == 0 else digit) * _STEPS[character]
            last_step, digit, zero = _STEPS[character], None, False
        else:
            if not group and digit is None:
                return None
            part = group + (digit or 0)
            total = (total + part) * _GROUPS[character] if character == "亿" else total + part * _GROUPS[character]
            group, last_step, digit, zero = 0, _GROUPS[character], None, False
    colloquial = digit is not None and last_step >= 100 and number[-2] in (*_STEPS, *_GROUPS)
    return total + group + (digit or 0) * (last_step // 10 if colloquial else 1)


def _write(text: str) -> str:
    text = _PERCENT.sub(_percent, text)
    text = _DECIMAL.sub(_decimal, text)
    return _RUN.sub(lambda found: _run(found, text), text)


def _percent(found: re.Match[str]) -> str:
    whole, part = _plain(found[1]), found[2]
    if whole is None:
        return found.group()
    return f"{whole}.{_spell(part)}%" if part else f"{whole}%"


def _decimal(found: re.Match[str]) -> str:
    whole = _plain(found[1])
    return found.group() if whole is None else f"{whole}.{_spell(found[2])}"


def _run(found: re.Match[str], text: str) -> str:
    number, before, after = found.group(), text[: found.start()], text[found.end() :]
    if before.endswith(_VAGUE_BEFORE) or after.startswith("几"):
        return number
    if number[0] in "百千万亿" and (number[0] != "千" or before.endswith(_VAGUE_BEFORE_STEPS)):
        return number  # 上百, 成千上万
    if all(character in _DIGITS for character in number):
        return _spell(number) if _is_spelt(number, before, after) else number
    if len(number) == 1:
        proof = {"十": _TEN.match(after), "两": _ONE.match(after) or _MONEY.match(after)}.get(number)
        proves = proof or (number in "十两" and _clock(before, after))
        return str(value_of(number)) if proves else number
    value = value_of(number)
    return number if value is None or "两" in number[1:2] else str(value)


def _is_spelt(number: str, before: str, after: str) -> bool:
    if len(number) >= 3:
        return not _is_sequence(number)
    if len(number) == 2:
        return bool(set(number) & set("零〇幺")) or bool(re.match("室|号|路公交", after))
    money = _MONEY.match(after) or (before.endswith("块") and not after[:1].strip("，。的钱"))
    return bool(_ONE.match(after) or _BUS.match(after) or money or _clock(before, after))


def _clock(before: str, after: str) -> bool:
    return bool(_CLOCK.match(after) or (after.startswith("点") and _HALF_DAY.search(before)))


def _is_sequence(number: str) -> bool:
    """一二三, 三四五: counting or guessing, not a number."""
    return len(number) == 3 and all(int(_DIGITS[b]) - int(_DIGITS[a]) == 1 for a, b in itertools.pairwise(number))


def _plain(number: str) -> str | None:
    if all(character in _DIGITS for character in number) and len(number) > 1:
        return _spell(number)
    value = value_of(number)
    return None if value is None else str(value)


def _spell(number: str) -> str:
    return "".join(_DIGITS[character] for character in number)
