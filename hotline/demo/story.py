"""``hotline demo``: one call's whole way, twice, on a real Asterisk; once to a satisfied citizen, once to be redone.

Everything is played by scripted people who use what real ones use. The verdict at the end is read from the ledger.
"""

import asyncio
import hashlib
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import structlog
from rich.console import Console

from hotline.app import ready_asterisk
from hotline.bus import Bus
from hotline.database import Database
from hotline.demo.browser import browser_agent, find_browser, open_browser
from hotline.demo.cast import Agent, Script, converse, phone_agent
from hotline.demo.engine import EngineProcess
from hotline.demo.people import Refusal, Shape, Somebody, signed_in
from hotline.demo.report import Step, print_report, read_story, steps_of, write_report
from hotline.demo.scripts import SCRIPTS
from hotline.demo.site import Site, ports_free, prepare_site
from hotline.errors import HotlineError
from hotline.facts.recordings import RecordingReady
from hotline.logs import configure_logging, mask_phone
from hotline.settings import Settings
from telephony.phone import ScriptedGateway

_log = structlog.get_logger()
SEAT = "1001"
_PLAIN_WIDTH = 120
"""Columns where no terminal tells its own: a log file."""


class Narrator:
    """Says each step in one line, with the seconds since the beginning."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = datetime.now(UTC)

    def say(self, zh: str, en: str) -> None:
        """One line."""
        seconds = (datetime.now(UTC) - self._began).total_seconds()
        self.console.print(f"[dim]{seconds:6.1f} s[/]  {zh}  [dim]{en}[/]", highlight=False)


class Stage:
    """Where stories are played: the running site, its gateway, the agent and the supervisor."""

    def __init__(
        self, site: Site, gateway: ScriptedGateway, agent: Agent, supervisor: Somebody, narrator: Narrator
    ) -> None:
        self.site, self.gateway, self.agent = site, gateway, agent
        self.supervisor, self.narrator = supervisor, narrator

    async def play(self, script: Script) -> str:
        """Play one story; the call's id."""
        say = self.narrator.say
        citizen = self.gateway.citizen(script.phone)
        say(f"① 市民 {mask_phone(script.phone)} 拨打 12345", "a citizen dials 12345")
        call = await citizen.dial("12345", timeout=20)
        shown = await self.agent.accept(script.phone)
        call_id: str = shown["call_id"]
        say("② 座席接听,双方通话", f"the agent accepts; they talk ({call_id})")
        await converse(self.agent, call, script)
        draft = (await self.agent.person.get("/desk"))["draft"] or {}
        say(f"③ 语音转写,工单草稿:{draft.get('title') or '(空)'}", "transcribed live; the draft fills")
        ticket = await self.agent.submit(call_id, script.corrections)
        say(f"④ 工单 {ticket['number']} 已派 {ticket['unit_name']},{ticket['due_at'][:16]} 到期", "dispatched")
        await self._after_the_talk(call_id)
        rang = asyncio.create_task(citizen.next_call(timeout=60))
        await self._department(ticket)
        await self._return_visit(rang, script)
        return call_id

    async def _after_the_talk(self, call_id: str) -> None:
        feed = self.agent.person.feed
        since = len(feed.seen)
        await self.agent.hang_up(call_id)
        recording = await feed.until("recording", lambda one: one["call_id"] == call_id, since=since, timeout=40)
        audio = await self.agent.person.http.get(f"/api/recordings/{recording['id']}/audio?track=mix")
        matches = hashlib.sha256(audio.content).hexdigest() == recording["sha256"]
        self.narrator.say(
            f"⑤ 录音 {recording['seconds']:.0f} 秒,{'校验一致' if matches else '校验不一致'}",
            f"the recording plays; sha256 {'matches' if matches else 'DOES NOT MATCH'}",
        )
        await self.agent.end_wrap_up()

    async def _department(self, ticket: Shape) -> None:
        login = self.site.logins[f"unit{ticket['unit']}".lower()]
        async with signed_in(self.site.url, login) as clerk:
            await clerk.post(f"/tickets/{ticket['id']}/actions/sign")
            await clerk.post(
                f"/tickets/{ticket['id']}/actions/reply",
                reply="已到现场查看,更换了损坏的部件,当晚恢复正常。",
                contact="已电话联系反映人",
                solved=True,
            )
        self.narrator.say(f"⑥ {ticket['unit_name']} 签收并回复,回访任务自动生成", "the department signed and replied")

    async def _return_visit(self, rang: "asyncio.Task[object]", script: Script) -> None:
        feed = self.agent.person.feed
        since = len(feed.seen)
        incoming = await rang
        self.narrator.say("⑦ 回访机器人来电,市民接听", "the callback robot phones; the citizen answers")
        visit = await incoming.answer()  # type: ignore[attr-defined]
        for key in script.keys:
            await visit.hears_sound(timeout=10)
            await visit.press(key)
            await visit.hears_silence(0.5, timeout=20)
        await visit.wait_ended(timeout=30)
        ticket = await feed.until("ticket", lambda one: one["state"] == script.verdict, since=since, timeout=15)
        self.narrator.say(
            f"   市民按键 {'、'.join(script.keys)},工单:{ticket['state_zh']}", "the answer is on the ticket"
        )


