"""Every act of desk and supervisor in real browsers: Chromium with fake microphones, real Asterisk, real phones.

The agent's and the supervisor's pages hum a tone each, the citizen and the department another, so every act is proved
by who hears whom. One house for all; each test is one call's life.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from hotline.demo.browser import find_browser
from hotline.demo.cast import SPEECH
from hotline.facts.calls import CallConnected, CallDisposed, CallMoved, OfferEnded
from hotline.facts.control import HandRaised, SeatForced, SeatSupervised
from tests.system.engines import speaking
from tests.system.test_story import shown
from tests.system.theatre import CHIEF, CITIZEN, DEPARTMENT, SEAT, Stage, heard_by, hum, one_act, open_theatre
from tests.system.who_hears import hears

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
    pytest.mark.skipif(find_browser() is None, reason="no Chromium here: apt-get install chromium"),
]
GROUPS = [{"id": "general", "name": "综合", "offer_seconds": 60, "wrap_up_seconds": 300, "announce_seconds": 600}]
FORCED = ("not_ready", "offline", "ready", "not_ready")
ORDER = {"title": "路灯不亮", "description": "河湾村路灯不亮", "category": "市政公用/路灯井盖", "place": "沂水县"}
SCRIPTS = [
    {"category": "*", "title": "开头语", "lines": ["您好,请讲。"]},
    {"category": "市政公用/路灯井盖", "title": "路灯", "lines": ["灯杆上的编号是多少?"]},
]

_BAD_LINE = """() => {
  let received = 1000, lost = 0;
  RTCPeerConnection.prototype.getStats = async () => {
    received += 80;
    lost += 20;
    return new Map([
      ["in", { type: "inbound-rtp", kind: "audio", packetsReceived: received, packetsLost: lost }],
      ["out", { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.09 }],
    ]);
  };
}"""
"""From now on a fifth of what the page should hear and 9 % of what it says are lost, as far as the statistics tell."""
_SINKS = """() => {
  window.sinks = [];
  for (const sort of [HTMLMediaElement, AudioContext]) {
    const choose = sort.prototype.setSinkId;
    sort.prototype.setSinkId = function (id) {
      return choose.call(this, id).then(() => window.sinks.push([sort.name, id]));
    };
  }
}"""
"""Out of which devices the browser itself agrees to play what, in ``sinks``."""
_HIDDEN = """() => {
  window.notified = [];
  window.Notification = class {
    static permission = "granted";
    constructor(title, options) { window.notified.push(`${title} ${options.body}`); }
    close() {}
  };
  Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
}"""
"""The page lies in the background, and the system shows what it notifies of."""
_RING_HEARD = """() => {
  const connect = AudioNode.prototype.connect;
  let ear = null;
  window.rung = 0;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target === this.context.destination) {
      window.rung += 1;
      ear ??= new AnalyserNode(this.context, { fftSize: 4096, smoothingTimeConstant: 0 });
      connect.call(this, ear);
    }
    return connect.call(this, target, ...rest);
  };
  window.rings = (hertz) => {
    if (ear === null) return false;
    const bins = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(bins);
    return bins[Math.round((hertz * ear.fftSize) / ear.context.sampleRate)] > -50;
  };
}"""
"""``rings`` tells whether this pitch is in what the page itself plays now, ``rung`` how many tones it began."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with open_theatre(tmp_path_factory.mktemp("desk-acts"), groups=GROUPS, scripts=SCRIPTS) as theatre:
        await theatre.chief.get_by_test_id("nav-live").click()
        yield theatre


@pytest_asyncio.fixture(loop_scope="module")
async def stage(theatre: Stage) -> AsyncIterator[Stage]:
    async with one_act(theatre) as stage:
        yield stage


