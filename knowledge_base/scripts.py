"""Which script an agent should have before him: the most special one for the matter first. Pure."""

from collections.abc import Sequence

from hotline.settings import Script

EVERY = "*"


def scripts_for(scripts: Sequence[Script], category: str) -> list[Script]:
    """Scripts of the leaf, then of its first level, then those for every call; each in the site's order."""
    top = category.split("/", 1)[0]
    wanted = [category, *([top] if top != category else []), EVERY] if category else [EVERY]
    return [script for name in wanted for script in scripts if script.category == name]
