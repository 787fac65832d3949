"""draft.fields_right: of the fields of work orders drafted from dialogues that nobody tuned to, how many are right?

234 synthetic dialogues (tests/data/dialogues-heldout.jsonl), seven fields each. Peer: the keyword drafter that this one
replaced, taken from the repository's history and run on the same file. A place's detail is right when it holds all of
the wanted one and at most four signs more. draft.update_p95: the time that one more utterance takes, in milliseconds.
"""

import asyncio
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.registry import Tell
from bench.rows import Row
from hotline.errors import Unavailable
from tickets.dialogue import Spoken
from tickets.draft_commands import shape
from tickets.site import drafter_without_site

COMMAND = "make bench ONLY=draft"
PEER = "d8331a8"
ROOT = Path(__file__).resolve().parents[1]
DIALOGUES = ROOT / "tests" / "data" / "dialogues-heldout.jsonl"
RAMBLING = ROOT / "tests" / "drafting" / "rambling.txt"
SEALED = ("later.txt", "sealed.txt", "unseen.txt")
"""Below tests/drafting: told apart from the rules; what each was used for stands at its head."""
FIELDS = ("type", "category", "county", "detail", "urgency", "phone", "repeat")
_PEER_PROGRAM = """
import json, sys
from pathlib import Path
from hotline.settings import load_settings
from tickets.draft import Spoken
from tickets.site import TicketSite
drafter = TicketSite.of(load_settings(Path("config.yaml"))).drafter
for line in sys.stdin:
    one = json.loads(line)
    spoken = [Spoken(turn["who"], turn["text"]) for turn in one["turns"]]
    values = dict(drafter.compose(spoken, "", {}).values)
    county = drafter.gazetteer.county_of(values["place"])
    values["place"] = {"county": county, "detail": values["place"].removeprefix(county)}
    values["repeat"] = False
    print(json.dumps({"id": one["id"], **values}, ensure_ascii=False))
"""


async def run(tell: Tell) -> Sequence[Row]:
    """Measure; about ten seconds."""
    dialogues = [json.loads(line) for line in DIALOGUES.read_text(encoding="utf-8").splitlines()]
    drafts, delays = await asyncio.to_thread(draft_all, dialogues)
    ours = judge(dialogues, drafts)
    peers = judge(dialogues, await asyncio.to_thread(draft_as_before))
    for field in (*FIELDS, "all"):
        tell(f"{field:9} ours {ours[field]:6.1%}  before {peers[field]:6.1%}")
    p95 = sorted(delays)[math.ceil(len(delays) * 0.95) - 1] * 1000
    rambling = read_rambling()
    theirs = judge(rambling, (await asyncio.to_thread(draft_all, rambling))[0])
    by_field = ", ".join(f"{field} {theirs[field]:.1%}" for field in ("type", "category", "detail"))
    tell(f"of {len(rambling)} rambling dialogues {theirs['all']:.1%}: {by_field}")
    for name in SEALED:
        told = read_told(RAMBLING.with_name(name))
        theirs = judge(told, (await asyncio.to_thread(draft_all, told))[0])
        tell(f"of {len(told)} in {name} {theirs['all']:.1%}: " + ", ".join(f"{f} {theirs[f]:.1%}" for f in FIELDS))
    tell(f"one utterance more: p95 {p95:.1f} ms, worst {max(delays) * 1000:.1f} ms, of {len(delays)}")
    ours_all, peers_all = round(ours["all"], 4), round(peers["all"], 4)
    return [
        Row("draft.fields_right", "share", ours_all, peers_all, f"keywords at {PEER}", COMMAND),
        Row("draft.update_p95", "ms", round(p95, 2), 200.0, "the promise", COMMAND),
    ]  # fmt: skip


def read_rambling() -> list[dict[str, Any]]:
    """The half of tests/drafting/rambling.txt that nobody looked at while the rules changed."""
    return read_told(RAMBLING)[::2]


def read_told(path: Path) -> list[dict[str, Any]]:
    """Dialogues of a file below tests/drafting: their labels, the telephone if it is among them, what was said."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [_told(number, line) for number, line in enumerate(lines, start=1)]


def _told(number: int, line: str) -> dict[str, Any]:
    category, kind, urgency, county, detail, repeat, *phone, told = line.split("|")
    turns = [
        {"who": "agent" if turn.startswith("问") else "citizen", "text": turn.removeprefix("问")}
        for turn in told.split("/")
    ]
    wanted = {
        "category": category,
        "type": kind,
        "urgency": urgency,
        "county": county,
        "detail": detail,
        "phone": "".join(phone),
    }
    return {"id": f"r{number:03}", "turns": turns, "wanted": wanted | {"repeat": repeat == "1"}}


def draft_all(dialogues: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], list[float]]:
    """The drafts, each composed anew after every utterance as in a call; how long each update took, in seconds."""
    drafter = drafter_without_site()
    drafts, delays = [], []
    for one in dialogues:
        spoken = [Spoken(turn["who"], turn["text"]) for turn in one["turns"]]
        made: dict[str, Any] = {}
        for count in range(1, len(spoken) + 1):
            began = time.perf_counter()
            made = shape(one["id"], drafter, spoken[:count])
            delays.append(time.perf_counter() - began)
        drafts.append(made)
    return drafts, delays


def draft_as_before() -> list[dict[str, Any]]:
    """What the drafter at ``PEER`` makes of the same dialogues. Raises Unavailable outside of a clone with history."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            tree = subprocess.run(
                ["git", "archive", PEER, "tickets", "hotline", "config.yaml"], cwd=ROOT, check=True, capture_output=True
            )
            subprocess.run(["tar", "-x", "-C", folder], input=tree.stdout, check=True)
            made = subprocess.run(
                [sys.executable, "-c", _PEER_PROGRAM],
                input=DIALOGUES.read_bytes(), cwd=folder, check=True, capture_output=True, env={"PYTHONPATH": folder},
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError) as failure:
            raise Unavailable("找不到作对比的旧版本", f"the drafter at {PEER} could not be run: {failure}") from failure
    return [json.loads(line) for line in made.stdout.decode().splitlines()]


def judge(dialogues: Sequence[Mapping[str, Any]], drafts: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Field → share right, and ``all``: of all fields together."""
    right = dict.fromkeys(FIELDS, 0)
    for one, draft in zip(dialogues, drafts, strict=True):
        for field in FIELDS:
            right[field] += is_right(field, one["wanted"], draft)
    shares = {field: count / len(dialogues) for field, count in right.items()}
    return shares | {"all": sum(right.values()) / len(dialogues) / len(FIELDS)}


def is_right(field: str, wanted: Mapping[str, Any], draft: Mapping[str, Any]) -> bool:
    """Whether one field of a draft is what was wanted."""
    match field:
        case "county":
            return bool(draft["place"]["county"] == wanted["county"])
        case "detail":
            detail, want = draft["place"]["detail"], wanted["detail"]
            return want in detail and len(detail) <= len(want) + 4 if want else not detail
        case _:
            return bool(draft[field] == wanted[field])
