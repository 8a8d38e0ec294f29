"""What all bodies have in common that are sent to a service."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A body in which every field has to be known: one that is misspelt is refused, and not passed over."""

    model_config = ConfigDict(extra="forbid")
