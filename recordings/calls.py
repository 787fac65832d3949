"""What this room asks of whoever knows the calls."""

from typing import Protocol


class LiveCalls(Protocol):
    """What this room asks of whoever knows the calls."""

    def is_live(self, uniqueid: str) -> bool:
        """Whether the channel still exists as far as anybody knows; its files are then left alone."""
        ...

    def is_call_live(self, call_id: str) -> bool:
        """Whether the call goes on: then the files of those who have left it wait for its end."""
        ...

    async def call_of(self, uniqueid: str) -> str | None:
        """The call to which a citizen's channel belongs or belonged; None when the engine never saw it."""
        ...


class NobodysCalls:
    """For commands that work on the archive and never on the spool: every channel is left alone."""

    def is_live(self, uniqueid: str) -> bool:
        """Leave its files alone."""
        return True

    def is_call_live(self, call_id: str) -> bool:
        """Leave them alone."""
        return True

    async def call_of(self, uniqueid: str) -> str | None:
        """Unknown."""
        return None
