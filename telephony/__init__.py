"""Everything that knows Asterisk. The only room that imports panoramisk.

Usage, as ``app.py`` does it::

    async with TelephonyLine(AmiAddress("127.0.0.1", 5038, "hotline", secret), bus.publish, agi_port=4573) as line:
        line.route("citizen", handle_citizen)       # async def handle_citizen(session: CallerSession) -> None
        tasks.create_task(line.watch())             # from here on the heart beats and citizens come to us
        await line.telephone.bridge(citizen_uniqueid, seat_uniqueid)

and the rooms on top: ``with bus.subscribe("calls", LegGone, LegBridged, SeatParked, LinkUp) as seen: …``.
Rooms type against ``telephony.port`` (Telephony, CallerSession) and are tested with ``telephony.fake``.

Theory of operation. An AMI event is a hint, never a truth: a SIP caller can forge whole events by CR LF in the
caller id. An event that would end, move or answer a leg makes us ask Asterisk about that leg; the answer, matched by
an unguessable ActionID, is what is believed and published. After a (re)connect, after lost events and every few
seconds, a whole snapshot is compared with what we believe; the difference is published just the same.
"""
