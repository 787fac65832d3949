"""One SIP line: a socket, its dialogues, and who takes the calls that come in. pyVoIP's phone with its gaps filled."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable

import structlog

from telephony.phone.repairs import RTP, Call, CallState, Client, Listener, Message, VoIPPhone
from telephony.phone.wire import Address, SipWire

_log = structlog.get_logger(__name__)

TakeCall = Callable[[Call, Message], Listener]
"""Who takes a call that rings: gets the call and its INVITE, returns the listener of it."""


class Line(VoIPPhone):  # type: ignore[misc]  # pyVoIP is not typed
    """Open inside a running loop. Calls to ``server`` only; calls for a number nobody ``takes`` get 404."""

    def __init__(self, server: Address, bind: Address, user: str, password: str) -> None:
        super().__init__(server[0], server[1], user, password, myIP=bind[0])
        self.wire = SipWire(bind, self._on_datagram)
        self.sip = Client(server, user, password, self, self.wire)
        self.takers: dict[str, TakeCall] = {}
        self.take_any: TakeCall | None = None
        self.journal: deque[str] = deque(maxlen=500)
        """What came in last: "INVITE" for a request, "200 INVITE" for a response; for tests and for the puzzled."""
        self._sockets: dict[int, socket.socket] = {}
        self._last_reply: dict[str, tuple[tuple[int, str], str]] = {}
        self._challenged: set[str] = set()
        self._registration = (self.sip.gen_call_id(), 0)
        """Call-ID and the last number used."""
        self._registered: asyncio.Future[Message] | None = None
        self.NSD = True

    def dial(self, number: str, caller: str, listener: Listener) -> Call:
        """Send the INVITE; the listener hears the rest."""
        media = {self.request_port(): {0: RTP.PayloadType.PCMU, 101: RTP.PayloadType.EVENT}}
        invite = self.sip.write_invite(number, caller, self.sip.gen_call_id(), media)
        call = Call(self, CallState.DIALING, invite, 1, self.myIP, ms=media, sendmode=self.sendmode)
        call.listener, call.caller, call.dialled = listener, caller, number
        self.calls[invite.call_id] = call
        self._send_invite(invite)
        return call

    async def register(self, expires: int, timeout: float = 5.0) -> int:
        """Tell the server where we are for ``expires`` seconds (0: nowhere); the final SIP status."""
        status, proof = 401, ""
        for _ in range(2):
            call_id, number = self._registration
            self._registration = call_id, number + 1
            request = self.sip.write_register(expires, call_id, number + 1, proof)
            self._registered = asyncio.get_running_loop().create_future()
            self._send_until(request)
            async with asyncio.timeout(timeout):
                response = await self._registered
            status = response.code
            if status != 401:
                break
            proof = self.sip.authorize(response, "REGISTER", request.uri)
        return int(status)

    @property
    def unplugged(self) -> bool:
        """The cable is out: nothing comes in, nothing goes out, nobody is told."""
        return self.wire.unplugged

    def answer(self, call: Call) -> None:
        """200 with our audio, repeated until they acknowledge. Only for a call that still rings."""
        if call.state is not CallState.RINGING:
            return
        text = self.sip.gen_answer(call.request, call.session_id, call.gen_ms(), call.sendmode)
        call.state = CallState.ANSWERED
        self._reply(call.request, text, final=True)
        call.listener.on_answered()

    def refuse(self, call: Call, code: int) -> None:
        """Turn a ringing call away with a final status (486 busy, 603 declined …)."""
        if call.state is CallState.RINGING:
            self._reply(call.request, self.sip.gen_response(call.request, code), final=True)
            self._end(call, by_us=True, code=code)

    def hang_up(self, call: Call) -> None:
        """End the call in whatever state it is: BYE, CANCEL or 603."""
        match call.state:
            case CallState.ANSWERED:
                bye = Message(self.sip.gen_bye(call.request).encode())
                self._send_until(bye)
                self._end(call, by_us=True, code=200)
            case CallState.DIALING if not call.cancelled:
                call.cancelled = True
                self.wire.settle(("INVITE", call.request.call_id))
                self._send_until(Message(self.sip.gen_cancel(call.request).encode()))
            case CallState.RINGING:
                self.refuse(call, 603)

    def abandon(self, call: Call) -> None:
        """Forget a call without a word, as after the other side's silence."""
        self._end(call, by_us=True, code=408)

    def stop(self, failed: bool = False) -> None:
        """Hang up everything and free every port."""
        for call in list(self.calls.values()):
            self.hang_up(call)
            self._end(call, by_us=True, code=200)
        self.NSD = False
        self.wire.close()
        for left in self._sockets.values():
            left.close()
        self._sockets.clear()

    def request_port(self, blocking: bool = True) -> int:
        """A port that is really ours from now on (pyVoIP guesses one and binds it later)."""
        reserved = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        reserved.setblocking(False)
        reserved.bind((self.myIP, 0))
        port = int(reserved.getsockname()[1])
        self._sockets[port] = reserved
        return port

    def take_socket(self, port: int) -> socket.socket:
        """Hand the reserved socket to the audio that will close it."""
        return self._sockets.pop(port)

    def _on_datagram(self, data: bytes, _: Address) -> None:
        if not data.strip(b"\r\n\0 "):
            return
        try:
            message = Message(data)
            self.journal.append(message.method or f"{message.code} {message.kind}")
            self._handle_request(message) if message.method else self._handle_response(message)
        except Exception as error:  # the edge of the loop: one bad datagram must not silence the phone
            _log.warning("sip_message_dropped", error=repr(error))

    def _handle_request(self, request: Message) -> None:
        call = self.calls.get(request.call_id)
        match request.method:
            case "INVITE":
                self._on_invite(request, call)
            case "ACK":
                self.wire.settle(("reply", request.call_id))
                self._last_reply.pop(request.call_id, None)
            case "BYE":
                self._send(self.sip.gen_response(request, 200 if call else 481))
                if call:
                    self._end(call, by_us=False, code=200)
            case "CANCEL":
                self._send(self.sip.gen_response(request, 200 if call else 481))
                if call and call.state is CallState.RINGING:
                    self._reply(call.request, self.sip.gen_response(call.request, 487), final=True)
                    self._end(call, by_us=False, code=487)
            case "OPTIONS" | "NOTIFY":
                self._send(self.sip.gen_response(request, 200))
            case _:
                self._send(self.sip.gen_response(request, 405))

    def _on_invite(self, request: Message, call: Call | None) -> None:
        last = self._last_reply.get(request.call_id)
        if last and last[0] == request.cseq:
            self._send(last[1])
        elif call is not None and call.state is CallState.ANSWERED:
            call.renegotiate(request)
        elif call is None:
            self._on_new_call(request)

    def _on_new_call(self, invite: Message) -> None:
        take = self.takers.get(invite.dialled, self.take_any)
        if take is None:
            self._reply(invite, self.sip.gen_response(invite, 404), final=True)
            return
        try:
            invite.forget_unknown_media()
            call = Call(self, CallState.RINGING, invite, 1, self.myIP, sendmode=self.recvmode)
            if call.audio is None:
                raise RTP.RTPParseError("no audio on offer")
        except (KeyError, IndexError, ValueError, RTP.RTPParseError) as error:
            _log.warning("sip_offer_refused", error=repr(error))
            self._reply(invite, self.sip.gen_response(invite, 488), final=True)
            return
        self.calls[invite.call_id] = call
        self._reply(invite, self.sip.gen_response(invite, 180), final=False)
        call.listener = take(call, invite)

    def _handle_response(self, response: Message) -> None:
        method = response.kind
        self.wire.settle((method, response.call_id))
        if method == "REGISTER" and self._registered is not None and not self._registered.done():
            self._registered.set_result(response)
        if method != "INVITE":
            return
        call = self.calls.get(response.call_id)
        if response.code >= 200:
            self._send(self.sip.gen_ack(response))
        if call is None or call.state is not CallState.DIALING:
            return
        match response.code:
            case 100:
                pass
            case code if code < 200:
                call.listener.on_ringing()
            case code if code < 300:
                self._on_picked_up(call, response)
            case 401 | 407 if self._may_authorize(response):
                self._authorize(call, response)
            case code:
                self._end(call, by_us=call.cancelled, code=code)

    def _on_picked_up(self, call: Call, response: Message) -> None:
        call.answered(response)
        if call.cancelled:  # they answered while our CANCEL was under way
            self.hang_up(call)
        else:
            call.listener.on_answered()

    def _may_authorize(self, response: Message) -> bool:
        return bool(self.password) and response.call_id not in self._challenged

    def _authorize(self, call: Call, challenge: Message) -> None:
        self._challenged.add(challenge.call_id)
        proof = self.sip.authorize(challenge, "INVITE", call.request.uri)
        call.request = self.sip.write_invite(call.dialled, call.caller, challenge.call_id, call.ms, proof)
        self._send_invite(call.request)

    def _send_invite(self, invite: Message) -> None:
        self._send_until(invite)

    def _send_until(self, request: Message) -> None:
        self.wire.send_until((request.method, request.call_id), request.raw, self.sip.target)

    def _reply(self, invite: Message, text: str, *, final: bool) -> None:
        """Answer an INVITE: a final answer is repeated until the ACK, a repeated INVITE gets the last one again."""
        self._last_reply[invite.call_id] = (invite.cseq, text)
        if final:
            self.wire.send_until(("reply", invite.call_id), text.encode(), self.sip.target)
        else:
            self._send(text)

    def _send(self, text: str) -> None:
        self.wire.sendto(text.encode(), self.sip.target)

    def _end(self, call: Call, *, by_us: bool, code: int) -> None:
        if self.calls.pop(call.request.call_id, None) is None:
            return
        call.state = CallState.ENDED
        call.stop_audio()
        for port in call.assignedPorts:
            if (unused := self._sockets.pop(port, None)) is not None:
                unused.close()
        self._challenged.discard(call.request.call_id)
        self.sip.tagLibrary.pop(call.request.call_id, None)
        call.listener.on_ended(by_us, code)
