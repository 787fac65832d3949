"""The shapes of return visits: the robot, the list for people, messages, campaigns, as OpenAPI tells them."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from agent_desk.models import Instant, Recording, Shape, Utterance, Wish

Name = Annotated[str, Field(max_length=80)]
Group = Annotated[str, Field(max_length=40)]
Grade = Annotated[int, Field(ge=1, le=5)]
GroundKey = Annotated[str, Field(max_length=40)]
HandDisposition = Literal["surveyed", "refused", "wrong_person", "unreachable", "connected"]
CampaignState = Literal["draft", "running", "paused", "stopped", "done"]
_WHAT = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,40}$")]


class Visit(Shape):
    """A return visit, or an entry of a campaign, as the list shows it; grades are 1 (best) to 5."""

    task_id: str
    ticket_id: str
    number: str
    title: str
    kind: str
    state: str
    state_zh: str
    unit: str
    attempt: int
    disposition: str | None
    disposition_zh: str
    solved: bool | None
    satisfaction: int | None
    manner: int | None
    reason: str
    words: str
    grounds: str
    campaign_id: str | None
    phone_masked: str
    due_at: Instant
    created_at: Instant
    done_at: Instant | None
    handed_at: Instant | None


class VisitPage(Shape):
    """A page of them."""

    items: list[Visit]
    total: int
    page: int
    size: int


class Attempt(Shape):
    """One time that the citizen was dialled. ``by``: ``robot`` or an account; recordings are there after the call."""

    channel_id: str
    call_id: str
    by: str
    at: Instant
    ended_at: Instant | None
    outcome: str | None
    recordings: list[Recording] = []
    transcript: list[Utterance] = []


class SmsMessage(Shape):
    """A message to a citizen who was not reached."""

    id: str
    task_id: str
    ticket_id: str
    phone_masked: str
    state: str
    attempts: int
    created_at: Instant
    sent_at: Instant | None
    failure: str | None


class SmsPage(Shape):
    """A page of messages."""

    items: list[SmsMessage]
    total: int
    page: int
    size: int


class VisitDetail(Shape):
    """One return visit with all that was tried."""

    visit: Visit
    attempts: list[Attempt]
    messages: list[SmsMessage]


class RobotCall(Shape):
    """One of the robot's calls."""

    task_id: str
    kind: str
    number: str
    phone_masked: str
    state: str
    since: Instant
    question: str


class Funnel(Shape):
    """Since midnight."""

    dialled: int
    picked_up: int
    surveyed: int
    outcomes: dict[str, int]
    closed: dict[str, int]
    waiting: int
    with_people: int


class RobotView(Shape):
    """The robot now. ``breaker``: ``closed`` all is well, ``open`` the trunk fails, ``half_open`` one call tries."""

    enabled: bool
    paused: bool
    paused_by: str
    breaker: str
    breaker_until: Instant | None
    lines: int
    in_use: int
    per_second: float
    opens_at: Instant | None
    at: Instant
    live: list[RobotCall]
    today: Funnel


