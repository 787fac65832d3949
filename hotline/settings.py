"""The site's settings: one YAML file, checked whole on load.

Unknown keys and bad values are refused with the key's path, all of them at once. Secrets never stand in the
file: they come from the environment or are generated into ``<storage.folder>/secrets.json`` on the first run.
"""

import json
import os
import secrets
from datetime import date, time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, AwareDatetime, Field, ValidationError, model_validator

from hotline.errors import ConfigurationError
from hotline.outreach import ByHand, Campaigns, Sms
from hotline.oversight import Assessment, Projects, Quality, Supervision
from hotline.section import Section


def _address(value: str) -> str:
    ip_address(value)
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as failure:
        raise ValueError(f"unknown time zone {value!r}") from failure
    return value


Address = Annotated[str, AfterValidator(_address)]
Port = Annotated[int, Field(ge=1, le=65535)]
Number = Annotated[str, Field(pattern=r"^[0-9*#+]{1,32}$")]
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,32}$")]
Window = tuple[time, time]
Skill = Annotated[str, Field(min_length=1, max_length=20)]
Level = Annotated[int, Field(ge=1, le=10)]
Priority = Annotated[int, Field(ge=0, le=1440)]
"""Minutes of head start in the line: a call of priority 10 is served as if it had waited ten minutes longer."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Strategy = Literal["longest_idle", "fewest_calls", "last_agent", "round_robin", "ring_all", "skill_level_first"]


class Site(Section):
    """Who and where this hotline is."""

    name: str = "示范市 12345 市民热线"
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    area_code: str = "0539"

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which people read times and working hours count."""
        return ZoneInfo(self.timezone)


class Storage(Section):
    """Where data lives."""

    folder: Path = Path("var")
    """Where a run's data lives; relative to the configuration file."""
    database: str = ""
    """SQLAlchemy URL; empty means SQLite in ``folder``."""
    downloads: Path | None = None
    """Where fetched programs and models are unpacked, shared by several runs; None means ``folder``."""


class Trunk(Section):
    """The carrier's gateway: citizens come from ``host``; calls out go to ``host:port``."""

    host: Address = "127.0.0.1"
    port: Port = 5090
    qualify_seconds: Annotated[int, Field(ge=0, le=300)] = 0
    """So often the gateway is asked whether it is there (SIP OPTIONS): one that is silent is dialled by nobody, and the
    robot waits for it. 0: never, for a gateway that answers no OPTIONS."""


class Asterisk(Section):
    """The telephone switch and the ports between it and us."""

    binary: str = "auto"
    """``auto`` (the machine's own ≥ 18, else one fetched into ``storage.folder``) or a path."""
    host: Address = "127.0.0.1"
    """Where SIP, RTP and the browsers' WebSocket listen. AMI, FastAGI and AudioSocket stay on loopback."""
    sip_port: Port = 5060
    http_port: Port = 8088
    ami_port: Port = 5038
    agi_port: Port = 4573
    audiosocket_port: Port = 9092
    rtp_first: Port = 10000
    rtp_last: Port = 12000
    fallback_after_seconds: Annotated[int, Field(ge=2, le=60)] = 5
    """A heartbeat older than this sends citizens to Asterisk's own queue."""
    phone_silence_seconds: Annotated[int, Field(ge=3, le=300)] = 7
    """A phone's leg from which no sound came so long is cut off: it is hung up, and its citizen is served anew."""
    browser_silence_seconds: Annotated[int, Field(ge=3, le=300)] = 13
    """The same for a browser: a talk outlives ten seconds without network. That it is cut off its feed tells first."""
    party_ring_seconds: Annotated[int, Field(ge=2, le=120)] = 25
    """How long each number of a department, or any other third party, is rung."""
    parking_seconds: Annotated[int, Field(ge=5, le=3600)] = 180
    """A parked citizen whom nobody picks up for so long goes to the front of the line."""
    trunk: Trunk = Trunk()

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        names = ("sip_port", "http_port", "ami_port", "agi_port", "audiosocket_port")
        seen: dict[int, str] = {}
        for name in names:
            port = getattr(self, name)
            if port in seen:
                raise ValueError(f"{name} and {seen[port]} are both {port}")
            seen[port] = name
        if self.rtp_last - self.rtp_first < 100:
            raise ValueError("rtp_first to rtp_last must span at least 100 ports")
        return self


