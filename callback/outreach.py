"""The parts around the robot, bound together: messages, the list for people, campaigns, readings."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from callback.by_hand.service import HandList, Line
from callback.campaigns.service import CampaignService
from callback.dispositions import Dispositions
from callback.port import CAMPAIGN, Engine
from callback.sms.answers import CitizenAnswers
from callback.sms.delivery import SmsDelivery
from callback.sms.outbox import SmsOutbox
from callback.sms.senders import FileOutbox, HttpGateway, Sender
from callback.tasks import CallbackTasks
from hotline.bus import Bus
from hotline.clock import Clock
from hotline.database import Database
from hotline.settings import Secrets, Settings


@dataclass(frozen=True, kw_only=True)
class Outreach:
    """What the desk works with beside the ledger of return visits."""

    hand_list: HandList
    campaigns: CampaignService
    messages: SmsOutbox
    answers: CitizenAnswers
    delivery: SmsDelivery
    dispositions: Dispositions
    clock: Clock
    enabled: bool
    """Whether the robot dials at this site."""

    @classmethod
    def of(
        cls, settings: Settings, database: Database, bus: Bus, clock: Clock, secrets: Secrets, *,
        tasks: CallbackTasks, line: Line, flows: Callable[[], Sequence[str]], engine: Engine = Engine(),
    ) -> "Outreach":  # fmt: skip
        """Make them, and tell the ledger of return visits whom to tell."""
        zone, sms, key = settings.site.zone, settings.callback.sms, secrets.get("citizen_link_key")
        messages = SmsOutbox(database, clock, sms.attempts)
        answers = CitizenAnswers(database, clock, zone, sms, messages, tasks, key)
        sender = sender_of(settings, settings.storage.folder / "outbox" / "sms.jsonl")
        campaigns = CampaignService(database, bus, clock, zone, tasks, settings.campaigns, flows)
        tasks.given_up = answers
        tasks.conclusions[CAMPAIGN] = campaigns
        tasks.gate = campaigns
        return cls(
            hand_list=HandList(database, bus, clock, tasks, settings.callback.by_hand, line, engine),
            campaigns=campaigns,
            messages=messages,
            answers=answers,
            delivery=SmsDelivery(
                messages, sender, bus, clock, page_url=sms.page_url, link_key=key, keep_days=sms.keep_days
            ),
            dispositions=Dispositions(database, clock, zone),
            clock=clock,
            enabled=settings.callback.enabled,
        )

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.delivery.run())
            parts.create_task(self.hand_list.run())
            parts.create_task(self.campaigns.run())


def sender_of(settings: Settings, file: Path) -> Sender:
    """How this site sends messages."""
    sms = settings.callback.sms
    if not sms.gateway_url:
        return FileOutbox(file)
    return HttpGateway(sms.gateway_url, Secrets.given("sms_token"), sms.timeout_seconds)
