"""Two matters or one: number, place, words."""

import pytest

from tickets.contents import kind_of
from tickets.process import Process
from tickets.repeats import alike, nearness, similarity

LAMP = {"phone": "13800000001", "place": "沂水县沂城街道罗家庄村", "description": "罗家庄村路灯不亮已经三天"}


@pytest.mark.parametrize(
    ("changes", "proposed"),
    [
        ({}, True),
        ({"phone": "13900000002"}, True),
        ({"phone": "13900000002", "place": "费县探沂镇"}, False),
        ({"description": "村里路灯三天不亮，没人管"}, True),
        ({"description": "小区物业费乱收"}, False),
        ({"phone": "", "place": ""}, False),
    ],
)
def test_what_is_proposed_as_the_same_matter(changes: dict[str, str], proposed: bool) -> None:
    assert alike(LAMP, LAMP | changes).proposed is proposed


def test_likeness_tells_why() -> None:
    found = alike(LAMP, LAMP | {"place": "沂水县沂城街道"})
    assert found.because == ("内容相似100%", "地点相近", "来电号码相同")
    assert alike(LAMP, LAMP).score == 100


def test_a_withheld_number_is_nobodys() -> None:
    nameless = LAMP | {"phone": ""}
    assert "来电号码相同" not in alike(nameless, nameless).because


def test_similarity_and_nearness() -> None:
    assert similarity("", "路灯") == 0.0
    assert similarity("路灯不亮", "路灯不亮") == 1.0
    assert nearness("沂水县沂城街道", "沂水县沂城街道罗家庄村") == 0.8
    assert nearness("沂水县沂城街道甲村", "沂水县沂城街道乙村") == 0.5
    assert nearness("沂水县甲镇", "费县乙镇") == nearness("", "费县") == 0.0


def test_a_process_is_known_by_its_contents() -> None:
    one, same, other = Process({"一般": 5}), Process({"一般": 5}), Process({"一般": 4})
    assert one.version == same.version != other.version
    assert Process({"一般": 5}, {"咨询": {"一般": 1}}).days_of("咨询") == {"一般": 1}


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (bytes(4) + b"ftypisom", "mp4"),
        (b"%PDF-1.4", "pdf"),
    ],
)
def test_kinds_by_their_first_bytes(head: bytes, name: str) -> None:
    assert kind_of(head).name == name
