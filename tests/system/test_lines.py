"""Every number a citizen can dial, on the real Asterisk: 27 merged lines, and a retained one that sends citizens on.

And what they hear on the way: the place in the line, the day's notices, the notice to malicious callers; and one key
that leads to 110, 119 or 120 with the call's data.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any

import pytest
import pytest_asyncio

from hotline.demo.cast import PhoneAgent
from hotline.facts.calls import CallArrived, CallConnected, CallEnded, CallQueued, CallSentOut, WaitForecast
from hotline.facts.emergency import EmergencyPushed
from hotline.facts.nuisance import NuisanceTreated
from telephony.phone import PhoneCall
from tests.system.engines import House, hears_prompt, in_conversation, open_house
from tests.system.raw_sip import raw_phone

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]
LABELS = {
    "12301": "旅游服务", "12310": "机构编制", "12312": "商务举报", "12313": "烟草专卖", "12314": "水利监督",
    "12315": "市场监管", "12316": "三农服务", "12317": "扶贫监督", "12318": "文化市场", "12319": "城市建设",
    "12320": "公共卫生", "12325": "粮食流通", "12328": "交通运输", "12330": "知识产权", "12331": "食品药品",
    "12333": "人力社保", "12336": "国土资源", "12338": "妇女维权", "12340": "统计调查", "12349": "民政服务",
    "12350": "安全生产", "12351": "职工维权", "12355": "青少年", "12358": "价格举报", "12365": "质量监督",
    "12369": "环境保护", "12385": "残疾人",
}  # fmt: skip
"""Twenty-seven numbers that were merged into 12345."""
FLOWS = {
    "at-once": "{waiting: {do: queue}}",
    "traffic": "{waiting: {do: queue, group: traffic}}",
    "law": "{waiting: {do: queue, group: law}}",
    "emergency-keys": "{ask: {do: play, prompts: welcome, keys: {1: police, 2: fire, 3: doctor}, next: waiting}, "
    "police: {do: transfer, emergency: '110', otherwise: waiting}, "
    "fire: {do: transfer, emergency: '119', otherwise: waiting}, "
    "doctor: {do: transfer, emergency: '120', otherwise: waiting}, waiting: {do: queue}}",
}
GROUPS = [
    {"id": name, "name": name, "answer": "auto", "wrap_up_seconds": 0, "announce_seconds": 5}
    for name in ("general", "traffic", "law")
]


def merged(place: int, number: str) -> dict[str, Any]:
    """By turns: the line's own group; another line's group; the group that the line's flow names."""
    group = "traffic" if place % 3 == 1 else "general"
    flow = "traffic" if place % 3 == 2 else "at-once"
    return {"number": number, "label": f"{number} {LABELS[number]}", "group": group, "flow": flow}


MERGED = [merged(place, number) for place, number in enumerate(LABELS)]
RETAINED = {"number": "12348", "label": "12348 法律服务热线", "group": "general", "flow": "law"}
EMERGENCY_KEYS = {"number": "12346", "label": "12346", "group": "general", "flow": "emergency-keys"}
QUIET = {"number": "12329", "label": "12329 公积金热线", "group": "law"}
STORM = {"number": "12345", "label": "12345 热线", "group": "law"}
LINES = [STORM, *MERGED, RETAINED, EMERGENCY_KEYS, QUIET]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    now = datetime.now(UTC)
    notice = {"prompt": "sorry-busy", "since": str(now - timedelta(hours=1)), "until": str(now + timedelta(hours=2))}
    days = {f"{now + timedelta(days=shift):%F}": "holiday" for shift in (-1, 0, 1)}
    async with open_house(
        tmp_path_factory.mktemp("lines"), flows=FLOWS, lines=LINES, groups=GROUPS,
        seats=[{"id": "1001", "groups": ["general", "traffic", "law"]}],
        ivr={"notices": [notice | {"lines": [STORM["number"]]}]},
        tickets={"calendar": days},
        nuisance={"treatment": "notice", "days": 30},
    ) as house:  # fmt: skip
        house.line = MERGED[0]["number"]
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def agent(house: House) -> AsyncIterator[PhoneAgent]:
    async with house.ready_agent("1001") as agent:
        yield agent
        await house.hang_up_all()


async def talks_with(agent: PhoneAgent, caller: str) -> str:
    """Until the agent has this citizen; the call."""
    wanted = {"caller": caller, "state": "talking"}
    call = await agent.person.feed.until("call", lambda call: wanted.items() <= call.items())
    return str(call["call_id"])


async def work_order(agent: PhoneAgent, call_id: str) -> Any:
    return await agent.submit(call_id, {"title": "路灯不亮", "description": "路灯不亮三天了"})


async def dialled_and_served(house: House, agent: PhoneAgent, caller: str) -> tuple[str, str, str, str, str]:
    """(number dialled, line kept by the call, group, line and channel kept by the work order)."""
    call_id = await talks_with(agent, caller)
    ticket = await work_order(agent, call_id)
    (arrived,) = await house.all(CallArrived, call_id)
    (queued,) = await house.all(CallQueued, call_id)
    return arrived.dialled, arrived.line, queued.group, ticket["line"], ticket["channel"]


