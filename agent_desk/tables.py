"""A table as a file to take away, .xlsx or .csv, written row by row.

Text is written as text in both: in a .csv a cell that a spreadsheet would take for a formula gets an apostrophe.
"""

import asyncio
import csv
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import xlsxwriter
from fastapi import Query

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
FileKind = Annotated[Literal["xlsx", "csv"], Query()]
Rows = AsyncIterator[Sequence[str]]
_LONGEST_CELL = 32_767
_PIECE = 500


async def write_table(form: str, columns: Sequence[str], rows: Rows, heading: str) -> tuple[Path, int]:
    """The file, alone in a folder that the caller deletes, and how many rows it holds. Nothing is left on an error."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="hotline-export-"))
    try:
        path = folder / f"table.{form}"
        writer = _Xlsx(path, columns, heading) if form == "xlsx" else _Csv(path, columns)
        try:
            return path, await _fill(writer, rows)
        finally:
            await asyncio.to_thread(writer.close)
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise


async def _fill(writer: "_Xlsx | _Csv", rows: Rows) -> int:
    count, piece = 0, list[Sequence[str]]()
    async for row in rows:
        piece.append(row)
        if len(piece) == _PIECE:
            await asyncio.to_thread(writer.write, piece)
            count, piece = count + len(piece), []
    await asyncio.to_thread(writer.write, piece)
    return count + len(piece)


class _Xlsx:
    def __init__(self, path: Path, columns: Sequence[str], heading: str) -> None:
        self._book = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": str(path.parent)})
        self._sheet = self._book.add_worksheet()
        bold = self._book.add_format({"bold": True, "bg_color": "#E8EEF7"})
        self._sheet.freeze_panes(2, 1)
        self._sheet.set_column(0, len(columns) - 1, 18)
        self._sheet.write_string(0, 0, heading)
        for column, title in enumerate(columns):
            self._sheet.write_string(1, column, title, bold)
        self._line = 2

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            for column, text in enumerate(row):
                self._sheet.write_string(self._line, column, _plain(text))
            self._line += 1

    def close(self) -> None:
        self._book.close()


class _Csv:
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")  # the mark is for Excel
        self._writer = csv.writer(self._file)
        self._writer.writerow([_harmless(title) for title in columns])

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        self._writer.writerows([[_harmless(text) for text in row] for row in rows])

    def close(self) -> None:
        self._file.close()


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")[:_LONGEST_CELL]


def _harmless(text: str) -> str:
    plain = _plain(text)
    return f"'{plain}" if plain[:1] in ("=", "+", "-", "@", "\t") else plain
