"""What is typed is found: pairs of a part are among the pairs of the whole."""

from hypothesis import given
from hypothesis import strategies as st

from tickets.search import pairs, searchable

TEXT = st.text(alphabet="路灯不亮罗家庄村Ab1 -，\x00é", max_size=30)


@given(TEXT, TEXT, TEXT)
def test_a_part_is_found_by_its_pairs(before: str, part: str, after: str) -> None:
    assert pairs(part) <= pairs(before + part + after)


def test_pairs_cross_no_space_and_no_sign() -> None:
    assert pairs("路灯 不亮，A1") == {"路灯", "不亮", "a1"}
    assert pairs("路") == pairs("-，") == frozenset()
    assert searchable(["路灯", "路灯不"]) == "灯不 路灯"
