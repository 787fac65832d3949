"""Desk phones as devices: what an event says is asked about; what nobody said is found by looking."""

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

    def believe_phones(self, phones: Mapping[str, PhoneState]) -> None:
        self.phones = phones

    async def get_global(self, name: str) -> str:
        self.asked.append(name)
        return self._devices()[name.removeprefix("DEVICE_STATE(").removesuffix(")")]

    async def ask_devices(self) -> dict[str, str]:
        return dict(self._devices())

    def _devices(self) -> Mapping[str, str]:
        if not self.up:
            raise Unavailable("话务平台连接中断", "the link to Asterisk is down")
        return self.devices


def watch(switch: Switch) -> tuple[DeskPhones, list[Observation]]:
    seen: list[Observation] = []
    return DeskPhones(cast(Telephone, switch), seen.append, ("1001", "1002")), seen


def says(device: str, state: str) -> AmiMessage:
    return AmiMessage((("Event", "DeviceStateChange"), ("Device", device), ("State", state)))


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
    await phones.hear(says("PJSIP/1001-sip", "UNAVAILABLE"))  # a caller can forge it
    assert len(seen) == 1
    switch.devices["PJSIP/1001-sip"] = "RINGING"
    await phones.hear(says("PJSIP/1001-sip", "RINGING"))
    assert seen[1:] == [PhoneSeen(seat="1001", state=PhoneState.BUSY)]


async def test_nothing_is_asked_about_other_devices_and_about_what_is_known() -> None:
    switch = Switch(s1001="NOT_INUSE", s1002="UNAVAILABLE")
    phones, _ = watch(switch)
    await phones.compare()
    for device, state in (("PJSIP/trunk", "INUSE"), ("PJSIP/1001", "INUSE"), ("PJSIP/1001-sip", "NOT_INUSE")):
        await phones.hear(says(device, state))
    assert switch.asked == []


async def test_a_link_that_is_down_changes_nothing() -> None:
    switch = Switch(s1001="NOT_INUSE", s1002="UNAVAILABLE")
    phones, seen = watch(switch)
    await phones.compare()
    switch.up = False
    await phones.hear(says("PJSIP/1001-sip", "UNAVAILABLE"))
    await phones.compare()
    assert len(seen) == 1
