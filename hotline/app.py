"""The composition root: the whole machine on one screen.

``assemble`` opens the parts in the order in which they need each other; leaving it closes them in reverse. ``run``
lets them work until told to stop, then drains: first new citizens go to Asterisk's own queue, then the screens
close, then what was begun is written. Asterisk itself is left running: conversations go on without us.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog
from fastapi import FastAPI

from agent_desk.ports import Health, Rooms
from agent_desk.server import create_app, create_desk, serve
from asr.night import NightReading
from asr.recognition import bigger_model
from asr.repair import Repair
from asr.service import Transcription, open_transcription
from callback.missed import MissedCalls
from callback.outreach import Outreach
from callback.port import MISSED
from callback.robot import CallbackRobot
from callback.site import dialling_rules_of, engine_of, pace_of
from callback.tasks import CallbackTasks
from hotline.bus import Bus
from hotline.channels import RecordedChannels
from hotline.clock import Clock, SystemClock
from hotline.database import Database
from hotline.migrations import migrate
from hotline.security import Security
from hotline.settings import Secrets, Settings
from ivr.call_records import CallRecords
from ivr.control.echo import EchoTest
from ivr.control.service import CallControl
from ivr.control.supervision import Supervision
from ivr.control.voices import Voices
from ivr.emergency.senders import senders_of
from ivr.emergency.service import Emergencies
from ivr.interview import Interviewer
from ivr.nuisance.evidence import Evidence
from ivr.nuisance.service import NuisanceList
from ivr.outbound import Outbound
from ivr.promise_dialler import PromiseDialler
from ivr.prompts import SHIPPED_PROMPTS
from ivr.service import CallCentre
from ivr.services import Services
from ivr.site import opening_hours_of
from ivr.speaker import SynthesisedSpeech
from knowledge_base.service import KnowledgeBase
from recordings.disk import DiskAlarm
from recordings.keys import keys_of
from recordings.pausing import Pausing
from recordings.service import Folders, Recordings
from telephony.ami import AmiAddress
from telephony.asterisk import (
    AsteriskFiles,
    AsteriskProcess,
    ensure_asterisk,
    progress_bars,
    render,
    require_free_port,
    require_trust,
    show_nothing,
)
from telephony.line import TelephonyLine
from tickets.attachments import Attachments
from tickets.office.postman import OfficePostman
from tickets.oversight import Oversight
from tickets.service import WorkOrders
from tickets.site import TicketSite
from tickets.summaries import Summaries

_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Every part that works while the engine runs."""

    settings: Settings
    bus: Bus
    database: Database
    security: Security
    asterisk: AsteriskProcess
    line: TelephonyLine
    centre: CallCentre
    control: CallControl
    supervision: Supervision
    emergencies: Emergencies
    voices: Voices
    promises: PromiseDialler
    transcription: Transcription
    repair: Repair
    night: NightReading
    recordings: Recordings
    work_orders: WorkOrders
    offices: OfficePostman
    robot: CallbackRobot
    outbound: Outbound
    outreach: Outreach
    web: FastAPI


async def ready_asterisk(settings: Settings) -> None:
    """Find an Asterisk, or fetch one with progress on the terminal. Raises ConfigurationError with the next step."""
    with progress_bars() as show:
        await asyncio.to_thread(ensure_asterisk, settings.downloads, show, binary=settings.asterisk.binary)


def require_our_ports(settings: Settings) -> None:
    """Before anything is opened: raise ConfigurationError naming the key of a port of ours that is taken."""
    web, asterisk = settings.web, settings.asterisk
    require_free_port("web.port", web.host, web.port)
    require_free_port("asterisk.agi_port", "127.0.0.1", asterisk.agi_port)
    require_free_port("asterisk.audiosocket_port", "127.0.0.1", asterisk.audiosocket_port)


