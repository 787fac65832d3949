"""Lists, figures, exports and shelves on both databases: every figure adds up and every filter means what it says."""

import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import select, update

from agent_desk.models import PivotTable
from hotline.security import Person, Role
from tests.integration.desk_fakes import NOON
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tickets.deadlines import Lamp, lamp
from tickets.finding import COUNTED, Wanted
from tickets.grains import PivotWish
from tickets.pivot import AXES, PERIODS
from tickets.states import DONE, WITH_UNIT, State
from tickets.tables import tickets

BOSS = Person(account="boss", name="班长", roles=frozenset({Role.SUPERVISOR}))
PLACES = ("沂水县沂城街道罗家庄村", "河东区九曲街道", "不知道")


@pytest.fixture
async def house(tmp_path: Path, database_url: str) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, database_url) as opened:
        yield opened


async def make(house: TicketsHouse, number: int, **fields: str) -> str:
    matter = {"description": "路灯不亮", "phone": "13800000001", "type": "求助", "place": PLACES[number % 3]} | fields
    return str((await house.orders.intake.receive("web", f"w-{number}", matter, None))["ticket_id"])


async def town(house: TicketsHouse) -> list[str]:
    """Thirty work orders over three days, moved here and there."""
    ids = []
    for number in range(30):
        house.house.clock.advance(8000)
        kind = ("求助", "投诉")[number % 2]
        ids.append(await make(house, number, type=kind, description=f"第{number}号路灯Lamp不亮"))
        if number % 3:
            await house.orders.act(ids[-1], "accept", {}, BOSS)
            await house.orders.act(ids[-1], "dispatch", {"unit": ("371323", "371312")[number % 2]}, BOSS)
        if number % 5 == 0:
            await house.orders.act(ids[-1], "void", {"note": "误录"}, BOSS)
    return ids


async def test_any_pivot_adds_up_to_the_total_before_and_after_folding(house: TicketsHouse) -> None:
    await town(house)
    for _ in range(2):
        for rows, columns in product(AXES, ("", "month", "unit")):
            table = await house.orders.figures(BOSS, PivotWish(rows=rows, columns=columns))
            assert table["total"] == {"tickets": 30, "done": 6, "overdue": 0}, (rows, columns)
        await house.orders.pivot.fold()
    by_area = await house.orders.figures(BOSS, PivotWish(rows="area", columns="type"))
    assert by_area["rows"] == ["", "沂水县", "河东区"]
    for cell in by_area["cells"]:  # each figure clicks through to its work orders
        listed = await house.orders.page(BOSS, Wanted(area=cell["row"], type=cell["column"]))
        assert listed["total"] == cell["tickets"] or not cell["row"]


def counted(rows: Sequence[Any], wish: PivotWish) -> dict[tuple[str, str], list[int]]:
    """The same figures the slow, obvious way: each work order looked at."""
    found = dict[tuple[str, str], list[int]]()
    for row in rows:
        axes = {**{name: row.day[:length] for name, length in PERIODS.items()}, "area": row.area, "type": row.type}
        axes["unit"] = row.unit or ""
        narrowed = all(getattr(wish, name) in ("", axes[name]) for name in ("area", "type", "unit"))
        since, until = str(wish.since or ""), str(wish.until or "9999")
        if row.parent_id is not None or not narrowed or not since <= row.day <= until:
            continue
        cell = found.setdefault((axes[wish.rows], axes[wish.columns] if wish.columns else ""), [0, 0, 0])
        for at, yes in enumerate((True, State(row.state) in DONE, row.overdue_at is not None)):
            cell[at] += yes
    return found


