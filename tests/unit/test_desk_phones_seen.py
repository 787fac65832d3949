"""Desk phones as devices: what an event says is asked about; what nobody said is found by looking."""

import asyncio
from collections.abc import Mapping
from typing import cast

from hotline.errors import Unavailable
from telephony.desk_phones import DeskPhones, read_state
from telephony.messages import AmiMessage
from telephony.observations import Observation, PhoneSeen, PhoneState
from telephony.verbs import Telephone


class Switch:
    """As much of the telephone as is asked, with the devices that Asterisk really has."""

    def __init__(self, **devices: str) -> None:
        self.devices = {f"PJSIP/{seat.removeprefix('s')}-sip": state for seat, state in devices.items()}
        self.phones: Mapping[str, PhoneState] = {}
        self.asked: list[str] = []
        self.up = True
        self.lets_go = asyncio.Event()
        """Cleared: what was found out about all devices is on its way."""
        self.lets_go.set()

    def believe_phones(self, phones: Mapping[str, PhoneState]) -> None:
        self.phones = phones

    async def get_global(self, name: str) -> str:
        self.asked.append(name)
        return self._devices()[name.removeprefix("DEVICE_STATE(").removesuffix(")")]

    async def ask_devices(self) -> dict[str, str]:
        found = dict(self._devices())
        await self.lets_go.wait()
        return found

    def _devices(self) -> Mapping[str, str]:
        if not self.up:
            raise Unavailable("话务平台连接中断", "the link to Asterisk is down")
        return self.devices


def watch(switch: Switch) -> tuple[DeskPhones, list[Observation]]:
    seen: list[Observation] = []
    return DeskPhones(cast(Telephone, switch), seen.append, ("1001", "1002")), seen


def says(device: str, state: str) -> AmiMessage:
    return AmiMessage((("Event", "DeviceStateChange"), ("Device", device), ("State", state)))


async def heard(phones: DeskPhones, event: AmiMessage) -> None:
    """The event, and the answer to what is asked about it."""
    if (asking := phones.hear(event)) is not None:
        await asking


def test_asterisks_words() -> None:
    words = {"NOT_INUSE": PhoneState.FREE, "UNAVAILABLE": PhoneState.ABSENT, "": PhoneState.ABSENT}
    assert {word: read_state(word) for word in words} == words
    assert {read_state(word) for word in ("INUSE", "RINGING", "BUSY", "ONHOLD", "RINGINUSE")} == {PhoneState.BUSY}


async def test_what_differs_is_told_once() -> None:
    switch = Switch(s1001="NOT_INUSE", s1002="UNAVAILABLE")
    phones, seen = watch(switch)
    await phones.compare()
    await phones.compare()
    assert seen == [PhoneSeen(seat="1001", state=PhoneState.FREE)]
    assert switch.phones == {"1001": PhoneState.FREE, "1002": PhoneState.ABSENT}


async def test_an_event_that_lies_is_not_believed() -> None:
    switch = Switch(s1001="NOT_INUSE", s1002="UNAVAILABLE")
    phones, seen = watch(switch)
    await phones.compare()
    await heard(phones, says("PJSIP/1001-sip", "UNAVAILABLE"))  # a caller can forge it
    assert len(seen) == 1
    switch.devices["PJSIP/1001-sip"] = "RINGING"
    await heard(phones, says("PJSIP/1001-sip", "RINGING"))
    assert seen[1:] == [PhoneSeen(seat="1001", state=PhoneState.BUSY)]


async def test_what_is_heard_during_a_look_is_newer_than_what_the_look_shows() -> None:
    switch = Switch(s1001="NOT_INUSE", s1002="UNAVAILABLE")
    phones, seen = watch(switch)
    await phones.compare()
    switch.devices["PJSIP/1001-sip"] = "INUSE"
    switch.lets_go.clear()
    looking = asyncio.create_task(phones.compare())
    await asyncio.sleep(0)
    switch.devices["PJSIP/1001-sip"] = "NOT_INUSE"
    hearing = asyncio.create_task(heard(phones, says("PJSIP/1001-sip", "NOT_INUSE")))
    await asyncio.sleep(0)
    switch.lets_go.set()
    await asyncio.gather(looking, hearing)
    assert switch.phones["1001"] is PhoneState.FREE
    assert len(seen) == 3


async def test_nothing_is_asked_about_other_devices_and_about_what_is_known() -> None:
    switch = Switch(s1001="NOT_INUSE", s1002="UNAVAILABLE")
    phones, _ = watch(switch)
    await phones.compare()
    for device, state in (("PJSIP/trunk", "INUSE"), ("PJSIP/1001", "INUSE"), ("PJSIP/1001-sip", "NOT_INUSE")):
        await heard(phones, says(device, state))
    assert switch.asked == []


async def test_a_link_that_is_down_changes_nothing() -> None:
    switch = Switch(s1001="NOT_INUSE", s1002="UNAVAILABLE")
    phones, seen = watch(switch)
    await phones.compare()
    switch.up = False
    await heard(phones, says("PJSIP/1001-sip", "UNAVAILABLE"))
    await phones.compare()
    assert len(seen) == 1
