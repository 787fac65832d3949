"""What every move of a work order means to supervision, written down in the move's own transaction.

So nothing is missed when the engine dies between the move and a look at it, and nothing has to be swept up later.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hotline.clock import Clock
from hotline.database import UnitOfWork
from hotline.facts.oversight import ProposalDecided, SupervisionConcluded, SupervisionProposed
from hotline.ids import new_id
from hotline.oversight import Supervision
from tickets.process_book import Executes
from tickets.states import DONE, Action, State
from tickets.supervision.boilerplate import copies
from tickets.supervision.tables import supervision_courses, supervision_proposals, unit_replies
from tickets.supervision.triggers import Ground, Proposal, copied, overdue, proposal_of

Row = dict[str, Any]
_COMPARED = 500
"""The newest replies of a unit that a fresh one is compared with."""


class Watch:
    """Works inside the caller's unit of work."""

    def __init__(self, clock: Clock, settings: Supervision) -> None:
        self._clock = clock
        self._settings = settings

    async def has_open_course(self, source: Executes, ticket_id: str) -> bool:
        """Whether its present level has no result yet."""
        c = supervision_courses.c
        query = select(exists().where(c.ticket_id == ticket_id, c.result.is_(None)))
        return bool((await source.execute(query)).scalar())

    async def moved(self, uow: UnitOfWork, row: Row, action: Action, form: Mapping[str, Any], by: str) -> None:
        """A move was made; ``row`` is what it led to."""
        match action:
            case Action.SUPERVISE:
                await self._open_course(uow, row, form, by)
            case Action.RELEASE:
                await self.conclude(uow, row, str(form.get("note") or ""), solved=True, by=by)
            case Action.REPLY:
                await self._compare(uow, row)
            case _:
                pass
        if (proposal := proposal_of(action, row, self._settings)) is not None:
            await self.propose(uow, row, proposal)
        if State(row["state"]) in DONE:
            await self._lapse(uow, row)

    async def missed(self, uow: UnitOfWork, row: Row, *, accepted: bool) -> None:
        """The deadline passed. ``accepted``: it is supervised at once, unattended."""
        await self.propose(uow, row, overdue(row), accepted=accepted)

    async def conclude(self, uow: UnitOfWork, row: Row, result: str, *, solved: bool, by: str) -> bool:
        """The present level has its result. Tells whether there was one without."""
        c, now = supervision_courses.c, self._clock.now()
        said = {"result": result, "solved": solved, "concluded_at": now, "concluded_by": by}
        of_ticket = (c.ticket_id == row["id"], c.result.is_(None))
        level = (await uow.execute(select(c.level).where(*of_ticket))).scalar()
        if level is None:
            return False
        await uow.execute(update(supervision_courses).where(*of_ticket).values(said))
        uow.record(SupervisionConcluded(at=now, by=by, ticket_id=row["id"], level=level, result=result, solved=solved))
        return True

    async def propose(
        self, uow: UnitOfWork, row: Row, proposal: Proposal, others: Sequence[str] = (), *, accepted: bool = False
    ) -> None:
        """Keep a proposal, once for its occasion."""
        now = self._clock.now()
        fresh: Row = {
            "id": new_id("proposal"), "ticket_id": row["id"], "unit": row["unit"], "ground": proposal.ground.value,
            "occasion": proposal.occasion, "level": proposal.level, "because": proposal.because,
            "others": list(others), "state": "accepted" if accepted else "open", "at": now,
            "decided_at": now if accepted else None, "decided_by": "system" if accepted else None, "note": None,
        }  # fmt: skip
        make = postgresql.insert if uow.connection.dialect.name == "postgresql" else sqlite.insert
        done = await uow.execute(make(supervision_proposals).values(fresh).on_conflict_do_nothing())
        if done.rowcount == 1:
            uow.record(
                SupervisionProposed(
                    at=now, proposal_id=fresh["id"], ticket_id=row["id"], ground=proposal.ground.value,
                    level=proposal.level, because=proposal.because,
                )
            )  # fmt: skip

    async def _open_course(self, uow: UnitOfWork, row: Row, form: Mapping[str, Any], by: str) -> None:
        fresh = {
            "id": new_id("course"), "ticket_id": row["id"], "level": row["supervise_level"],
            "reason": str(form.get("note") or ""), "skip_reason": str(form.get("skip_reason") or ""),
            "opened_at": self._clock.now(), "opened_by": by,
        }  # fmt: skip
        await uow.execute(insert(supervision_courses).values(fresh))

    async def _lapse(self, uow: UnitOfWork, row: Row) -> None:
        """What is done is supervised no more. Replies that are all alike stay a matter of the unit, and open."""
        c, now = supervision_proposals.c, self._clock.now()
        note = "工单已办结，建议自动失效"
        pointless = (c.ticket_id == row["id"], c.state == "open", c.ground != Ground.BOILERPLATE.value)
        said = {"state": "lapsed", "decided_at": now, "decided_by": "system", "note": note}
        for proposal in (await uow.execute(select(c.id).where(*pointless))).scalars().all():
            await uow.execute(update(supervision_proposals).where(c.id == proposal).values(said))
            named = {"proposal_id": proposal, "ticket_id": row["id"]}
            uow.record(ProposalDecided(at=now, by="system", accepted=False, note=note, **named))

    async def _compare(self, uow: UnitOfWork, row: Row) -> None:
        """Keep the reply, and propose when it is one of many."""
        now, c = self._clock.now(), unit_replies.c
        since = now - timedelta(days=self._settings.copy_days)
        query = select(c.ticket_id, c.reply).where(c.unit == row["unit"], c.at >= since, c.ticket_id != row["id"])
        rows = (await uow.execute(query.order_by(c.at.desc()).limit(_COMPARED))).mappings().all()
        earlier = [(str(one["ticket_id"]), str(one["reply"])) for one in rows]
        kept = {"ticket_id": row["id"], "unit": row["unit"], "at": now, "reply": row["reply"]}
        await uow.execute(insert(unit_replies).values(kept))
        alike = copies(row["reply"], earlier, self._settings.copy_likeness)
        if (proposal := copied(row, len(alike), self._settings)) is not None:
            await self.propose(uow, row, proposal, sorted(alike)[:50])
