"""The event bus: order, bounded queues, nobody waits for anybody."""

import asyncio
from dataclasses import dataclass

import pytest

from hotline.bus import Bus, SubscriberTooSlow
from hotline.facts import Message, Signal


@dataclass(frozen=True, kw_only=True)
class Rang(Signal):
    number: int


@dataclass(frozen=True, kw_only=True)
class Stopped(Signal):
    pass


async def test_messages_come_in_order_and_only_those_asked_for() -> None:
    bus = Bus()
    with bus.subscribe("ears", Rang) as ears:
        for number in range(3):
            bus.publish(Rang(number=number))
            bus.publish(Stopped())
        assert [await anext(ears) for _ in range(3)] == [Rang(number=number) for number in range(3)]


async def test_a_waiting_reader_is_woken() -> None:
    bus = Bus()
    with bus.subscribe("ears") as ears:
        reading = asyncio.ensure_future(anext(ears))
        await asyncio.sleep(0)
        bus.publish(Stopped())
        assert await reading == Stopped()


async def test_who_falls_behind_is_cut_and_the_others_are_not() -> None:
    bus = Bus()
    with bus.subscribe("slow", capacity=2) as slow, bus.subscribe("quick", capacity=10) as quick:
        for number in range(5):
            bus.publish(Rang(number=number))
        with pytest.raises(SubscriberTooSlow):
            await anext(slow)
        assert await anext(quick) == Rang(number=0)


async def test_a_closed_subscription_gives_what_it_has_and_ends() -> None:
    bus = Bus()
    subscription = bus.subscribe("ears")
    bus.publish(Rang(number=1))
    subscription.close()
    bus.publish(Rang(number=2))
    assert [message async for message in subscription] == [Rang(number=1)]


async def test_who_attends_has_what_was_queued_and_then_each_message_in_the_turn_of_its_publishing() -> None:
    bus, heard = Bus(), list[Message]()
    with bus.subscribe("floor", Rang) as floor:
        bus.publish(Rang(number=1))
        attending = asyncio.create_task(floor.attend(heard.append))
        await asyncio.sleep(0)
        bus.publish(Stopped())
        bus.publish(Rang(number=2))
        assert heard == [Rang(number=1), Rang(number=2)]
    await attending


async def test_what_an_attending_function_raises_is_raised_by_attend_and_not_by_publish() -> None:
    bus = Bus()

    def refuse(_: Message) -> None:
        raise ValueError("no")

    with bus.subscribe("floor") as floor, bus.subscribe("ears") as ears:
        attending = asyncio.create_task(floor.attend(refuse))
        await asyncio.sleep(0)
        bus.publish(Stopped())
        assert await anext(ears) == Stopped()
        with pytest.raises(ValueError, match="no"):
            await attending
