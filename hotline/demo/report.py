"""What happened, read from the ledger and from nowhere else: the eight steps with their ids and timings."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from hotline import ledger
from hotline.database import Database
from hotline.facts import Fact
from hotline.facts.callbacks import CallbackAnswered, CallbackDialled, CallbackDone, CallbackDue, CallbackKeyed
from hotline.facts.calls import CallArrived, CallConnected, CallEnded, CallOffered, CallQueued, OfferEnded
from hotline.facts.recordings import RecordingReady
from hotline.facts.seats import SeatStateObserved, SeatStatusChosen
from hotline.facts.speech import UtteranceHeard
from hotline.facts.tickets import TicketMoved

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True)
class Step:
    """One step of the story, as the ledger shows it."""

    number: int
    zh: str
    en: str
    seen: bool
    ids: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """Durations, in seconds."""


@dataclass(frozen=True)
class Story:
    """The facts of one call, its work order and its return visits, in order."""

    facts: Sequence[Fact]

    def all(self, kind: type[F], fits: Callable[[F], object] = lambda _: True) -> list[F]:
        """The facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind) and fits(fact)]

    def first(self, kind: type[F], fits: Callable[[F], object] = lambda _: True) -> F | None:
        """The first fact of one kind that fits."""
        return next(iter(self.all(kind, fits)), None)


async def read_story(database: Database, call_id: str) -> Story:
    """Collect from the ledger what belongs to one call: its own facts, its work order's, its seat's."""
    of_call = [entry async for entry in ledger.read(database, call_id=call_id)]
    tickets = {entry.fact.ticket_id for entry in of_call if isinstance(entry.fact, TicketMoved)}
    entries = {entry.seq: entry for entry in of_call}
    for ticket_id in tickets:
        entries |= {entry.seq: entry async for entry in ledger.read(database, ticket_id=ticket_id)}
    seats = {entry.fact.seat for entry in of_call if isinstance(entry.fact, CallConnected)}
    since = min((entry.fact.at for entry in of_call), default=None)
    kinds = (SeatStateObserved, SeatStatusChosen)
    entries |= {e.seq: e async for e in ledger.read(database, kinds=kinds, since=since) if _seat_of(e.fact) in seats}
    return Story([entries[seq].fact for seq in sorted(entries)])


def steps_of(story: Story, *, live_messages: int, hash_matches: bool, verdict: str) -> list[Step]:
    """Judge the eight steps. ``verdict``: the state in which the work order must end (``closed`` or ``rework``)."""
    return [
        _arrival(story),
        _conversation(story),
        _transcript(story),
        _work_order(story),
        _recording(story, hash_matches),
        _department(story),
        _return_visit(story, verdict),
        _live_room(story, live_messages),
    ]


def _arrival(story: Story) -> Step:
    arrived, queued = story.first(CallArrived), story.first(CallQueued)
    seen = arrived is not None and queued is not None
    ids = {"call": arrived.call_id, "line": arrived.line} if arrived else {}
    return Step(1, "来电、问候、排队", "dialled, greeted, waiting", seen, ids, _between(greeting=(arrived, queued)))


def _conversation(story: Story) -> Step:
    offered, connected, ended = story.first(CallOffered), story.first(CallConnected), story.first(CallEnded)
    accepted = story.first(OfferEnded, lambda fact: fact.outcome == "accepted")
    seen = all((offered, accepted, connected, ended))
    ids = {"seat": connected.seat, "offer": offered.offer_id} if connected and offered else {}
    times = _between(to_answer=(story.first(CallQueued), connected), talk=(connected, ended))
    return Step(2, "派给座席、接听、通话", "offered, accepted, talking", seen, ids, times)


def _transcript(story: Story) -> Step:
    citizen = story.all(UtteranceHeard, lambda fact: fact.who == "citizen")
    agent = story.all(UtteranceHeard, lambda fact: fact.who == "agent")
    live = [fact for fact in (*citizen, *agent) if not fact.repaired]
    delays = [(fact.at - fact.started_at).total_seconds() - fact.seconds for fact in live]
    times = {"slowest_utterance": round(max(delays), 2)} if delays else {}
    ids = {"citizen": len(citizen), "agent": len(agent)}
    return Step(3, "双方语音实时转写", "both voices transcribed live", bool(citizen and agent), ids, times)


