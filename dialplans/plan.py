"""What the templates need to know, and nothing else: a frozen picture of one Asterisk to be configured."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Ports on this machine. ``agi`` is ours, Asterisk connects to it; the others are Asterisk's."""

    sip: int
    http: int
    ami: int
    agi: int
    rtp_first: int
    rtp_last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A number that citizens dial."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLogin:
    """A seat and the SIP password of both its endpoints, ``<id>`` (browser) and ``<id>-sip`` (phone)."""

    id: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The carrier's gateway: who comes from ``host`` is a citizen; calls out go to ``host:port``."""

    host: str
    port: int
    qualify_seconds: int = 0
    """So often it is asked whether it is there; 0: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPlan:
    """One Asterisk."""

    host: str
    """Address on which SIP, RTP and the browsers' WebSocket listen; AMI and FastAGI are always loopback."""
    ports: Ports
    trunk: Gateway
    lines: tuple[Line, ...]
    seats: tuple[SeatLogin, ...]
    ami_password: str
    fallback_after_seconds: int
    phone_silence_seconds: int
    browser_silence_seconds: int
    parking_seconds: int
    """How long a parked citizen hears music before going to the front of the line."""
    modules: tuple[str, ...]
    """Names of the modules to load, without ``.so``."""
    modules_folder: Path
    etc: Path
    data: Path
    """Asterisk's data folder: ``documentation`` and ``sounds/zh`` lie below it."""
    spool: Path
    run: Path
    log: Path
    database: Path
    """Folder of astdb (queue members survive a restart of Asterisk in it)."""
    music: Path
    """Folder of the music on hold."""
