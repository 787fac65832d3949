"""live.update_p95: from a fact to the supervisor's screen; live.frame_300_seats: how smoothly 300 seats move there.

A whole engine with 300 seats; a supervisor's account forces seats ready and not ready over HTTP, each audited and in
the ledger, while Chromium shows the live room. A change is on the screen when the tile's attribute has changed; the
clock starts at the fact's own instant. Beside it in the same run: the same data in a page that asks once a second, and
a table that is built anew at every message.
"""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bench.registry import Tell
from bench.rows import Row, percentile
from bench.stage import Stage, open_stage
from hotline.demo.browser import find_browser, open_browser, open_page
from hotline.demo.people import Somebody, signed_in
from hotline.errors import Unavailable

SEATS = 300
CHANGES = 200
PER_SECOND = 20.0
FRAME_PER_SECOND = 50.0
FRAME_SECONDS = 10.0

_ROOM = "[data-testid=live-room][data-known=true]"
_WATCH = """(selector) => {
  window.changes = [];
  new MutationObserver((all) => {
    const at = performance.timeOrigin + performance.now();
    for (const one of all) {
      const seat = one.target.dataset.testid?.replace("live-seat-", "");
      if (seat) window.changes.push([seat, one.target.dataset.status, at]);
    }
  }).observe(document.querySelector(selector), { subtree: true, attributeFilter: ["data-status"] });
}"""
_FRAMES = """() => {
  window.frames_ms = [];
  let before = performance.now();
  const step = (now) => { window.frames_ms.push(now - before); before = now; requestAnimationFrame(step); };
  requestAnimationFrame((now) => { before = now; requestAnimationFrame(step); });
}"""
_POLLING = """() => {
  document.body.innerHTML = "<ul id=room></ul>";
  const read = async () => {
    const live = await (await fetch("/api/live")).json();
    for (const seat of live.seats) {
      const id = `live-seat-${seat.id}`;
      let tile = document.querySelector(`[data-testid="${id}"]`);
      if (!tile) {
        tile = document.createElement("li");
        tile.dataset.testid = id;
        document.querySelector("#room").append(tile);
      }
      if (tile.dataset.status === seat.status) continue;
      tile.dataset.status = seat.status;
      tile.textContent = `${seat.id} ${seat.status}`;
    }
  };
  window.polling = read();
  setInterval(read, 1000);
  return window.polling;
}"""
_NAIVE = """() => new Promise((done) => {
  document.body.innerHTML = "<table id=room></table>";
  let seats = [];
  const clock = (seat) => Math.floor((Date.now() - Date.parse(seat.since)) / 1000);
  const cells = (seat) => [seat.id, seat.agent_name ?? seat.name, seat.status, seat.state, seat.reason, clock(seat)];
  const row = (seat) => `<tr>${cells(seat).map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  const draw = () => {
    document.querySelector("#room").innerHTML = seats.map(row).join("");
    void document.body.offsetHeight;
  };
  const socket = new WebSocket(`ws://${location.host}/api/feed`);
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "live") { seats = message.data.seats; done(); }
    if (message.type === "live.seat") seats = seats.map((seat) => seat.id === message.data.id ? message.data : seat);
    draw();
  };
  setInterval(draw, 1000);
})"""


@dataclass
class Changes:
    """What was changed, to be found again on the screens."""

    made: list[tuple[str, str, float]] = field(default_factory=list)
    """Seat, status, the fact's instant in ms since 1970."""
    per_second: float = 0.0
    """How fast they came in the end."""

    async def make(self, chief: Somebody, seats: Sequence[str], number: int, per_second: float) -> None:
        """Force one seat after the other, evenly spread, whether the last answer came or not."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        status = itertools.cycle(["ready"] * len(seats) + ["not_ready"] * len(seats))
        async with asyncio.TaskGroup() as changes:
            for count, seat in enumerate(itertools.islice(itertools.cycle(seats), number)):
                await asyncio.sleep(max(0.0, began + count / per_second - loop.time()))
                changes.create_task(self._make(chief, seat, next(status)))
        self.per_second = number / (loop.time() - began)

    async def _make(self, chief: Somebody, seat: str, status: str) -> None:
        shown = await chief.post(f"/live/seats/{seat}/status", status=status, reason="bench")
        self.made.append((seat, shown["status"], datetime.fromisoformat(shown["since"]).timestamp() * 1000))

    async def seen_on(self, page: Any) -> list[float]:
        """Milliseconds from each fact to the page's tile, once the last one is there."""
        await page.wait_for_function("n => window.changes.length >= n", arg=len(self.made), timeout=15_000)
        seen = {(seat, status): at for seat, status, at in await page.evaluate("() => window.changes")}
        return [seen[seat, status] - at for seat, status, at in self.made if (seat, status) in seen]