@asynccontextmanager
async def assemble(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Machine]:
    """Open every part. Raises ConfigurationError with the key at fault; what was opened is closed again."""
    clock, bus, secrets, folder = (
        clock or SystemClock(),
        Bus(),
        Secrets(settings.storage.folder),
        settings.storage.folder,
    )
    require_our_ports(settings)
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database_url, bus)
        stack.push_async_callback(database.close)
        await migrate(database)
        security = Security.open(database, clock, settings.web.session_hours)
        stack.callback(security.close)

        installation = await asyncio.to_thread(
            ensure_asterisk, settings.downloads, show_nothing, binary=settings.asterisk.binary
        )
        await require_trust(AsteriskFiles(folder=folder.resolve()), settings.asterisk, secrets.ami_password)
        files = render(settings, secrets, installation, folder, prompts=SHIPPED_PROMPTS)
        asterisk = AsteriskProcess(installation, files, settings.asterisk, secrets.ami_password)
        await asterisk.start()

        ports = settings.asterisk
        line = TelephonyLine(
            AmiAddress("127.0.0.1", ports.ami_port, "hotline", secrets.ami_password),
            bus.publish,
            agi_port=ports.agi_port,
            audiosocket=("127.0.0.1", ports.audiosocket_port),
            seats=[seat.id for seat in settings.seats],
        )
        centre = CallCentre(settings, database, bus, line.telephone, clock)
        await centre.load()
        control = CallControl(settings, database, bus, line.telephone, clock, centre)
        await control.load()
        centre.control = control
        supervision = Supervision(database, bus, line.telephone, clock, centre, control)
        await supervision.load()
        spool = Folders.below(folder.resolve()).spool
        voices = Voices(database, bus, line.telephone, clock, centre, control, spool)
        channels = RecordedChannels(centre, line.telephone, database)
        kept = settings.recordings
        disk = DiskAlarm(folder, percent=kept.disk_alarm_percent, gib=kept.disk_alarm_gib)
        recordings = Recordings(
            database,
            clock,
            Folders.below(folder),
            calls=channels,
            zone=settings.site.zone,
            form=kept.format,
            disk=disk,
            keys=keys_of(settings),
            apart=True,
        )
        tasks = CallbackTasks(database, clock, settings.site.zone)
        site = TicketSite.of(settings)
        is_working = site.rules.calendar.provisional().is_working
        work_orders = WorkOrders(database, clock, site, tasks, recordings)
        outbound = centre.outbound = Outbound(settings, bus, clock, line.telephone, centre)
        promises = PromiseDialler(settings, bus, clock, line.telephone, centre, engine_of(settings).id)
        robot = CallbackRobot(
            tasks,
            work_orders,
            line.telephone,
            bus,
            clock,
            pace_of(settings, is_working),
            dialling_rules_of(settings),
            lambda phone: centre.is_on_the_line(phone) or outbound.rings(phone) or promises.rings(phone),
            Interviewer(centre.reception.book, SynthesisedSpeech(folder / "sounds")),
            engine=engine_of(settings),
            folder=spool / "words",
        )
        promises.elsewhere = robot.has_on_the_phone
        await work_orders.settle_provisional()
        knowledge = await KnowledgeBase.open(database)
        transcription = await stack.enter_async_context(
            open_transcription(settings, database, spying=line.telephone, clock=clock, names=await knowledge.words())
        )
        repair = Repair(
            database, transcription.transcripts, recordings, live=transcription, settings=settings.asr, clock=clock
        )
        nuisance = NuisanceList(database, clock, settings.nuisance)
        await nuisance.load()
        outreach = Outreach.of(
            settings,
            database,
            bus,
            clock,
            secrets,
            tasks=tasks,
            line=outbound,
            flows=centre.reception.interviews,
            engine=engine_of(settings),
        )
        await outreach.campaigns.load()
        outreach.campaigns.wake = robot.wake
        emergencies = Emergencies(
            settings,
            database,
            bus,
            clock,
            centre,
            control,
            work_orders,
            transcription.transcripts,
            senders_of(settings, folder / "outbox"),
        )
        await emergencies.load()
        robot.hear(transcription, line.telephone)
        night = NightReading(
            database,
            transcription.transcripts,
            recordings,
            load=lambda: bigger_model(settings.asr.night.model),
            settings=settings.asr.night,
            zone=settings.site.zone,
            clock=clock,
        )
        centre.provide(
            Services(
                hours=opening_hours_of(settings, is_working),
                progress=work_orders,
                articles=knowledge,
                messages=work_orders,
                ears=transcription,
                speaker=SynthesisedSpeech(folder / "sounds"),
                emergencies=emergencies,
                nuisance=nuisance,
                owed=MissedCalls(tasks, database, clock, settings.site.zone),
            )
        )
        tasks.conclusions[MISSED] = centre.owed
        line.route("citizen", centre.citizen)
        line.route("seat", centre.status_by_phone)
        line.route("callback", robot.survey)
        await stack.enter_async_context(line)

        def health() -> Health:
            failing = centre.journal.failing
            unwritable = "数据库无法写入 / the database cannot be written" if failing else None
            reason = unwritable or disk.reason or transcription.state.reason
            up, on = line.telephone.up, transcription.state.on
            return Health("up" if up else "down", "on" if on else "off", reason)

        rooms = Rooms(
            call_centre=centre,
            control=control,
            supervision=supervision,
            watching_visible=settings.live_room.watching_visible,
            echo=EchoTest(line.telephone, centre),
            emergencies=emergencies,
            nuisance=nuisance,
            evidence=Evidence(database, clock, nuisance, centre, recordings, transcription.transcripts, work_orders),
            work_orders=work_orders,
            intake=work_orders.intake,
            attachments=Attachments(database, clock, folder / "attachments"),
            callbacks=tasks,
            recordings=recordings,
            pausing=Pausing(database, clock, line.telephone),
            transcripts=transcription.transcripts,
            summaries=Summaries.of(settings.llm),
            recognition=transcription.overview,
            knowledge=knowledge,
            health=health,
            records=CallRecords(database, clock, settings.wrap_up, settings.site.zone),
            oversight=Oversight.of(database, clock, settings, site, work_orders, secrets),
            robot=robot,
            outreach=outreach,
        )
        desk = create_desk(rooms=rooms, security=security, settings=settings, secrets=secrets, bus=bus, clock=clock)
        yield Machine(
            settings=settings,
            bus=bus,
            database=database,
            security=security,
            asterisk=asterisk,
            line=line,
            centre=centre,
            control=control,
            supervision=supervision,
            emergencies=emergencies,
            voices=voices,
            promises=promises,
            transcription=transcription,
            repair=repair,
            night=night,
            recordings=recordings,
            work_orders=work_orders,
            offices=OfficePostman(
                database, bus, clock, site.office_urls, lambda unit: secrets.get(f"office_{unit}_token")
            ),
            robot=robot,
            outbound=outbound,
            outreach=outreach,
            web=create_app(desk),
        )


