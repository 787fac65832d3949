"""The words of FastAGI: the environment that opens a session, commands, replies. Pure.

panoramisk's reply parser is not used: it takes a variable whose value is ``hangup`` for a hang-up, and a closed socket
for a number.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotline.errors import RuleBroken

_REPLY = re.compile(r"(?P<code>[0-9]{3})[ -](?:result=(?P<result>-?[0-9*#]*))?\s*(?:\((?P<value>.*)\))?(?P<rest>.*)")
_END = re.compile(r"endpos=([0-9]{1,12})")
_KEYS = "0123456789*#ABCD"
_LAST_KEY = "agi_threadid"
"""The last line of the environment that is always there; arguments (``agi_arg_1`` …) may follow."""


class BadDialogue(ValueError):
    """The other side does not speak FastAGI, or a caller has put lines of his own into it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Asterisk's answer to a command."""

    code: int
    result: str = ""
    value: str | None = None
    """What stood in brackets: a variable's value, ``timeout`` …"""
    end: int = 0
    """``endpos``: samples played or recorded."""

    @property
    def key(self) -> str | None:
        """The key that was pressed: ``result`` is its character code, 0 for none."""
        pressed = chr(int(self.result)) if self.result.isdecimal() and int(self.result) < 128 else ""
        return pressed if pressed and pressed in _KEYS else None


def read_environment(lines: Sequence[str]) -> dict[str, str]:
    """The session's opening lines as a dict. BadDialogue when one is repeated, misshapen, or the end is missing.

    A caller id with a line feed in it shows as just that: Asterisk writes each key once, and ``agi_threadid`` last.
    """
    environment: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if not colon or not key.startswith("agi_"):
            raise BadDialogue("a line that is no agi_ variable")
        if key in environment:
            raise BadDialogue("a variable given twice")
        environment[key] = value[1:] if value.startswith(" ") else value
    if _LAST_KEY not in environment:
        raise BadDialogue(f"no {_LAST_KEY}")
    return environment


def read_reply(line: str) -> Reply:
    """A reply's line. BadDialogue when it is none."""
    match = _REPLY.fullmatch(line)
    if match is None:
        raise BadDialogue("a line that is no reply")
    end = _END.search(match["rest"])
    return Reply(int(match["code"]), match["result"] or "", match["value"], int(end[1]) if end else 0)


def write_command(*words: str) -> str:
    """A command's line; arguments are quoted. RuleBroken when one contains a line break."""
    if any(character in word for word in words for character in "\r\n\0"):
        raise RuleBroken("指令含有换行符", "an AGI command contains a line break", code="line_break")
    verb, *arguments = words
    quoted = ['"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"' for argument in arguments]
    return " ".join([verb, *quoted]) + "\n"


def split_script(environment: Mapping[str, str]) -> tuple[str, str]:
    """Path and query of the URL asked for: ``callback?task=7`` → ("callback", "task=7")."""
    path, _, query = environment.get("agi_network_script", "").partition("?")
    return path, query