async def test_every_table_of_figures_is_what_counting_by_hand_gives(house: TicketsHouse) -> None:
    ids = await town(house)
    await house.orders.act(ids[1], "invite", {"unit": "town"}, BOSS)  # a sub-order is not counted
    async with house.house.database.unit_of_work() as uow:
        await uow.execute(update(tickets).where(tickets.c.id.in_(ids[::4])).values(overdue_at=NOON))
        for at, ticket in enumerate(ids[:20]):  # over four months, on their first, last and other days
            when = (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1), date(2026, 4, 9))[at % 5]
            await uow.execute(update(tickets).where(tickets.c.id == ticket).values(day=when.isoformat()))
    await house.orders.pivot.fold()
    await house.orders.act(ids[2], "void", {"note": "误录"}, BOSS)  # noted, not folded yet
    async with house.house.database.reading() as connection:
        rows = (await connection.execute(select(tickets))).all()
    assert len(rows) == 31
    day = NOON.date()
    narrowed = [
        {}, {"area": "沂水县"}, {"type": "投诉"}, {"unit": "371323"}, {"since": day + timedelta(days=1)},
        {"since": day, "until": day + timedelta(days=1), "area": "河东区"}, {"until": day - timedelta(days=1)},
        {"since": date(2026, 2, 1), "until": date(2026, 3, 31)}, {"until": date(2026, 4, 30), "type": "投诉"},
        {"since": date(2026, 1, 31), "until": date(2026, 4, 8)}, {"since": date(2026, 2, 2), "area": "沂水县"},
    ]  # fmt: skip
    tables = enumerate(product(AXES, ("", *AXES)))
    for down, across, more in [(*axes, more) for at, axes in tables for more in narrowed[at % 3 :: 3]]:
        wish = PivotWish(rows=down, columns=across, **more)  # type: ignore[arg-type]
        table, expected = await house.orders.figures(BOSS, wish), counted(rows, wish)
        cells = {(c["row"], c["column"]): [c["tickets"], c["done"], c["overdue"]] for c in table["cells"]}
        assert cells == expected, wish
        assert list(cells) == sorted(expected)
        sums = [sum(column) for column in zip(*expected.values(), strict=True)] or [0, 0, 0]
        assert list(table["total"].values()) == sums


async def test_figures_follow_every_move(house: TicketsHouse) -> None:
    ticket = await make(house, 0)

    async def units() -> dict[str, int]:
        cells = (await house.orders.figures(BOSS, PivotWish(rows="unit")))["cells"]
        return {cell["row"]: cell["tickets"] for cell in cells}

    assert await units() == {"": 1}
    await house.orders.act(ticket, "accept", {}, BOSS)
    await house.orders.act(ticket, "dispatch", {"unit": "371323"}, BOSS)
    assert await units() == {"371323": 1}
    await house.orders.pivot.fold()
    with pytest.raises(RuntimeError):
        async with house.house.database.unit_of_work() as uow:
            await uow.execute(update(tickets).values(unit="371312", overdue_at=NOON))
            raise RuntimeError
    assert await units() == {"371323": 1}
    async with house.house.database.unit_of_work() as uow:
        await uow.execute(update(tickets).values(unit="371312", overdue_at=NOON))
    assert await units() == {"371312": 1}
    assert (await house.orders.figures(BOSS, PivotWish(rows="day")))["total"]["overdue"] == 1


async def test_pages_by_cursor_hold_each_work_order_once(house: TicketsHouse) -> None:
    ids = await town(house)
    for wanted in (Wanted(), Wanted(order="due")):
        seen: list[str] = []
        after = ""
        while True:
            page = await house.orders.page(BOSS, wanted, size=7, after=after)
            seen += [item["id"] for item in page["items"]]
            if page["next"] is None:
                break
            after = page["next"]
        whole = (await house.orders.page(BOSS, wanted, size=200))["items"]
        assert seen == [item["id"] for item in whole]
        assert len(seen) == len(set(seen))
        dues = [item["due_at"] for item in whole]
        assert seen == ids[::-1] if wanted.order == "new" else dues == sorted(dues)


async def test_every_filter_means_what_it_says(house: TicketsHouse) -> None:
    ids = await town(house)
    cases: list[tuple[dict[str, Any], Sequence[int]]] = [
        ({"words": "罗家庄"}, range(0, 30, 3)), ({"words": "家庄村 7号"}, [27]), ({"words": "第7号"}, [7]),
        ({"words": "lamp", "type": "投诉"}, range(1, 30, 2)), ({"words": "灯"}, range(30)), ({"words": "w-4"}, [4]),
        ({"words": "13800000001", "state": "void"}, range(0, 30, 5)), ({"words": "%"}, []), ({"words": "'\""}, []),
        ({"area": "河东区"}, range(1, 30, 3)), ({"state": "open"}, [n for n in range(30) if n % 5]),
        ({"unit": "371323", "state": "dispatched"}, [2, 4, 8, 14, 16, 22, 26, 28]),
        ({"since": date(2026, 3, 3), "until": date(2026, 3, 3)}, range(5, 16)),
    ]  # fmt: skip
    for wanted, numbers in cases:
        found = (await house.orders.page(BOSS, Wanted(**wanted), size=200))["items"]
        assert sorted(ids.index(item["id"]) for item in found) == list(numbers), wanted


