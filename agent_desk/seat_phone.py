"""What a browser needs to be a seat's phone: where to register, as whom, and what to dial once to be parked."""

from agent_desk.models import SipAccount
from hotline.settings import Secrets, Settings


class SeatPhones:
    """The SIP accounts of the seats, from settings and secrets."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._asterisk = settings.asterisk
        self._secrets = secrets

    def of(self, seat: str) -> SipAccount:
        """The seat's account. The password goes to the browser of the agent bound to the seat and nowhere else."""
        host = self._asterisk.host
        literal = f"[{host}]" if ":" in host else host
        return SipAccount(
            ws_url=f"ws://{literal}:{self._asterisk.http_port}/ws",
            uri=f"sip:{seat}@{literal}",
            authorization_user=seat,
            password=self._secrets.seat_password(seat),
            extension="seat",
        )
