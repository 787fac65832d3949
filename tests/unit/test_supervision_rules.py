"""What proposes supervision, what a copied reply is, what the discipline ledger adds up to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.errors import RuleBroken, Unavailable
from hotline.oversight import Ground as GroundSetting
from hotline.oversight import Supervision
from tickets.states import Action
from tickets.supervision.boilerplate import clusters, copies, essence
from tickets.supervision.discipline import check_penalty, reconciles, sums, total
from tickets.supervision.letters import Kind, number_of
from tickets.supervision.seal import Seal
from tickets.supervision.triggers import Ground, copied, proposal_of

SITE = Supervision()
ROW: dict[str, Any] = {"supervise_level": 0, "returns": 0, "reworks": 0, "repeats": 0}
COPIED = "您好，您反映的问题已收悉，我单位高度重视，已于{n}月{n}日安排工作人员到现场处理，感谢您的理解与支持。"


@pytest.mark.parametrize(
    ("action", "changes", "ground"),
    [
        (Action.RETURN, {"returns": 2}, Ground.RETURNED),
        (Action.RETURN, {"returns": 1}, None),
        (Action.REDO, {"reworks": 2}, Ground.DISSATISFIED),
        (Action.REDO, {"reworks": 1}, None),
        (Action.SUBMIT, {"repeats": 2}, Ground.REPEATED),
        (Action.ACCEPT, {"repeats": 3}, Ground.REPEATED),
        (Action.SUBMIT, {"repeats": 1}, None),
        (Action.SIGN, {"returns": 2, "reworks": 2, "repeats": 2}, None),
    ],
)
def test_each_trigger_raises_its_proposal(action: Action, changes: dict[str, int], ground: Ground | None) -> None:
    found = proposal_of(action, ROW | changes, SITE)
    assert (found.ground if found else None) == ground


def test_a_proposal_is_one_level_up_and_five_is_the_highest() -> None:
    for level, wanted in ((0, 1), (3, 4), (5, 5)):
        found = proposal_of(Action.REDO, ROW | {"reworks": 2, "supervise_level": level}, SITE)
        assert found is not None
        assert found.level == wanted


def test_the_same_reply_with_other_dates_is_a_copy_and_another_reply_is_none() -> None:
    earlier = [(f"t{n}", COPIED.format(n=n)) for n in range(1, 10)]
    own = "路灯已于昨晚更换灯泡并接通电源，经本人当面确认恢复照明"
    assert len(copies(COPIED.format(n=12), [*earlier, ("own", own)], 0.9)) == 9
    assert copies(own, earlier, 0.9) == {}
    assert copies("已修复", [("t", "已修复")], 0.9) == {}


def test_ten_work_orders_with_one_reply_are_flagged_and_nine_are_not() -> None:
    assert copied(ROW, 8, SITE) is None
    flagged = copied(ROW, 9, SITE)
    assert flagged is not None
    assert flagged.ground is Ground.BOILERPLATE


@given(st.text(max_size=60))
def test_a_reply_is_like_itself_whatever_numbers_stand_in_it(reply: str) -> None:
    found = copies(reply + "办结完毕感谢您的来电反映", [("same", reply + "办结完毕感谢您的来电反映 2026")], 1.0)
    assert found == {"same": 1.0}
    assert not any(sign.isspace() for sign in essence(reply))


def test_clusters_of_copies_are_found_largest_first() -> None:
    other = "已责令施工单位夜间停工并予以警告，现场噪声已消除完毕"
    replies = {f"a{n}": COPIED.format(n=n) for n in range(12)} | {"x": "完全不同的一条答复内容在这里"}
    replies |= {f"b{n}": other for n in range(11)}
    found = clusters(replies, 0.9, 10)
    assert [len(group) for group in found] == [12, 11]


def test_papers_are_numbered_by_the_year() -> None:
    assert number_of(Kind.LETTER, SITE.letter_prefix, 2026, 7) == "热线督字〔2026〕7号"
    assert number_of(Kind.URGE, SITE.letter_prefix, 2026, 7) == "催办〔2026〕7号"


def test_the_one_known_ground_yields_public_criticism_only() -> None:
    check_penalty(SITE, "推诿扯皮、不履行职责", "通报批评")
    with pytest.raises(RuleBroken, match="只能给予：通报批评"):
        check_penalty(SITE, "推诿扯皮、不履行职责", "纪律处分")
    with pytest.raises(RuleBroken):
        check_penalty(SITE, "态度不好", "通报批评")
    with pytest.raises(ValueError, match="no penalty class"):
        Supervision(grounds=[GroundSetting(name="x", penalties=["罚款"])])


cases = st.lists(
    st.fixed_dictionaries(
        {
            "ground": st.sampled_from("甲乙丙"), "penalty": st.sampled_from("通纪"), "unit": st.sampled_from("ABC"),
            "persons": st.integers(0, 9), "published": st.booleans(),
            "decided_on": st.dates().map(lambda day: day.isoformat()),
        }
    ),
    max_size=40,
)  # fmt: skip


@given(cases)
def test_every_column_of_the_discipline_ledger_adds_up_to_the_whole(rows: list[dict[str, Any]]) -> None:
    whole = total(rows)
    assert whole.cases == len(rows)
    for by in ("ground", "penalty", "unit", "month"):
        assert reconciles(whole, sums(rows, by))


def test_a_seal_opens_under_its_secret_alone() -> None:
    sealed = Seal("one").close({"text": "某局长"})
    assert "某局长" not in sealed
    assert Seal("one").open(sealed) == {"text": "某局长"}
    with pytest.raises(Unavailable):
        Seal("two").open(sealed)
