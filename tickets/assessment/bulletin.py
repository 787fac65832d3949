"""The monthly bulletin (情况通报) and the table of marks for other programs. Pure: from marks to papers."""

import csv
import io
from collections.abc import Mapping, Sequence

import xlsxwriter

from tickets.assessment.figures import FIGURE_ZH, FORMULAS, Board, Figure, Mark, Rate, whole
from tickets.documents import Document, Grid, Heading, Paragraph

BOARD_ZH: Mapping[Board, str] = {Board.RED: "红榜", Board.YELLOW: "黄榜", Board.NONE: ""}


def percent(rate: Rate) -> str:
    """96.43% — or a dash where there was nothing to measure."""
    return "—" if rate.value is None else f"{100 * rate.value:.2f}%"


def bulletin(
    month: str, found: Sequence[Mark], boards: Mapping[str, Board], units: Mapping[str, str], *, site: str, signed: str
) -> Document:
    """The month as an official paper: in all, the table of units, the boards, the formulas."""
    year, number = month.split("-")
    sums, closed = whole(found), sum(mark.closed for mark in found)
    excluded = sum(len(mark.excluded) for mark in found)
    opening = (
        f"{year}年{int(number)}月，全市共派发承办单位工单{len(sums[Figure.RETURNED].of)}件次，办结{closed}件，"
        + "，".join(f"{FIGURE_ZH[figure]}{percent(sums[figure])}" for figure in Figure)
        + f"。经批准不纳入考核{excluded}件。"
    )
    ranked = sorted(found, key=lambda mark: (mark.score is None, -(mark.score or 0), mark.unit))
    rows = [
        [units.get(mark.unit, mark.unit), str(mark.closed), *(percent(mark.rates[figure]) for figure in Figure),
         "—" if mark.score is None else f"{mark.score:.2f}", BOARD_ZH[boards[mark.unit]]]
        for mark in ranked if mark.closed or any(rate.of for rate in mark.rates.values())
    ]  # fmt: skip
    parts: list[Heading | Paragraph | Grid] = [
        Heading("一、总体情况"), Paragraph(opening), Heading("二、各承办单位情况"),
        Grid(["单位", "办结", *FIGURE_ZH.values(), "得分", "榜单"], rows) if rows else Paragraph("本月无办结工单。"),
        Heading("三、红黄榜"),
        *(Paragraph(f"{BOARD_ZH[one]}：{_named(one, ranked, boards, units)}") for one in (Board.RED, Board.YELLOW)),
        Heading("四、计算口径"), *(Paragraph(f"{FIGURE_ZH[figure]} = {FORMULAS[figure][0]}") for figure in Figure),
    ]  # fmt: skip
    return Document(f"{site}{year}年{int(number)}月办理情况通报", parts, signed=(site, signed))


def scores(
    month: str, found: Sequence[Mark], boards: Mapping[str, Board], units: Mapping[str, str]
) -> list[list[object]]:
    """The table of marks, its head first; rates as fractions, counts beside them."""
    head: list[object] = ["month", "unit", "name", "closed", "excluded", "score", "board"]
    table = [head + [f"{figure}{suffix}" for figure in Figure for suffix in ("", "_counted", "_of")]]
    for mark in found:
        row: list[object] = [month, mark.unit, units.get(mark.unit, mark.unit), mark.closed, len(mark.excluded)]
        row += ["" if mark.score is None else mark.score, boards[mark.unit].value]
        for figure in Figure:
            rate = mark.rates[figure]
            row += ["" if rate.value is None else round(rate.value, 6), len(rate.counted), len(rate.of)]
        table.append(row)
    return table


def as_csv(table: Sequence[Sequence[object]]) -> bytes:
    """UTF-8 with a mark of its encoding, so that spreadsheets read it."""
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return "\ufeff".encode() + out.getvalue().encode()


def as_xlsx(table: Sequence[Sequence[object]]) -> bytes:
    """An Excel workbook: numbers are numbers, everything else is text and never a formula."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("scores")
        sheet.freeze_panes(1, 3)
        for line, row in enumerate(table):
            for column, value in enumerate(row):
                if isinstance(value, (int, float)):
                    sheet.write_number(line, column, value)
                elif value != "":
                    sheet.write_string(line, column, str(value))
    return out.getvalue()


def _named(board: Board, found: Sequence[Mark], boards: Mapping[str, Board], units: Mapping[str, str]) -> str:
    names = [f"{units.get(mark.unit, mark.unit)}（{mark.score:.2f}）" for mark in found if boards[mark.unit] is board]
    return "、".join(names) or "无"
