"""A list of work orders as an .xlsx file, written row by row: memory stays small however long the list is.

Text is written as text: a citizen's "=HYPERLINK(…)" stays words, and numbers of 18 digits stay whole.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

Shape = Mapping[str, Any]
AT_MOST = 100_000
_PIECE = 500
_NAME = "tickets.xlsx"
COLUMNS: Sequence[tuple[str, str, int]] = (
    ("number", "工单编号", 21), ("title", "诉求", 40), ("type", "类型", 8), ("category", "分类", 20),
    ("place", "地点", 30), ("urgency", "紧急程度", 9), ("state_zh", "状态", 10), ("unit_name", "承办单位", 20),
    ("channel", "来源", 10), ("line", "来电线路", 20), ("phone_masked", "来电号码", 14), ("created_at", "受理时间", 20),
    ("dispatched_at", "派单时间", 20), ("due_at", "办理时限", 20), ("lamp", "时限灯", 8), ("returns", "退单次数", 9),
    ("reworks", "重办次数", 9), ("supervise_level", "督办级别", 9),
)  # fmt: skip
_LAMP = {"green": "正常", "yellow": "黄牌", "red": "红牌", "none": ""}


async def write_sheet(rows: AsyncIterator[Shape], heading: str) -> tuple[Path, int]:
    """The file, alone in a folder that the caller deletes, and how many rows it holds. Nothing is left on an error."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="hotline-export-"))
    try:
        return folder / _NAME, await _fill(folder, rows, heading)
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise


async def _fill(folder: Path, rows: AsyncIterator[Shape], heading: str) -> int:
    book = xlsxwriter.Workbook(folder / _NAME, {"constant_memory": True, "tmpdir": str(folder)})
    count, piece = 0, list[Shape]()
    try:
        sheet = _begin(book, heading)
        async for row in rows:
            piece.append(row)
            if len(piece) == _PIECE:
                count += await asyncio.to_thread(_write, sheet, count + 2, piece)
                piece = []
        return count + await asyncio.to_thread(_write, sheet, count + 2, piece)
    finally:
        await asyncio.to_thread(book.close)


def _begin(book: Any, heading: str) -> Any:
    sheet = book.add_worksheet("工单")
    bold = book.add_format({"bold": True, "bg_color": "#E8EEF7"})
    sheet.freeze_panes(2, 1)
    for column, (_, _, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, heading)
    for column, (_, title, _) in enumerate(COLUMNS):
        sheet.write_string(1, column, title, bold)
    return sheet


def _write(sheet: Any, first: int, rows: Sequence[Shape]) -> int:
    for line, row in enumerate(rows, first):
        for column, (name, _, _) in enumerate(COLUMNS):
            value = _LAMP.get(str(row.get(name)), "") if name == "lamp" else row.get(name)
            if isinstance(value, int):
                sheet.write_number(line, column, value)
            elif value:
                sheet.write_string(line, column, _plain(str(value)))
    return len(rows)


def _plain(text: str) -> str:
    """What a cell may hold: at most 32,767 characters, no control signs."""
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")[:32_767]
