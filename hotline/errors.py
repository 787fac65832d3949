"""The one family of errors that the house raises on purpose.

Three kinds, by who must act: the operator (``ConfigurationError``), time (``Unavailable``: try again),
the caller (``RuleBroken``: what was asked is not allowed, with a sentence in Chinese and English).
"""


class HotlineError(Exception):
    """Root of every error raised on purpose. ``zh`` and ``en`` are sentences that a person can act on."""

    code: str = "error"

    def __init__(self, zh: str, en: str, *, code: str | None = None) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en
        if code is not None:
            self.code = code


class ConfigurationError(HotlineError):
    """The site's configuration or machine is wrong; the engine refuses to start. The operator must act."""

    code = "configuration"


class Unavailable(HotlineError):
    """Something that we depend on does not answer now. Nothing was lost; asking again later may work."""

    code = "unavailable"


class RuleBroken(HotlineError):
    """The caller asked for what the rules do not allow in this state. Maps to HTTP 409."""

    code = "rule_broken"


class Forbidden(RuleBroken):
    """The caller lacks the right. Maps to HTTP 403."""

    code = "forbidden"


class NotSignedIn(RuleBroken):
    """Nobody is signed in. Maps to HTTP 401."""

    code = "not_signed_in"


class NotFound(RuleBroken):
    """The named thing does not exist, or this caller may not know that it does. Maps to HTTP 404."""

    code = "not_found"
