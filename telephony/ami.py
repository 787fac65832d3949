"""The AMI link."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AmiAddress:
    """Where the manager interface is and who we are there."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
