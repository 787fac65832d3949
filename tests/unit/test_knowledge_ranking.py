"""Ranking of articles by words."""

import pytest

from knowledge_base.ranking import Article, Index, segment
from knowledge_base.service import shipped


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("请问医保报销需要什么材料", "kb_medical_reimbursement"),
        ("在外地住院能报销吗", "kb_remote_medical"),
        ("租房可以提取公积金吗", "kb_housing_fund"),
        ("身份证丢了怎么补办", "kb_id_card"),
        ("我要反映罗家庄村路灯不亮", "kb_street_lamp"),
        ("老板拖欠农民工工资", "kb_wage_arrears"),
        ("家里暖气不热", "kb_heating"),
        ("孩子上小学怎么报名", "kb_school_entry"),
    ],
)
def test_the_right_article_comes_first(question: str, article: str) -> None:
    assert Index(shipped()).rank(question, 3)[0][0].id == article


def test_small_talk_finds_nothing() -> None:
    assert Index(shipped()).rank("你好请问一下", 3) == []
    assert Index([]).rank("医保", 3) == []


def test_a_title_weighs_more_than_a_mention() -> None:
    index = Index([Article("a", "公积金", "说明"), Article("b", "说明", "公积金")])
    assert [article.id for article, _ in index.rank("公积金", 5)] == ["a", "b"]
    assert segment("的 了") == []