def settle_memory() -> None:
    """What was loaded to stay (words, models) is not looked through for garbage again: that cost 75 ms each time."""
    gc.collect()
    gc.freeze()


async def run(machine: Machine, stop: asyncio.Event) -> None:
    """Work until ``stop``, then drain. The first part that breaks ends the whole, loudly."""
    settle_memory()
    async with asyncio.TaskGroup() as parts:
        works = [
            parts.create_task(work, name=name)
            for name, work in {
                "asterisk": machine.asterisk.watch(),
                "telephony": machine.line.watch(),
                "call control": machine.control.run(),
                "supervision": machine.supervision.run(),
                "emergencies": machine.emergencies.run(),
                "voices": machine.voices.run(),
                "promised calls": machine.promises.run(),
                "calls by hand": machine.outbound.run(),
                "outreach": machine.outreach.run(),
                "call centre": machine.centre.run(),
                "transcription": machine.transcription.run(),
                "drafts": machine.work_orders.follow(machine.bus),
                "office systems": machine.offices.run(),
                "work orders' clock": machine.work_orders.keep_time(machine.bus),
                "recordings": machine.recordings.run(),
                "second pass": machine.repair.run(),
                **({"night reading": machine.night.run()} if machine.settings.asr.night.model else {}),
                **({"callback robot": machine.robot.run()} if machine.settings.callback.enabled else {}),
                "web": serve(machine.web, machine.settings),
            }.items()
        ]
        await stop.wait()
        _log.info("stopping: new citizens go to Asterisk's own queue")
        await machine.line.stop_heartbeat()
        await machine.transcription.stop()
        for work in works:
            work.cancel()