async def test_lamps_of_the_list_are_those_of_the_rule(house: TicketsHouse) -> None:
    ids = [await make(house, number) for number in range(40)]
    now, calendar = house.house.clock.now(), house.orders._site.rules.calendar
    async with house.house.database.unit_of_work() as uow:
        for number, ticket in enumerate(ids):
            due = now + timedelta(hours=5 * (number - 15))
            await uow.execute(update(tickets).where(tickets.c.id == ticket).values(state="in_progress", due_at=due))
    for hours in (0, 5, 9, 24, 60, 100):
        house.house.clock.advance(hours * 3600)
        now = house.house.clock.now()
        items = (await house.orders.page(BOSS, Wanted(), size=200))["items"]
        for colour in (Lamp.RED, Lamp.YELLOW):
            listed = await house.orders.page(BOSS, Wanted(lamp=colour.value), size=200)
            right = {item["id"] for item in items if item["lamp"] == colour}
            assert {item["id"] for item in listed["items"]} == right, (hours, colour)
    assert State.IN_PROGRESS in WITH_UNIT
    assert lamp(calendar, now, None) is Lamp.NONE


async def test_nobody_turns_pages_for_ever(house: TicketsHouse) -> None:
    async with house.house.signed_in("supervisor") as browser:
        far = await browser.get(f"/api/tickets?page={COUNTED + 2}&size=1")
        assert (far.status_code, far.json()["error"]["code"]) == (409, "too_far")
        assert (await browser.get("/api/tickets?after=rubbish")).status_code == 409
        assert (await browser.get("/api/tickets?after=99999999999999999999_1")).status_code == 409


async def test_a_unit_sees_its_own_figures_and_exports_its_own_list(house: TicketsHouse) -> None:
    await town(house)
    async with house.house.signed_in("department") as browser:
        table = PivotTable.model_validate_json((await browser.get("/api/tickets/pivot?rows=unit")).content, strict=True)
        assert table.rows == ["371323"]
        answer = await browser.get("/api/tickets/export?state=dispatched")
        assert answer.status_code == 200
        lines = rows_of(answer.content)
        assert len(lines) == 2 + 8
        assert lines[1][0] == "工单编号"
        phone = lines[1].index("来电号码")
        assert {line[phone] for line in lines[2:]} == {"138****0001"}
    entry = (await house.house.security.audit.latest())[0]
    assert (entry.deed.who, entry.deed.what, entry.deed.detail["rows"]) == ("department", "tickets_exported", "8")
    async with house.house.signed_in("agent1001") as browser:
        assert (await browser.get("/api/tickets/export")).status_code == 403
        assert (await browser.get("/api/tickets/pivot?rows=unit")).status_code == 403


async def test_a_formula_in_a_matter_is_words_in_the_export(house: TicketsHouse) -> None:
    await make(house, 0, title='=HYPERLINK("http://evil")', description="\x0b=1+1")
    async with house.house.signed_in("supervisor") as browser:
        content = (await browser.get("/api/tickets/export")).content
    assert rows_of(content)[2][1] == '=HYPERLINK("http://evil")'
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


async def test_views_are_ones_own_and_replies_the_units(house: TicketsHouse) -> None:
    async with house.house.signed_in("supervisor") as boss, house.house.signed_in("department") as unit:
        for browser in (boss, unit):
            kept = await browser.put("/api/shelf/view/快到期", json={"body": {"lamp": "yellow"}})
            assert kept.status_code == 200, kept.text
            assert len((await browser.get("/api/shelf/view")).json()["items"]) == 1
        await unit.put("/api/shelf/reply/已修复", json={"body": {"text": "已派人修复"}})
        assert (await boss.get("/api/shelf/reply")).json()["items"] == []
        assert (await unit.delete("/api/shelf/reply/已修复")).status_code == 204
        assert (await unit.delete("/api/shelf/reply/已修复")).status_code == 404


def rows_of(content: bytes) -> list[list[str]]:
    """The cells of the first sheet; constant memory keeps texts inside the cells."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    lines: list[list[str]] = []
    for row in root.iterfind(".//m:row", space):
        cells = [""] * 26
        for cell in row.iterfind("m:c", space):
            cells[ord(cell.attrib["r"][0]) - ord("A")] = "".join(cell.itertext())
        lines.append(cells)
    return lines
