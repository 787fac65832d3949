"""Numbers as written, and above all those that must stay as they are."""

import pytest

from asr.numbers import value_of, write_numbers


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("手机号一八零一四二四幺幺八九", "手机号18014241189"),
        ("我住三号楼二单元五零一室", "我住3号楼2单元501室"),
        ("二零二六年三月五号下午三点半", "2026年3月5号下午3点半"),
        ("欠了三千五百元", "欠了3500元"),
        ("工资两万三没发", "工资23000没发"),
        ("交了三百二十块五", "交了320块5"),
        ("百分之三十的住户", "30%的住户"),
        ("涨了百分之二点五", "涨了2.5%"),
        ("大约三点五公里", "大约3.5公里"),
        ("一百二十八号院", "128号院"),
        ("十二号楼十层", "12号楼10层"),
        ("坐十路公交", "坐10路公交"),
        ("坐三路公交", "坐3路公交"),
        ("十分钟就到", "10分钟就到"),
        ("早上八点二十停水", "早上8点20停水"),
        ("两千零八年", "2008年"),
        ("一亿两千万元", "120000000元"),
        ("三百多户", "300多户"),
        ("电话零五三九八七二幺二三四", "电话05398721234"),
    ],
)
def test_what_is_a_number_is_written_in_digits(said: str, written: str) -> None:
    assert write_numbers(said) == written


@pytest.mark.parametrize(
    "said",
    [
        "万一下雨怎么办", "千万不要", "十分着急", "老百姓", "第一中学西边", "七八个人", "几十年了", "三个多月了",
        "一直没有解决", "有一点问题", "一起去", "十几家店", "数百人", "我有两个问题", "一下", "半个月", "统一处理",
        "等一会儿", "一路上都堵", "三三两两",
    ],
)  # fmt: skip
def test_what_is_none_stays(said: str) -> None:
    assert write_numbers(said) == said


def test_names_that_the_site_knows_stay() -> None:
    assert write_numbers("十字路街道三号楼", {"十字路街道"}) == "十字路街道3号楼"
    assert write_numbers("四十里堡镇", {"四十里堡镇"}) == "四十里堡镇"


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("十", 10),
        ("二十", 20),
        ("一百零五", 105),
        ("三百二", 320),
        ("三万五", 35000),
        ("两千零八", 2008),
        ("一二", None),
    ],
)
def test_values(number: str, value: int | None) -> None:
    assert value_of(number) == value
