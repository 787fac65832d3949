"""When the disk alarm rings."""

import pytest

from recordings.disk import Space, alarm_of

GIB = 1 << 30


@pytest.mark.parametrize(("free", "rings"), [(50, False), (10, False), (4, True), (0, True)])
def test_less_than_either_limit_rings(free: int, rings: bool) -> None:
    assert (alarm_of(Space(free * GIB, 100 * GIB), percent=5, gib=1) is not None) is rings


def test_a_big_share_of_a_tiny_disk_rings_too() -> None:
    assert alarm_of(Space(GIB // 2, GIB), percent=5, gib=1) is not None
    assert alarm_of(Space(GIB // 2, GIB), percent=5, gib=0.1) is None


def test_it_says_how_much_is_left() -> None:
    zh, en = alarm_of(Space(2 * GIB, 100 * GIB), percent=5, gib=1) or ("", "")
    assert "2.0 GiB" in zh
    assert "2 %" in en
