"""The tokens of machine senders: one secret per channel, from the environment or made on first use."""

import hmac

from hotline.settings import Secrets


class ChannelTokens:
    """Whether a machine may speak for a channel. ``HOTLINE_INTAKE_<CHANNEL>_TOKEN`` sets a channel's token."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def holds(self, channel: str, token: str) -> bool:
        """Compares in constant time."""
        return hmac.compare_digest(self._secrets.get(f"intake_{channel}_token").encode(), token.encode())
