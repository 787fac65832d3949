"""Write one site's Asterisk configuration: settings and secrets in, a folder that Asterisk starts from out."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dialplans import Gateway, Line, Ports, SeatLogin, SwitchPlan, render_files
from hotline.settings import Settings
from telephony.asterisk.installation import AsteriskInstallation


class TelephonySecrets(Protocol):
    """Where the passwords come from."""

    @property
    def ami_password(self) -> str: ...

    def seat_password(self, seat: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskFiles:
    """Where one Asterisk's files lie, all below one folder."""

    folder: Path

    @property
    def configuration(self) -> Path:
        """What ``asterisk -C`` is given."""
        return self.folder / "etc/asterisk/asterisk.conf"

    @property
    def monitor(self) -> Path:
        """Recordings: ``<uniqueid>-in.wav`` and ``<uniqueid>-out.wav``."""
        return self.folder / "spool/monitor"

    @property
    def pid_file(self) -> Path:
        """Process id of the Asterisk that we started."""
        return self.folder / "run/hotline-asterisk.pid"

    @property
    def log(self) -> Path:
        """Asterisk's own messages."""
        return self.folder / "log/messages"


def plan_switch(
    settings: Settings, secrets: TelephonySecrets, installation: AsteriskInstallation, folder: Path
) -> SwitchPlan:
    """The picture of the Asterisk that these settings describe. Pure but for looking at the installation's files."""
    asterisk = settings.asterisk
    files = AsteriskFiles(folder=folder)
    return SwitchPlan(
        host=asterisk.host,
        ports=Ports(
            sip=asterisk.sip_port,
            http=asterisk.http_port,
            ami=asterisk.ami_port,
            agi=asterisk.agi_port,
            rtp_first=asterisk.rtp_first,
            rtp_last=asterisk.rtp_last,
        ),
        trunk=Gateway(**asterisk.trunk.model_dump()),
        lines=tuple(Line(number=line.number) for line in settings.lines),
        seats=tuple(SeatLogin(id=seat.id, password=secrets.seat_password(seat.id)) for seat in settings.seats),
        ami_password=secrets.ami_password,
        fallback_after_seconds=asterisk.fallback_after_seconds,
        phone_silence_seconds=asterisk.phone_silence_seconds,
        browser_silence_seconds=asterisk.browser_silence_seconds,
        parking_seconds=asterisk.parking_seconds,
        modules=installation.loadable_modules(),
        modules_folder=installation.modules,
        etc=files.configuration.parent,
        data=folder / "share",
        spool=folder / "spool",
        run=folder / "run",
        log=folder / "log",
        database=folder / "lib",
        music=installation.music or folder / "sounds/music",
    )


def render(
    settings: Settings,
    secrets: TelephonySecrets,
    installation: AsteriskInstallation,
    folder: Path,
    *,
    prompts: Path | None = None,
) -> AsteriskFiles:
    """Write everything below ``folder`` (``storage.folder``) and return where it lies. Same input, same bytes.

    ``prompts``: a folder ``<language>/hotline/*.wav``; its files are linked into ``folder/sounds`` unless the site has
    put a file of its own there. Raises ConfigurationError for a value that a configuration file cannot carry.
    """
    folder = folder.resolve()
    contents = render_files(plan_switch(settings, secrets, installation, folder))
    for name in (
        "etc/asterisk",
        "run",
        "log",
        "lib/keys",
        "spool/monitor",
        "spool/outgoing",
        "share",
        "sounds/zh/hotline",
        "sounds/music",
    ):
        (folder / name).mkdir(parents=True, exist_ok=True)
    files = AsteriskFiles(folder=folder)
    for name, content in contents.items():
        _write(files.configuration.parent / name, content)
    _link(folder / "share/documentation", installation.data / "documentation")
    _link(folder / "share/sounds", folder / "sounds")
    if prompts is not None:
        _link_prompts(prompts, folder / "sounds")
    return files


def _write(path: Path, content: str) -> None:
    """Whole or not at all, readable by us only: passwords stand in some of them."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    fresh.replace(path)


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _link_prompts(prompts: Path, sounds: Path) -> None:
    for source in sorted(prompts.resolve().glob("*/hotline/*.wav")):
        place = sounds / source.relative_to(prompts.resolve())
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink() or not place.exists():
            _link(place, source)
