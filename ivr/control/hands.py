"""The hands of call control: each order is one move of one leg in the dialplan. They decide nothing.

A leg that is gone makes an order void: its own end is an event that the saga hears of anyhow. Asterisk carries a move
out a little later than it says so, and may lose a leg that is taken into a bridge while it leaves another: so each
order waits until whom it takes stands still, and until it has come true itself.
"""

import asyncio
from collections.abc import Mapping

import structlog

from hotline.errors import HotlineError
from ivr.control.parts import OUR_SEATS, Order, Party, PartyKind, Saga
from telephony.port import LegMissing, Telephony

_log = structlog.get_logger()
_TRUE_WITHIN, _LOOK_EVERY = 2.0, 0.02


class Hands:
    """Carries the orders out that concern legs."""

    def __init__(self, telephone: Telephony) -> None:
        self._telephone = telephone

    async def carry_out(self, order: Order, saga: Saga, party: Party | None, details: Mapping[str, str] = {}) -> None:
        """Do it; what cannot be done is logged, and the world's own events correct the saga."""
        try:
            if (taken := _taken(order, saga, party)) is not None:
                await self._telephone.settled(taken)
            await self._move(order, saga, party, details)
            await self._come_true(order, saga, party)
        except LegMissing as missing:
            _log.info("a leg was gone already", order=order.value, call=saga.call_id, leg=missing.channel)
        except HotlineError as failure:
            _log.warning("call control could not act", order=order.value, call=saga.call_id, why=failure.en)

    async def _move(self, order: Order, saga: Saga, party: Party | None, details: Mapping[str, str]) -> None:
        seat, citizen = self._name(saga.seat_leg), self._name(saga.citizen)
        other = self._name(party.uniqueid) if party is not None else ""
        at_seat = party is not None and party.kind in OUR_SEATS
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
            case Order.DISMISS_PARTY if party.kind is PartyKind.SEAT:
                await self._send(party.uniqueid, "seat-loop", "parked")
            case Order.DISMISS_PARTY:
                await self._telephone.hang_up(party.uniqueid)
            case _:
                pass

    async def _come_true(self, order: Order, saga: Saga, party: Party | None) -> None:
        """Until the legs are where the order sends them, two seconds at most: then aftercare looks into it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _TRUE_WITHIN
        while loop.time() < deadline:
            if await self._is_true(order, saga, party):
                return
            await asyncio.sleep(_LOOK_EVERY)
        _log.warning("an order has not come true", order=order.value, call=saga.call_id)

    async def _is_true(self, order: Order, saga: Saga, party: Party | None) -> bool:
        match order:
            case Order.HOLD_CITIZEN | Order.PARK_CITIZEN:
                return await self._apart(saga.citizen, saga.seat_leg)
            case Order.HOLD_PARTY if party is not None:
                return await self._apart(party.uniqueid, saga.seat_leg)
            case Order.PARK_SEAT:
                return await self._stands(saga.seat_leg)
            case Order.CITIZEN_TO_SEAT | Order.ADD_SEAT:
                return await self._together(saga.citizen, saga.seat_leg)
            case Order.CITIZEN_TO_PARTY | Order.ADD_CITIZEN | Order.ADD_PARTY if party is not None:
                return await self._together(saga.citizen, party.uniqueid)
            case Order.PARTY_TO_SEAT if party is not None:
                return await self._together(party.uniqueid, saga.seat_leg)
            case _:
                return True

    async def _together(self, one: str, other: str) -> bool:
        legs = [await self._telephone.ask_leg(one), await self._telephone.ask_leg(other)]
        bridges = {leg.bridge_id for leg in legs if leg is not None}
        return None in legs or (len(bridges) == 1 and None not in bridges)

    async def _stands(self, one: str) -> bool:
        leg = await self._telephone.ask_leg(one)
        return leg is None or (leg.bridge_id is None and not leg.in_transit)

    async def _apart(self, one: str, other: str) -> bool:
        if not await self._stands(one):
            return False
        await self._telephone.settled(other)
        return True

    def _name(self, uniqueid: str) -> str:
        """The channel's name; one that is gone is named by its id, which the dialplan then does not find."""
        leg = self._telephone.legs.get(uniqueid)
        return leg.channel if leg is not None else uniqueid

    async def _send(self, uniqueid: str, context: str, exten: str, variables: Mapping[str, str] | None = None) -> None:
        for name, value in (variables or {}).items():
            await self._telephone.set_variable(uniqueid, name, value)
        await self._telephone.redirect(uniqueid, context, exten)


def _taken(order: Order, saga: Saga, party: Party | None) -> str | None:
    """The leg that is taken into a bridge by the one that the order moves."""
    match order:
        case Order.CITIZEN_TO_SEAT | Order.PARTY_TO_SEAT:
            return saga.seat_leg
        case Order.CITIZEN_TO_PARTY | Order.ADD_CITIZEN:
            return party.uniqueid if party is not None else None
        case Order.ADD_PARTY | Order.ADD_SEAT:
            return saga.citizen
        case _:
            return None
