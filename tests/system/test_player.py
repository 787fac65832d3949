"""A call read and heard again in a real browser: summary by a language model, waveform, words that jump, corrections.

Real Asterisk, phones, recognition and recording; the language model is a small HTTP server that speaks its protocol.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hotline.demo.browser import BrowserAgent, browser_agent, find_browser, open_browser
from hotline.demo.cast import SPEECH
from hotline.facts.speech import UtteranceCorrected
from hotline.security.tables import audit
from tests.integration.test_tickets_summaries import completion, model
from tests.system.engines import AT_ONCE, FLOWS, LINES, House, open_house
from tests.system.test_story import shown
from tickets.summaries import MARK

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium here: apt-get install chromium"),
]
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 60, "wrap_up_seconds": 600}]
SUMMARY = "诉求人反映罗家庄村路灯不亮,要求维修。"
RIGHT = "沂水县罗家庄村的路灯坏了三天"
TURNS = (("citizen", "lamp-1"), ("agent", "agent-1"), ("citizen", "lamp-2"))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[tuple[House, BrowserAgent, list[bytes]]]:
    async with AsyncExitStack() as stack:
        url, asked = await stack.enter_async_context(model(completion(SUMMARY)))
        house = await stack.enter_async_context(
            open_house(tmp_path / "site", groups=GROUPS, flows=FLOWS, lines=LINES, llm={"url": url, "model": "tiny"})
        )
        browser = await stack.enter_async_context(open_browser(find_browser() or ""))
        yield house, await stack.enter_async_context(browser_agent(house.site, browser, "1001")), asked


async def test_a_call_is_summed_up_heard_again_and_put_right(
    stage: tuple[House, BrowserAgent, list[bytes]],
) -> None:
    house, agent, asked = stage
    await agent.ready()
    citizen = await house.dial("13800000001", AT_ONCE)
    call_id = str((await agent.accept("13800000001"))["call_id"])
    for who, name in TURNS:
        since = len(agent.person.feed.seen)
        await (citizen.say(SPEECH / f"{name}.wav") if who == "citizen" else agent.say(SPEECH / f"{name}.wav"))
        await agent.person.feed.until("utterance", partial(spoken_by, who), since=since)
    await the_model_sums_it_up(agent.page, asked)
    await citizen.hang_up()
    await shown(agent.page, "[data-testid=call-state][data-state=wrap_up]")
    await shown(agent.page, "[data-testid=recording-wave]", 30_000)
    await both_voices_are_drawn(agent.page)
    said = (await agent.person.get(f"/calls/{call_id}"))["transcript"]
    await a_word_jumps_and_its_line_runs_along(agent, call_id, said)
    await a_correction_keeps_both_versions(house, agent, call_id, said[0])
    await listening_is_written_down(house, call_id)


def spoken_by(who: str, said: dict[str, Any]) -> bool:
    return bool(said["who"] == who)


async def the_model_sums_it_up(page: Any, asked: list[bytes]) -> None:
    typed = page.locator("[data-testid=draft-description]")
    await page.keyboard.press("Alt+z")
    text = await (await shown(page, "[data-testid=summary-text]")).inner_text()
    assert text == MARK + SUMMARY
    body = json.loads(asked[0].partition(b"\r\n\r\n")[2])
    assert "路灯" in body["messages"][1]["content"]
    before = await typed.input_value()
    await page.get_by_test_id("summary-use").click()
    await shown(page, "[data-field=description][data-source=typed]")
    assert await typed.input_value() == f"{before}\n{MARK}{SUMMARY}".strip()


async def both_voices_are_drawn(page: Any) -> None:
    for voice in ("citizen", "agent"):
        drawn = await (await shown(page, f"[data-testid=recording-wave] path.{voice}")).bounding_box()
        assert drawn["height"] > 5, f"{voice} is silent in the picture"


_END_OF = """id => {
  const text = document.querySelector(`[data-utterance="${id}"] p`);
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT), range = document.createRange();
  let node = null, last = null;
  while ((node = walker.nextNode())) if (node.data.trim()) last = node;
  const end = last.data.trimEnd().length;
  range.setStart(last, end - 2);
  range.setEnd(last, end - 1);
  const box = range.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""
