"""Where the site's keys come from: apart from sealing itself, which needs no settings."""

from hotline.settings import Secrets, Settings
from recordings.sealing import Keyring


def keys_of(settings: Settings) -> Keyring:
    """The site's keys: ``HOTLINE_RECORDINGS_KEY``, else made once into ``secrets.json``. Raises ConfigurationError."""
    secret = Secrets(settings.storage.folder).get("recordings_key")
    return Keyring.of(secret, seals=settings.recordings.encrypt)
