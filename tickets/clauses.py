"""Recognised speech has no punctuation: where does a clause begin, what is mere air, where may a title end? Pure.

A clause begins before the words with which people go on (但是, 后来, 到现在 …) and after a 了 that takes no object,
never within a word, and never leaves a stump on either side.
"""

import re
from collections.abc import Iterator

import rjieba

_OPENERS = re.compile(
    r"但是|可是|不过(?!来|去)|所以|因为|而且|然后|后来|结果(?!单)|现在(?!的)|到现在|至今|说是|当时|本来|希望|能不能|要是|如果|"
    r"一到(?!两|三)|昨天|前天|上次|上周|上个月|去年|前年|找(?:过)?(?:物业|村里|他们|他|她|社区|开发商|商家|店家|老板|厂家)|"
    r"打(?:了)?(?:好几|几|多)?[次遍个]?电话|人家|大家|影响(?!了)|导致|到底|根本|还(?:没有?|不给|不让)|"
    r"(?<=[了呢吧啊])(?:我们|俺们|我|俺)(?![一二两三四五六七八九十几的])|(?<=[了呢])(?:老人|孩子)|"
    r"请你们|你们(?=[赶能帮给来查])|赶紧|赶快|家里(?:还|就)?有|晚上|白天|这怎么|怎么(?:办|申请|弄)|需要(?=什么|哪|本人)"
)
_UNFINISHED = re.compile(
    r"(?:给|让|把|被|带着?|就|怎么|我|俺|和|跟|与|是|在|对|说|看|得|不|没|到|从|那个|这个|天天|每天|昨天|今天|前天|一到|的时候|[一二两三四五六七八九十])$"
)
_GOES_ON = frozenset({"c", "d"})
"""Conjunctions and adverbs: after 了 or a particle they begin something new; a noun or a number is 了's object."""
_ENDS = frozenset({"ul", "y"})
_SHORTEST_BEFORE, _SHORTEST_AFTER = 6, 4
_AIR = re.compile(
    r"你说(?:这个?)?(?:气不气人|怎么办|是不是|对不对)?(?=[我诉这俺人建]|$)|你知道(?:吧|吗)|怎么说呢|"
    r"我(?:就)?(?:跟|给)[您你](?:们)?(?:说|讲|反映)(?:一?[个下])?(?:事儿?|吧|啊)?|"
    r"我?(?:想)?(?:反映|说|问)(?:一?个|一下)(?:事儿?|问题|情况)(?:儿)?|我又来(?:反映|打电话)了|^个事儿?|"
    r"就是(?:那个|说|这个)|(?<=[\u4e00-\u9fff])(?:嘛|呗|哈|啦|哎|哟|喽)(?=[\u4e00-\u9fff]|$)|"
    r"(?<=[\u4e00-\u9fff])[呀呢吧](?=[，；。]|$)|^(?:那个|就是|然后|反正|是这样|这样的)+|"
    r"能听见吗|听得(?:见|到)吗|(?:同志|领导|师傅)(?=[，我俺你]|啊|$)"
)
_TAILS = re.compile(
    r"(?:的|了|着|呢|吧|啊|吗|是|在|和|就|都|把|被|让|给|一|有|个|说|我|他|她|它|去|来|还|也|又|从|到|不|没|很|太|那个?|这个?|"
    r"摸着|跟|前天|昨天|今天|晚上)+$"
)


def plain(text: str) -> str:
    """Without words that say nothing."""
    return _AIR.sub("", text)


def clauses(text: str) -> list[str]:
    """``text`` as clauses, in order; put together they are ``text`` without its commas."""
    return [clause for part in re.split("[，,；;。？?！!]", text) for clause in _split(part) if clause]


def _split(text: str) -> Iterator[str]:
    begun = at = 0
    before = ""
    for word, kind in rjieba.tag(text):
        fits = at - begun >= _SHORTEST_BEFORE and len(text) - at >= _SHORTEST_AFTER
        if fits and (_begins(text, at) or (before in _ENDS and kind in _GOES_ON)):
            yield text[begun:at]
            begun = at
        at, before = at + len(word), kind
    yield text[begun:]


def _begins(text: str, at: int) -> bool:
    return bool(_OPENERS.match(text, at)) and not _UNFINISHED.search(text[:at])


def shorten(text: str, most: int) -> str:
    """At most ``most`` signs, ended where a word ends, without the little words that would dangle."""
    if len(text) > most:
        ends = [end for end in _word_ends(text) if end <= most]
        text = text[: max(ends, default=most)]
        text = _TAILS.sub("", text) or text
    return text


def _word_ends(text: str) -> set[int]:
    at, ends = 0, {0}
    for word in rjieba.cut(text):
        at += len(word)
        ends.add(at)
    return ends