async def test_every_act_of_the_agent_by_its_key(stage: Stage) -> None:
    page = stage.page
    citizen, call_id = await stage.connect("13800000031")
    await stage.press("F7")
    await stage.stage("held")
    await hears(citizen, but=(SEAT,))
    await stage.press("F7")
    await hears(citizen, SEAT)
    await stage.press("F8")
    await hears(citizen, but=(SEAT,))
    await stage.press("F8")
    await hears(citizen, SEAT)
    await stage.press("Alt+k")
    await (await shown(page, "[data-testid=keypad-5]")).click()
    assert await citizen.next_key() == "5"
    await stage.press("Alt+k")

    late = await stage.answer_comes_late("consult")
    party = await stage.asks_department("F4", "do-consult")
    await stage.stage("consulting")
    late.set()
    await page.get_by_test_id("transfer-dialog").wait_for(state="detached")  # the wish is answered: it rang then
    await stage.stage("consulting")
    await hears(party, SEAT, but=(CITIZEN,))
    await stage.press("Alt+s")
    await hears(citizen, SEAT, but=(DEPARTMENT,))
    await stage.press("Alt+m")
    await stage.stage("conference")
    await hears(citizen, SEAT, DEPARTMENT)
    await hears(party, SEAT, CITIZEN)
    await stage.press("Alt+l")
    await hears(citizen, DEPARTMENT, but=(SEAT,))
    await stage.press("Alt+l")
    await hears(citizen, SEAT, DEPARTMENT)
    await stage.press("Alt+c")
    await party.wait_ended()
    await stage.stage("talking")
    await hears(citizen, SEAT)

    party = await stage.asks_department("F4", "do-consult")
    await stage.stage("consulting")
    await stage.press("Alt+Enter")
    await hears(citizen, DEPARTMENT, but=(SEAT,))
    await citizen.hang_up()
    await party.wait_ended()

    await shown(page, "[data-testid=wrapup]")
    await stage.press("2")
    await shown(page, "[data-testid=wrapup][data-kept=true][data-code=answered]")
    await page.get_by_test_id("disposition-note").fill("已说明政策")
    await page.get_by_test_id("disposition-note").press("Tab")
    told = await stage.house.until_facts(CallDisposed, lambda fact: fact.note == "已说明政策")
    assert [(fact.call_id, fact.code, fact.seat) for fact in told] == [(call_id, "answered", "1001")]
    await stage.idle()
    await page.get_by_test_id("tab-recent").click()
    await shown(page, f"[data-testid=recent-call][data-call={call_id}][data-disposition=answered]")
    await page.get_by_test_id("tab-mine").click()
    await shown(page, "[data-testid=my-day][data-calls='1']")


async def test_a_department_is_brought_in_by_its_key(stage: Stage) -> None:
    citizen, _ = await stage.connect("13800000035")
    party = await stage.asks_department("F6", "do-conference")
    await hears(citizen, SEAT, DEPARTMENT)
    await hears(party, SEAT, CITIZEN)
    await stage.press("Alt+c")
    await party.wait_ended()
    await stage.stage("talking")
    await hears(citizen, SEAT)
    await stage.press("F9")
    await citizen.wait_ended()
    await stage.idle()


async def test_headset_scripts_and_the_list_of_keys(stage: Stage) -> None:
    page = stage.page
    await stage.press("Alt+a")
    panel = await shown(page, "[data-testid=audio-panel]")
    await page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=audio-level]').dataset.level) > 0.3"
    )
    await heard_by(page, but=(SEAT,))
    await page.get_by_test_id("audio-microphone").click()
    await panel.locator(".el-select-dropdown__item:visible").nth(1).click()
    await page.wait_for_function("() => (localStorage.getItem('hotline.microphone') ?? '') !== ''")
    await page.evaluate(_SINKS)
    for use, sort in (("speaker", "HTMLMediaElement"), ("ringer", "AudioContext")):
        choice = page.get_by_test_id(f"audio-{use}")
        await choice.click()
        await panel.locator(".row").filter(has=choice).locator(".el-select-dropdown__item").nth(1).click()
        chosen = await page.evaluate("use => localStorage.getItem(`hotline.${use}`)", use)
        assert chosen
        await page.wait_for_function("want => window.sinks.some((one) => `${one}` === `${want}`)", arg=[sort, chosen])
    await hum(page, SEAT)
    await page.get_by_test_id("audio-echo").click()
    await heard_by(page, SEAT)  # out of the chosen microphone, through Asterisk and back
    await page.get_by_test_id("audio-echo").click()
    await heard_by(page, but=(SEAT,))
    assert await panel.get_attribute("data-echo") == "false"
    await stage.press("Alt+a")
    await stage.press("Alt+j")
    await shown(page, "[data-testid=script][data-category='*']")
    await stage.press("Alt+j")
    await stage.press("?")
    listed = await (await shown(page, "[data-testid=key-help]")).inner_text()
    for key in (
        "Space",
        "F2",
        "F4",
        "F7",
        "F8",
        "F9",
        "Alt+R",
        "Alt+W",
        "Alt+A",
        "Alt+K",
        "Alt+S",
        "Alt+H",
        "Ctrl+Enter",
    ):
        assert key in listed, key
    await stage.press("Escape")
    await shown(page, "[data-testid=leg-state][data-quality]")
    await page.evaluate(_BAD_LINE)
    await shown(page, "[data-testid=leg-state][data-quality=poor]")
    await page.get_by_test_id("quality-warning").filter(has_text="丢包 20 %、市民方向丢包 9 %").wait_for(timeout=15_000)
    await page.evaluate("() => { delete RTCPeerConnection.prototype.getStats; }")


