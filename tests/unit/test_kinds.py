"""The type of a matter: speech acts decide, whatever the topic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.acts import find_acts
from tickets.dialogue import Spoken, read_turns
from tickets.kinds import find_kind, telling
from tickets.vocabulary import TYPES

LAMP = "市政公用/路灯井盖"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("请问路灯坏了打哪个电话需要什么手续", "咨询"),
        ("我们胡同路灯坏了老人晚上摔跤麻烦派人来修修", "求助"),
        ("路灯报了三回了一直没人管光说给修糊弄谁呢", "投诉"),
        ("我要举报有人偷着把路灯的电缆挖出来卖了你们来查查", "举报"),
        ("我建议河边那段路多装几盏灯", "建议"),
        ("路灯第二天就修好了师傅真热心我要谢谢他们", "表扬"),
    ],
)
def test_the_same_lamp_in_six_types(said: str, kind: str) -> None:
    found = find_kind(said, LAMP)
    assert found is not None
    assert found[0] == kind
    assert found[1], "a type is explained by words"
    assert all(word in said for word in found[1])


def test_an_answer_about_earlier_calls_is_no_blame() -> None:
    turns = read_turns(
        [
            Spoken("citizen", "请问公积金怎么提取"),
            Spoken("agent", "请问您之前反映过吗"),
            Spoken("citizen", "反映过两回了没人管"),
        ]
    )
    assert telling(turns) == ("请问公积金怎么提取", "请问您之前反映过吗")


def test_what_was_asked_of_others_and_denied_is_no_act() -> None:
    acts = {one.act for one in find_acts("我不是投诉，问了物业怎么办")}
    assert not acts & {"says he complains", "says he asks"}


def test_silence_has_no_type() -> None:
    assert find_kind("嗯") is None


@given(st.text(), st.text())
def test_whatever_is_said_the_type_is_one_of_six(citizen: str, agent: str) -> None:
    found = find_kind(citizen, LAMP, agent)
    assert found is not None
    assert found[0] in TYPES
