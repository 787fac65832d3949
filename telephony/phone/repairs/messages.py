"""Reading SIP: any method, any status, any header, whatever its case or form."""

import re

from telephony.phone.repairs.original import SIP

_LONG_NAMES = {"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "c": "Content-Type"}


class Message(SIP.SIPMessage):  # type: ignore[misc]  # pyVoIP is not typed
    """A SIP message. Raises ``SIPParseError``, ``ValueError``, ``KeyError`` or ``IndexError`` where it is none."""

    code: int = 0
    method: str = ""
    uri: str = ""

    def parse(self, data: bytes) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("utf8", "replace").split("\r\n")
        words = first.split(" ", 2)
        self.heading = first.encode()
        if words[0] == "SIP/2.0":
            self.type, self.version, self.code = SIP.SIPMessageType.RESPONSE, words[0], int(words[1])
        elif words[-1] == "SIP/2.0" and len(words) == 3:
            self.type, self.version = SIP.SIPMessageType.MESSAGE, words[2]
            self.method, self.uri = words[0], words[1]
        else:
            raise SIP.SIPParseError(f"neither a SIP request nor a response: {first[:80]!r}")
        self._parse_headers(lines)
        for line in body.decode("utf8", "replace").split("\r\n"):
            name, _, value = line.partition("=")
            if name and self._belongs(name, value):
                self.parse_body(name, value)

    @property
    def call_id(self) -> str:
        return str(self.headers["Call-ID"])

    @property
    def kind(self) -> str:
        """A request's method, or the method that a response answers."""
        return self.method or self.cseq[1]

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method."""
        return int(self.headers["CSeq"]["check"]), str(self.headers["CSeq"]["method"])

    @property
    def dialled(self) -> str:
        """The user part of a request's URI: the number that was called."""
        return self.uri.removeprefix("sip:").partition("@")[0]

    @property
    def contact(self) -> str:
        """The bare URI in Contact: where further requests of the dialogue go. Empty if there is none."""
        raw = str(self.headers.get("Contact", ""))
        found = re.search(r"<([^>]+)>", raw)
        return found[1] if found else raw.partition(";")[0]

    def forget_unknown_media(self) -> None:
        """Drop from the offer what this phone cannot do (pyVoIP warns of each, resetting Python's warning filters)."""
        for media in self.body.get("m", []):
            maps = {n: a.get("rtpmap", {}) for n, a in media["attributes"].items()}
            keys = [n for n, m in maps.items() if m.get("name") == "telephone-event" and m.get("frequency") == "8000"]
            media["methods"] = [n for n in media["methods"] if n == "0" or n in keys]

    def _belongs(self, name: str, value: str) -> bool:
        """Whether an SDP attribute speaks of a payload that was listed; of others pyVoIP fails to find the place."""
        kind, _, rest = value.partition(":")
        if name != "a" or kind not in ("rtpmap", "fmtp"):
            return True
        return any(rest.partition(" ")[0] in media["methods"] for media in self.body.get("m", []))

    def _parse_headers(self, lines: list[str]) -> None:
        vias: list[str] = []
        for line in lines:
            name, _, value = line.partition(":")
            name, value = _LONG_NAMES.get(name.strip().lower(), name.strip()), value.strip()
            if name == "Via":
                vias.append(value)
            elif name not in self.headers:
                self.parse_header("WWW-Authenticate" if name == "Proxy-Authenticate" else name, value)
        self.parse_header("Via", vias)
        for side in ("From", "To"):
            self.headers[side]["tag"] = self.headers[side]["tag"].partition(";")[0]
