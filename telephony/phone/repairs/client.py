"""Writing SIP: requests and responses that belong to their dialogue, and digest answers that are believed."""

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from telephony.phone.repairs.messages import Message
from telephony.phone.repairs.original import RTP, SIP
from telephony.phone.wire import Address, SipWire

if TYPE_CHECKING:
    from telephony.phone.line import Line

_ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS"


class Client(SIP.SIPClient):  # type: ignore[misc]
    """Writes SIP messages. Sends through ``wire``; reads nothing itself (``line.Line`` does)."""

    def __init__(self, server: Address, user: str, password: str, line: "Line", wire: SipWire) -> None:
        super().__init__(server[0], server[1], user, password, line, myIP=wire.address[0], myPort=wire.address[1])
        self.out = self.s = wire
        self.target = server

    def gen_call_id(self) -> str:
        return f"{uuid.uuid4().hex}@{self.myIP}"

    def gen_tag(self) -> str:
        return uuid.uuid4().hex[:16]

    def gen_response(self, request: Message, code: int) -> str:
        """An answer without a body, with the dialogue's own tag in To."""
        asked = request.headers
        tag = asked["To"]["tag"] or self.tagLibrary.setdefault(request.call_id, self.gen_tag())
        return (
            f"SIP/2.0 {SIP.SIPStatus(code)}\r\n{self._gen_response_via_header(request)}"
            f"From: {asked['From']['raw']};tag={asked['From']['tag']}\r\nTo: {asked['To']['raw']};tag={tag}\r\n"
            f"Call-ID: {request.call_id}\r\nCSeq: {request.cseq[0]} {request.cseq[1]}\r\n"
            f"Contact: <sip:{self.username}@{self.myIP}:{self.myPort}>\r\nAllow: {_ALLOW}\r\n"
            "Accept: application/sdp\r\nContent-Length: 0\r\n\r\n"
        )

    def gen_answer(self, request: Any, sess_id: str, ms: Any, sendtype: Any) -> str:
        self.tagLibrary.setdefault(request.call_id, request.headers["To"]["tag"] or self.gen_tag())
        return str(super().gen_answer(request, sess_id, ms, sendtype))

    def gen_request(self, method: str, dialogue: Message, uri: str, cseq: int, branch: str = "") -> str:
        """A request without a body inside (or ending) the dialogue of ``dialogue``: an INVITE or a response to ours."""
        ours, theirs = dialogue.headers["From"], dialogue.headers["To"]
        own_tag = ours["tag"] if dialogue.code else self.tagLibrary[dialogue.call_id]
        if ours["tag"] != own_tag:
            ours, theirs = theirs, ours
        their_tag = f";tag={theirs['tag']}" if theirs["tag"] else ""
        return (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.myIP}:{self.myPort};branch={branch or self.gen_branch()};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {ours['raw']};tag={own_tag}\r\nTo: {theirs['raw']}{their_tag}\r\n"
            f"Call-ID: {dialogue.call_id}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
        )

    def gen_ack(self, request: Any) -> str:
        """ACK of a final response: to the peer's Contact after 2xx, otherwise within the INVITE's own transaction."""
        answered = 200 <= request.code < 300
        uri = request.contact if answered and request.contact else f"sip:{request.headers['To']['address']}"
        branch = "" if answered else str(request.headers["Via"][0].get("branch", ""))
        return self.gen_request("ACK", request, uri, request.cseq[0], branch)

    def gen_bye(self, request: Any) -> str:
        return self.gen_request("BYE", request, request.contact, request.cseq[0] + 1)

    def gen_cancel(self, invite: Message) -> str:
        """CANCEL for our unanswered INVITE: same URI, same branch, same number, no To-tag."""
        return self.gen_request("CANCEL", invite, invite.uri, invite.cseq[0], str(invite.headers["Via"][0]["branch"]))

    def write_invite(self, number: str, caller: str, call_id: str, ms: Any, authorization: str = "") -> Message:
        """INVITE as ``caller``. A second one for the same ``call_id`` keeps the From tag and takes the next number."""
        known = self.tagLibrary.get(call_id)
        text = self.gen_invite(number, "1", ms, RTP.TransmitType.SENDRECV, self.gen_branch(), call_id)
        if known:
            text = text.replace(f";tag={self.tagLibrary[call_id]}", f";tag={known}", 1)
            self.tagLibrary[call_id] = known
        text = text.replace(f"From: <sip:{self.username}@", f"From: <sip:{caller}@", 1)
        return Message(text.replace("\r\nContent-Length", f"\r\n{authorization}Content-Length", 1).encode())

    def write_register(self, expires: int, call_id: str, cseq: int, authorization: str = "") -> Message:
        """REGISTER our address for ``expires`` seconds; 0 takes it away."""
        uri, us = f"sip:{self.target[0]}", f"sip:{self.username}@{self.target[0]}"
        tag = self.tagLibrary.setdefault(call_id, self.gen_tag())
        return Message(
            (
                f"REGISTER {uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {self.myIP}:{self.myPort};branch={self.gen_branch()};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <{us}>;tag={tag}\r\nTo: <{us}>\r\n"
                f"Call-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n"
                f"Contact: <sip:{self.username}@{self.myIP}:{self.myPort}>\r\nExpires: {expires}\r\n"
                f"{authorization}Content-Length: 0\r\n\r\n"
            ).encode()
        )

    def authorize(self, challenge: Message, method: str, uri: str) -> str:
        """The header line that answers a 401 or 407 (MD5, with ``qop=auth`` where asked)."""
        asked = challenge.authentication
        secret = _md5(f"{self.username}:{asked['realm']}:{self.password}")
        parts = {"username": self.username, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri}
        middle = ""
        if "auth" in asked.get("qop", "").split(","):
            parts["cnonce"] = uuid.uuid4().hex[:16]
            middle = f"00000001:{parts['cnonce']}:auth:"
        parts["response"] = _md5(f"{secret}:{asked['nonce']}:{middle}{_md5(f'{method}:{uri}')}")
        if "opaque" in asked:
            parts["opaque"] = asked["opaque"]
        line = ", ".join(f'{name}="{value}"' for name, value in parts.items())
        name = "Proxy-Authorization" if challenge.code == 407 else "Authorization"
        return f"{name}: Digest {line}, algorithm=MD5{', qop=auth, nc=00000001' if middle else ''}\r\n"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
