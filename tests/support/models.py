"""Models that a person is asked for."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field


class Approval(BaseModel):
    """A decision with something to decide on, and an optional reason."""

    approved: bool
    version: str = Field(examples=["1.4.0"])
    at: datetime | None = Field(default=None, title="Go live at")
    reason: str = ""


class ShirtOrder(BaseModel):
    """Two choices, of which one is made beforehand."""

    size: Literal["small", "medium", "large"]
    color: Literal["red", "green", "off_white"]


class DataSet(BaseModel):
    """Values that all have to be given."""

    rows: int = Field(ge=1, le=1000, description="How many users to draw")
    drop: list[Literal["name", "email", "born"]] = Field(title="Columns to drop")
    since: date
    publish: bool = False


class Triage(BaseModel):
    """A literal that decides."""

    decision: Literal["approve", "needs_work", "reject"]
