"""Use cases of the knowledge base: seed, keep, search, suggest."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import yaml
from sqlalchemy import delete, func, insert, select

from hotline.clock import Clock, SystemClock
from hotline.database import Database
from hotline.errors import ConfigurationError, RuleBroken
from knowledge_base.ranking import Article, Index
from knowledge_base.tables import articles

Shape = dict[str, Any]
_LEAST_SCORE = 2.0
"""Below this a suggestion during a call would be noise."""


class KnowledgeBase:
    """Articles of one site. Fills the desk's ``Knowledge`` port."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._index: Index | None = None

    @classmethod
    async def open(cls, database: Database, clock: Clock | None = None) -> "KnowledgeBase":
        """The site's knowledge base, with the shipped articles in it when it was empty."""
        opened = cls(database, clock or SystemClock())
        await opened.seed()
        return opened

    async def seed(self) -> int:
        """Put the shipped articles into an empty knowledge base; returns how many there were to put."""
        async with self._database.unit_of_work() as uow:
            if (await uow.execute(select(func.count()).select_from(articles))).scalar():
                return 0
            rows = [self._row(article, "system") for article in shipped()]
            await uow.execute(insert(articles), rows)
        self._index = None
        return len(rows)

    async def save(self, article: Article, by: str) -> None:
        """Write an article, new or changed. Raises ``RuleBroken`` for an empty one."""
        if not article.title.strip() or not article.answer.strip():
            raise RuleBroken("标题和答复不能为空", "an article needs a title and an answer", code="field_required")
        async with self._database.unit_of_work() as uow:
            await uow.execute(delete(articles).where(articles.c.id == article.id))
            await uow.execute(insert(articles).values(self._row(article, by)))
        self._index = None

    async def short_answer(self, article: str) -> str | None:
        """An article's answer, to be read out; None for an unknown one."""
        async with self._database.reading() as connection:
            answer: str | None = await connection.scalar(select(articles.c.answer).where(articles.c.id == article))
        return answer

    async def search(self, words: str, limit: int = 10) -> Sequence[Shape]:
        """[{id, title, answer, category, score}], best first."""
        ranked = (await self._ready()).rank(words, min(max(limit, 1), 50))
        return [_shape(article, score) for article, score in ranked]

    async def suggest(self, said: Sequence[str], limit: int = 3) -> Sequence[Shape]:
        """Articles for what a citizen has said so far; none rather than a poor one."""
        ranked = (await self._ready()).rank("，".join(said), limit)
        return [_shape(article, score) for article, score in ranked if score >= _LEAST_SCORE]

    async def words(self) -> list[str]:
        """The words by which people ask for articles."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(select(articles.c.keywords))).scalars().all()
        return sorted({word for keywords in rows for word in keywords})

    async def _ready(self) -> Index:
        if self._index is None:
            async with self._database.reading() as connection:
                rows = (await connection.execute(select(articles).order_by(articles.c.id))).mappings().all()
            names = ("id", "title", "answer", "category")
            self._index = Index(
                Article(**{name: row[name] for name in names}, keywords=tuple(row["keywords"])) for row in rows
            )
        return self._index

    def _row(self, article: Article, by: str) -> Shape:
        plain = {"id": article.id, "title": article.title, "answer": article.answer, "category": article.category}
        return plain | {"keywords": list(article.keywords), "updated_at": self._clock.now(), "updated_by": by}


def shipped() -> list[Article]:
    """The articles that come with the product: examples to be replaced by the site's own."""
    text = files("knowledge_base").joinpath("articles.yaml").read_text(encoding="utf-8")
    try:
        return [
            Article(one["id"], one["title"], " ".join(one["answer"].split()), one["category"], tuple(one["keywords"]))
            for one in yaml.safe_load(text)
        ]
    except (KeyError, TypeError, yaml.YAMLError) as failure:
        raise ConfigurationError(
            "知识库初始文章无法读取", f"the shipped articles cannot be read: {failure}"
        ) from failure


def _shape(article: Article, score: float) -> Shape:
    plain = {"id": article.id, "title": article.title, "answer": article.answer, "category": article.category}
    return plain | {"score": round(score, 3)}