class Web(Section):
    """Where browsers find us."""

    host: Address = "127.0.0.1"
    port: Port = 8012
    session_hours: Annotated[int, Field(ge=1, le=72)] = 12


class Line(Section):
    """A number that citizens dial, and the group that answers it."""

    number: Number
    label: str = ""
    group: Token
    needs: dict[Skill, Level] = {}
    """Skills that whoever answers this number must have, with the least level."""
    priority: Priority = 0
    flow: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] = "standard"
    """What the citizen goes through before an agent: ``ivr/flows`` or ``<storage.folder>/flows``."""


class Notice(Section):
    """An announcement for a time: a storm, a burst main."""

    prompt: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$")]
    """A prompt of ours, or the site's own recording in ``<storage.folder>/sounds/zh/hotline``."""
    since: AwareDatetime
    until: AwareDatetime
    lines: list[Number] = []
    """Which numbers; empty: all."""


class Ivr(Section):
    """What flows ask about the time of day."""

    day_hours: list[Window] = []
    """When it is day for the night plan; empty: day and night alike. A window may run over midnight."""
    notices: list[Notice] = []
    repeat_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    """Who calls within so many minutes after giving up is marked for the agent: it is the same need."""


class Overflow(Section):
    """When the seats of another group may answer a group's citizens too."""

    to: Token
    after_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    """Once the citizen has waited so long."""
    expected_wait_over: Annotated[int, Field(ge=1, le=3600)] | None = None
    """As soon as the citizen can expect to wait longer than so many seconds."""

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        if (self.after_seconds is None) == (self.expected_wait_over is None):
            raise ValueError("give either after_seconds or expected_wait_over")
        return self


class Group(Section):
    """A queue of citizens and the seats that serve it."""

    id: Token
    name: str
    strategy: Strategy = "longest_idle"
    answer: Literal["manual", "auto"] = "manual"
    """``auto``: a ready seat is connected at once, without a press; not with ``ring_all``."""
    offer_seconds: Annotated[int, Field(ge=3, le=120)] = 20
    wrap_up_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    announce_seconds: Annotated[int, Field(ge=5, le=600)] = 30
    needs: dict[Skill, Level] = {}
    """Skills that every seat answering this group must have, with the least level."""
    priority: Priority = 0
    overflow: list[Overflow] = []
    break_after_calls: Annotated[int, Field(ge=0, le=1000)] = 0
    """A seat rests after so many calls without a pause; 0 means never."""
    break_seconds: Annotated[int, Field(ge=10, le=7200)] = 300

    @model_validator(mode="after")
    def _one_is_asked(self) -> Self:
        if self.answer == "auto" and self.strategy == "ring_all":
            raise ValueError("answer: auto needs a strategy that asks one seat, not ring_all")
        return self


class Reserved(Section):
    """A seat kept for some: citizens of these groups, or of at least this priority. Nobody else is offered to it."""

    groups: list[Token] = []
    priority: Priority | None = None

    @model_validator(mode="after")
    def _for_somebody(self) -> Self:
        if not self.groups and self.priority is None:
            raise ValueError("give groups or priority, else nobody could reach this seat")
        return self


