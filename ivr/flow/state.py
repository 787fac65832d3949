"""Where one citizen is in a flow: a frozen value that goes to JSON and back, so that it can outlive the engine."""

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, TypeAdapter

from ivr.flow.events import Ask, EnterQueue, HangUp, Play, Record, RequestCallback, Transfer

_Order = Annotated[Play | Ask | EnterQueue | Transfer | RequestCallback | Record | HangUp, Field(discriminator="kind")]
MOST_VARIABLES = 50
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class FlowState:
    """One citizen's place. ``order`` is what was ordered last and is not yet answered."""

    flow: str
    version: str
    node: str
    order: _Order
    language: str = "zh"
    variables: tuple[tuple[str, str], ...] = ()
    digits: str = ""
    """Keyed in so far at a ``collect``."""
    tries: int = 0
    """Spent at this node."""
    steps: int = 0
    """Nodes entered since the call began."""
    finished: bool = False
    """The last order was given: nothing changes any more."""

    def variable(self, name: str) -> str:
        """Its value; empty when it was never set."""
        return dict(self.variables).get(name, "")

    def with_values(self, values: dict[str, str]) -> "FlowState":
        """With more variables set, within bounds."""
        known = dict(self.variables) | {name[:40]: value[:LONGEST_VALUE] for name, value in values.items()}
        return replace(self, variables=tuple(list(known.items())[:MOST_VARIABLES]))

    def to_json(self) -> str:
        """As text."""
        return _STATES.dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> "FlowState":
        """Back from text. Raises ``ValueError`` (pydantic's) for what is no state."""
        return _STATES.validate_json(text)


_STATES: TypeAdapter[FlowState] = TypeAdapter(FlowState)
