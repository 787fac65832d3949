"""What every part of the settings is: unknown keys are refused, values never change after loading."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)