class PauseWish(Wish):
    """Why the robot is to be quiet."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class Claim(Shape):
    """Who works on it, and until when nobody else may take it."""

    account: str
    name: str
    until: Instant


class HandTask(Shape):
    """A return visit for people. ``phone`` is there for whoever has taken it."""

    task_id: str
    ticket_id: str
    number: str
    title: str
    kind: str
    state: str
    attempt: int
    disposition: str | None
    handed_at: Instant | None
    created_at: Instant
    phone_masked: str
    phone: str | None
    has_phone: bool
    claim: Claim | None
    mine: bool


class HandPage(Shape):
    """A page of them, longest with people first."""

    items: list[HandTask]
    total: int
    page: int
    size: int


class Ground(Shape):
    """Why somebody counts as unreachable."""

    key: str
    name: str


class HandForm(Shape):
    """What is said, and what may be written down."""

    script: list[str]
    grounds: list[Ground]


class Matter(Shape):
    """What the visit is about, as much as somebody needs who asks the citizen about it."""

    description: str
    place: str
    category: str
    unit_name: str | None
    created_at: Instant
    reply: str | None


class HandDetail(Shape):
    """One task of the list with what was tried. ``matter`` is there for whoever has taken it."""

    task: HandTask
    matter: Matter | None
    attempts: list[Attempt]
    messages: list[SmsMessage]


class Dialled(Shape):
    """The call that is being made; it has this id once the citizen has picked up."""

    call_id: str


class HandResultWish(Wish):
    """What came of it; grades are 1 (满意) to 5 (不满意)."""

    disposition: HandDisposition
    solved: bool | None = None
    satisfaction: Grade | None = None
    manner: Grade | None = None
    words: Annotated[str, Field(max_length=1000)] = ""
    ground: GroundKey = ""


class CampaignQuestion(Shape):
    """A question as the result shows it; ``choices``: key → words."""

    name: _WHAT
    title: Annotated[str, Field(min_length=1, max_length=80)]
    choices: Annotated[dict[Annotated[str, Field(max_length=4)], Name], Field(max_length=12)]


class CampaignWish(Wish):
    """A campaign without its list. ``quotas``: group → answers wanted, under the empty name of all together."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    goal: Annotated[str, Field(max_length=500)] = ""
    flow: Annotated[str, Field(min_length=1, max_length=40)]
    questions: Annotated[list[CampaignQuestion], Field(max_length=30)] = []
    quotas: Annotated[dict[Group, Annotated[int, Field(ge=1, le=1_000_000)]], Field(max_length=200)] = {}
    hours: Annotated[str, Field(max_length=11)] = ""
    begins_on: date | None = None
    ends_on: date | None = None


class Campaign(Shape):
    """A campaign; ``entries``, ``done`` and ``surveyed`` are counts."""

    id: str
    name: str
    goal: str
    state: CampaignState
    state_zh: str
    flow: str
    questions: list[CampaignQuestion]
    quotas: dict[str, int]
    hours: str
    begins_on: date | None
    ends_on: date | None
    created_at: Instant
    created_by: str
    started_at: Instant | None
    ended_at: Instant | None
    entries: int = 0
    done: int = 0
    surveyed: int = 0


class CampaignPage(Shape):
    """A page of campaigns, newest first."""

    items: list[Campaign]
    total: int
    page: int
    size: int


class FlowList(Shape):
    """The flows that a campaign may play."""

    items: list[str]


class ListFault(Shape):
    """What is wrong with one line of a list."""

    line: int
    zh: str
    en: str


class ListOutcome(Shape):
    """What became of an upload: with faults that were not to be passed over nothing is kept."""

    kept: int
    """Entries of the campaign now; 0 when nothing was kept."""
    read: int
    """Lines that hold a number."""
    faults: list[ListFault]
    more_faults: int


class QueryWish(Wish):
    """Whom to ask: the citizens of these work orders, each number once."""

    state: Name = ""
    unit: Name = ""
    category: Name = ""
    type: Name = ""
    area: Name = ""
    since: date | None = None
    until: date | None = None
    group_by: Literal["", "unit", "area", "category"] = ""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: Annotated[str, Field(max_length=40)] = ""


class CampaignEntry(Shape):
    """One person to be asked."""

    id: str
    place: int
    name: str
    group: str
    note: str
    ticket_id: str | None
    phone_masked: str
    state: Literal["waiting", "robot", "done"]
    task_id: str | None
    disposition: str | None
    answers: dict[str, Any]
    words: str
    done_at: Instant | None


class EntryPage(Shape):
    """A page of entries, in the order of the list."""

    items: list[CampaignEntry]
    total: int
    page: int
    size: int


class DispositionSum(Shape):
    """How many entries ended so; the empty name: not yet."""

    disposition: str
    zh: str
    count: int


class GroupSum(Shape):
    """How far a group is."""

    group: str
    quota: int | None
    surveyed: int
    waiting: int
    with_robot: int


class ChoiceSum(Shape):
    """How often a key was pressed; ``share`` of those who answered this question."""

    key: str
    label: str
    count: int
    share: float


class QuestionSum(Shape):
    """How a question was answered."""

    name: str
    title: str
    answered: int
    choices: list[ChoiceSum]


class CampaignResult(Shape):
    """What a campaign found so far."""

    entries: int
    dispositions: list[DispositionSum]
    groups: list[GroupSum]
    questions: list[QuestionSum]
