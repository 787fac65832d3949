"""The tree of units: who stands below whom, and which of them may be given work. Pure."""

from collections.abc import Mapping

from hotline.errors import ConfigurationError

DEEPEST = 4
"""市 县 镇 村."""
HANDLERS_NEEDED = 2


def is_ready(leader: str, handlers: int) -> bool:
    """A unit goes live with a leader in charge and at least two handlers (一把手负责, 1名分管, 2名以上人员)."""
    return bool(leader.strip()) and handlers >= HANDLERS_NEEDED


def units_below(parents: Mapping[str, str | None]) -> Mapping[str, frozenset[str]]:
    """Unit → every unit below it. Raises ``ConfigurationError`` for a circle or more than four levels."""
    below: dict[str, set[str]] = {code: set() for code in parents}
    for code in parents:
        above, steps = parents[code], 1
        while above is not None:
            below[above].add(code)
            above, steps = parents[above], steps + 1
            if steps > DEEPEST:
                raise ConfigurationError(
                    f"organisation.units: “{code}”的上级单位超过{DEEPEST}级或形成循环",
                    f"organisation.units: {code!r} has more than {DEEPEST} levels above it, or stands in a circle",
                )
    return {code: frozenset(found) for code, found in below.items()}