"""Where on the screen the last sign but one of an utterance stands."""


_WORDS_THAT_SOUND = """id => new Promise((done) => {
  const heard = [], watched = document.querySelector(`[data-utterance="${id}"]`);
  const look = () => {
    const now = watched.querySelector("[data-spoken]")?.textContent;
    if (now && heard.at(-1) !== now) heard.push(now);
    if (!watched.classList.contains("playing")) { watching.disconnect(); done(heard); }
  };
  const watching = new MutationObserver(look);
  watching.observe(watched, { subtree: true, childList: true, attributes: true, characterData: true });
})"""
"""The words that are marked one after another until the line is over."""


async def a_word_jumps_and_its_line_runs_along(agent: BrowserAgent, call_id: str, said: list[dict[str, Any]]) -> None:
    page = agent.page
    recording = (await agent.person.get(f"/calls/{call_id}"))["recordings"][-1]
    began = datetime.fromisoformat(recording["started_at"])
    line = next(one for one in reversed(said) if one["who"] == "citizen" and len(one["words"]) > 2)
    await page.evaluate("""() => {
      window.sought = [];
      document.querySelector("[data-testid=recording-audio]").addEventListener("seeking", (event) => {
        window.sought.push(event.target.currentTime);
      });
    }""")
    await page.locator(f"[data-utterance='{line['id']}'] p").scroll_into_view_if_needed()
    await shown(page, "[data-testid=transcript][data-timed=true]")
    x, y = await page.evaluate(_END_OF, line["id"])
    await page.mouse.click(x, y)
    await page.wait_for_function("() => window.sought.length > 0")
    into = (
        await page.evaluate("() => window.sought[0]")
        - (datetime.fromisoformat(line["started_at"]) - began).total_seconds()
    )
    starts = [start for _, start, _ in line["words"]]
    assert starts[-3] - 0.2 <= into <= starts[-1] + 0.2, (into, starts)
    await shown(page, f".line.playing[data-utterance='{line['id']}']")
    sounding = await shown(page, f"[data-utterance='{line['id']}'] [data-spoken]")
    assert await sounding.inner_text() in {text for text, _, _ in line["words"][-3:]}, (
        "the word that is heard is marked"
    )
    wave = await page.get_by_test_id("recording-wave").bounding_box()
    share = (datetime.fromisoformat(said[0]["started_at"]) - began).total_seconds() / recording["seconds"]
    await page.mouse.click(wave["x"] + wave["width"] * share + 2, wave["y"] + wave["height"] / 2)
    await shown(page, f".line.playing[data-utterance='{said[0]['id']}']")
    heard: list[str] = await page.evaluate(_WORDS_THAT_SOUND, said[0]["id"])
    wanted = [text for text, _, _ in said[0]["words"]]
    assert len(set(heard) & set(wanted)) >= len(set(wanted)) // 2, (heard, wanted)
    await page.get_by_test_id("recording-audio").evaluate("audio => audio.pause()")


async def a_correction_keeps_both_versions(
    house: House, agent: BrowserAgent, call_id: str, first: dict[str, Any]
) -> None:
    page = agent.page
    line = page.locator(f"[data-utterance='{first['id']}']")
    await line.hover()
    await line.get_by_test_id("utterance-edit").click()
    await line.get_by_test_id("utterance-wording").fill(RIGHT)
    await page.keyboard.press("Enter")
    note = line.locator(".note").last
    await note.wait_for()
    assert first["text"] in str(await note.get_attribute("title"))
    assert await line.locator("p").inner_text() == RIGHT
    (kept,) = await house.all(UtteranceCorrected, call_id)
    assert (kept.before, kept.text) == (first["text"], RIGHT)
    again = (await agent.person.get(f"/calls/{call_id}"))["transcript"][0]
    assert (again["text"], again["display"], again["corrected_by"]) == (first["text"], RIGHT, "agent1001")


async def listening_is_written_down(house: House, call_id: str) -> None:
    async with house.database.reading() as connection:
        played = (await connection.execute(select(audit).where(audit.c.what == "recording_played"))).mappings().all()
    assert [one["who"] for one in played] == ["agent1001"]
