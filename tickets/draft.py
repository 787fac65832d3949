"""The draft of a work order, composed anew from everything said so far. Pure.

What the agent typed is never overwritten: typed fields win and also steer the rest (a typed place changes the unit
proposed). Each field that speech filled carries the words it came from (``because``), so that the agent can judge it.
Keywords decide for now; anything that behaves like ``Classifier`` can take their place.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tickets.dispatch import Directory
from tickets.places import Gazetteer, Place
from tickets.places import join as join_places
from tickets.spoken_numbers import find_phone
from tickets.vocabulary import LEAF_WORDS, TYPE_WORDS, URGENCY_WORDS

FIELDS: tuple[str, ...] = ("title", "description", "type", "category", "place", "urgency", "phone", "unit")
_PROBLEM_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance; ``who`` is ``citizen`` or ``agent``."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields (all of ``FIELDS``, empty when unknown) and the words that each came from."""

    values: Mapping[str, str]
    because: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Guess:
    """A value and the words that speak for it."""

    value: str
    words: tuple[str, ...]


class Classifier(Protocol):
    """What a matter is about. Answers None rather than guess without a reason."""

    def category(self, text: str) -> Guess | None:
        """``一级/二级``."""
        ...

    def type(self, text: str) -> Guess | None:
        """One of ``vocabulary.TYPES``."""
        ...

    def urgency(self, text: str) -> Guess | None:
        """One of ``vocabulary.URGENCIES`` other than the usual one."""
        ...


class KeywordClassifier:
    """Counts the words of ``vocabulary``; the longer a word, the more it says. Only the site's own leaves count."""

    def __init__(self, categories: Mapping[str, Sequence[str]]) -> None:
        leaves = [f"{top}/{leaf}" for top, names in categories.items() for leaf in names]
        self._leaves = [(leaf, LEAF_WORDS.get(leaf, leaf.partition("/")[2]).split()) for leaf in leaves]

    def category(self, text: str) -> Guess | None:
        best, best_score = None, 0
        for leaf, words in self._leaves:
            found = [word for word in words if word in text]
            if (score := sum(len(word) for word in found)) > best_score:
                best, best_score = Guess(leaf, tuple(found)), score
        return best

    def type(self, text: str) -> Guess | None:
        return _first(TYPE_WORDS, text)

    def urgency(self, text: str) -> Guess | None:
        return _first(URGENCY_WORDS, text)


@dataclass(frozen=True)
class Drafter:
    """Composes drafts for one site."""

    gazetteer: Gazetteer
    directory: Directory
    classifier: Classifier

    def compose(self, spoken: Sequence[Spoken], caller: str, typed: Mapping[str, str]) -> Draft:
        """The draft of what was said, in the order it was said, with what the agent typed on top."""
        said = [clean(utterance.text) for utterance in spoken if utterance.who == "citizen"]
        values = dict.fromkeys(FIELDS, "") | {"urgency": "一般", "phone": caller}
        because: dict[str, tuple[str, ...]] = {"phone": ("来电号码",)} if caller else {}
        guesses = self._guess(said)
        for field, guess in guesses.items():
            values[field], because[field] = guess.value, guess.words
        values |= typed
        if "unit" not in typed and (proposal := self.directory.propose(values["category"], values["place"])):
            values["unit"], because["unit"] = proposal.unit, (proposal.reason,)
        values |= {k: v for k, v in self._write(said, values, because).items() if k not in typed}
        return Draft(values, {field: words for field, words in because.items() if field not in typed})

    def _guess(self, said: Sequence[str]) -> dict[str, Guess]:
        whole = "，".join(said)
        phone = find_phone(said)
        place = join_places([place for text in said if (place := self.gazetteer.find(text))])
        category = self.classifier.category(whole)
        kind = self.classifier.type(whole) or (Guess("求助", category.words) if category else None)
        found = {
            "phone": Guess(phone[0], (phone[1],)) if phone else None,
            "place": Guess(*place) if place else None,
            "category": category,
            "type": kind,
            "urgency": self.classifier.urgency(whole),
        }
        return {field: guess for field, guess in found.items() if guess}

    def _write(
        self, said: Sequence[str], values: Mapping[str, str], because: Mapping[str, Iterable[str]]
    ) -> dict[str, str]:
        matter = [text for text in (strip_courtesy(text) for text in said) if text]
        if not matter:
            return {}
        verb = {"咨询": "咨询", "建议": "建议", "举报": "举报"}.get(values["type"], "反映")
        problem = self._problem(matter, tuple(because.get("category", ())))
        title = f"{verb}{values['place']}{problem}" if verb != "反映" else f"关于{values['place']}{problem}的问题"
        told = "；".join(dict.fromkeys(third_person(text) for text in matter))
        return {"title": title if problem else "", "description": f"诉求人{verb}：{told}。"}

    def _problem(self, matter: Sequence[str], words: Sequence[str]) -> str:
        """The short phrase that names the trouble: what follows the place in the utterance that named it."""
        text = next((text for word in words for text in matter if word in text), "")
        place = self.gazetteer.find(text)
        rest = text if place is None else _without(text, place)
        rest = _HERE.sub("", _TIME.sub("", rest.lstrip("的，")))
        if words and rest.find(words[0]) > _PROBLEM_LENGTH // 2:
            rest = rest[rest.find(words[0]) :]
        return _EFFECT.split(rest)[0][:_PROBLEM_LENGTH].rstrip("的了，")


