"""Figures of the live page and of any window of the past are the same, across restarts and midnight."""

from datetime import UTC, datetime, timedelta
from random import Random

from hotline import ledger
from hotline.bus import Bus
from hotline.clock import FakeClock
from hotline.database import Database
from hotline.facts.alarms import AlarmRaised
from hotline.settings import Alarm, Group, Line, Seat, Settings
from ivr import store, tables
from ivr.kpi import Kpi
from ivr.orders import Connect, Step
from ivr.people import Call, SeatLeg
from ivr.readings import kpi_over
from ivr.service import CallCentre
from ivr.views import SeatStatus
from telephony.fake import FakeTelephony

EVENING = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
SETTINGS = Settings(
    lines=[Line(number="12345", group="general", priority=3, needs={"交通": 2})],
    groups=[Group(id="general", name="综合", wrap_up_seconds=30), Group(id="other", name="其他")],
    seats=[Seat(id="1001", groups=["general"], skills={"交通": 2}), Seat(id="1002", groups=["general", "other"])],
)


class Night:
    """Calls from ten in the evening to four in the morning, each step written as the engine writes it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock(EVENING)
        self.centre = CallCentre(SETTINGS, database, Bus(), FakeTelephony(lambda _: None), self.clock)

    async def did(self, step: Step) -> None:
        floor = self.centre.floor
        async with self.database.unit_of_work() as uow:
            for fact in step.facts:
                uow.record(fact)
            await store.upsert(uow, tables.calls, [store.call_row(floor.calls[c]) for c in step.calls])
            await store.upsert(uow, tables.seats, [store.seat_row(floor.seats[s]) for s in step.seats])
        for order in step.orders:
            if isinstance(order, Connect):
                await self.did(floor.connected(order.call_id, order.offer_id, order.seat, self.clock.now()))

    async def passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.did(self.centre.floor.tick(self.clock.now()))

    async def play(self, calls: int) -> None:
        floor, random = self.centre.floor, Random(8)
        for seat in ("1001", "1002"):
            await self.did(floor.screen_opened(seat, f"agent{seat}", "小李", self.clock.now()))
            await self.did(floor.leg_parked(seat, SeatLeg(f"PJSIP/{seat}-1", f"leg{seat}"), self.clock.now()))
            await self.did(floor.status_chosen(seat, SeatStatus.READY, None, None, None, self.clock.now()))
        for number in range(calls):
            call = Call(
                f"call{number}",
                "13800000001",
                "12345",
                "12345",
                random.choice(("general", "other")),
                f"PJSIP/t-{number}",
                f"u{number}",
                self.clock.now(),
            )
            await self.did(floor.call_arrived(call, self.clock.now()))
            await self.did(floor.call_queued(call.call_id, self.clock.now()))
            await self.passes(random.randrange(25))
            for place in floor.seats.values():
                if place.offer is not None and random.random() < 0.7:
                    await self.did(floor.accept(place.id, place.offer.offer_id, "agent", self.clock.now()))
            await self.passes(random.randrange(700))
            for known in list(floor.calls.live.values()):
                if random.random() < 0.6:
                    await self.did(floor.call_gone(known.call_id, self.clock.now()))
            for place in floor.seats.values():
                if place.status is not SeatStatus.READY:
                    await self.did(floor.status_chosen(place.id, SeatStatus.READY, None, None, None, self.clock.now()))


def without_occupancy(kpi: Kpi) -> dict[str, object]:
    return {name: getattr(kpi, name) for name in Kpi.__dataclass_fields__ if name != "occupancy"}


async def test_live_and_past_agree_and_midnight_changes_nothing(database: Database) -> None:
    night = Night(database)
    await night.play(40)
    now = night.clock.now()
    assert now.date() > EVENING.date()
    for window in (timedelta(hours=24), timedelta(hours=2), timedelta(minutes=20)):
        live = night.centre.kpi(window)
        past = await kpi_over(database, now - window, now)
        assert live == past
        assert live.arrived > 0
    for group in ("general", "other"):
        assert without_occupancy(night.centre.kpi(timedelta(hours=24), group)) == without_occupancy(
            await night.centre.kpi_over(now - timedelta(hours=24), now, group)
        )
    assert night.centre.kpi(timedelta(hours=24)).answered > 5


async def test_a_restart_changes_no_figure_of_calls(database: Database) -> None:
    night = Night(database)
    await night.play(20)
    before = night.centre.kpi(timedelta(hours=24))
    restarted = CallCentre(SETTINGS, database, Bus(), FakeTelephony(lambda _: None), night.clock)
    await restarted.load()
    after = restarted.kpi(timedelta(hours=24))
    assert after == before
    assert [restarted.floor.figures.taken_by(seat) for seat in ("1001", "1002")] == [
        night.centre.floor.figures.taken_by(seat) for seat in ("1001", "1002")
    ]


async def test_the_agent_of_last_time_is_remembered(database: Database) -> None:
    night = Night(database)
    await night.play(10)
    assert await store.last_agent_of(database, "13800000001") in ("agent1001", "agent1002")
    assert await store.last_agent_of(database, "13900000009") is None


async def test_an_alarm_is_kept_and_told(database: Database) -> None:
    limit = SETTINGS.model_copy(update={"alarms": [Alarm(name="等候过久", figure="longest_wait", above=60)]})
    clock = FakeClock(EVENING)
    centre = CallCentre(limit, database, Bus(), FakeTelephony(lambda _: None), clock)
    call = Call("c1", "138", "12345", "12345", "general", "PJSIP/t-1", "u1", clock.now())
    centre.floor.call_arrived(call, clock.now())
    centre.floor.call_queued("c1", clock.now())
    clock.advance(61)
    step = centre.watch.judge(clock.now())
    async with database.unit_of_work() as uow:
        for fact in step.facts:
            uow.record(fact)
    kept = [entry.fact async for entry in ledger.read(database, kinds=[AlarmRaised])]
    assert [(f.name, f.value) for f in kept if isinstance(f, AlarmRaised)] == [("等候过久", 61.0)]
