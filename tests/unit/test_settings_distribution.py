"""The settings of the distributor: what is refused, and the sentence that says why."""

from pathlib import Path
from typing import Any

import pytest

from hotline.errors import ConfigurationError
from hotline.settings import check_settings, load_settings

GROUPS = [{"id": "a", "name": "综合"}, {"id": "b", "name": "乙"}]


def site(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "lines": [{"number": "12345", "group": "a"}],
        "groups": GROUPS,
        "seats": [{"id": "1001", "groups": ["a"], "skills": {"交通": 2}}, {"id": "1002", "groups": ["b"]}],
    }
    return base | changes


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"groups": [{**GROUPS[0], "overflow": [{"to": "c", "after_seconds": 5}]}, GROUPS[1]]}, "not another group"),
        ({"groups": [{**GROUPS[0], "overflow": [{"to": "a", "after_seconds": 5}]}, GROUPS[1]]}, "not another group"),
        ({"groups": [{**GROUPS[0], "overflow": [{"to": "b"}]}, GROUPS[1]]}, "either after_seconds or"),
        ({"groups": [{**GROUPS[0], "strategy": "random"}, GROUPS[1]]}, "groups.0.strategy"),
        ({"lines": [{"number": "1", "group": "a", "needs": {"交通": 3}}]}, "no seat of its group has the skills"),
        ({"lines": [{"number": "1", "group": "b", "needs": {"交通": 1}}]}, "no seat of its group has the skills"),
        ({"seats": [{"id": "1001", "groups": ["a"], "reserved": {}}]}, "give groups or priority"),
        ({"seats": [{"id": "1001", "groups": ["a"], "reserved": {"groups": ["c"]}}]}, "no group has the id 'c'"),
        (
            {
                "duty_sessions": [
                    {"name": "x", "group": "a", "seat": "1002", "weekdays": ["mon"], "window": ["09:00", "10:00"]}
                ]
            },
            "no seat '1002' in group 'a'",
        ),
        ({"duty_sessions": [{"name": "x", "group": "a", "seat": "1001", "window": ["09:00", "10:00"]}]}, "dates or"),
        (
            {
                "duty_sessions": [
                    {"name": "x", "group": "a", "seat": "1001", "weekdays": ["mon"], "window": ["10:00", "09:00"]}
                ]
            },
            "the end must be later",
        ),
        ({"alarms": [{"name": "x", "figure": "waiting"}]}, "either above or below"),
        ({"alarms": [{"name": "x", "figure": "waiting", "above": 1, "group": "c"}]}, "no group has the id 'c'"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError) as failure:
        check_settings(site(**changes), base=Path())
    assert why in failure.value.en


def test_a_whole_site_is_taken() -> None:
    settings = check_settings(
        site(
            groups=[
                {**GROUPS[0], "overflow": [{"to": "b", "expected_wait_over": 90}], "needs": {}, "priority": 5},
                {**GROUPS[1], "strategy": "ring_all", "break_after_calls": 20},
            ],
            lines=[{"number": "12345", "group": "a", "needs": {"交通": 2}, "priority": 10}],
            duty_sessions=[
                {
                    "name": "局长接听",
                    "group": "a",
                    "seat": "1001",
                    "dates": ["2026-11-23"],
                    "window": ["09:00", "11:00"],
                }
            ],
        ),
        base=Path(),
    )
    assert settings.groups[0].overflow[0].expected_wait_over == 90


def test_the_shipped_site_is_right() -> None:
    assert len(load_settings(Path(__file__).parents[2] / "config.yaml").alarms) == 3
