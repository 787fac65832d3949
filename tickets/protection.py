"""Who reported must not be found by whom he reported: what a unit may see of a protected work order. Pure.

A report (举报) is protected from its first row on; so is any matter whose sender asked for it. Hidden from units:
number, name, voice. Numbers are found in any writing of them; names by the words that introduce them, and rather one
character too many than one too few. Free text can name a person in ways that no rule knows: the agent who takes
a report in reads it over, which is why the desk shows it whole to the hotline.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tickets.guards import Actor
from tickets.states import Role

HIDDEN_NUMBER = "【号码已隐藏】"
HIDDEN_NAME = "【姓名已隐藏】"
HIDDEN_ADDRESS = "【邮箱已隐藏】"
_TRUSTED: frozenset[str] = frozenset({Role.SUPERVISOR, Role.INSPECTOR, Role.ADMIN, Role.SYSTEM})
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴宋庞熊纪"
    "舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房解应宗丁宣邓郁单杭洪包诸左"
    "石崔吉龚程嵇邢裴陆荣翁荀惠曲封储靳段焦侯全班仲伊宫宁仇栾暴甘厉祖武符刘景詹束龙叶司黎薄白蒲从索赖卓蔺屠蒙池乔阴能苍双闻"
    "党翟谭劳姬申冉桑桂牛寿边燕冀浦尚农温庄晏柴瞿阎充慕连习艾鱼容古易慎戈廖衡耿匡文寇广阙东沃利蔚越隆师巩聂敖冷辛阚那简饶曾"
    "欧关相查竺权游盖肖付代岳闫"
)
_DIGIT = "0-9零〇一二三四五六七八九幺"
_NUMBER = re.compile(rf"\+?[{_DIGIT}](?:[\s\-—.·,，]?[{_DIGIT}]){{6,}}[xX]?")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NAME = re.compile(
    rf"(?P<cue>(?:我(?:的名字)?叫|名叫|姓名(?:是|为)?[:：]?|(?:举报|投诉|反映|联系|诉求|来电)人(?:是|叫|为)?[:：]?|本人(?:叫|姓名)?))"
    rf"\s*(?P<name>[{_SURNAMES}][\u4e00-\u9fff·]{{1,2}})"
)
_TITLED = re.compile(
    rf"(?:我(?:是|姓)|本人姓)\s*[{_SURNAMES}](?:[\u4e00-\u9fff]{{0,2}}(?=先生|女士|同志|[，。,.!！、\s]|$))"
)


def names_in(text: str) -> frozenset[str]:
    """The names that a text introduces, to be found again where nothing introduces them (say, in a title)."""
    found = {hit["name"] for hit in _NAME.finditer(text)}
    return frozenset(found | {name[:2] for name in found})


def redact(text: str, names: Iterable[str] = ()) -> str:
    """``text`` without numbers of seven digits and more, addresses of mail, introduced names, and ``names``."""
    text = _NUMBER.sub(HIDDEN_NUMBER, _MAIL.sub(HIDDEN_ADDRESS, text))
    text = _NAME.sub(lambda hit: hit["cue"] + HIDDEN_NAME, text)
    text = _TITLED.sub("我是" + HIDDEN_NAME, text)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, HIDDEN_NAME)
    return text


def hidden_from(viewer: Actor, row: Mapping[str, Any]) -> bool:
    """Whether the reporter is hidden from this viewer: from people of units who did not take the matter in."""
    if not row["protected"] or viewer.roles & _TRUSTED or Role.DEPARTMENT not in viewer.roles:
        return False
    took_it_in = row["parent_id"] is None and viewer.account in (row["created_by"], row["accepted_by"])
    return not took_it_in  # who handed a share down made that row, and yet knows nothing of the reporter


def may_open(viewer: Actor, row: Mapping[str, Any], attachment: Mapping[str, Any]) -> bool:
    """Of a protected work order a unit opens what it put there itself, and nothing of the reporter's: a picture shows
    from whose window it was taken, a film has a voice, a letter a hand. The hotline describes them in words."""
    return not hidden_from(viewer, row) or attachment["by"] == viewer.account
