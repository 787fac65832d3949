"""Calls of many parties on a real Asterisk: a track for each voice, one mix; one call and one work order all along."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from hotline.facts.calls import CallArrived, CallEnded
from hotline.facts.recordings import RecordingReady
from hotline.facts.tickets import TicketMoved
from telephony.phone import PhoneCall
from telephony.phone.calls import read_sound
from telephony.phone.mulaw import Samples
from telephony.phone.tones import RATE, tone_share
from tests.system.engines import House, add_chief, speaking
from tests.system.interleavings import Where
from tests.system.scene import CITIZEN, DEPARTMENT, NEXT, PARTY, SEAT, Scene, new_scene, scene_house
from tests.system.who_hears import hears, peak

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
ORDER = {
    "how": "direct",
    "answer": "已说明",
    "title": "路灯不亮",
    "description": "河湾村路灯不亮",
    "category": "市政公用/路灯井盖",
    "place": "沂水县",
}
TRACKS = {"citizen": CITIZEN, "agent": SEAT, "party": PARTY, "agent2": NEXT}
_STEP = RATE // 4


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with scene_house(tmp_path_factory.mktemp("parties")) as house:
        await add_chief(house)
        yield house


def read_tracks(archive: Path, ready: RecordingReady) -> dict[str, Samples]:
    (folder,) = archive.rglob(ready.call_id)
    return {track: read_sound(folder / f"{track}.wav") for track in ready.tracks}


def when(sound: Samples, hertz: float) -> set[int]:
    """The quarters of a second in which this tone is clearly there."""
    steps = range(0, len(sound) - _STEP, _STEP)
    return {at // _STEP for at in steps if peak(sound[at : at + _STEP], hertz) > 1500}


def first_heard(phone: PhoneCall, hertz: float) -> float:
    """Unix time at which this phone first heard the tone alone."""
    return next(packet.wall for packet in phone.heard.packets() if tone_share(packet.samples, hertz) > 0.7)


def begins(sound: Samples, hertz: float) -> float:
    """Seconds into the track."""
    packets = range(0, len(sound) - 160, 160)
    return next(at for at in packets if tone_share(sound[at : at + 160].astype(np.int16), hertz) > 0.7) / RATE


async def play_the_call(house: House, scene: Scene, stack: AsyncExitStack) -> dict[str, tuple[float, float]]:
    """Talk; ask the department aside; all three; the supervisor as fourth; the agent leaves. Who was heard when."""
    heard = {"citizen": (first_heard(scene.agent.leg, CITIZEN), CITIZEN)}
    heard["agent"] = (first_heard(scene.citizen, SEAT), SEAT)
    await scene.reach("consulting")
    heard["party"] = (first_heard(scene.agent.leg, PARTY), PARTY)
    await scene.act("merge")
    await hears(scene.citizen, SEAT, PARTY)
    chief, leg = await stack.enter_async_context(house.chief())
    await stack.enter_async_context(speaking(leg, NEXT))
    await chief.post("/live/seats/1001/watch/barge", reason="协助")
    for phone, others in (
        (leg, (CITIZEN, SEAT, PARTY)),
        (scene.citizen, (SEAT, PARTY, NEXT)),
        (scene.agent.leg, (CITIZEN, PARTY, NEXT)),
        (scene.party_call, (CITIZEN, SEAT, NEXT)),
    ):
        await hears(phone, *others)
    await chief.post("/live/watch/end")
    await hears(scene.citizen, SEAT, PARTY, but=(NEXT,))
    await scene.act("leave")
    await hears(scene.citizen, PARTY, but=(SEAT, NEXT))
    await scene.citizen.hang_up()
    await scene.party_call.wait_ended()
    return heard


async def test_four_voices_four_tracks_one_mix(house: House) -> None:
    async with AsyncExitStack() as stack:
        scene = await stack.enter_async_context(new_scene(house, "13820000001"))
        heard = await play_the_call(house, scene, stack)
        (ready,) = await house.until_facts(RecordingReady, lambda fact: fact.call_id == scene.call_id, timeout=30)
        assert set(ready.tracks) == {"mix", *TRACKS}
        detail = await scene.agent.person.get(f"/calls/{scene.call_id}")
        legs = [(leg["kind"], leg["who"], leg["why"]) for leg in detail["legs"]]
        assert legs[1:] == [
            ("seat", "1001", "left"),
            ("party", DEPARTMENT, legs[2][2]),
            ("supervisor", "1003", "ended"),
        ]
        assert all(leg["talked_seconds"] > 0.2 for leg in detail["legs"])
        (shown,) = detail["recordings"]
        assert shown["speakers"]["party"] == DEPARTMENT
        assert {"agent", "agent2"} <= shown["speakers"].keys()
        sounds = read_tracks(house.site.folder / "recordings", ready)
    assert len({len(sound) for sound in sounds.values()}) == 1
    for track, own in TRACKS.items():
        for hertz in TRACKS.values():
            assert bool(when(sounds[track], hertz)) == (hertz == own), (track, hertz)
        clear = when(sounds[track], own)
        clear = {quarter for quarter in clear if {quarter - 1, quarter + 1} <= clear}  # where it begins it may be half
        assert clear
        missing = clear - when(sounds["mix"], own)
        assert not missing, f"{track} is not in the mix in these quarters of a second: {sorted(missing)}"
    assert ready.started_at is not None
    for track, (wall, hertz) in heard.items():  # silence-synchronised: each sound lies where it was heard
        assert ready.started_at.timestamp() + begins(sounds[track], hertz) == pytest.approx(wall, abs=0.4), track
    aside = when(sounds["party"], PARTY) & when(sounds["agent"], SEAT)
    assert aside, "what agent and department said while the citizen was on hold is recorded"
    assert not list(house.site.folder.glob("spool/monitor/voice_*")), "nothing of the call is left in the spool"


async def test_one_call_and_one_work_order_through_everything(house: House) -> None:
    """Hold, consultation, three parties, the agent leaves and comes back, a warm transfer, a supervisor takes over."""
    async with AsyncExitStack() as stack:
        scene = await stack.enter_async_context(new_scene(house, "13820000002"))
        call_id, first = scene.call_id, scene.agent.person
        await scene.reach("held")
        await scene.act("resume")
        await scene.is_so(Where.AGENT)
        await scene.reach("consulting")
        ticket = await first.post(f"/desk/calls/{call_id}/submit", **ORDER)
        await scene.act("merge")
        await scene.is_so(Where.THREE)
        await scene.act("leave")
        await scene.is_so(Where.PARTY)
        await scene.act("rejoin")
        await scene.is_so(Where.THREE)
        await scene.act("cancel")
        await scene.party_call.wait_ended()
        await scene.is_so(Where.AGENT)
        await scene.second_seat("consult", "1002")
        await hears(scene.party_call, SEAT, but=(CITIZEN,))
        await scene.act("complete")
        await scene.is_so(Where.PARTY)

        chief, leg = await stack.enter_async_context(house.chief())
        await stack.enter_async_context(speaking(leg, NEXT))
        await chief.post("/live/seats/1002/watch/listen", reason="升级")
        await hears(leg, CITIZEN, PARTY)
        await chief.post("/live/seats/1002/takeover", reason="升级")
        await hears(scene.citizen, NEXT, but=(SEAT, PARTY))
        desk = await chief.get("/desk")
        assert (desk["call"]["call_id"], desk["draft"]["ticket_id"]) == (call_id, ticket["id"])
        again = await chief.post(f"/desk/calls/{call_id}/submit", **ORDER)
        assert again["number"] == ticket["number"]
        await scene.citizen.hang_up()
        (ended,) = await house.until_facts(CallEnded, lambda fact: fact.call_id == call_id)

        detail = await first.get(f"/calls/{call_id}")  # who took part may look back
        assert detail["ticket_id"] == ticket["id"]
        stays = [(leg["kind"], leg["who"], leg["purpose"], leg["why"]) for leg in detail["legs"]]
        assert (stays[0][0], stays[0][3]) == ("citizen", ended.reason)
        assert stays[1:] == [
            ("seat", "1001", "", "left"),
            ("party", DEPARTMENT, "consult", "dismissed"),
            ("seat", "1001", "", "transferred"),
            ("party", "1002", "consult", "took_over"),
            ("seat", "1002", "", "taken_over"),
            ("supervisor", "1003", "listen", "taken_over"),
            ("seat", "1003", "", "call_ended"),
        ]
        for leg in detail["legs"]:
            stayed = (_instant(leg["left_at"]) - _instant(leg["joined_at"])).total_seconds()
            music = leg["held_seconds"] if leg["kind"] == "citizen" else 0.0
            assert 0.2 < leg["talked_seconds"] <= stayed - music + 0.1, leg
        arrived = await house.all(CallArrived)
        assert [fact.call_id for fact in arrived if fact.caller == "13820000002"] == [call_id]
        made = [fact for fact in await house.all(TicketMoved) if fact.from_state == ""]
        assert [(fact.ticket_id, fact.call_id) for fact in made] == [(ticket["id"], call_id)]
        counted = await house.counted(call_id)
        assert (counted["CallEnded"], counted["CallHeld"]) == (1, counted["CallResumed"])
        (ready,) = await house.until_facts(RecordingReady, lambda fact: fact.call_id == call_id, timeout=30)
        assert {"mix", "citizen", "agent", "party"} < set(ready.tracks)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
