"""Makes tests/data/dialogues-heldout.jsonl: 234 dialogues for judging drafts, three for each leaf category.

Its sentences (matters.txt), frames, places and slips of the recogniser are its own: none is read by the drafter, and
the drafter's texts are not read here. Run `python tests/drafting/make_dialogues.py` to write the file anew.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TARGET = HERE.parent / "data" / "dialogues-heldout.jsonl"
SEED = 20250117
SLIPS = """
路灯:路等 物业:无业 供暖:公暖 沂水:一水 郯城:谈城 莒南:举南 井盖:警盖 小区:小去
社保:设保 油烟:游烟 燃气:然气 蒙阴:蒙因 平邑:平易 临沭:林树 兰陵:蓝陵 罗庄:落庄
费县:废县 垃圾:拉级 工地:公地 电梯:店梯 暖气:软气 施工:失工 养老:养佬 幼儿园:又儿园
公交:工交
"""
"""What was said, and what the recogniser took it for."""
PLACES = """
沂水县 许家湖镇 后沟村
沂水县 - 鑫华路东方名城六号楼
郯城县 马头镇 大顾庄村
郯城县 - 师郯路北关小区十二号楼一单元
莒南县 大店镇 薛家窑村
莒南县 - 天桥路锦绣家园
兰山区 义堂镇 葛家王平村
兰山区 - 开阳路圣府华庭八号楼
兰山区 - 考棚街与新民路交叉口
罗庄区 傅庄街道 东三重村
罗庄区 - 龙潭路盛泰花园四号楼三单元
河东区 郑旺镇 大尤家村
河东区 - 东兴路凤仪小区
沂南县 铜井镇 香山庄村
沂南县 - 历山路阳都花园二号楼
兰陵县 向城镇 前姚村
兰陵县 - 会宝路金山小区九号楼
费县 探沂镇 刘家村
费县 - 自由路温河佳苑
平邑县 地方镇 进展村
平邑县 - 莲花山路财源小区
蒙阴县 岱崮镇 贾庄村
蒙阴县 - 叠翠路汶河花园五号楼
临沭县 青云镇 前河口村
临沭县 - 苍源路滨海家园
高新区 马厂湖镇 西哨村
经开区 梅家埠街道 西官庄社区
临港区 团林镇 大山前村
"""
"""County, town (or -), the rest."""
OPENERS = {
    "咨询": ("你好", "您好我有个事想咨询", "喂你好同志", "哎你好我问个事啊"),
    "求助": ("喂你好", "同志你好我有个急事求助你们", "你好想请你们帮个忙", "喂是政府热线吧"),
    "投诉": ("你好我要投诉", "喂我跟你们投诉个事", "你好嗯我想反映个情况", "喂12345吧我要投诉"),
    "举报": ("你好", "喂你好我举报个事", "同志我想匿名举报", "喂"),
    "建议": ("你好我提个建议", "喂你好", "你好我有个小建议"),
    "表扬": ("你好", "喂你好我不是投诉啊", "你好同志"),
}
HELLO = ("您好临沂12345热线请问有什么可以帮您", "您好这里是市民热线请讲", "您好很高兴为您服务请问您要反映什么问题")
DIGITS = {"0": "零", "1": "幺", "2": "二", "3": "三", "4": "四", "5": "五", "6": "六", "7": "七", "8": "八", "9": "九"}


@dataclass
class Told:
    """One dialogue under way."""

    turns: list[dict[str, str]]
    wanted: dict[str, Any]

    def agent(self, text: str) -> None:
        self.turns.append({"who": "agent", "text": text})

    def citizen(self, text: str) -> None:
        self.turns.append({"who": "citizen", "text": text})


def make(seed: int = SEED) -> Iterator[dict[str, Any]]:
    """The dialogues, the same for the same seed."""
    rng = random.Random(seed)
    lines = [
        line for line in (HERE / "matters.txt").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    for number, line in enumerate(lines):
        category, kind, urgency, words = line.split("|")
        told = Told([], {"category": category, "type": kind, "urgency": urgency})
        told.agent(rng.choice(HELLO))
        _tell_matter(told, words.split("/"), kind, rng)
        _ask_repeat(told, rng)
        _ask_phone(told, rng)
        told.agent("好的已经为您登记会有部门联系您请问还有别的问题吗")
        told.citizen(rng.choice(("没有了谢谢", "没了", "行谢谢你啊", "好嘞再见")))
        yield {"id": f"h{number:03}", "turns": _slip(told.turns, rng), "wanted": told.wanted}


def _tell_matter(told: Told, sentences: list[str], kind: str, rng: random.Random) -> None:
    county, town, rest = (part.strip("-") for part in rng.choice(PLACES.strip().splitlines()).split())
    told.wanted |= {"county": county, "detail": town + rest}
    way = rng.choice(("first", "asked", "asked_parts", "town")) if kind != "咨询" else rng.choice(("asked", "none"))
    told.citizen(rng.choice(OPENERS[kind]))
    told.agent("您请说")
    first = sentences[0]
    match way:
        case "first":
            told.citizen(f"我在{county}{town}{rest}{first}")
        case "town" if town:
            told.citizen(f"我是{town}{rest}的{first}")
        case _:
            told.citizen(rng.choice(("嗯就是", "那个", "", "是这么回事啊")) + first)
    for more in sentences[1:]:
        told.citizen(more)
    if way == "asked" or (way == "town" and not town):
        told.agent(rng.choice(("请问您说的具体是什么位置", "麻烦说下详细地址")))
        told.citizen(rng.choice(("在{}", "就{}这里", "嗯{}")).format(county + town + rest))
    elif way == "asked_parts":
        told.agent("请问是哪个县区")
        told.citizen(
            rng.choice((county, county[:-1] if len(county) == 3 and county[-1] != "区" else county, f"{county}的"))
        )
        told.agent("具体是哪个地方")
        told.citizen(rng.choice(("{}", "就是{}", "{}那里")).format(town + rest))
    elif way == "none":
        told.wanted |= {"county": "", "detail": ""}


def _ask_repeat(told: Told, rng: random.Random) -> None:
    told.wanted["repeat"] = False
    match rng.randrange(6):
        case 0:
            told.agent("请问这个情况您之前打电话反映过吗")
            told.citizen(rng.choice(("没有头一回打", "没呢", "没反映过")))
        case 1:
            told.agent("请问之前有没有反映过")
            told.citizen(rng.choice(("反映过啊半个月前打的", "打过两回了", "对上月打过一次")))
            told.wanted["repeat"] = True
        case 2:
            told.citizen(
                rng.choice(
                    ("我这都是第四次给你们打电话了", "上回打12345说给处理到现在也没动静", "我上礼拜就反映过了没人理我")
                )
            )
            told.wanted["repeat"] = True
        case 3:
            told.citizen(rng.choice(("我找过他们好几回了没用", "我给社区打过三次电话了都推")))
        case _:
            pass


def _ask_phone(told: Told, rng: random.Random) -> None:
    number = "1" + rng.choice("3578") + "".join(rng.choice("0123456789") for _ in range(9))
    spoken = "".join(DIGITS[sign] for sign in number)
    told.wanted["phone"] = number
    told.agent(rng.choice(("方便留一下您的联系电话吗", "请问怎么联系您", "您的联系方式是多少")))
    match rng.randrange(7):
        case 0:
            told.citizen(f"{spoken}")
        case 1:
            told.citizen(f"你记一下{spoken[:3]}")
            told.agent("嗯")
            told.citizen(spoken[3:7])
            told.agent("好")
            told.citizen(spoken[7:])
        case 2:
            wrong = spoken[:-2] + DIGITS[str((int(number[-2]) + 1) % 10)] + spoken[-1]
            told.citizen(f"{wrong}")
            told.citizen(f"哎说错了是{spoken}")
        case 3:
            told.citizen(f"{spoken[:3]}{spoken[3:7]}{spoken[7:]}")
            told.agent(f"好的您的电话{number}对吗")
            told.citizen("对")
        case 4:
            told.citizen(f"别打我这个打我对象的吧{spoken}")
        case 5:
            told.agent(f"就用您现在的来电号码{number}可以吗")
            told.citizen("可以")
        case _:
            local = rng.choice("2378") + "".join(rng.choice("0123456789") for _ in range(6))
            told.citizen("座机零五三九" + "".join(DIGITS[sign] for sign in local))
            told.wanted["phone"] = "0539" + local


def _slip(turns: list[dict[str, str]], rng: random.Random) -> list[dict[str, str]]:
    """Two dialogues of five hold one word that the recogniser took for another of the same sound."""
    slips = dict(pair.split(":") for pair in SLIPS.split())
    present = [word for word in slips if any(turn["who"] == "citizen" and word in turn["text"] for turn in turns)]
    if not present or rng.random() > 0.4:
        return turns
    word = rng.choice(present)
    return [
        turn | {"text": turn["text"].replace(word, slips[word])} if turn["who"] == "citizen" else turn for turn in turns
    ]


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in make()), encoding="utf-8")
