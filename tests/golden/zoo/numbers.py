"""Numbers, yes and no."""

from decimal import Decimal

from pydantic import Field

from signoff import RunInput
from tests.golden.zoo.pen import Pen


class Replicas(RunInput):
    """A whole number between bounds."""

    replicas: int = Field(ge=1, le=12, description="How many copies of the service run")


class Between(RunInput):
    """A whole number between bounds that it must not reach."""

    retries: int = Field(gt=0, lt=10)


class Boxes(RunInput):
    """A multiple."""

    shirts: int = Field(multiple_of=6, ge=6, description="They come in boxes of six")


class Ratio(RunInput):
    """A number with a point."""

    ratio: float


class Share(RunInput):
    """A number with a point, between bounds, with a default."""

    share: float = Field(default=0.25, ge=0, le=1)


class Price(RunInput):
    """Money, to the cent."""

    price: Decimal = Field(ge=0, le=Decimal("999.99"), decimal_places=2)


class Rate(RunInput):
    """A decimal with a default, that is as exact as it was typed."""

    rate: Decimal = Decimal("0.1900")


class Limit(RunInput):
    """A number that may be missing."""

    limit: int | None = Field(default=None, ge=1)


class Approval(RunInput):
    """Yes or no, by a press."""

    approved: bool


class Publication(RunInput):
    """Yes or no, by a press, and a reason that can be added."""

    publish: bool
    reason: str = ""


class Checks(RunInput):
    """Several questions of yes or no."""

    tested: bool
    documented: bool


class Dry(RunInput):
    """A checkbox for what has a default."""

    version: str
    dry_run: bool = True
    notify: bool = False


class Undecided(RunInput):
    """Yes, no, or no answer."""

    insured: bool | None = None


class Pressed(RunInput):
    """A default that is asked with radio buttons, because the field says so."""

    publish: bool = Field(default=False, json_schema_extra={"element": "radio"})


NUMBERS: Pen = {
    "integer_bounds": Replicas,
    "integer_given": Replicas.with_initial_data(replicas=3),
    "integer_open_bounds": Between,
    "integer_multiple": Boxes.with_initial_data(shirts=12),
    "integer_huge": int,
    "float": Ratio.with_initial_data(ratio=1e-7),
    "float_bounds": Share,
    "decimal": Price.with_initial_data(price=Decimal("19.90")),
    "decimal_default": Rate,
    "number_optional": Limit,
    "bool_verdict": Approval,
    "bool_verdict_and_more": Publication.with_initial_data("Publish the **figures** of April?", reason="Quarter's end"),
    "bool_twice": Checks,
    "bool_checkbox": Dry.with_initial_data(version="1.4.0", notify=True),
    "bool_optional": Undecided,
    "bool_radio": Pressed,
    "plain_bool": bool,
}
