"""Where benchmarks play: a site of its own with its own engine, Asterisk and ledger, and an AMI link that only watches.

The prompts are a tenth of a second of silence each, so that a citizen waits as soon as the dialplan lets him.
"""

import asyncio
import shutil
import wave
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hotline.app import ready_asterisk
from hotline.demo.engine import EngineProcess
from hotline.demo.site import Site, prepare_site
from hotline.settings import Secrets, load_settings
from ivr.prompts import PROMPTS
from telephony.ami import AmiAddress, AmiLink
from telephony.asterisk.probe import reload_configuration
from telephony.asterisk.render import AsteriskFiles
from telephony.phone import ScriptedGateway

REPOSITORY = Path(__file__).resolve().parents[1]
FIRST_SEAT = 2001


@dataclass(frozen=True, slots=True)
class Stage:
    """A running site."""

    site: Site
    engine: EngineProcess
    gateway: ScriptedGateway

    @property
    def address(self) -> AmiAddress:
        """Where an own AMI link connects."""
        secret = Secrets(self.site.folder).ami_password
        return AmiAddress("127.0.0.1", self.site.settings.asterisk.ami_port, "hotline", secret)

    @property
    def seats(self) -> list[str]:
        """All seats."""
        return [seat.id for seat in self.site.settings.seats]

    @property
    def sip_server(self) -> tuple[str, int]:
        """Where telephones connect."""
        return self.site.settings.asterisk.host, self.site.settings.asterisk.sip_port

    @property
    def configuration(self) -> Path:
        """The folder of Asterisk's files."""
        return AsteriskFiles(folder=self.site.folder).configuration.parent

    def link(self, *events: str) -> AmiLink:
        """An AMI link that hears these events; not connected yet."""
        return AmiLink(self.address, events=frozenset(events))


@asynccontextmanager
async def open_stage(
    name: str,
    *,
    seats: int,
    recognition: bool,
    answer: str = "manual",
    asr: Mapping[str, object] | None = None,
    below: Path | None = None,
    callback: Mapping[str, object] | None = None,
) -> AsyncIterator[Stage]:
    """Prepare ``var/bench/<name>`` (or ``below/<name>``) anew, start the engine there; everything ends afterwards."""
    base = load_settings(REPOSITORY / "config.yaml")
    await ready_asterisk(base)
    folder = (below or base.storage.folder / "bench") / name
    group = base.groups[0].model_dump(mode="json")
    ids = [str(FIRST_SEAT + number) for number in range(seats)]
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    site = await prepare_site(
        folder,
        base,
        fresh_ports=True,
        groups=[{**group, "answer": answer, "wrap_up_seconds": 0, "announce_seconds": 600, "offer_seconds": 60}],  # type: ignore[arg-type]
        seats=[{"id": seat, "groups": [group["id"]]} for seat in ids],  # type: ignore[arg-type]
        asr={"enabled": recognition, "model": "tiny", **(asr or {})},
        callback=dict(callback) if callback is not None else {"enabled": False},
    )
    await asyncio.to_thread(_silence_prompts, folder / "sounds/zh/hotline")
    engine = EngineProcess(site)
    trunk = site.settings.asterisk.trunk
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.stop)
        await engine.start()
        server = (site.settings.asterisk.host, site.settings.asterisk.sip_port)
        gateway = await stack.enter_async_context(ScriptedGateway(server, (trunk.host, trunk.port)))
        yield Stage(site, engine, gateway)


async def stamp_events(stage: Stage) -> None:
    """Let the running Asterisk write ``Timestamp`` (Unix time, microseconds) on each event."""
    append(stage.configuration / "manager.conf", "\n[general](+)\ntimestampevents = yes\n")
    await reload_configuration(stage.address.port, stage.address.secret)


def append(path: Path, text: str) -> None:
    """More configuration for this one site."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _silence_prompts(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in PROMPTS:
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
            file.writeframes(bytes(1600))
