"""Drafts from what people say: place, number, category, urgency, unit; typed fields stay."""

from pathlib import Path

import pytest

from hotline.settings import load_settings
from tickets.dialogue import Spoken
from tickets.draft import Draft
from tickets.site import TicketSite
from tickets.spoken_numbers import find_phone
from tickets.vocabulary import LEAF_WORDS

SITE = TicketSite.of(load_settings(Path(__file__).parents[2] / "config.yaml"))


def compose(*said: str, caller: str = "13900000009", typed: dict[str, str] | None = None) -> Draft:
    spoken = [Spoken("agent" if text.startswith("座席:") else "citizen", text.removeprefix("座席:")) for text in said]
    return SITE.drafter.compose(spoken, caller, typed or {})


def test_a_whole_conversation() -> None:
    draft = compose(
        "座席:您好这里是一二三四五热线请问有什么可以帮您",
        "你好",
        "我要反映沂水县沂城街道罗家庄村路灯不亮",
        "座席:请问您的联系电话是多少",
        "手机号一三八零零零零零零零一",
        "座席:请问这种情况持续多长时间了",
        "已经三天了",
        "我们村老人多希望尽快维修",
        "好的谢谢",
    )
    assert draft.values == {
        "title": "关于沂水县沂城街道罗家庄村路灯不亮的问题",
        "description": "诉求人反映：沂水县沂城街道罗家庄村路灯不亮；已经三天了；其所在村老人多，希望尽快维修。",
        "type": "求助",
        "category": "市政公用/路灯井盖",
        "place": "沂水县沂城街道罗家庄村",
        "urgency": "一般",
        "phone": "13800000001",
        "unit": "371323",
    }
    assert draft.because["phone"] == ("一三八零零零零零零零一",)
    assert draft.because["place"] == ("沂水县", "沂城街道罗家庄村")
    assert any("路灯" in word for word in draft.because["category"])
    assert "沂水县" in draft.because["unit"][0]


def test_the_recognisers_blanks_do_not_matter() -> None:
    draft = compose("我 要 反映 沂水县 沂城 街道 罗家庄 村 路灯 不亮")
    assert draft.values["place"] == "沂水县沂城街道罗家庄村"


@pytest.mark.parametrize(
    ("said", "category", "kind"),
    [
        ("公司拖欠工资老板不接电话", "人社民政/欠薪", "投诉"),
        ("请问医保卡怎么办理", "卫健医保/报销", "咨询"),
        ("我建议在北京路增设斑马线", "交通/信号标志", "建议"),
        ("我要举报工厂半夜排放废气", "生态环境/异味", "举报"),
        ("陶然路和平安路交会处的工地夜间施工", "生态环境/施工噪声", "投诉"),
        ("路面积水严重", "市政公用/排水积水", "求助"),
        ("公园里的健身器材坏了麻烦派人修一下", "城市管理/园林绿化", "求助"),
    ],
)
def test_category_and_type(said: str, category: str, kind: str) -> None:
    draft = compose(said)
    assert (draft.values["category"], draft.values["type"]) == (category, kind)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("庙山镇卞庄村天然气还没有开通", "郯城县庙山镇卞庄村"),
        ("罗庄街道道路破损", "罗庄区罗庄街道"),
        ("沂水罗家庄村没有水", "沂水县罗家庄村"),
        ("我住在阳光花园三号楼二单元电梯坏了", "阳光花园三号楼二单元"),
        ("昨天晚上北京路与上海路交叉口红绿灯坏了", "北京路与上海路交叉口"),
        ("高新区育才路广场舞噪音扰民", "高新区育才路"),
        ("沂南青驼那个猪场往沟里排粪水", "沂南县青驼镇"),
        ("沂南青驼村的路灯坏了", "沂南县青驼村"),
        ("我是幸福里小区的在傅庄街道楼下烧烤店的烟往屋里灌", "罗庄区傅庄街道幸福里小区"),
        ("九曲街道滨河阳光物业乱涨价", "河东区九曲街道滨河阳光"),
        ("我的车停在北京路边上让人贴了条", "北京路"),
        ("这个小区的电梯一个月坏了好几次", ""),
        ("我家门口的路灯坏了半个月", ""),
    ],
)
def test_places(said: str, place: str) -> None:
    assert compose(said).values["place"] == place


def test_what_is_said_apart_comes_together() -> None:
    draft = compose("水田路这边淹了", "座席:请问是哪个街道", "兰山街道")
    assert draft.values["place"] == "兰山区兰山街道水田路"
    draft = compose(
        "我们在工地门口", "座席:请问您在哪里", "临沭街道那个工地", "座席:您的电话", "姓王电话幺三二八七幺九零零六五"
    )
    assert draft.values["place"].startswith("临沭县临沭街道")
    assert "幺" not in draft.values["place"]


def test_what_was_put_to_others_is_no_question() -> None:
    assert compose("那个窗口的人爱答不理问她缺什么材料她说自己看我要投诉她").values["type"] == "投诉"
    assert compose("我不投诉我就是想道声谢垃圾第二天就拉走了").values["type"] == "表扬"


def test_the_county_may_be_said_later() -> None:
    draft = compose("罗家庄村路灯不亮", "座席:请问是哪个区县", "沂水县")
    assert (draft.values["place"], draft.values["unit"]) == ("沂水县罗家庄村", "371323")


@pytest.mark.parametrize(
    ("said", "urgency"),
    [("煤气管道漏气了", "特急"), ("人民大街井盖丢了非常危险", "紧急"), ("路灯不亮", "一般")],
)
def test_urgency(said: str, urgency: str) -> None:
    assert compose(said).values["urgency"] == urgency


def test_typed_fields_win_and_steer_the_unit() -> None:
    typed = {"place": "费县探沂镇", "title": "路灯"}
    draft = compose("我要反映沂水县罗家庄村路灯不亮", typed=typed)
    assert draft.values["title"] == "路灯"
    assert draft.values["place"] == "费县探沂镇"
    assert draft.values["unit"] == "371325"
    assert "place" not in draft.because
    assert compose("沂水县路灯不亮", typed={"unit": "chengguan"}).values["unit"] == "chengguan"


def test_nothing_said_is_an_empty_draft_with_the_callers_number() -> None:
    draft = compose("你好", "好的", "嗯")
    assert draft.values["phone"] == "13900000009"
    assert draft.values["unit"] == draft.values["title"] == draft.values["description"] == ""


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (["手机号一三八零零零零零零零一"], "13800000001"),
        (["我的电话是幺三八", "零零零零", "零零零一"], "13800000001"),
        (["电话 13800000001"], "13800000001"),
        (["零五三九八一二三四五六"], "05398123456"),
        (["我的电话是八一二三四五六"], "8123456"),
        (["一三八零零零零零零零一", "不对是一三八零零零零零零零二"], "13800000002"),
        (["四五幺八零七三幺零二一"], None),
        (["一三八零零零零零零零零零一"], None),
        (["工单编号是二五六七八九零一"], None),
        (["这里是一二三四五热线"], None),
    ],
)
def test_spoken_numbers(said: list[str], number: str | None) -> None:
    found = find_phone(said)
    assert (found[0] if found else None) == number


def test_the_vocabulary_knows_every_leaf_of_the_site() -> None:
    leaves = {f"{top}/{leaf}" for top, names in SITE.categories.items() for leaf in names}
    assert leaves == set(LEAF_WORDS)