async def test_every_act_of_the_supervisor(stage: Stage) -> None:
    page, chief, house = stage.page, stage.chief, stage.house
    await hum(page, 0)
    citizen = await house.dial("13800000032")
    call_id = str(await (await shown(page, "[data-testid=offer-panel]")).get_attribute("data-call"))
    await stage.press("Space")
    tile = await shown(chief, "[data-testid=live-seat-1001][data-state=talking]")
    assert await tile.get_attribute("data-caller") == "138****0032"
    await tile.click()
    await shown(chief, "[data-testid=seat-drawer][data-seat='1001']")
    await stage.agent.say(SPEECH / "agent-1.wav")
    await shown(chief, "[data-testid=drawer-transcript] [data-testid=utterance-agent]")

    await stage.stack.enter_async_context(speaking(citizen, CITIZEN))
    await hum(page, SEAT)
    await hum(chief, CHIEF)
    await chief.get_by_test_id("act-reason").fill("新人带教")
    await chief.get_by_test_id("watch-listen").click()
    await heard_by(chief, CITIZEN, SEAT)
    await hears(citizen, SEAT, but=(CHIEF,))
    await chief.get_by_test_id("watch-whisper").click()
    await heard_by(page, CITIZEN, CHIEF)
    await hears(citizen, SEAT, but=(CHIEF,))
    await chief.get_by_test_id("watch-barge").click()
    await hears(citizen, SEAT, CHIEF)
    await shown(chief, "[data-testid=watch-bar][data-mode=barge]")
    await chief.get_by_test_id("watch-stop").click()
    await hears(citizen, SEAT, but=(CHIEF,))

    await stage.press("Alt+h")
    await shown(chief, "[data-testid=live-hand-1001]")
    await shown(chief, "[data-testid=drawer-hand]")
    await shown(chief, "[data-testid=drawer-transcript] [data-testid=utterance-agent]")  # what it is about
    await stage.press("Alt+h")
    await chief.get_by_test_id("drawer-hand").wait_for(state="detached")
    await chief.get_by_test_id("seat-message").fill("请注意文明用语")
    await chief.get_by_test_id("seat-message-send").click()
    assert "请注意文明用语" in await (await shown(page, "[data-testid=supervisor-message]")).inner_text()
    await page.get_by_test_id("message-seen").click()

    ticket = await stage.agent.person.post(f"/desk/calls/{call_id}/submit", how="dispatch", **ORDER)
    await chief.get_by_test_id("takeover").click()
    await chief.get_by_test_id("takeover-confirm").click()
    await hears(citizen, CHIEF, but=(SEAT,))
    await shown(chief, "[data-testid=call-state][data-state=talking]")  # his own desk, where the citizen is now
    await stage.idle()
    await chief.keyboard.press("F9")
    await citizen.wait_ended()
    await chief.get_by_test_id("wrapup-end").click()
    await chief.get_by_test_id("nav-live").click()
    modes = [fact.mode for fact in await house.all(SeatSupervised)]
    assert modes == ["listen", "whisper", "barge", "ended", "takeover"]
    assert {fact.reason for fact in await house.all(SeatSupervised) if fact.mode == "listen"} == {"新人带教"}
    assert [fact.raised for fact in await house.all(HandRaised)] == [True, False]

    await (await shown(chief, "[data-testid=live-group-general]")).click()
    await (await shown(chief, "[data-testid=group-open]")).click()
    for opened in ("group-drawer", "seat-drawer"):
        if opened == "seat-drawer":
            await chief.get_by_test_id("drawer-close").click()
            await (await shown(chief, "[data-testid=live-seat-1001]")).click()
            await (await shown(chief, "[data-testid=drawer-calls]")).click()
        await (await shown(chief, f"[data-testid={opened}] [data-testid=drill-call][data-call={call_id}]")).click()
        await shown(chief, f"[data-testid=call-review][data-call={call_id}] [data-testid=utterance-agent]")
        await (await shown(chief, "[data-testid=drill-ticket]")).click()
        await shown(chief, f"[data-testid=ticket-sheet] strong:has-text('{ticket['number']}')")
    await chief.get_by_test_id("drawer-close").click()