class Seat(Section):
    """A place to take calls from."""

    id: Annotated[str, Field(pattern=r"^[0-9]{2,8}$")]
    name: str = ""
    groups: Annotated[list[Token], Field(min_length=1)]
    skills: dict[Skill, Level] = {}
    reserved: Reserved | None = None
    kind: Literal["nailed", "rung"] = "nailed"
    """``nailed``: a leg that is up all shift; ``rung``: a desk phone, rung per call. Agents may change at the desk."""
    rings: Literal["accepted", "offered"] = "accepted"
    """The desk phone rings once the agent has accepted; or with the offer, and picking it up accepts."""
    desk: bool = True
    """False: the agent needs no open screen; the phone's keys *1 and *2 choose ready and not ready."""

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        if not self.desk and (self.kind, self.rings) != ("rung", "offered"):
            raise ValueError("desk: false needs kind: rung and rings: offered, else nobody could accept")
        return self


class DutySession(Section):
    """A leader's or department's turn at the telephone (领导接听、部门轮值): the seat is asked first for the group."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    group: Token
    seat: str
    dates: list[date] = []
    weekdays: list[Weekday] = []
    window: Window
    """From and to, local time of the site."""

    @model_validator(mode="after")
    def _happens(self) -> Self:
        if not self.dates and not self.weekdays:
            raise ValueError("give dates or weekdays")
        if self.window[0] >= self.window[1]:
            raise ValueError("window: the end must be later than the beginning")
        return self


class Disposition(Section):
    """One way in which a call can end for the agent (话后小结)."""

    code: Token
    name: Annotated[str, Field(min_length=1, max_length=40)]
    en: Annotated[str, Field(max_length=60)] = ""
    """In English; empty: the code."""


DISPOSITIONS = (
    ("ordered", "已建工单", "work order made"),
    ("answered", "直接答复", "answered on the line"),
    ("progress", "查询进度", "asked how it goes"),
    ("transferred", "已转接", "passed on"),
    ("supplement", "补充诉求", "added to an earlier matter"),
    ("silent", "无声或骚扰", "silent or nuisance"),
    ("broken", "中途断线", "broken off"),
)


class WrapUp(Section):
    """What the agent says about a call after it."""

    dispositions: list[Disposition] = [Disposition(code=c, name=n, en=e) for c, n, e in DISPOSITIONS]
    required: bool = False
    """Wrap-up cannot be ended by the agent before one is chosen; it still runs out by itself."""

    @model_validator(mode="after")
    def _codes_differ(self) -> Self:
        codes = [one.code for one in self.dispositions]
        if len(set(codes)) != len(codes):
            raise ValueError("dispositions: a code stands there twice")
        if self.required and not codes:
            raise ValueError("required needs dispositions")
        return self


class LiveRoom(Section):
    """What agents see of supervisors at their calls."""

    watching_visible: bool = True
    """Whether a desk shows that a supervisor listens or whispers; barging in is heard anyway."""


class Script(Section):
    """What to ask and say in matters of a category (话术)."""

    category: Annotated[str, Field(min_length=1, max_length=80)] = "*"
    """``市政公用/路灯井盖``, ``市政公用`` for all of its leaves, or ``*`` for every call."""
    title: Annotated[str, Field(min_length=1, max_length=60)]
    lines: Annotated[list[Annotated[str, Field(min_length=1, max_length=400)]], Field(min_length=1, max_length=20)]


class Alarm(Section):
    """A limit on a figure of the room; crossing it is told to supervisors and kept."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    figure: Literal[
        "answer_rate", "prompt_rate", "abandon_rate", "average_wait", "occupancy", "longest_wait", "waiting"
    ]
    """Rates and occupancy are 0–1, waits are seconds, ``waiting`` is citizens."""
    group: Token | None = None
    """None means all groups together."""
    above: Annotated[float, Field(ge=0)] | None = None
    below: Annotated[float, Field(ge=0)] | None = None
    window_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    least_calls: Annotated[int, Field(ge=0)] = 20
    """A rate of fewer calls says nothing and raises nothing."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("give either above or below")
        return self


class Night(Section):
    """Reading everything again from the recordings with a bigger model, while nobody calls."""

    model: str = ""
    """Its folder; empty: nothing is read again."""
    hours: Window = (time(22, 0), time(6, 0))
    """From and to, local time; may run over midnight."""
    wait_seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0
    """How long one track waits for quiet cores, altogether."""


class AsrTls(Section):
    """How voices are encrypted on their way to other machines that recognise."""

    certificate: Path | None = None
    """On such a machine (``hotline asr --listen``): its certificate, a PEM file."""
    key: Path | None = None
    """The private key of ``certificate``."""
    trust: str = ""
    """In the engine: a PEM file of certificates, one of which a host must show or be signed by; ``system``: those that
    the engine's machine trusts."""

    @model_validator(mode="after")
    def _a_pair(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together")
        return self


def is_own_machine(host: str) -> bool:
    """Whether what is said to this address stays on the machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Asr(Section):
    """Live speech recognition."""

    enabled: bool = True
    model: str = "auto"
    """``auto`` (VOSK_MODEL_PATH, vosk's usual folders, the shipped test model) or a folder."""
    workers: Annotated[int, Field(ge=0, le=256)] = 0
    """Decoding threads; 0 means one per core."""
    max_streams: Annotated[int, Field(ge=0)] = 0
    """Live streams at most; 0 means 40 per core."""
    hosts: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,253}:[0-9]{1,5}$")]] = []
    """Other machines that recognise (``hotline asr --listen``), as host:port; empty: the engine does it itself."""
    tls: AsrTls | None = None
    """Needed for ``hosts`` and ``--listen`` beyond this machine, unless ``unencrypted``."""
    unencrypted: bool = False
    """Voices may go to other machines as they are: the network between (WireGuard, a cable) is safe by itself."""
    hot_words: bool = False
    """Whether names of units, places and the knowledge base are listened for once more; needs a model with HCLr."""
    own_model: bool = True
    """With ``hosts``: whether the engine loads a model too, for when none of them answers."""
    vad_aggressiveness: Annotated[int, Field(ge=0, le=3)] = 2
    preroll_ms: Annotated[int, Field(ge=0, le=2000)] = 300
    hangover_ms: Annotated[int, Field(ge=100, le=5000)] = 700
    night: Night = Night()
    repair_wait_seconds: Annotated[float, Field(ge=0, le=3600)] = 30.0
    """How long the second pass of a track waits for quiet cores, altogether, before it goes on beside other work."""

    @model_validator(mode="after")
    def _voices_are_encrypted(self) -> Self:
        away = [host for host in self.hosts if not is_own_machine(host.rpartition(":")[0])]
        if away and not self.unencrypted and (self.tls is None or not self.tls.trust):
            raise ValueError(f"voices to {away[0]} would go unencrypted: give tls.trust, or say unencrypted: true")
        return self


class Recordings(Section):
    """How long audio is kept."""

    retention_days: Annotated[int, Field(ge=1)] = 730
    """No government text names a period; see docs. Network logs must be kept ≥ 6 months."""
    retention_days_by_kind: dict[Literal["call", "return_visit", "unseen"], Annotated[int, Field(ge=1)]] = {}
    """Other periods for some kinds: ``return_visit`` (the robot's calls), ``unseen`` (taken without the engine)."""
    format: Literal["wav", "opus", "mp3"] = "wav"
    """Of the archive; opus and mp3 need ffmpeg, without it WAV is kept."""
    encrypt: bool = False
    """Whether recordings are encrypted in the archive. The key: ``HOTLINE_RECORDINGS_KEY``, else ``secrets.json``."""
    disk_alarm_percent: Annotated[float, Field(ge=0, le=90)] = 5.0
    """Free share of the disk below which health is degraded; calls go on."""
    disk_alarm_gib: Annotated[float, Field(ge=0)] = 1.0

    def days_of(self, kind: str) -> int:
        """How long recordings of this kind are kept."""
        return {str(name): days for name, days in self.retention_days_by_kind.items()}.get(kind, self.retention_days)


class Llm(Section):
    """A language model of the site's own for summaries, by OpenAI's API. The key, if any: ``HOTLINE_LLM_KEY``."""

    url: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")] = ""
    """Up to ``/v1``; empty: no summaries."""
    model: str = "default"
    seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    """How long a summary may take altogether."""


class Tickets(Section):
    """The clock of work orders."""

    dispatch_minutes: Annotated[int, Field(ge=1)] = 3
    deadline_days: dict[Literal["特急", "紧急", "一般"], Annotated[int, Field(ge=1, le=60)]] = {
        "特急": 1,
        "紧急": 3,
        "一般": 5,
    }
    working_hours: list[Window] = [(time(8, 30), time(12, 0)), (time(14, 0), time(17, 30))]
    calendar: dict[date, Literal["working", "holiday"]] = {}
    """The site's own days; they win over the published calendar."""
    review: bool = False
    """Whether a department's reply waits for a reviewer before the return visit."""
    type_days: dict[str, dict[Literal["特急", "紧急", "一般"], Annotated[int, Field(ge=1, le=60)]]] = {}
    """A type of matter (咨询, 投诉 …) with days of its own; what it leaves out is ``deadline_days``."""
    returns: Annotated[int, Field(ge=0, le=10)] = 2
    return_days: Annotated[int, Field(ge=1, le=30)] = 2
    """Working days after dispatch in which a unit may return a work order."""
    extension_days: Annotated[int, Field(ge=1, le=60)] = 10
    reopen_days: Annotated[int, Field(ge=1, le=365)] = 30
    archive_days: Annotated[int, Field(ge=0, le=365)] = 7
    """Days after closing when a work order goes to the archive by itself."""
    visit_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of replied work orders whose citizen is asked (抽查回访); the others close without a visit. 1: all."""
    visit_shares: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """Type of matter → a share of its own."""
    visit_seed: str = "hotline"
    """Whoever knows it draws the same sample again."""
    protected_types: list[str] = ["举报"]
    """Types of matter whose reporter is hidden from units: number, name and voice."""


class Handler(Section):
    """A person of a unit who handles work orders."""

    name: str
    phone: str = ""


class DutyPhone(Section):
    """Who is on duty when (值班表). Local time; a turn that ends before it begins runs over midnight."""

    name: str = ""
    phone: Annotated[str, Field(pattern=r"^[0-9*#+]{2,32}$")]
    days: list[Annotated[int, Field(ge=1, le=7)]] = [1, 2, 3, 4, 5, 6, 7]
    """1 is Monday."""
    begins: time = time(0, 0)
    ends: time = time(0, 0)


class Unit(Section):
    """A department, county, street or village that handles work orders (承办单位)."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
    name: str
    level: Annotated[int, Field(ge=1, le=4)] = 2
    kind: Literal["county", "zone", "bureau", "utility", "town", "village", "hotline", "emergency", "interpreter"] = (
        "bureau"
    )
    """An interpreter is in the address book, to be brought into talks, and handles no work orders."""
    parent: str | None = None
    leader: str = ""
    handlers: list[Handler] = []
    phone: Annotated[str, Field(pattern=r"^[0-9*#+]{0,32}$")] = ""
    """The telephone of the department, for consultations, transfers and three parties."""
    duty: list[DutyPhone] = []
    """Who is asked first, by the clock."""
    fallback_phones: list[Annotated[str, Field(pattern=r"^[0-9*#+]{2,32}$")]] = []
    """Tried in this order when nobody answers."""
    office_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Where the unit's own office system is told of each move of its work orders; empty: it asks by itself."""


class Duty(Section):
    """One row of the duty directory (派单目录): ``*`` matches everything."""

    category: str = "*"
    place: str = "*"
    unit: str


Cell = Annotated[int, Field(ge=0, lt=24)]


class Organisation(Section):
    """Units, who is in charge of what, and the names of matters and places."""

    units: list[Unit] = []
    directory: list[Duty] = []
    categories: dict[str, list[str]] = {}
    places: dict[str, list[str]] = {}
    """County or zone → its streets, towns and well-known places."""
    map: dict[str, tuple[Cell, Cell]] = {}
    """County or zone → column and row of its tile on the schematic map, from the top left."""

    @model_validator(mode="after")
    def _tiles_are_places(self) -> Self:
        for name, tile in self.map.items():
            if name not in self.places:
                raise ValueError(f"map.{name}: no such place")
            if list(self.map.values()).count(tile) > 1:
                raise ValueError(f"map.{name}: another place has this tile")
        return self

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        codes = {unit.code for unit in self.units}
        for index, duty in enumerate(self.directory):
            if duty.unit not in codes:
                raise ValueError(f"directory.{index}.unit: no unit has the code {duty.unit!r}")
        for index, unit in enumerate(self.units):
            if unit.parent is not None and unit.parent not in codes:
                raise ValueError(f"units.{index}.parent: no unit has the code {unit.parent!r}")
        return self


class Callback(Section):
    """The callback robot's pace, hours and patience."""

    enabled: bool = True
    lines: Annotated[int, Field(ge=1)] = 4
    calls_per_second: Annotated[float, Field(gt=0)] = 2.0
    windows: list[Window] = [(time(8, 0), time(12, 0)), (time(14, 0), time(18, 0))]
    working_days_only: bool = True
    retry_minutes: list[Annotated[int, Field(ge=1)]] = [30, 240]
    """Wait before the 2nd, 3rd … attempt; when they are used up a person takes over."""
    retry_by_outcome: dict[
        Literal["busy", "no_answer", "voicemail", "failed"], list[Annotated[int, Field(ge=1, le=20160)]]
    ] = {"busy": [10, 60, 240]}
    """Other plans after an attempt that ended so."""
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 30
    listen_seconds: Annotated[float, Field(ge=0, le=10)] = 4.0
    """How long the first words are listened to for an answering machine; 0: not at all."""
    caller_id: Number = "12345"
    sms: Sms = Sms()
    by_hand: ByHand = ByHand()


class Emergency(Section):
    """A platform for emergencies: one action connects the citizen and sends the call's data along."""

    code: Annotated[str, Field(pattern=r"^[0-9]{2,8}$")]
    label: Annotated[str, Field(min_length=1, max_length=40)]
    number: Annotated[str, Field(pattern=r"^[0-9*#+]{0,32}$")] = ""
    """What is dialled; empty: the code."""
    push_url: Annotated[str, Field(pattern=r"^(https?://[^\s]{1,500})?$")] = ""
    """Where the data is posted as JSON; empty: a file in ``<storage.folder>/outbox``. A token for it is taken from
    ``HOTLINE_EMERGENCY_<code>_TOKEN``."""

    @property
    def dial(self) -> str:
        """The number that reaches it."""
        return self.number or self.code


class Nuisance(Section):
    """What becomes of listed malicious callers (恶意骚扰名单). Nobody is blocked: each reaches an agent in the end."""

    treatment: Literal["show", "last", "notice"] = "last"
    """``show``: the agent sees it; ``last``: served after the others; ``notice``: told so, then hung up, unless a key
    is pressed or a word of need is said."""
    days: Annotated[int, Field(ge=1, le=366)] = 30
    """How long a listing lasts, when the supervisor says nothing else."""
    last_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    """``last``: served as if the call had come so much later."""


class Promises(Section):
    """Calls that we owe: the citizen keeps the place in the line and is rung when it is reached."""

    dial: bool = True
    """False: promises are only listed, people phone."""
    windows: list[Window] = [(time(8, 0), time(21, 0))]
    """When citizens may be rung, local time; empty: always."""
    pause_seconds: Annotated[int, Field(ge=0, le=3600)] = 20
    """So long after the promise at the earliest: who has just hung up may be dialling anew."""
    lead_seconds: Annotated[int, Field(ge=0, le=120)] = 15
    """So long before a seat is expected to be free the citizen is rung."""
    lines: Annotated[int, Field(ge=1, le=100)] = 2
    """Citizens rung, or waiting after that, at the same time."""
    ring_seconds: Annotated[int, Field(ge=5, le=120)] = 30
    retry_minutes: list[Annotated[int, Field(ge=1)]] = [10, 60]
    """Wait before the 2nd, 3rd … attempt; then people phone."""
    caller_id: Number = "12345"


class Settings(Section):
    """The whole file."""

    site: Site = Site()
    storage: Storage = Storage()
    asterisk: Asterisk = Asterisk()
    web: Web = Web()
    lines: Annotated[list[Line], Field(min_length=1)]
    groups: Annotated[list[Group], Field(min_length=1)]
    seats: Annotated[list[Seat], Field(min_length=1)]
    reasons: list[str] = ["小休", "用餐", "培训", "会议"]
    rest_minutes: dict[str, Annotated[int, Field(ge=1, le=240)]] = {"小休": 10, "用餐": 30}
    """How long a rest for a reason is meant to be; the desk counts down, what is overdue is shown."""
    rest_approval: bool = False
    """Whether a ready agent must ask a supervisor before going to rest."""
    duty_sessions: list[DutySession] = []
    emergency: list[Emergency] = [
        Emergency(code="110", label="公安"),
        Emergency(code="119", label="消防"),
        Emergency(code="120", label="急救"),
        Emergency(code="122", label="交警"),
    ]
    alarms: list[Alarm] = []
    wrap_up: WrapUp = WrapUp()
    scripts: list[Script] = []
    live_room: LiveRoom = LiveRoom()
    ivr: Ivr = Ivr()
    asr: Asr = Asr()
    recordings: Recordings = Recordings()
    llm: Llm = Llm()
    tickets: Tickets = Tickets()
    organisation: Organisation = Organisation()
    callback: Callback = Callback()
    promises: Promises = Promises()
    nuisance: Nuisance = Nuisance()
    quality: Quality = Quality()
    supervision: Supervision = Supervision()
    assessment: Assessment = Assessment()
    projects: Projects = Projects()
    campaigns: Campaigns = Campaigns()

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        groups = [group.id for group in self.groups]
        for what, ids in (
            ("groups", groups),
            ("seats", [s.id for s in self.seats]),
            ("lines", [n.number for n in self.lines]),
            ("emergency", [one.code for one in self.emergency]),
        ):
            if doubled := {i for i in ids if ids.count(i) > 1}:
                raise ValueError(f"{what}: {', '.join(sorted(doubled))} stands there twice")
        for index, line in enumerate(self.lines):
            if line.group not in groups:
                raise ValueError(f"lines.{index}.group: no group has the id {line.group!r}")
        for index, seat in enumerate(self.seats):
            for group in (*seat.groups, *(seat.reserved.groups if seat.reserved else ())):
                if group not in groups:
                    raise ValueError(f"seats.{index}.groups: no group has the id {group!r}")
        return self

    @model_validator(mode="after")
    def _rests_have_reasons(self) -> Self:
        if "rest_minutes" in self.model_fields_set and (strange := sorted(set(self.rest_minutes) - set(self.reasons))):
            raise ValueError(f"rest_minutes: {', '.join(strange)} is not among the reasons")
        return self

    @model_validator(mode="after")
    def _distribution_agrees(self) -> Self:
        groups = {group.id: group for group in self.groups}
        seats = {seat.id: seat for seat in self.seats}
        for index, group in enumerate(self.groups):
            for overflow in group.overflow:
                if overflow.to not in groups or overflow.to == group.id:
                    raise ValueError(f"groups.{index}.overflow: {overflow.to!r} is not another group")
        for index, line in enumerate(self.lines):
            needs = groups[line.group].needs | line.needs
            reach = {line.group, *(overflow.to for overflow in groups[line.group].overflow)}
            if needs and not any(reach & set(seat.groups) and _meets(seat, needs) for seat in self.seats):
                raise ValueError(f"lines.{index}: no seat of its group has the skills {needs}")
        for index, session in enumerate(self.duty_sessions):
            if session.seat not in seats or session.group not in seats[session.seat].groups:
                raise ValueError(f"duty_sessions.{index}: no seat {session.seat!r} in group {session.group!r}")
        for index, alarm in enumerate(self.alarms):
            if alarm.group is not None and alarm.group not in groups:
                raise ValueError(f"alarms.{index}.group: no group has the id {alarm.group!r}")
        return self

    @property
    def downloads(self) -> Path:
        """Where fetched programs and models lie."""
        return self.storage.downloads or self.storage.folder

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the ledger's database."""
        return self.storage.database or f"sqlite+aiosqlite:///{self.storage.folder / 'hotline.db'}"


def _meets(seat: Seat, needs: dict[str, int]) -> bool:
    return all(seat.skills.get(skill, 0) >= level for skill, level in needs.items())


def load_settings(path: Path) -> Settings:
    """Read and check the file. Relative folders are taken from where the file lies. Raises ConfigurationError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise ConfigurationError(f"无法读取配置文件 {path}: {failure}", f"cannot read {path}: {failure}") from failure
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as failure:
        raise ConfigurationError(
            f"配置文件 {path} 不是有效的 YAML: {failure}", f"{path} is not valid YAML: {failure}"
        ) from failure
    return check_settings(values if values is not None else {}, base=path.resolve().parent, source=str(path))


def check_settings(values: Any, *, base: Path, source: str = "config") -> Settings:
    """Settings from parsed YAML; every fault is named with its key's path."""
    try:
        settings = Settings.model_validate(values)
    except ValidationError as failure:
        faults = [_describe(error) for error in failure.errors()]
        listed = "\n".join(f"  {path}: {zh} / {en}" for path, zh, en in faults)
        raise ConfigurationError(
            f"{source} 有 {len(faults)} 处错误", f"{len(faults)} fault(s) in {source}:\n{listed}"
        ) from failure
    folders = {"folder": base / settings.storage.folder, "downloads": base / settings.downloads}
    return settings.model_copy(update={"storage": settings.storage.model_copy(update=folders)})


def _describe(error: Any) -> tuple[str, str, str]:
    path = ".".join(str(part) for part in error["loc"]) or "(top)"
    match error["type"]:
        case "extra_forbidden":
            return path, "未知的配置项", "unknown key"
        case "missing":
            return path, "缺少必填项", "missing"
        case _:
            return path, "取值不正确", f"{error['msg']} (got {str(error['input'])[:60]!r})"


class Secrets:
    """Secrets by name: from ``HOTLINE_<NAME>`` in the environment, else generated once into a file only we can read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "secrets.json"
        self._values: dict[str, str] = {}
        if self._path.exists():
            try:
                self._values = json.loads(self._path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as failure:
                raise ConfigurationError(
                    f"{self._path} 无法读取", f"{self._path} cannot be read: {failure}"
                ) from failure

    def get(self, name: str) -> str:
        """The secret of this name, made on first use."""
        if value := os.environ.get(f"HOTLINE_{name.upper()}"):
            return value
        if name not in self._values:
            self._values[name] = secrets.token_urlsafe(24)
            self._save()
        return self._values[name]

    @staticmethod
    def given(name: str) -> str:
        """A secret of somebody else's: from the environment or not at all."""
        return os.environ.get(f"HOTLINE_{name.upper()}", "")

    @property
    def ami_password(self) -> str:
        """The password of our user in Asterisk's manager.conf."""
        return self.get("ami_password")

    @property
    def asr_secret(self) -> str:
        """What the engine and its recognition hosts show each other."""
        return self.get("asr_secret")

    def seat_password(self, seat: str) -> str:
        """The SIP password of a seat's endpoints."""
        return self.get(f"seat_{seat}_password")

    def _save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self._values, file, indent=1)
        fresh.replace(self._path)