async def run(tell: Tell) -> Sequence[Row]:
    """Measure; about two minutes. Raises Unavailable without a browser."""
    executable = find_browser()
    if executable is None:
        raise Unavailable("没有 Chromium,无法测量班长台", "no Chromium here: apt-get install chromium")
    tell(f"starting a site with {SEATS} seats")
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(open_stage("live", seats=SEATS, recognition=False))
        chief = await stack.enter_async_context(signed_in(stage.site.url, stage.site.logins["supervisor"], watch=False))
        browser = await stack.enter_async_context(open_browser(executable))
        ours, polled = await _updates(stage, browser, chief, tell)
        frames, naive = await _frames(stage, browser, chief, tell)
    return [
        Row("live.update_p95", "ms", round(percentile(ours, 0.95), 1), round(percentile(polled, 0.95), 1),
            "a page asking once a second", "make bench ONLY=live.update_p95"),
        Row("live.frame_300_seats", "ms", round(percentile(frames, 0.95), 1), round(percentile(naive, 0.95), 1),
            "a table built anew at every message", "make bench ONLY=live.frame_300_seats"),
    ]  # fmt: skip


async def _updates(stage: Stage, browser: Any, chief: Somebody, tell: Tell) -> tuple[list[float], list[float]]:
    found: list[list[float]] = []
    for name in ("live room", "polling page"):
        async with open_page(browser, stage.site, "supervisor") as page:
            await page.locator(_ROOM).wait_for(timeout=20_000)
            if name == "polling page":
                await page.goto(f"{stage.site.url}/api/me")
                await page.evaluate(_POLLING)
                await page.evaluate(_WATCH, "#room")
            else:
                await page.evaluate(_WATCH, "[data-testid=live-seats]")
            changes = Changes()
            await changes.make(chief, stage.seats[: CHANGES // 2], CHANGES, PER_SECOND)
            found.append(await changes.seen_on(page))
        half, most = percentile(found[-1], 0.5), percentile(found[-1], 0.95)
        tell(f"{name}: p50 {half:.0f} ms, p95 {most:.0f} ms of {len(found[-1])}")
    return found[0], found[1]


async def _frames(stage: Stage, browser: Any, chief: Somebody, tell: Tell) -> tuple[list[float], list[float]]:
    found: list[list[float]] = []
    for name in ("live room", "naive table"):
        async with open_page(browser, stage.site, "supervisor") as page:
            await page.locator(_ROOM).wait_for(timeout=20_000)
            if name == "naive table":
                await page.goto(f"{stage.site.url}/api/me")
                await page.evaluate(_NAIVE)
            else:
                tiles = await page.locator("[data-testid=live-seats] > li").count()
                if tiles != SEATS:
                    raise Unavailable(f"页面上只有 {tiles} 个座席", f"only {tiles} seats are on the page")
            await page.evaluate(_FRAMES)
            changes = Changes()
            await changes.make(chief, stage.seats, int(FRAME_PER_SECOND * FRAME_SECONDS), FRAME_PER_SECOND)
            found.append(await page.evaluate("() => window.frames_ms"))
        slow = sum(frame > 33.4 for frame in found[-1])
        tell(f"{name}: {changes.per_second:.0f} changes/s")
        tell(f"{name}: {len(found[-1])} frames, p95 {percentile(found[-1], 0.95):.1f} ms, longer than two: {slow}")
    return found[0], found[1]
