"""``hotline draft`` and ``hotline learn``: drafts from a pipe, learning from the site's work orders."""

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from sqlalchemy import select

from hotline.bus import Bus
from hotline.database import Database
from hotline.errors import ConfigurationError
from hotline.settings import Settings, load_settings
from tickets.dialogue import Spoken
from tickets.draft import Drafter
from tickets.learning import Example, learn, load, save
from tickets.site import TicketSite, drafter_without_site
from tickets.tables import ticket_drafts, tickets

Config = Annotated[Path, typer.Option("--config", "-c", help="配置文件 / the site's settings", envvar="HOTLINE_CONFIG")]
_WHO = ("agent", "citizen")


def draft(config: Config = Path("config.yaml")) -> None:
    """对话变草稿:标准输入每行一通对话,标准输出每行一份草稿 / one dialogue per line in, one draft per line out.

    A bad line is named on stderr and left out; the exit code is then 1.
    """
    drafter = TicketSite.of(load_settings(config)).drafter if config.exists() else drafter_without_site()
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    if draft_lines(sys.stdin, sys.stdout, sys.stderr, drafter):
        raise typer.Exit(1)


def draft_lines(lines: Iterable[str], out: TextIO, err: TextIO, drafter: Drafter) -> int:
    """Draft each line as it comes; how many lines were bad."""
    bad = 0
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix("\ufeff").strip()
        if not text:
            continue
        try:
            name, spoken, caller = read_dialogue(text)
        except ValueError as failure:
            bad += 1
            err.write(f"第 {number} 行无法读取,已跳过 / line {number} skipped: {failure}\n")
            continue
        out.write(json.dumps(shape(name, drafter, spoken, caller), ensure_ascii=False) + "\n")
        out.flush()
    return bad


def read_dialogue(line: str) -> tuple[Any, list[Spoken], str]:
    """The id, the utterances and, where given, the caller's number. Raises ValueError that says what is wrong."""
    try:
        data = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as failure:
        raise ValueError(f"not JSON ({failure})") from None
    if not isinstance(data, dict) or not isinstance(data.get("id"), str | int):
        raise ValueError('an object with "id" is wanted')
    if not isinstance(data.get("turns"), list):
        raise ValueError('"turns" must be a list')
    caller = data.get("caller", "")
    return data["id"], list(_turns(data["turns"])), caller if isinstance(caller, str) else ""


def shape(name: Any, drafter: Drafter, spoken: list[Spoken], caller: str = "") -> dict[str, Any]:
    """One line of output."""
    made = drafter.compose(spoken, caller, {})
    values = made.values
    return {
        "id": name,
        "title": values["title"],
        "description": values["description"],
        "type": values["type"],
        "category": values["category"],
        "place": {"county": made.county, "detail": made.detail},
        "urgency": values["urgency"],
        "phone": values["phone"],
        "repeat": made.repeat,
        "because": {field: list(words) for field, words in made.because.items() if field != "unit"},
    }


def learn_command(config: Config = Path("config.yaml")) -> None:
    """从已办工单学习分类,报告留出准确率 / learn categories from the site's work orders; report held-out accuracy.

    A model that is worse than the one in use is not taken; the exit code is then 1.
    """
    settings = load_settings(config)
    examples = asyncio.run(_examples(settings))
    if not examples:
        raise ConfigurationError("还没有已分类的工单可学", "there is no work order with a category to learn from yet")
    lesson = learn(examples, load(settings.storage.folder))
    typer.echo(
        f"工单 {lesson.learnt_from}(其中更正 {lesson.corrected}),留出 {lesson.held_out}:"
        f"准确率 {lesson.before:.1%} → {lesson.after:.1%} / "
        f"{lesson.learnt_from} work orders, {lesson.corrected} corrected, {lesson.held_out} held out"
    )
    if not lesson.better:
        typer.echo("新模型更差,未采用 / the new model is worse and was not taken", err=True)
        raise typer.Exit(1)
    path = save(lesson.evidence, settings.storage.folder)
    typer.echo(f"已写入 {path};重启引擎后生效 / written; in use from the engine's next start")


async def _examples(settings: Settings) -> list[Example]:
    database = await Database.open(settings.database_url, Bus())
    wanted = (
        tickets.c.id,
        tickets.c.title,
        tickets.c.description,
        tickets.c.category,
        ticket_drafts.c.typed,
        ticket_drafts.c.spoken,
    )
    query = select(*wanted).select_from(tickets.outerjoin(ticket_drafts, ticket_drafts.c.ticket_id == tickets.c.id))
    known = {f"{top}/{leaf}" for top, leaves in settings.organisation.categories.items() for leaf in leaves}
    try:
        async with database.reading() as connection:
            rows = (await connection.execute(query.where(tickets.c.state != "void"))).mappings().all()
    finally:
        await database.close()
    return [
        Example(row["id"], _said(row), row["category"], "category" in (row["typed"] or {}))
        for row in rows
        if row["category"] in known
    ]


def _said(row: Any) -> str:
    said = [text for _, who, text in row["spoken"] or () if who == "citizen"]
    return "，".join(said) or f"{row['title']}，{row['description']}"


def _turns(items: list[Any]) -> Iterator[Spoken]:
    for at, item in enumerate(items, start=1):
        if not isinstance(item, dict) or item.get("who") not in _WHO or not isinstance(item.get("text"), str):
            raise ValueError(f'turn {at} must be {{"who": "agent"|"citizen", "text"}}')
        yield Spoken(item["who"], item["text"])
