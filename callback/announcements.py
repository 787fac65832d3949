"""What speaks when no citizen does: networks' announcements and answering machines, by their words. Pure.

A network that answers a call in order to say "the number does not exist" is a citizen's telephone to SIP. The words
are known and few; a citizen who uses one of them has said something else before, or after.
"""

import re
from collections.abc import Mapping

from callback.lifecycle import Event

_SPOKEN: Mapping[Event, str] = {
    Event.INVALID: r"空号|号码不存在|号码有误|已停机|停止服务|does not exist|not in service",
    Event.BUSY: r"正在通话中|用户正忙|电话正忙|对方正忙|is busy|on the phone now",
    Event.MACHINE: r"留言|语音信箱|滴声后|提示音后|嘟声后|voice ?mail|leave a message|after the (?:tone|beep)",
    Event.NO_ANSWER: r"关机|无法接通|暂时无法接|不在服务区|无人接听|稍后再拨|"
    r"switched off|power(?:ed)? off|cannot be (?:reached|connected)",
}
_PATTERNS = {event: re.compile(words, re.IGNORECASE) for event, words in _SPOKEN.items()}
_TALKS_LONG = ("LONGGREETING", "MAXWORDS", "MAXWORDLENGTH")
"""AMD's reasons that mean a machine. A long silence at the beginning is a citizen who waits for us to speak."""


def announced(text: str) -> Event | None:
    """What an announcement says of the call; None when these are no words of an announcement."""
    said = "".join(text.split()) if re.search(r"[一-鿿]", text) else text
    return next((event for event, pattern in _PATTERNS.items() if pattern.search(said)), None)


def is_machine(found: str) -> bool:
    """Whether AMD() heard a machine: ``MACHINE-LONGGREETING``, ``HUMAN-HUMAN``, ``NOTSURE-TOOLONG`` …"""
    status, _, cause = found.partition("-")
    return status == "MACHINE" and cause in _TALKS_LONG
