"""Which article answers a question: BM25 over segmented words. Pure.

The index is held in memory and rebuilt when an article changes. That serves some thousands of articles on either
database alike; a site with far more needs FTS5 or a PostgreSQL text index behind the same ``rank``.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import rjieba

_K1 = 1.2
_B = 0.6
_TITLE_WEIGHT = 3
_WORD = re.compile(r"[0-9A-Za-z一-鿿]+")
_STOP = frozenset(
    [
        "的",
        "了",
        "吗",
        "呢",
        "吧",
        "啊",
        "是",
        "我",
        "我们",
        "你",
        "您",
        "你好",
        "您好",
        "请问",
        "怎么",
        "怎么办",
        "什么",
        "哪里",
        "多少",
        "一下",
        "可以",
        "需要",
        "想",
        "要",
        "问",
        "咨询",
        "了解",
        "在",
        "和",
        "有",
        "没有",
        "就",
        "都",
        "也",
        "这个",
        "那个",
    ]
)


@dataclass(frozen=True, slots=True)
class Article:
    """One question and its answer. ``keywords`` are words that people say instead of the official ones."""

    id: str
    title: str
    answer: str
    category: str = ""
    keywords: tuple[str, ...] = ()


def segment(text: str) -> list[str]:
    """The words of a text that carry meaning; long words also in their parts."""
    found = [word.strip().lower() for word in rjieba.cut_for_search(text)]
    return [word for word in found if _WORD.fullmatch(word) and word not in _STOP]


class Index:
    """Articles made ready for ranking."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._articles = list(articles)
        self._counts = [_count(article) for article in self._articles]
        self._lengths = [sum(counts.values()) for counts in self._counts]
        self._mean = (sum(self._lengths) / len(self._lengths) if self._lengths else 0.0) or 1.0
        holders = Counter(word for counts in self._counts for word in counts)
        total = len(self._articles)
        self._weights: Mapping[str, float] = {
            word: math.log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in holders.items()
        }

    def rank(self, text: str, limit: int) -> list[tuple[Article, float]]:
        """The articles that share a word with ``text``, best first."""
        words = set(segment(text))
        scored = [(article, self._score(n, words)) for n, article in enumerate(self._articles)]
        best = sorted((pair for pair in scored if pair[1] > 0), key=lambda pair: (-pair[1], pair[0].id))
        return best[:limit]

    def _score(self, n: int, words: Iterable[str]) -> float:
        counts, total = self._counts[n], 0.0
        for word in words:
            if times := counts.get(word, 0):
                norm = times + _K1 * (1 - _B + _B * self._lengths[n] / self._mean)
                total += self._weights[word] * times * (_K1 + 1) / norm
        return total


def _count(article: Article) -> Counter[str]:
    title = segment(f"{article.title} {' '.join(article.keywords)}")
    return Counter([*title * _TITLE_WEIGHT, *segment(article.answer)])