def _work_order(story: Story) -> Step:
    submitted = story.first(TicketMoved, lambda fact: fact.action == "submit")
    dispatched = story.first(TicketMoved, lambda fact: fact.to_state == "dispatched")
    ids = {"number": dispatched.number, "ticket": dispatched.ticket_id} if dispatched else {}
    seen = submitted is not None and dispatched is not None
    return Step(4, "生成工单并派单", "work order dispatched", seen, ids, _between(dispatch=(submitted, dispatched)))


def _recording(story: Story, hash_matches: bool) -> Step:
    ready = story.first(RecordingReady)
    seen = ready is not None and hash_matches and len(ready.tracks) == 3
    ids = {"recording": ready.recording_id, "sha256": ready.sha256[:12]} if ready else {}
    times = _between(mixdown=(story.first(CallEnded), ready)) | ({"audio": ready.seconds} if ready else {})
    return Step(5, "录音合成、校验、可播放", "recording mixed, hashed, playable", seen, ids, times)


def _department(story: Story) -> Step:
    signed = story.first(TicketMoved, lambda fact: fact.action == "sign")
    replied = story.first(TicketMoved, lambda fact: fact.action == "reply")
    due = story.first(CallbackDue)
    ids = {"callback": due.task_id} if due else {}
    return Step(6, "承办单位签收、回复", "department signed, replied", all((signed, replied, due)), ids)


def _return_visit(story: Story, verdict: str) -> Step:
    dialled, answered, done = story.first(CallbackDialled), story.first(CallbackAnswered), story.first(CallbackDone)
    keys = {fact.question: fact.key for fact in story.all(CallbackKeyed)}
    concluded = story.first(TicketMoved, lambda fact: fact.to_state == verdict)
    seen = all((dialled, answered, done, concluded)) and {"solved", "satisfied"} <= keys.keys()
    ids = {"keys": keys, "disposition": done.disposition if done else None, "verdict": verdict}
    times = _between(ring=(dialled, answered), survey=(answered, done))
    return Step(7, "机器人回访、评价", "return visit by the robot", seen, ids, times)


def _live_room(story: Story, live_messages: int) -> Step:
    states = [fact.state for fact in story.all(SeatStateObserved)]
    walked = _in_order(states, ["offered", "talking", "wrap_up", "idle"])
    return Step(8, "班长实时监看", "supervisor's live room", walked and live_messages > 0, {"messages": live_messages})


def _in_order(states: Iterable[str], wanted: Sequence[str]) -> bool:
    rest = iter(states)
    return all(any(state == one for state in rest) for one in wanted)


def _between(**pairs: tuple[Fact | None, Fact | None]) -> dict[str, float]:
    return {
        name: round((second.at - first.at).total_seconds(), 3)
        for name, (first, second) in pairs.items()
        if first is not None and second is not None
    }


def _seat_of(fact: Fact) -> str | None:
    return fact.seat if isinstance(fact, SeatStateObserved | SeatStatusChosen) else None


def print_report(steps: Sequence[Step], console: Console, title: str) -> None:
    """The table a newcomer reads."""
    table = Table(title=title, title_justify="left")
    for name in ("", "步骤 / step", "编号 / ids", "秒 / seconds"):
        table.add_column(name, overflow="fold")
    for step in steps:
        mark = "[green]✓[/]" if step.seen else "[red]✗ 未见 / not seen[/]"
        ids = "  ".join(f"{name}={value}" for name, value in step.ids.items())
        times = "  ".join(f"{name} {value:g}" for name, value in step.seconds.items())
        table.add_row(mark, f"{step.number} {step.zh}\n  {step.en}", ids, times)
    console.print(table)


def write_report(
    path: Path, stories: dict[str, Sequence[Step]], complete: bool, started: datetime, finished: datetime
) -> None:
    """The same as JSON."""
    body = {
        "started_at": started.isoformat(),
        "finished_at": finished.isoformat(),
        "complete": complete,
        "stories": {name: [asdict(step) for step in steps] for name, steps in stories.items()},
    }
    path.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
