"""The rooms fill the desk's ports as they are: checked by mypy, not by hope."""

from dataclasses import fields

from agent_desk.ports import HealthProbe, Robot, Rooms
from asr.service import Transcription
from asr.transcript import TranscriptStore
from callback.outreach import Outreach
from callback.tasks import CallbackTasks
from ivr.call_records import CallRecords
from ivr.control.echo import EchoTest
from ivr.control.service import CallControl
from ivr.control.supervision import Supervision
from ivr.emergency.service import Emergencies
from ivr.nuisance.evidence import Evidence
from ivr.nuisance.service import NuisanceList
from ivr.service import CallCentre
from knowledge_base.service import KnowledgeBase
from recordings.pausing import Pausing
from recordings.service import Recordings
from tickets.attachments import Attachments
from tickets.intake import Intake
from tickets.oversight import Oversight
from tickets.service import WorkOrders
from tickets.summaries import Summaries


def furnish(
    centre: CallCentre,
    orders: WorkOrders,
    intake: Intake,
    attachments: Attachments,
    tasks: CallbackTasks,
    recordings: Recordings,
    pausing: Pausing,
    transcripts: TranscriptStore,
    knowledge: KnowledgeBase,
    health: HealthProbe,
    control: CallControl,
    supervision: Supervision,
    records: CallRecords,
    oversight: Oversight,
    echo: EchoTest,
    emergencies: Emergencies,
    summaries: Summaries,
    nuisance: NuisanceList,
    evidence: Evidence,
    transcription: Transcription,
    robot: Robot,
    outreach: Outreach,
) -> Rooms:
    return Rooms(
        call_centre=centre,
        work_orders=orders,
        intake=intake,
        attachments=attachments,
        callbacks=tasks,
        recordings=recordings,
        pausing=pausing,
        transcripts=transcripts,
        knowledge=knowledge,
        health=health,
        control=control,
        supervision=supervision,
        records=records,
        oversight=oversight,
        echo=echo,
        emergencies=emergencies,
        summaries=summaries,
        nuisance=nuisance,
        evidence=evidence,
        recognition=transcription.overview,
        robot=robot,
        outreach=outreach,
    )


def test_every_port_is_furnished() -> None:
    ports = [field for field in fields(Rooms) if field.type is not bool]
    assert len(ports) == len(furnish.__annotations__) - 1
