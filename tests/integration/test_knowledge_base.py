"""The knowledge base on a real database."""

from datetime import UTC, datetime

import pytest

from hotline.clock import FakeClock
from hotline.database import Database
from hotline.errors import RuleBroken
from knowledge_base.ranking import Article
from knowledge_base.service import KnowledgeBase, shipped


@pytest.fixture
def knowledge(database: Database) -> KnowledgeBase:
    return KnowledgeBase(database, FakeClock(datetime(2026, 11, 20, tzinfo=UTC)))


async def test_seeded_once_searched_and_changed(knowledge: KnowledgeBase) -> None:
    assert await knowledge.search("公积金") == []
    assert await knowledge.seed() == len(shipped()) >= 12
    assert await knowledge.seed() == 0
    assert await (await KnowledgeBase.open(knowledge._database)).search("公积金")
    found = await knowledge.search("公积金怎么提取", limit=1)
    assert [one["id"] for one in found] == ["kb_housing_fund"]
    assert found[0]["score"] > 0
    await knowledge.save(Article("kb_new", "移车电话", "拨打12345登记移车"), by="admin")
    await knowledge.save(Article("kb_new", "移车怎么办", "拨打114或12345登记移车"), by="admin")
    assert [one["title"] for one in await knowledge.search("移车")] == ["移车怎么办"]
    with pytest.raises(RuleBroken):
        await knowledge.save(Article("kb_empty", " ", ""), by="admin")


async def test_suggestions_rather_none_than_poor(knowledge: KnowledgeBase) -> None:
    await knowledge.seed()
    said = ["你好", "我想问一下异地就医怎么备案"]
    assert (await knowledge.suggest(said))[0]["id"] == "kb_remote_medical"
    assert await knowledge.suggest(["你好", "好的谢谢"]) == []


async def test_an_answer_to_be_read_out(knowledge: KnowledgeBase) -> None:
    await knowledge.seed()
    assert "公积金" in (await knowledge.short_answer("kb_housing_fund") or "")
    assert await knowledge.short_answer("kb_nothing") is None