async def play(settings: Settings, *, once: bool) -> int:
    """Play the stories; the exit code: 0 only when every step was seen in the ledger."""
    configure_logging(level="WARNING")
    console = Console()
    console = console if console.is_terminal else Console(width=_PLAIN_WIDTH)
    narrator = Narrator(console)
    await ready_asterisk(settings)
    folder = settings.storage.folder / "demo"
    site = await prepare_site(folder, settings, fresh_ports=once or not ports_free(settings))
    engine = EngineProcess(site)
    await engine.stop()  # an Asterisk that an interrupted demonstration left behind
    narrator.say("启动 Asterisk、引擎和坐席工作台……", "starting Asterisk, the engine and the desk …")
    try:
        await engine.start()
        health = await engine.health()
        if health["recognition"] != "on":
            narrator.say(f"语音识别未启用:{health.get('reason')}", "recognition is off")
        _print_logins(site, console)
        complete = await _play_and_report(site, narrator)
        if not once:
            await _stay_up(site, console)
        return 0 if complete else 1
    finally:
        await engine.stop()


async def _play_and_report(site: Site, narrator: Narrator) -> bool:
    console, started = narrator.console, datetime.now(UTC)
    stories: dict[str, Sequence[Step]] = {}
    try:
        await _play_all(site, narrator, stories)
    except (TimeoutError, ConnectionError, Refusal, HotlineError) as failure:
        console.print(f"[red]演示中断 / the story broke off: {failure!r}[/]\n日志 / log: {site.folder / 'engine.log'}")
    complete = len(stories) == len(SCRIPTS) and all(step.seen for steps in stories.values() for step in steps)
    write_report(site.folder / "report.json", stories, complete, started, datetime.now(UTC))
    for name, steps in stories.items():
        print_report(steps, console, name)
    console.print("全部步骤已见于台账 / every step is in the ledger" if complete else "有步骤未见 / a step is missing")
    console.print(f"报告 / report: {site.folder / 'report.json'}")
    return complete


async def _play_all(site: Site, narrator: Narrator, stories: dict[str, Sequence[Step]]) -> None:
    asterisk = site.settings.asterisk
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(
            ScriptedGateway((asterisk.host, asterisk.sip_port), (asterisk.trunk.host, asterisk.trunk.port))
        )
        agent = await _agent(site, stack, narrator)
        supervisor = await stack.enter_async_context(signed_in(site.url, site.logins["supervisor"]))
        await agent.ready()
        stage = Stage(site, gateway, agent, supervisor, narrator)
        for script in SCRIPTS:
            since = len(supervisor.feed.seen)
            call_id = await stage.play(script)
            live = sum(message["type"].startswith("live.") for message in supervisor.feed.seen[since:])
            narrator.say(f"⑧ 班长页面实时变化 {live} 次", "changes on the supervisor's page")
            stories[script.name] = await _judge(site, call_id, live, script)


async def _agent(site: Site, stack: AsyncExitStack, narrator: Narrator) -> Agent:
    executable = find_browser()
    if executable is None:
        narrator.say(
            "没有 Chromium,座席改用 SIP 话机(apt-get install chromium)", "no Chromium: a SIP phone is the seat"
        )
        return await stack.enter_async_context(phone_agent(site, SEAT))
    narrator.say("座席在 Chromium 中登录,话路经 WebRTC 常连", "the agent signs in in Chromium; WebRTC, nailed up")
    browser = await stack.enter_async_context(open_browser(executable))
    return await stack.enter_async_context(browser_agent(site, browser, SEAT))


async def _judge(site: Site, call_id: str, live: int, script: Script) -> list[Step]:
    database = await Database.open(site.settings.database_url, Bus())
    try:
        story = await read_story(database, call_id)
    finally:
        await database.close()
    ready = story.first(RecordingReady)
    matches = ready is not None and await asyncio.to_thread(_archived, site.folder, call_id) == ready.sha256
    return steps_of(story, live_messages=live, hash_matches=matches, verdict=script.verdict)


def _archived(folder: Path, call_id: str) -> str | None:
    """The sha256 of the call's mix as it lies on the disk."""
    for mix in folder.glob(f"recordings/*/*/*/{call_id}*/mix.wav"):
        return hashlib.sha256(mix.read_bytes()).hexdigest()
    return None


def _print_logins(site: Site, console: Console) -> None:
    console.print(f"\n  坐席工作台 / desk   [bold]{site.url}/[/]")
    for account in ("agent1002", "agent1003", "supervisor", "unit371323", "admin"):
        if login := site.logins.get(account):
            console.print(f"  {account:<12} {login.password}", highlight=False)
    console.print()


async def _stay_up(site: Site, console: Console) -> None:
    server = f"127.0.0.1:{site.settings.asterisk.sip_port}"
    console.print(
        "引擎保持运行;登录上面的网址,或拨打电话 / the engine stays up; log in above, or dial:\n"
        f"  .venv/bin/hotline phone --server {server} --from 13800000009 --dial 12345 --hold-seconds 60\n"
        "Ctrl+C 结束 / ends it"
    )
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
