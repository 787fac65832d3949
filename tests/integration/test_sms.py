"""Messages to citizens who were not reached: born with the fact, delivered at least once, answered once."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from callback.lifecycle import Event
from callback.outreach import sender_of
from callback.sms.answers import CitizenAnswer, CitizenAnswers
from callback.sms.delivery import SmsDelivery
from callback.sms.links import LinkState, token_of
from callback.sms.outbox import LEASE, SmsOutbox
from callback.sms.senders import FileOutbox, HttpGateway, Message, Sender
from callback.sms.tables import citizen_links, sms_messages
from callback.tasks import CallbackTasks
from hotline.clock import FakeClock
from hotline.database import Database, UnitOfWork
from hotline.errors import NotFound, RuleBroken, Unavailable
from hotline.facts.callbacks import CallbackDone
from hotline.facts.outreach import LinkAnswered, SmsDemanded, SmsGivenUp, SmsSent
from hotline.ledger import read
from hotline.logs import mask_event
from hotline.outreach import Sms
from tests.integration.databases import fill_disk, free_disk, on_sqlite
from tests.integration.desk_fakes import NOON
from tests.integration.platform import open_platform
from tests.integration.visits_given_up import ZONE, given_up

ROOT = Path(__file__).parents[2]
KEY = "a key of this test"
RULES = Sms(page_url="https://12345.example")
PLEASED = CitizenAnswer(solved=True, satisfaction=2, manner=1, words="师傅很快就来了")
CITIZEN = "13800000001"


class Ledger:
    """Work orders that only remember how their visits ended."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, bool | None, int | None, int | None, str]] = []

    async def conclude(
        self, uow: UnitOfWork, ticket_id: str, *, disposition: str, solved: bool | None, satisfaction: int | None,
        manner: int | None = None, by: str = "robot",
        first: tuple[bool | None, int | None] | None = None,
    ) -> None:  # fmt: skip
        self.ended.append((ticket_id, solved, satisfaction, manner, by))


@dataclass
class Post:
    """One engine's messages."""

    database: Database
    clock: FakeClock
    tasks: CallbackTasks
    outbox: SmsOutbox
    answers: CitizenAnswers
    orders: Ledger

    def delivery(self, sender: Sender) -> SmsDelivery:
        return SmsDelivery(
            self.outbox, sender, self.database.bus, self.clock, page_url=RULES.page_url, link_key=KEY, keep_days=30
        )

    async def owed(self, phone: str = CITIZEN, ticket_id: str = "ticket_1") -> dict[str, Any]:
        """Nobody answered; returns the message."""
        task = await given_up(self.database, self.tasks, self.clock, ticket_id=ticket_id, phone=phone)
        (message,) = await self.messages(task["id"])
        return message

    async def messages(self, task_id: str) -> Sequence[dict[str, Any]]:
        async with self.database.reading() as connection:
            query = select(sms_messages).where(sms_messages.c.task_id == task_id)
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def facts(self, *kinds: Any) -> list[Any]:
        return [entry.fact async for entry in read(self.database, kinds=kinds)]


def post_of(database: Database, clock: FakeClock | None = None, rules: Sms = RULES) -> Post:
    clock, orders = clock or FakeClock(NOON), Ledger()
    tasks = CallbackTasks(database, clock, ZONE)
    outbox = SmsOutbox(database, clock, rules.attempts)
    answers = CitizenAnswers(database, clock, ZONE, rules, outbox, tasks, KEY)
    tasks.given_up = answers
    tasks.conclusions["visit"] = orders
    return Post(database, clock, tasks, outbox, answers, orders)


@pytest.fixture
def post(database: Database) -> Post:
    return post_of(database)