async def test_27_merged_lines_and_a_retained_one_keep_what_was_dialled(house: House, agent: PhoneAgent) -> None:
    assert len(MERGED) == 27
    for place, line in enumerate(MERGED):
        caller = f"138000003{place:02d}"
        citizen = await house.dial(caller, line["number"])
        group = "general" if place % 3 == 0 else "traffic"
        found = await dialled_and_served(house, agent, caller)
        assert found == (line["number"], line["label"], group, line["label"], "telephone")
        await citizen.hang_up()
    # Dialled at us, a retained line is a line like any other; its own platform may also send citizens on to 12345.
    citizen = await house.dial("13800000331", RETAINED["number"])
    label = RETAINED["label"]
    assert await dialled_and_served(house, agent, "13800000331") == ("12348", label, "law", label, "telephone")
    await citizen.hang_up()
    async with raw_phone(house.server[1], "13800000332") as phone:
        phone.extra_headers = "Diversion: <sip:12348@platform.example>;reason=unconditional\r\n"
        assert await phone.dial(STORM["number"]) == 200
        label += "，转入 12345"
        assert await dialled_and_served(house, agent, "13800000332") == ("12348", label, "law", label, "telephone")


async def hears_place(call: PhoneCall, place: int, since: float = 0.0) -> None:
    for prompt in ("position-next",) if place == 1 else ("position-is", f"d{place}", "position-place"):
        await hears_prompt(call, prompt, since=since)


@pytest.mark.long  # a place is judged by ear in every run too: test_bad_input.py
async def test_the_place_that_is_spoken_and_the_forecast_beside_what_happened(house: House, agent: PhoneAgent) -> None:
    begins = datetime.now(UTC)
    talking = await house.dial("13800000340")
    await talks_with(agent, "13800000340")
    first, second, third = [await house.dial(f"1380000034{number}") for number in (1, 2, 3)]
    await asyncio.gather(*(hears_place(call, place) for place, call in enumerate((first, second, third), 1)))
    since = asyncio.get_running_loop().time()
    await second.hang_up()
    await hears_place(third, 2, since)
    for caller, before in (("13800000341", talking), ("13800000343", first)):
        await before.hang_up()
        await talks_with(agent, caller)
    await third.hang_up()

    forecasts = [fact for fact in await house.all(WaitForecast) if fact.at > begins]
    assert [fact.place for fact in forecasts] == [1, 2, 3]
    asked = {fact.call_id for fact in forecasts if fact.place != 2}  # the second gave up
    met = {f.call_id: f.at for f in await house.until_facts(CallConnected, lambda f: f.call_id in asked, 2)}
    errors = [f.seconds - (met[f.call_id] - f.at).total_seconds() for f in forecasts if f.call_id in met]
    async with house.person("supervisor") as supervisor:
        kpi = await supervisor.get(f"/kpi?from={begins:%FT%T.%fZ}")
        day = await supervisor.get("/kpi")
    assert kpi["told"] == len(errors) == 2
    assert kpi["wait_error"] == pytest.approx(fmean(map(abs, errors)), abs=0.01)
    assert kpi["wait_bias"] == pytest.approx(fmean(errors), abs=0.01)
    printed = await hotline("kpi", "--simulated", "--config", str(house.site.config))
    print(printed)
    assert f"{day['wait_error']:.2f} s  {day['formulas']['wait_error']} ({day['told']})" in printed
    assert f"happened {day['wait_error']:.2f} s ({day['told']}), simulated " in printed


async def hotline(*arguments: str) -> str:
    """What a command of ours prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hotline.cli", *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


@pytest.mark.long  # night is heard in every run: test_flow_real.py
async def test_notices_of_the_day_for_one_line_for_all_and_for_a_malicious_caller(house: House) -> None:
    caller = "13800000360"
    async with house.ready_agent("1001") as agent, house.person("supervisor") as supervisor:
        citizen = await house.dial(caller)
        call_id = await talks_with(agent, caller)
        listing = await agent.person.post(f"/desk/calls/{call_id}/nuisance", reason="反复辱骂")
        await supervisor.post(f"/nuisance/{listing['id']}/decide", approved=True, days=30, note="")
        await citizen.hang_up()

    stormy, quiet = [await house.dial("13800000350", line["number"]) for line in (STORM, QUIET)]
    silent, in_need = await house.dial(caller), await house.dial(caller)
    await asyncio.gather(*(hears_prompt(call, "nuisance-notice") for call in (silent, in_need)))
    await in_need.press("1")
    await hears_prompt(stormy, "sorry-busy", timeout=25)
    await hears_prompt(quiet, "holiday", timeout=25)
    await silent.wait_ended(30)
    treated = await house.until_facts(NuisanceTreated, lambda fact: fact.treatment == "notice", 2)
    (ended,) = await house.until_facts(CallEnded, lambda fact: fact.reason == "nuisance_notice")
    ours = {fact.call_id for fact in treated}
    through = [fact for fact in await house.all(CallQueued) if fact.call_id in ours]
    assert {ended.call_id, *(fact.call_id for fact in through)} == ours
    await house.hang_up_all()


async def test_one_key_leads_to_110_119_and_120_and_the_data_goes_along(house: House) -> None:
    async def pressed(key: str, code: str) -> None:
        ringing = asyncio.create_task(house.gateway.citizen(code).next_call(timeout=20))
        citizen = await house.dial(f"1380000037{key}", EMERGENCY_KEYS["number"])
        await citizen.hears_sound()
        await citizen.press(key)
        platform = await (await ringing).answer()
        async with in_conversation(citizen, platform):
            await citizen.hang_up()
        await platform.wait_ended()

    codes = {"1": "110", "2": "119", "3": "120"}
    for key, code in codes.items():
        await pressed(key, code)
    pushed = await house.until_facts(EmergencyPushed, lambda _: True, 3)
    assert {fact.platform for fact in pushed} == set(codes.values())
    sent = [fact.target for fact in await house.all(CallSentOut)]
    assert sent == list(codes.values())
    kept = [json.loads(file.read_text()) for file in (house.site.folder / "outbox").glob("push_*.json")]
    phones = {f"1380000037{key}": code for key, code in codes.items()}
    assert {one["phone"]: one["platform"] for one in kept} == phones
