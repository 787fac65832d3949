"""An agent, a clerk or a supervisor in a real browser: headless Chromium with a fake microphone, driven by Playwright.

The agent's seat is nailed up by WebRTC, as at a real desk. What the agent says is put into the fake microphone by
a small audio graph in the page, so that each line is spoken when it is due.
"""

import asyncio
import base64
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from hotline.demo.people import Shape, Somebody, signed_in
from hotline.demo.site import Site

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_MICROPHONE = """
(() => {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const silence = context.createConstantSource();
  const gain = context.createGain();
  gain.gain.value = 0;
  silence.connect(gain).connect(out);
  silence.start();
  navigator.mediaDevices.getUserMedia = async () => { await context.resume(); return out.stream.clone(); };
  window.speak = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(bytes.buffer);
    source.connect(out);
    await new Promise((done) => { source.onended = done; source.start(); });
  };
  let tone = null;
  window.hum = async (hertz) => {
    await context.resume();
    tone?.stop();
    tone = hertz > 0 ? new OscillatorNode(context, { frequency: hertz }) : null;
    tone?.connect(new GainNode(context, { gain: 0.5 })).connect(out);
    tone?.start();
  };
})();
"""
"""``speak`` puts a sound into the microphone, ``hum`` a tone until further notice."""

_EARS = """
(() => {
  const Connection = window.RTCPeerConnection;
  let ear = null;
  window.RTCPeerConnection = class extends Connection {
    constructor(...settings) {
      super(...settings);
      this.addEventListener("track", (event) => {
        const context = new AudioContext();
        const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
        context.createMediaStreamSource(new MediaStream([event.track])).connect(analyser);
        void context.resume();
        ear = { analyser, width: context.sampleRate / analyser.fftSize, bins: new Float32Array(4096) };
      });
    }
  };
  window.heard = (hertz) => {
    if (ear === null) return -Infinity;
    ear.analyser.getFloatFrequencyData(ear.bins);
    const bin = Math.round(hertz / ear.width);
    return Math.max(...ear.bins.subarray(bin - 1, bin + 2));
  };
})();
"""
"""``heard`` tells how strongly (dB) a pitch is in what the page's loudspeaker has now."""


def find_browser() -> str | None:
    """The machine's Chromium, if it has one and Playwright is installed."""
    try:
        import playwright.async_api  # noqa: F401
    except ImportError:
        return None
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


@asynccontextmanager
async def open_browser(executable: str) -> AsyncIterator[Any]:
    """A headless browser (Playwright's ``Browser``), closed afterwards."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def open_page(browser: Any, site: Site, account: str) -> AsyncIterator[Any]:
    """A page of its own where this account has signed in through the login form (Playwright's ``Page``)."""
    context = await browser.new_context(
        viewport={"width": 1366, "height": 768},
        locale="zh-CN",
        timezone_id=site.settings.site.timezone,
        permissions=["microphone"],
    )
    try:
        await context.add_init_script(_MICROPHONE)
        await context.add_init_script(_EARS)
        page = await context.new_page()
        await page.goto(site.url)
        login = site.logins[account]
        await page.get_by_test_id("login-account").fill(login.account)
        await page.get_by_test_id("login-password").fill(login.password)
        await page.get_by_test_id("login-submit").click()
        await page.wait_for_url(re.compile(r"/(?!login)"))
        yield page
    finally:
        await context.close()


class BrowserAgent:
    """An agent at the desk in a browser. ``person`` watches beside it over HTTP, to await what the feed tells."""

    def __init__(self, page: Any, person: Somebody) -> None:
        self.page = page
        self.person = person

    def at(self, name: str) -> Any:
        """The part of the page with this ``data-testid``."""
        return self.page.get_by_test_id(name)

    async def ready(self) -> None:
        """Wait for the leg, then press ready; returns when the seat is idle."""
        since = len(self.person.feed.seen)
        await self.page.locator("[data-testid=leg-state][data-state=up]").wait_for(timeout=20_000)
        await self.at("status-ready").click()
        seat = (await self.person.get("/desk"))["seat"]
        if (seat["status"], seat["state"]) != ("ready", "idle"):
            await self.person.feed.until(
                "seat", lambda seat: (seat["status"], seat["state"]) == ("ready", "idle"), since=since
            )

    async def accept(self, caller: str) -> Shape:
        """Take this citizen's offer by the key that agents use."""
        await self.at("offer-panel").wait_for(timeout=30_000)
        since = len(self.person.feed.seen)
        await self.at("offer-accept").click()
        call: Shape = await self.person.feed.until(
            "call", lambda call: call["caller"] == caller and call["state"] == "talking", since=max(since - 5, 0)
        )
        return call

    async def say(self, wav: Path) -> None:
        """Speak into the fake microphone."""
        sound = await asyncio.to_thread(wav.read_bytes)
        await self.page.evaluate("sound => window.speak(sound)", base64.b64encode(sound).decode())

    async def submit(self, call_id: str, corrections: Shape) -> Shape:
        """Type the corrections, send, and read the ticket."""
        for name, value in corrections.items():
            await self.at(f"draft-{name}").fill(value)
        since = len(self.person.feed.seen)
        await self.page.keyboard.press("Control+Enter")
        shown = await self.person.feed.until("ticket", since=since)
        ticket: Shape = await self.person.get(f"/tickets/{shown['id']}")
        return ticket

    async def hang_up(self, call_id: str) -> None:
        """Press the button."""
        await self.at("hangup").click()

    async def end_wrap_up(self) -> None:
        """Finish wrap-up."""
        await self.at("wrapup-end").click()


@asynccontextmanager
async def browser_agent(site: Site, browser: Any, seat: str) -> AsyncIterator[BrowserAgent]:
    """Sign the agent of ``seat`` in at the desk; the page nails the seat up by itself."""
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(open_page(browser, site, f"agent{seat}"))
        person = await stack.enter_async_context(signed_in(site.url, site.logins[f"agent{seat}"]))
        yield BrowserAgent(page, person)