def lines_of(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


class Refusing:
    """A gateway that takes nothing."""

    way = "http"

    def __init__(self) -> None:
        self.tried: list[str] = []

    async def send(self, message: Message) -> None:
        self.tried.append(message.id)
        raise Unavailable("网关繁忙", "busy")


# ── born with the fact ──────────────────────────────────────────────────────────────────────────────────────────────


@on_sqlite
async def test_who_was_not_reached_gets_a_message_with_a_link(post: Post, tmp_path: Path) -> None:
    message = await post.owed()
    await post.delivery(FileOutbox(tmp_path / "outbox" / "sms.jsonl")).deliver_due()
    (line,) = lines_of(tmp_path / "outbox" / "sms.jsonl")
    token = token_of(message["link_id"], KEY)
    assert line["id"] == message["id"]
    assert line["phone"] == CITIZEN
    assert f"https://12345.example/c/{token}" in line["text"]
    assert [type(fact) for fact in await post.facts(SmsDemanded, SmsSent)] == [SmsDemanded, SmsSent]
    (kept,) = await post.messages(message["task_id"])
    assert (kept["state"], kept["body"]) == ("sent", "")  # its words go when it is gone


@on_sqlite
async def test_the_database_holds_no_token(post: Post) -> None:
    message = await post.owed()
    token = token_of(message["link_id"], KEY)
    assert token not in str(message)
    async with post.database.reading() as connection:
        assert token not in str((await connection.execute(select(citizen_links))).all())


@on_sqlite
@pytest.mark.parametrize(
    ("phone", "event"), [("", Event.NO_ANSWER), ("05398012345", Event.BUSY), (CITIZEN, Event.INVALID)]
)
async def test_nobody_else_gets_one(post: Post, phone: str, event: Event) -> None:
    if event is Event.INVALID:  # told by the exchange: it is dialled, and is no number
        task = await given_up(post.database, post.tasks, post.clock, phone=phone, event=event)
    else:
        task = await given_up(post.database, post.tasks, post.clock, phone=phone)
    assert task["state"] == "human"
    assert await post.messages(task["id"]) == []


@on_sqlite
async def test_without_an_address_for_the_page_nothing_is_sent(database: Database) -> None:
    post = post_of(database, rules=Sms())
    task = await given_up(database, post.tasks, post.clock)
    assert await post.messages(task["id"]) == []


async def test_a_full_disk_leaves_neither_task_nor_message_half_done(post: Post) -> None:
    await fill_disk(post.database)
    with pytest.raises(Unavailable):
        await given_up(post.database, post.tasks, post.clock)
    await free_disk(post.database)
    async with post.database.reading() as connection:
        assert (await connection.execute(select(sms_messages))).all() == []


# ── delivered at least once ─────────────────────────────────────────────────────────────────────────────────────────


@on_sqlite
async def test_a_gateway_that_stumbles_gets_it_again_under_the_same_key(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await post.owed()
    async with open_platform(500, 503) as platform:
        delivery = post.delivery(HttpGateway(platform.url, "secret"))
        for pause in (0.0, 5.0, 10.0):
            post.clock.advance(pause)
            await delivery.deliver_due()
    assert [got["id"] for got in platform.got] == [message["id"]] * 3
    assert {headers["idempotency-key"] for headers in platform.headers} == {message["id"]}
    assert {headers["authorization"] for headers in platform.headers} == {"Bearer secret"}
    (sent,) = await post.facts(SmsSent)
    assert (sent.way, sent.attempts) == ("http", 3)


@on_sqlite
async def test_a_gateway_that_had_it_before_is_believed(post: Post) -> None:
    message = await post.owed()
    async with open_platform(409) as platform:
        await post.delivery(HttpGateway(platform.url)).deliver_due()
    (kept,) = await post.messages(message["task_id"])
    assert kept["state"] == "sent"


async def test_a_gateway_that_hangs_is_left_after_its_time() -> None:
    left = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until it hangs up
        writer.close()
        left.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(Unavailable, match="SMS gateway"):
            await HttpGateway(url, seconds=0.05).send(Message(id="1", phone=CITIZEN, text="x"))
        async with asyncio.timeout(10):
            await left.wait()


@on_sqlite
async def test_it_is_given_up_aloud_and_sent_again_on_demand(post: Post, tmp_path: Path) -> None:
    message = await post.owed()
    gateway = Refusing()
    for _ in range(RULES.attempts):
        await post.delivery(gateway).deliver_due()
        post.clock.advance(3600)
    await post.delivery(gateway).deliver_due()
    assert len(gateway.tried) == RULES.attempts
    (given,) = await post.facts(SmsGivenUp)
    assert given.message_id == message["id"]
    with pytest.raises(NotFound):
        await post.outbox.send_again("sms_no", "boss")
    await post.outbox.send_again(message["id"], "boss")
    with pytest.raises(RuleBroken, match="无需重发"):
        await post.outbox.send_again(message["id"], "boss")
    await post.delivery(FileOutbox(tmp_path / "sms.jsonl")).deliver_due()
    assert token_of(message["link_id"], KEY) in lines_of(tmp_path / "sms.jsonl")[0]["text"]


async def test_two_engines_do_not_send_the_same_one_at_once(post: Post, tmp_path: Path) -> None:
    await post.owed()
    file = FileOutbox(tmp_path / "sms.jsonl")
    await asyncio.gather(*(post.delivery(file).deliver_due() for _ in range(4)))
    assert len(lines_of(tmp_path / "sms.jsonl")) == 1


@on_sqlite
async def test_it_goes_out_by_itself_when_it_is_born(post: Post, tmp_path: Path) -> None:
    with post.database.bus.subscribe("test", SmsSent) as sent:
        work = asyncio.create_task(post.delivery(FileOutbox(tmp_path / "sms.jsonl")).run())
        message = await post.owed()
        async with asyncio.timeout(10):
            assert (await anext(sent)).message_id == message["id"]  # type: ignore[union-attr]
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


DYING = """
import asyncio, os, signal, sys
from pathlib import Path
from callback.sms.senders import FileOutbox, Message
from hotline.bus import Bus
from hotline.database import Database
from tests.integration.test_sms import post_of

class Dies(FileOutbox):
    async def send(self, message: Message) -> None:
        if sys.argv[3] == "after":
            await super().send(message)
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    post = post_of(await Database.open(sys.argv[1], Bus()))
    await post.delivery(Dies(Path(sys.argv[2]))).deliver_due()

asyncio.run(main())
"""


@on_sqlite
@pytest.mark.parametrize(("dies", "lines"), [("before", 1), ("after", 2)])
async def test_an_engine_killed_about_sending_loses_nothing(
    post: Post, database_url: str, tmp_path: Path, dies: str, lines: int
) -> None:
    """kill -9 between the commit and the sending, and between the sending and the next commit."""
    message, file = await post.owed(), tmp_path / "sms.jsonl"
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DYING, database_url, str(file), dies, cwd=ROOT,
        stderr=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    _, errors = await worker.communicate()
    assert worker.returncode == -signal.SIGKILL, errors.decode()
    await post.delivery(FileOutbox(file)).deliver_due()  # whoever has it may still be at it
    assert len(lines_of(file) if file.exists() else []) == lines - 1
    post.clock.advance(LEASE.total_seconds())
    await post.delivery(FileOutbox(file)).deliver_due()
    assert [line["id"] for line in lines_of(file)] == [message["id"]] * lines
    (sent,) = await post.facts(SmsSent)
    assert sent.attempts == 2


async def test_a_line_that_a_crash_tore_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "sms.jsonl"
    await FileOutbox(file).send(Message(id="1", phone=CITIZEN, text="一"))
    with file.open("ab") as torn:
        torn.write('{"id": "2", "text": "长长'.encode() * 2000)
    await FileOutbox(file).send(Message(id="3", phone=CITIZEN, text="三"))
    assert [line["id"] for line in lines_of(file)] == ["1", "3"]
    assert file.stat().st_mode & 0o077 == 0  # numbers are nobody else's to read


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        await FileOutbox(tmp_path / "file" / "sms.jsonl").send(Message(id="1", phone=CITIZEN, text="x"))


def test_logs_mask_the_number() -> None:
    event = mask_event(None, "", {"event": "message sent", "phone": CITIZEN, "text": "您好"})
    assert CITIZEN not in str(event)
    assert "您好" not in str(event)


def test_the_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from hotline.settings import load_settings

    settings = load_settings(ROOT / "config.yaml")
    assert isinstance(sender_of(settings, tmp_path / "x"), FileOutbox)
    monkeypatch.setenv("HOTLINE_SMS_TOKEN", "from outside")
    sms = settings.callback.sms.model_copy(update={"gateway_url": "http://127.0.0.1:1/"})
    callback = settings.callback.model_copy(update={"sms": sms})
    gateway = sender_of(settings.model_copy(update={"callback": callback}), tmp_path / "x")
    assert isinstance(gateway, HttpGateway)
    assert gateway._token == "from outside"


# ── answered once ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_closes_the_visit_and_the_work_order(post: Post) -> None:
    message = await post.owed()
    token = token_of(message["link_id"], KEY)
    assert (await post.answers.open(token)).number_end == "000001"
    assert await post.answers.answer(token, PLEASED) is LinkState.OPEN
    task = await post.tasks.get(message["task_id"])
    assert (task["state"], task["disposition"]) == ("closed", "surveyed")
    assert (task["solved"], task["satisfaction"], task["manner"], task["words"]) == (True, 2, 1, "师傅很快就来了")
    assert post.orders.ended == [("ticket_1", True, 2, 1, "citizen")]
    facts = await post.facts(LinkAnswered, CallbackDone)
    assert [type(fact) for fact in facts][-2:] == [LinkAnswered, CallbackDone]
    assert await post.answers.answer(token, replace(PLEASED, satisfaction=5)) is LinkState.USED
    assert (await post.tasks.get(message["task_id"]))["satisfaction"] == 2


async def test_tapped_ten_times_at_once_it_counts_once(post: Post) -> None:
    token = token_of((await post.owed())["link_id"], KEY)
    told = await asyncio.gather(*(post.answers.answer(token, PLEASED) for _ in range(10)))
    assert sorted(told).count(LinkState.OPEN) == 1
    assert set(told) <= {LinkState.OPEN, LinkState.USED, LinkState.SETTLED}
    assert len(post.orders.ended) == 1


@on_sqlite
async def test_links_run_out_are_overtaken_or_unknown(post: Post) -> None:
    late = await post.owed()
    other = await post.owed("13800000002", "ticket_2")
    assert (await post.answers.open(token_of("AAAAAAAAAAAAAA", KEY))).state is LinkState.UNKNOWN
    assert await post.answers.answer(token_of(late["link_id"], "another key"), PLEASED) is LinkState.UNKNOWN
    await post.tasks.settle_by(other["task_id"], disposition="refused", by="agent1001")
    assert await post.answers.answer(token_of(other["link_id"], KEY), PLEASED) is LinkState.SETTLED
    post.clock.advance(RULES.link_days * 86_400)
    assert (await post.answers.open(token_of(late["link_id"], KEY))).state is LinkState.EXPIRED
    assert await post.answers.answer(token_of(late["link_id"], KEY), PLEASED) is LinkState.EXPIRED
    assert (await post.tasks.get(late["task_id"]))["state"] == "human"


@on_sqlite
async def test_a_database_that_refuses_uses_no_link_up(post: Post) -> None:
    token = token_of((await post.owed())["link_id"], KEY)
    await fill_disk(post.database)
    with pytest.raises(Unavailable):
        await post.answers.answer(token, PLEASED)
    await free_disk(post.database)
    assert await post.answers.answer(token, PLEASED) is LinkState.OPEN


@on_sqlite
@pytest.mark.parametrize("wrong", [{"satisfaction": 0}, {"manner": 6}, {"words": "长" * 501}])
async def test_an_answer_that_is_none_is_refused(post: Post, wrong: dict[str, Any]) -> None:
    token = token_of((await post.owed())["link_id"], KEY)
    with pytest.raises(RuleBroken):
        await post.answers.answer(token, replace(PLEASED, **wrong))
    assert (await post.answers.open(token)).state is LinkState.OPEN


async def test_numbers_are_struck_out_when_their_time_is_over(post: Post, tmp_path: Path) -> None:
    sent, waiting = await post.owed(), await post.owed("13900000002", "ticket_2")
    row = await post.outbox.claim(sent)
    assert row is not None
    await post.outbox.sent(row, "file")
    assert await post.outbox.forget(post.clock.now()) == 0
    post.clock.advance(31 * 86400)
    assert await post.outbox.forget(post.clock.now() - timedelta(days=30)) == 1
    (gone,), (kept,) = await post.messages(sent["task_id"]), await post.messages(waiting["task_id"])
    assert (gone["phone"], gone["body"], kept["phone"]) == ("", "", "13900000002")  # one that is to be sent stays
