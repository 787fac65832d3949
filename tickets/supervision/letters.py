"""Press letters (督办函) and urgings (催办): their numbers and what stands in them. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tickets.documents import Document, Grid, Heading, Paragraph
from tickets.protection import names_in, redact


class Kind(StrEnum):
    """A letter presses with a level and a number; an urging reminds."""

    LETTER = "letter"
    URGE = "urge"


KIND_ZH: Mapping[Kind, str] = {Kind.LETTER: "督办函", Kind.URGE: "催办单"}


def number_of(kind: Kind, prefix: str, year: int, serial: int) -> str:
    """As official papers are numbered: 热线督字〔2026〕7号."""
    name = prefix if kind is Kind.LETTER else "催办"
    return f"{name}〔{year}〕{serial}号"


def letter(row: Mapping[str, Any], ticket: Mapping[str, Any], *, unit: str, level: str, site: str) -> Document:
    """``row``: the letter, its times already local text. A protected reporter stays hidden in it."""
    names = names_in(ticket["description"]) if ticket["protected"] else frozenset()
    title, matter = ticket["title"], ticket["description"]
    if ticket["protected"]:
        title, matter = redact(title, names), redact(matter, names)
    kind = Kind(row["kind"])
    facts = [
        ["工单编号", ticket["number"]], ["诉求标题", title], ["诉求类型", ticket["type"]],
        ["诉求地点", ticket["place"] or "—"],
        ["派单时间", row["dispatched"] or "—"], ["办理期限", row["due"] or "—"], ["督办级别", level],
    ]  # fmt: skip
    parts: list[Heading | Paragraph | Grid] = [
        Paragraph(f"{unit}："), Grid(["项目", "内容"], facts), Heading("诉求内容"), Paragraph(matter),
        Heading("督办意见" if kind is Kind.LETTER else "催办意见"), Paragraph(row["text"]),
        Paragraph(f"请于{row['answer_by']}前书面反馈办理情况。"),
    ]  # fmt: skip
    if row["answer"]:
        parts += [Heading("承办单位反馈"), Paragraph(row["answer"])]
    return Document(KIND_ZH[kind], parts, row["number"], (site, row["sent"]))
