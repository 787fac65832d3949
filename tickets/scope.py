"""What a hotline may not take in, and where it belongs instead (国办发〔2020〕53号). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """The right place for a matter, the words that give it away, and what the citizen is told."""

    channel: str
    channel_en: str
    signs: tuple[str, ...] = ()

    def sentence(self, matter: str) -> str:
        """What the citizen hears."""
        return f"您反映的事项涉及{matter}，不属于12345热线受理范围，请通过{self.channel}反映"


OUT_OF_SCOPE: Mapping[str, Channel] = {
    "党务": Channel("当地党委组织部门（12380）", "the party's organisation office", ("党员发展", "党组织关系")),
    "军队": Channel("军队有关部门或退役军人事务部门", "the armed forces' own offices", ("部队", "现役军人")),
    "人大": Channel("当地人大常委会信访接待部门", "the people's congress", ("人大代表选举",)),
    "政协": Channel("当地政协办公室", "the consultative conference", ("政协提案",)),
    "司法": Channel("人民法院12368或人民检察院12309热线", "the court's 12368 or procuratorate's 12309", ("检察院",)),
    "诉讼": Channel("人民法院12368诉讼服务热线", "the court's line 12368", ("起诉", "判决", "开庭", "上诉")),
    "信访": Channel("当地信访局或国家信访局网上信访平台", "the office of letters and calls", ("信访事项", "信访复核")),
    "保密": Channel("保密行政管理部门", "the secrecy administration", ("国家秘密", "涉密")),
}  # fmt: skip
"""The channels' names are settings of the field, not of law: a site may know better ones and says so in the note."""


def suspect(text: str) -> str | None:
    """The matter that a text seems to be about, for a person to judge; None when nothing gives it away."""
    return next(
        (matter for matter, channel in OUT_OF_SCOPE.items() if any(sign in text for sign in channel.signs)), None
    )
