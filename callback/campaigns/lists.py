"""A list of people to be asked, from a CSV file: every fault with its line, all at once. Pure.

Excel in China writes GB18030 or UTF-8 with a mark, separates by comma, semicolon or tab, and turns long numbers into
``1.38E+10``; the first three are read, the last is told as a fault.
"""

import csv
import hashlib
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hotline.errors import RuleBroken

SHOWN_FAULTS = 200
_NUMBER = re.compile(r"[0-9*#+]{3,20}")
_AIR = re.compile(r"[\s\-()()]|^'")
_NAMES: Mapping[str, Sequence[str]] = {
    "phone": ("phone", "电话", "手机", "手机号", "手机号码", "电话号码", "联系电话", "号码", "tel", "mobile"),
    "name": ("name", "姓名", "称呼", "联系人"),
    "group": ("group", "分组", "组", "区县", "地区", "类别"),
    "note": ("note", "备注", "说明", "编号"),
}
_LONGEST = {"name": 40, "group": 40, "note": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One person to be asked."""

    phone: str
    name: str = ""
    group: str = ""
    note: str = ""
    ticket_id: str | None = None


@dataclass(frozen=True, slots=True)
class ListFault:
    """What is wrong with one line, counted as people see it: the first is 1."""

    line: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ListReading:
    """What a file holds."""

    entries: Sequence[Listed]
    faults: Sequence[ListFault]


def read_list(body: bytes, largest: int) -> ListReading:
    """Raises RuleBroken for what is no such file at all."""
    lines = list(_rows(_text(body)))
    if not lines:
        raise RuleBroken("文件是空的", "the file is empty", code="empty_list")
    header, begins = _columns(lines[0][1])
    entries: list[Listed] = []
    faults: list[ListFault] = []
    seen: dict[str, int] = {}
    for line, cells in lines[begins:]:
        found = _entry(line, cells, header)
        if isinstance(found, ListFault):
            faults.append(found)
        elif found.phone in seen:
            first = seen[found.phone]
            faults.append(ListFault(line, f"号码与第 {first} 行重复", f"the same number as in line {first}"))
        else:
            seen[found.phone] = line
            entries.append(found)
    if len(entries) > largest:
        raise RuleBroken(f"名单最多 {largest} 条", f"at most {largest} entries", code="too_many")
    if not entries and not faults:
        raise RuleBroken("名单里没有号码", "there is no number in the list", code="empty_list")
    return ListReading(entries, faults)


def sample(entries: Sequence[Listed], share: float, seed: str) -> list[Listed]:
    """The same ``share`` (0–1, rounded up) for the same seed, whatever the order of the list; in the list's order."""
    if share >= 1:
        return list(entries)
    ranked = sorted(entries, key=lambda one: hashlib.sha256(f"{seed}:{one.phone}".encode()).digest())
    chosen = {one.phone for one in ranked[: math.ceil(share * len(entries))]}
    return [one for one in entries if one.phone in chosen]


def clean_number(text: str) -> str | None:
    """A telephone number without air and country code; None when it is none."""
    number = _AIR.sub("", text.strip())
    number = re.sub(r"^(?:\+86|0086|86(?=1\d{10}$))", "", number)
    return number if _NUMBER.fullmatch(number) else None


def _text(body: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise RuleBroken("请上传 CSV 文本文件(UTF-8 或 GBK)", "that is no CSV file (UTF-8 or GBK)", code="not_csv")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip().partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as failure:
        line = reader.line_num
        raise RuleBroken(f"第 {line} 行无法识别", f"line {line}: {failure}", code="not_csv") from failure


def _columns(first: Sequence[str]) -> tuple[dict[str, int], int]:
    """Where each column is, and how many lines the header takes. Without a header: phone, name, group, note."""
    named = [cell.lower() for cell in first]
    found = {
        column: next((at for at, cell in enumerate(named) if cell in names), -1) for column, names in _NAMES.items()
    }
    if found["phone"] >= 0:
        return {column: at for column, at in found.items() if at >= 0}, 1
    if clean_number(first[0]) is None:
        raise RuleBroken("第 1 行没有“电话”列", "line 1 names no column phone (电话)", code="no_phone_column")
    return {column: at for at, column in enumerate(_NAMES)}, 0


def _entry(line: int, cells: Sequence[str], columns: Mapping[str, int]) -> Listed | ListFault:
    values = {column: cells[at] if at < len(cells) else "" for column, at in columns.items()}
    told = values.pop("phone")
    if not told:
        return ListFault(line, "没有号码", "no number")
    if re.fullmatch(r"[0-9.]+[Ee]\+?[0-9]+", told):
        return ListFault(line, "号码被表格软件改成了科学计数法,请设为文本", "the number was turned into 1.38E+10")
    phone = clean_number(told)
    if phone is None:
        return ListFault(line, "不是有效的电话号码", "not a telephone number")
    for column, longest in _LONGEST.items():
        if len(values.get(column, "")) > longest:
            return ListFault(line, f"{_NAMES[column][1]}最多 {longest} 字", f"{column} is at most {longest} long")
    return Listed(phone=phone, **values)
