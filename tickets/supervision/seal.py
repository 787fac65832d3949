"""The seal on referrals: what is stored is ciphertext, so that a look into the database or a backup tells nothing.

The key is the site's secret ``referral_secret``. Who holds both the database and the secrets can open it: against the
operator of the machine no software on that machine helps; against every role of this application it does.
"""

import base64
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotline.errors import Unavailable


class Seal:
    """Seals and opens JSON."""

    def __init__(self, secret: str) -> None:
        key = HKDF(SHA256(), 32, None, b"hotline12345 referral").derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, content: Any) -> str:
        """``content`` as ciphertext."""
        return self._fernet.encrypt(json.dumps(content, ensure_ascii=False).encode()).decode()

    def open(self, sealed: str) -> Any:
        """What was sealed. Raises ``Unavailable`` under another secret."""
        try:
            return json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken as failure:
            raise Unavailable(
                "密封材料无法开启：密钥与封存时不同",
                "the seal does not open: it was closed under another secret",
            ) from failure
