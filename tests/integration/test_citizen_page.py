"""The page behind the link of a message: no account, no script, every state said in both languages."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from callback.sms.links import token_of
from callback.sms.tables import citizen_links
from hotline.outreach import ByHand, Sms
from hotline.settings import Callback
from tests.integration.tickets_house import TicketsHouse, open_tickets_house
from tests.integration.visits_given_up import given_up

ANSWER = {"solved": "1", "satisfied": "2", "manner": "", "words": "谢谢<b>"}
MESSAGES = Callback(sms=Sms(page_url="https://12345.example"), by_hand=ByHand())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TicketsHouse]:
    async with open_tickets_house(tmp_path, callback=MESSAGES) as opened:
        yield opened


async def link_of(house: TicketsHouse, **task: Any) -> tuple[Mapping[str, Any], str]:
    """A task that was given up, and the address of its page."""
    row = await given_up(house.house.database, house.visits, house.house.clock, **task)
    async with house.house.database.reading() as connection:
        query = citizen_links.select().where(citizen_links.c.task_id == row["id"])
        link = (await connection.execute(query)).mappings().one()
    return row, f"/c/{token_of(link['id'], house.tokens.get('citizen_link_key'))}"


async def test_a_citizen_answers_without_an_account(house: TicketsHouse) -> None:
    task, address = await link_of(house)
    async with house.house.browser() as browser:
        page = await browser.get(address)
        assert page.status_code == 200
        assert "尾号 000001" in page.text
        assert "路灯" not in page.text  # which matter, and nothing of it
        assert "138" not in page.text
        assert "<script" not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex"
        # "no-referrer" would let older browsers send the form from the origin "null", which is refused
        assert page.headers["referrer-policy"] == "same-origin"
        assert (await browser.post(address, data=ANSWER)).status_code == 200
        again = await browser.post(address, data=ANSWER)
        assert again.status_code == 410
        assert "已经评价过" in again.text
        assert "You have answered already" in again.text
    row = await house.visits.get(task["id"])
    assert (row["state"], row["satisfaction"], row["words"]) == ("closed", 2, "谢谢<b>")


async def test_looking_uses_nothing_up_and_half_an_answer_is_not_taken(house: TicketsHouse) -> None:
    task, address = await link_of(house)
    async with house.house.browser() as browser:
        for _ in range(3):  # previews of messengers
            assert (await browser.get(address)).status_code == 200
        for half in ({}, {"solved": "1"}, {"solved": "x", "satisfied": "1"}, ANSWER | {"manner": "7"}):
            page = await browser.post(address, data=half)
            assert page.status_code == 422
            assert 'role="alert"' in page.text
        kept = await browser.post(address, data={"solved": "0", "words": "没修<好"})
        assert 'value="0" checked' in kept.text
        assert "没修&lt;好" in kept.text
    assert (await house.visits.get(task["id"]))["state"] == "human"


async def test_english_is_one_tap_away(house: TicketsHouse) -> None:
    _, address = await link_of(house)
    async with house.house.browser(headers={"Accept-Language": "en-GB,en;q=0.9"}) as browser:
        assert "Was your problem solved?" in (await browser.get(address)).text
        assert "您的问题解决了吗" in (await browser.get(f"{address}?lang=zh")).text
        thanks = await browser.post(f"{address}?lang=en", data=ANSWER)
        assert "Thank you" in thanks.text
        assert "谢谢您的评价" in thanks.text


async def test_every_other_state_is_a_clear_page(house: TicketsHouse) -> None:
    _, expired = await link_of(house)
    other, settled = await link_of(house, ticket_id="ticket_2", phone="13800000002")
    await house.visits.settle_by(other["id"], disposition="refused", by="agent1001")
    house.house.clock.advance(8 * 86_400)
    async with house.house.browser() as browser:
        for address, status, word in (
            (settled, 410, "已经回访过"), (expired, 410, "已过期"), ("/c/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 404, "无效"),
            ("/c/%00%F0", 404, "无效"), (f"{expired}x", 404, "无效"),
        ):  # fmt: skip
            for answer in (await browser.get(address), await browser.post(address, data=ANSWER)):
                assert answer.status_code == status, address
                assert word in answer.text
                assert answer.headers["content-type"].startswith("text/html")


async def test_guesses_are_counted_and_who_has_a_link_does_not_pay_for_them(house: TicketsHouse) -> None:
    _, address = await link_of(house)
    async with house.house.browser() as browser:
        told = [(await browser.get(f"/c/guess{n}")).status_code for n in range(25)]
        assert told == [404] * 20 + [429] * 5
        assert (await browser.get(address)).status_code == 200
        visits = [(await browser.get(address)).status_code for _ in range(35)]
        assert visits[-1] == 429
        house.house.clock.advance(600)
        assert (await browser.get(address)).status_code == 200


async def test_what_else_there_is_is_not_below_that_address(house: TicketsHouse) -> None:
    _, address = await link_of(house)
    async with house.house.browser() as browser:
        assert (await browser.put(address, data=ANSWER)).status_code == 405
        assert (await browser.get("/c/")).status_code == 404
        foreign = await browser.post(address, data=ANSWER, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        large = await browser.post(address, content=b"x" * 300_000)
        assert large.status_code == 413


async def test_a_house_without_messages_knows_no_link(tmp_path: Path) -> None:
    async with open_tickets_house(tmp_path) as house:
        await given_up(house.house.database, house.visits, house.house.clock)
        async with house.house.browser() as browser:
            assert (await browser.get("/c/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).status_code == 404
        async with house.house.database.reading() as connection:
            assert (await connection.execute(citizen_links.select())).all() == []