def clean(text: str) -> str:
    """Recognised words without the blanks between them."""
    return re.sub(r"\s+", "", text)


_COURTESY = re.compile(
    r"^(?:(?:喂|[你您]好|嗯+|啊|哎|哦|那个|就是|对|是的?|好的?|可以|行|没有了|不用了|谢谢[你您]?"
    r"|感谢[你您]?|辛苦了|麻烦[你您]了|再见"
    r"|知道了|明白了|能听到吗?|听得到|就这些|没了|不是)[，,。]?)+"
)
_LEAD = re.compile(
    r"^(?:请|麻烦)?(?:帮我|我)?(?:再|打电话)?(?:要|想|来)?(?:反映|投诉|举报|咨询|建议|了解|问)(?:个|一个|一下|一件)*(?:问题|情况|事情?)?[，,]?"
)
_ENDING = re.compile(r"(?:[，,]?(?:好的|好(?=谢)|谢谢[你您]?|麻烦[你您]了|辛苦了|再见))+$")
_SELF_INFO = re.compile(
    r"^(?:我的|我|联系|请打这个|就打这个)?(?:电话|手机|号码|手机号|电话号码)+(?:码)?(?:就)?(?:是|为)?"
    r"[0-9零〇一幺二两三四五六七八九]*$"
)
_NUMBER_ONLY = re.compile(r"^[0-9零〇一幺二两三四五六七八九]+$")
_NAME_ONLY = re.compile(r"^我(?:姓.|叫.{2,4}|姓.叫.{2,4})$")
_TIME = re.compile(r"^(?:昨天|今天|前天|最近|这两天|上周|每天)?(?:上午|下午|晚上|早上|半夜|凌晨|夜里)?")
_HERE = re.compile(
    r"^(?:(?:我家|我们家|我们小区|我们村|我们这边|我们这里|这个小区|这边|这里)"
    r"(?:门口|附近|旁边)?的?|有(?![人关]))"
)
_EFFECT = re.compile(
    r"(?:已经(?=[一二两三四五六七八九十半好几很]|有)|差不多有|影响|"
    r"希望|请|晚上出门|多次反映|存在|非常危险|大家|一直没有?人|要求)"
)
_PERSONS: tuple[tuple[str, str], ...] = (
    ("我们家", "诉求人家中"), ("我家", "诉求人家"), ("我们小区", "诉求人所在小区"), ("我们村", "诉求人所在村"),
    ("我们单位", "诉求人所在单位"), ("我们", "诉求人等"), ("咱们", "诉求人等"), ("我的", "诉求人的"), ("我", "诉求人"),
    ("你们", "热线"), ("您", "热线"),
)  # fmt: skip


def strip_courtesy(text: str) -> str:
    """What an utterance says to the matter: greetings, thanks, numbers and names taken away; may be empty."""
    text = _LEAD.sub("", _COURTESY.sub("", text))
    text = _ENDING.sub("", _COURTESY.sub("", text)).strip("，,。")
    if _SELF_INFO.match(text) or _NUMBER_ONLY.match(text) or _NAME_ONLY.match(text) or len(text) < 2:
        return ""
    return text


def third_person(text: str) -> str:
    """First person to third: 我家 → 诉求人家."""
    for first, third in _PERSONS:
        text = text.replace(first, third)
    return text


def _without(text: str, place: Place) -> str:
    after = text[place.end :]
    return after if len(after) >= 3 else text[: place.start] + after


def _first(table: Iterable[tuple[str, str]], text: str) -> Guess | None:
    for value, words in table:
        if found := tuple(word for word in words.split() if word in text):
            return Guess(value, found)
    return None
