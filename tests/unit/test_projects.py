"""Which work orders are proposed as one project."""

from random import Random
from typing import Any

from tickets.projects.suggestion import area_of, suggest

AREAS = ["沂水县", "兰山区"]


def row(
    n: int, text: str, category: str = "物业管理/物业费", place: str = "沂水县沂城街道", unit: str = "A"
) -> dict[str, Any]:
    return {"id": f"t{n:03}", "category": category, "place": place, "title": text, "description": text, "unit": "A"}


def test_forty_of_a_kind_are_one_group_and_strangers_are_not_in_it() -> None:
    alike = [row(n, f"锦绣小区物业擅自上调物业费，业主不同意，第{n}次反映") for n in range(40)]
    odd = [row(100, "电梯困人无人处理"), row(101, "锦绣小区物业擅自上调物业费", place="兰山区柳青街道")]
    rows = alike + odd
    Random(1).shuffle(rows)
    [found] = suggest(rows, AREAS, least=10, likeness=0.2)
    assert len(found.ticket_ids) == 40
    assert (found.category, found.place, found.unit) == ("物业管理/物业费", "沂水县", "A")


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = [row(n, f"路灯不亮{n % 3}号杆", category="市政公用/路灯井盖") for n in range(30)]
    first = suggest(rows, AREAS, least=5, likeness=0.5)
    Random(2).shuffle(rows)
    assert suggest(rows, AREAS, least=5, likeness=0.5) == first


def test_a_matter_without_category_is_not_grouped_and_a_place_may_be_unknown() -> None:
    assert suggest([row(n, "一样的话", category="") for n in range(30)], AREAS, least=5, likeness=0.1) == []
    assert area_of("某处", AREAS) == ""
