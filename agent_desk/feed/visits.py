"""The lane of return visits: what the robot does, the list for people, campaigns.

Changes are gathered before they are told: a robot of many lines changes dozens of times a second, a screen wants to
know three times. The robot's view is read only while somebody who may see it has a screen open.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from agent_desk.feed.news import CampaignNews, DeskNews, HandListNews, News, RobotNews
from agent_desk.ports import Rooms
from agent_desk.robot_view import show_robot
from hotline.bus import Bus, SubscriberTooSlow, Subscription
from hotline.errors import HotlineError
from hotline.facts import Message
from hotline.facts.callbacks import (
    CallbackAnswered,
    CallbackDialled,
    CallbackDone,
    CallbackDue,
    CallbackHanded,
    CallbackKeyed,
    RobotChanged,
)
from hotline.facts.outreach import CampaignChanged, HandCallChanged, HandListChanged

_log = structlog.get_logger()
GATHER_SECONDS = 0.3
_ROBOT: tuple[type[Message], ...] = (
    RobotChanged, CallbackDue, CallbackDialled, CallbackAnswered, CallbackKeyed, CallbackDone, CallbackHanded,
)  # fmt: skip
_LIST: tuple[type[Message], ...] = (HandListChanged, CallbackHanded, CallbackDone)


class VisitsLane:
    """Reads the bus for the hub."""

    def __init__(self, bus: Bus, rooms: Rooms, tell: Callable[[News], None], is_watched: Callable[[str], bool]) -> None:
        self._bus = bus
        self._rooms = rooms
        self._tell = tell
        self._is_watched = is_watched
        """Whether anybody with this right has a screen open."""
        self._robot_changed = False
        self._list_changed = False
        self._campaigns: set[str] = set()
        self._woken = asyncio.Event()
        self._seen = self._subscribe()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            while True:
                await self._woken.wait()
                await asyncio.sleep(GATHER_SECONDS)
                self._woken.clear()
                await self._guarded(self._flush())

    async def _listen(self) -> None:
        while True:
            try:
                async for message in self._seen:
                    self._note(message)
                return
            except SubscriberTooSlow:
                self._seen = self._subscribe()
                self._robot_changed = self._list_changed = True
                self._woken.set()

    def _note(self, message: Message) -> None:
        if isinstance(message, HandCallChanged):
            data = {"task_id": message.task_id, "stage": message.stage, "call_id": message.call_id}
            self._tell(DeskNews(seat=message.seat, type="by_hand", data=data))
            return
        if isinstance(message, CampaignChanged):
            self._campaigns.add(message.campaign_id)
        self._robot_changed |= isinstance(message, _ROBOT)
        self._list_changed |= isinstance(message, _LIST)
        self._woken.set()

    async def _flush(self) -> None:
        robot, self._robot_changed = self._robot_changed, False
        hand, self._list_changed = self._list_changed, False
        campaigns, self._campaigns = self._campaigns, set()
        if hand:
            self._tell(HandListNews())
        for campaign_id in campaigns:
            self._tell(CampaignNews(campaign_id=campaign_id))
        if robot and self._is_watched("callback.watch") and self._rooms.robot is not None:
            self._tell(RobotNews(data=(await show_robot(self._rooms)).model_dump(mode="json")))

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except HotlineError as refused:
            _log.info("the robot's view cannot be shown now", why=refused.en)
        except Exception:  # as in the hub: one bad reading must not darken every screen
            _log.exception("the live feed could not show return visits")

    def _subscribe(self) -> Subscription:
        kinds = {*_ROBOT, *_LIST, CampaignChanged, HandCallChanged}
        return self._bus.subscribe("feed visits", *kinds, capacity=10_000)
