"""The hands of call control: each order is one move of one leg in the dialplan. They decide nothing.

A leg that is gone makes an order void: its own end is an event that the saga hears of anyhow.
"""

from collections.abc import Mapping

import structlog

from hotline.errors import HotlineError
from ivr.control.parts import Order, Party, PartyKind, Saga
from telephony.port import LegMissing, Telephony

_log = structlog.get_logger()


class Hands:
    """Carries the orders out that concern legs."""

    def __init__(self, telephone: Telephony) -> None:
        self._telephone = telephone

    async def carry_out(self, order: Order, saga: Saga, party: Party | None, details: Mapping[str, str] = {}) -> None:
        """Do it; what cannot be done is logged, and the world's own events correct the saga."""
        try:
            await self._move(order, saga, party, details)
        except LegMissing as missing:
            _log.info("a leg was gone already", order=order.value, call=saga.call_id, leg=missing.channel)
        except HotlineError as failure:
            _log.warning("call control could not act", order=order.value, call=saga.call_id, why=failure.en)

    async def _move(self, order: Order, saga: Saga, party: Party | None, details: Mapping[str, str]) -> None:
        seat, citizen = self._name(saga.seat_leg), self._name(saga.citizen)
        other = self._name(party.uniqueid) if party is not None else ""
        at_seat = party is not None and party.kind is PartyKind.SEAT
        match order:
            case Order.HOLD_CITIZEN:
                await self._send(saga.citizen, "held", "hold", {"HOTLINE_HOLDER": seat})
            case Order.CITIZEN_TO_SEAT:
                await self._send(saga.citizen, "held", "join", {"HOTLINE_JOIN": seat})
            case Order.CITIZEN_TO_PARTY:
                await self._send(saga.citizen, "held", "join", {"HOTLINE_JOIN": other})
            case Order.ADD_CITIZEN:
                await self._send(saga.citizen, "held", "add", {"HOTLINE_JOIN": other})
            case Order.RETURN_CITIZEN:
                await self._send(saga.citizen, "citizen", "again")
            case Order.ENTER_FLOW:
                await self._send(saga.citizen, "citizen", "again", {"HOTLINE_FLOW": details["place"]})
            case Order.PARK_CITIZEN:
                await self._send(saga.citizen, "held", "park")
            case Order.PARK_SEAT:
                await self._send(saga.seat_leg, "seat-loop", "parked")
            case Order.ADD_SEAT:
                await self._send(saga.seat_leg, "seat-loop", "join", {"HOTLINE_JOIN": citizen})
            case _ if party is not None:
                await self._move_party(order, party, at_seat, seat, citizen)

    async def _move_party(self, order: Order, party: Party, at_seat: bool, seat: str, citizen: str) -> None:
        match order:
            case Order.PARTY_TO_SEAT:
                place = ("seat-loop", "meet") if at_seat else ("party", "join")
                await self._send(party.uniqueid, *place, {"HOTLINE_JOIN": seat})
            case Order.ADD_PARTY:
                place = ("seat-loop", "join") if at_seat else ("party", "enter")
                await self._send(party.uniqueid, *place, {"HOTLINE_JOIN": citizen})
            case Order.HOLD_PARTY if at_seat:
                await self._send(party.uniqueid, "seat-loop", "parked")
            case Order.HOLD_PARTY:
                await self._send(party.uniqueid, "party", "hold", {"HOTLINE_JOIN": seat})
            case Order.DISMISS_PARTY if at_seat:
                await self._send(party.uniqueid, "seat-loop", "parked")
            case Order.DISMISS_PARTY:
                await self._telephone.hang_up(party.uniqueid)
            case _:
                pass

    def _name(self, uniqueid: str) -> str:
        """The channel's name; one that is gone is named by its id, which the dialplan then does not find."""
        leg = self._telephone.legs.get(uniqueid)
        return leg.channel if leg is not None else uniqueid

    async def _send(self, uniqueid: str, context: str, exten: str, variables: Mapping[str, str] | None = None) -> None:
        for name, value in (variables or {}).items():
            await self._telephone.set_variable(uniqueid, name, value)
        await self._telephone.redirect(uniqueid, context, exten)
