"""One conversation of the robot with a citizen who picked up: carries out what ``survey`` orders, on a FastAGI leg."""

from contextlib import AsyncExitStack

import structlog

from callback.hearing import Hearing, Listening
from callback.lifecycle import State
from callback.port import Row
from callback.survey import ANY_KEY, Survey, counts, ending, orders, press, resume
from callback.tasks import CallbackTasks
from telephony.port import CallerGone, CallerSession

_log = structlog.get_logger()


class Conversation:
    """Asks the two questions and keeps every answer the moment it is given."""

    def __init__(self, tasks: CallbackTasks, key_seconds: float) -> None:
        self._tasks = tasks
        self._key_seconds = key_seconds
        self.hearing: Hearing | None = None
        """Set when answers may be spoken too."""

    async def hold(self, row: Row, session: CallerSession) -> Row:
        """The whole conversation; returns the settled task. A hang-up ends it with what was said until then."""
        if row["state"] == State.DIALLING:
            row = await self._tasks.answer(row)
        survey = resume(row["solved"], row["satisfaction"])
        try:
            async with AsyncExitStack() as stack:
                hearing = self.hearing
                spoken = await stack.enter_async_context(hearing.listening(session)) if hearing else None
                row, survey = await self._ask(row, survey, session, spoken)
        except CallerGone:
            row = await self._tasks.get(row["id"])
            survey = resume(row["solved"], row["satisfaction"])
            return await self._tasks.finish(row, ending(survey))
        row = await self._tasks.finish(row, ending(survey))
        await self._take_leave(survey, session)
        return row

    async def _ask(
        self, row: Row, survey: Survey, session: CallerSession, spoken: Listening | None
    ) -> tuple[Row, Survey]:
        while not (order := orders(survey)).finish:
            if spoken is not None:
                spoken.question = survey.question
            key = await session.play_many(order.prompts, ANY_KEY)
            if key is None:
                key = await session.wait_key(self._key_seconds)
            if key is not None and counts(survey, key):
                row = await self._tasks.keep(row, survey.question.value, key)
            survey = press(survey, key)
        return row, survey

    async def _take_leave(self, survey: Survey, session: CallerSession) -> None:
        try:
            await session.play_many(orders(survey).prompts)
            await session.hang_up()
        except CallerGone:
            _log.debug("the citizen hung up before we did")
