"""What a campaign found: the figures of its page, and the table that is taken away."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from callback.campaigns.questions import Question, count, read_questions, said
from callback.campaigns.store import CampaignStore
from callback.lifecycle import DISPOSITION_ZH

Row = dict[str, Any]
_PIECE = 500
_BEFORE = ("序号", "电话", "姓名", "分组", "备注", "状态", "结果")
_STATE_ZH: Mapping[str, str] = {"waiting": "待呼叫", "robot": "呼叫中", "done": "已完成"}


async def result_of(store: CampaignStore, campaign_id: str) -> Row:
    """{entries, dispositions, groups, questions}: every figure counted anew from the entries."""
    row = await store.get(campaign_id)
    questions = read_questions(row["questions"])
    surveyed = await store.surveyed(campaign_id)
    standings = await store.standings(campaign_id)
    dispositions = await store.dispositions(campaign_id)
    return {
        "entries": sum(dispositions.values()),
        "dispositions": [
            {"disposition": name, "zh": DISPOSITION_ZH.get(name, name) if name else "未完成", "count": number}
            for name, number in sorted(dispositions.items())
        ],
        "groups": [
            {
                "group": group, "quota": row["quotas"].get(group) if group else None, "surveyed": one.surveyed,
                "waiting": one.waiting, "with_robot": one.with_robot,
            }
            for group, one in sorted(standings.items())
        ],
        "questions": [
            {
                "name": one.question.name, "title": one.question.title, "answered": one.answered,
                "choices": [
                    {"key": key, "label": one.question.choices.get(key, key), "count": number,
                     "share": number / one.answered if one.answered else 0.0}
                    for key, number in one.counts.items()
                ],
            }
            for one in count(questions, [one["answers"] for one in surveyed])
        ],
    }  # fmt: skip


def columns_of(questions: Sequence[Question]) -> list[str]:
    """The head of the table."""
    return [
        "序号",
        "电话",
        "姓名",
        "分组",
        "备注",
        "状态",
        "结果",
        *(one.title for one in questions),
        "意见",
        "完成时间",
    ]


async def rows_of(store: CampaignStore, campaign_id: str, questions: Sequence[Question]) -> AsyncIterator[list[str]]:
    """Every entry as a line of the table, numbers masked."""
    page = 1
    while True:
        items = (await store.entries_page(campaign_id, state=None, disposition=None, page=page, size=_PIECE))["items"]
        for one in items:
            yield [
                str(one["place"] + 1), one["phone_masked"], one["name"], one["group"], one["note"],
                _STATE_ZH[one["state"]], DISPOSITION_ZH.get(one["disposition"] or "", one["disposition"] or ""),
                *(said(question, one["answers"]) for question in questions), one["words"],
                one["done_at"].isoformat(timespec="seconds") if one["done_at"] else "",
            ]  # fmt: skip
        if len(items) < _PIECE:
            return
        page += 1