async def test_waiting_citizens_are_moved_by_hand_and_seats_forced(stage: Stage) -> None:
    page, chief, house = stage.page, stage.chief, stage.house
    await (await shown(chief, "[data-testid=live-seat-1001]")).click()
    for status in FORCED:
        await (await shown(chief, f"[data-testid=force-{status}]:enabled")).click()
        await shown(page, f"[data-testid=seat-status][data-status={status}]")
    await shown(page, "[data-testid=seat-status][data-state=idle]", 20_000)  # offline has hung its leg up
    await chief.get_by_test_id("drawer-close").click()
    await chief.keyboard.press("m")
    await (await shown(chief, "[data-testid=message-text]")).fill("下午三点系统升级")
    await chief.get_by_test_id("message-send").click()
    assert "系统升级" in await (await shown(page, "[data-testid=supervisor-message]")).inner_text()
    await page.get_by_test_id("message-seen").click()
    await page.evaluate(_HIDDEN)
    await page.evaluate(_RING_HEARD)
    citizen = await house.dial("13800000033")
    waiting = await shown(chief, "[data-testid=live-waiting-call]")
    assert "未就绪" in await waiting.get_by_test_id("waiting-because").inner_text()
    await waiting.drag_to(chief.get_by_test_id("live-seat-1001"))
    await shown(page, "[data-testid=offer-panel]")
    assert "138 0000 0033" in (await page.evaluate("() => window.notified"))[0]
    assert "☎" in await page.title()
    for hertz in (660, 880):
        await page.wait_for_function("hertz => window.rings(hertz)", arg=hertz, timeout=10_000)
    await page.evaluate("() => { delete document.hidden; }")
    await stage.press("F4")
    await page.get_by_test_id("offer-panel").wait_for(state="detached")
    await waiting.focus()
    await chief.keyboard.press("Enter")
    await (await shown(chief, "[data-testid=move-filter]")).fill("1001")
    await chief.get_by_test_id("move-filter").press("Enter")
    await shown(page, "[data-testid=offer-panel]")
    await stage.press("Space")
    await shown(page, "[data-testid=call-state][data-state=talking]")
    rung = await page.evaluate("() => window.rung")
    await hears(citizen, SEAT)
    await stage.press("F9")
    await citizen.wait_ended()
    await stage.idle()
    assert await page.evaluate("() => window.rung") == rung, "it rings no more once the citizen is taken"
    assert [(fact.seat, fact.by) for fact in await house.all(CallMoved)] == [("1001", "chief")] * 2
    assert [fact.status for fact in await house.all(SeatForced)] == list(FORCED)
    await stage.agent.ready()

    await chief.goto(f"{house.site.url}/#/wallboard")
    await shown(chief, "[data-testid=wallboard][data-waiting='0']")
    assert await chief.locator("button, a, input").count() == 0
    assert await chief.get_by_test_id("wall-ready").inner_text() == "1"
    await chief.goto(f"{house.site.url}/#/live")


async def test_a_reload_and_a_network_gone_lose_neither_call_nor_words(stage: Stage) -> None:
    page, house = stage.page, stage.house
    feeds: list[Any] = []
    gone = False

    async def line(socket: Any) -> None:
        if gone:
            await socket.close(code=1011)
            return
        feeds.append(socket)
        socket.connect_to_server()

    await page.route_web_socket("**/api/feed", line)
    page.on("dialog", lambda dialog: dialog.accept())
    citizen, call_id = await stage.connect("13800000034")
    await page.get_by_test_id("draft-title").fill("路灯不亮已三天")
    await shown(page, "[data-testid=draft][data-save-state=saved]")
    await stage.press("Alt+j")
    await shown(page, "[data-testid=script][data-category='*']")
    await stage.agent.person.ask("PATCH", f"/desk/calls/{call_id}/draft", {"category": "市政公用/路灯井盖"})
    assert "灯杆" in await (await shown(page, "[data-testid=script][data-category='市政公用/路灯井盖']")).inner_text()
    await stage.press("Alt+j")
    await page.reload()
    await shown(page, "[data-testid=leg-state][data-state=up]", 20_000)
    await stage.talks(call_id)
    await hum(page, SEAT)
    await hears(citizen, SEAT, timeout=20)
    await heard_by(page, CITIZEN)
    assert await page.get_by_test_id("draft-title").input_value() == "路灯不亮已三天"
    met = await house.until_facts(CallConnected, lambda fact: fact.call_id == call_id, 2)
    assert {fact.seat for fact in met} == {"1001"}
    assert {fact.outcome for fact in await house.all(OfferEnded, call_id)} == {"accepted"}

    gone = True
    await page.context.set_offline(True)
    for socket in feeds:
        await socket.close()
    banner = await shown(page, "[data-testid=lost-banner]")
    assert "通话不受影响" in await banner.inner_text()
    await page.get_by_test_id("draft-place").fill("沂水县沂城街道")
    await shown(page, "[data-testid=draft][data-save-state=local]")
    await hears(citizen, SEAT)
    gone = False
    await page.context.set_offline(False)
    await banner.wait_for(state="detached", timeout=15_000)
    await shown(page, "[data-testid=draft][data-save-state=saved]")
    await hears(citizen, SEAT)
    await stage.press("F9")
    await citizen.wait_ended()
    whole = await stage.agent.person.get("/desk")
    assert (whole["draft"]["title"], whole["draft"]["place"]) == ("路灯不亮已三天", "沂水县沂城街道")
