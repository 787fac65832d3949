"""The tokens of machines: one secret per channel and per unit, from the environment or made on first use."""

import hmac

from hotline.settings import Secrets


class ChannelTokens:
    """Whether a machine may speak for a channel, or be a unit's office system.

    ``HOTLINE_INTAKE_<CHANNEL>_TOKEN`` and ``HOTLINE_OFFICE_<UNIT>_TOKEN`` set them.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def holds(self, channel: str, token: str) -> bool:
        """Compares in constant time."""
        return self._is("intake", channel, token)

    def holds_unit(self, unit: str, token: str) -> bool:
        """The same, for a unit that the site knows."""
        return self._is("office", unit, token)

    def _is(self, door: str, name: str, token: str) -> bool:
        return hmac.compare_digest(self._secrets.get(f"{door}_{name}_token").encode(), token.encode())
