"""One a line, `key: value` a line, and free JSON."""

from datetime import date
from typing import Any

from pydantic import Field, JsonValue

from signoff import RunInput
from tests.golden.zoo.pen import Pen


class Hosts(RunInput):
    """Texts."""

    hosts: list[str] = Field(min_length=1, description="Who gets the update first")


class Seeds(RunInput):
    """Whole numbers."""

    seeds: list[int]


class Weights(RunInput):
    """Numbers with a point, two to four of them."""

    weights: list[float] = Field(min_length=2, max_length=4)


class Holidays(RunInput):
    """Days, of which each counts once."""

    holidays: set[date]


class Labels(RunInput):
    """Names and texts."""

    labels: dict[str, str] = Field(default={}, description="What the run is found by")


class Quotas(RunInput):
    """Names and numbers."""

    quotas: dict[str, int] = Field(min_length=1)


class Matrix(RunInput):
    """Lists in a list, which are JSON."""

    matrix: list[list[int]]


class Extra(RunInput):
    """Anything."""

    payload: Any
    context: dict[str, Any] = Field(default={})


class Words(RunInput):
    """A list as JSON, because the field says so."""

    words: list[str] = Field(default=["a", "b"], json_schema_extra={"element": "json"})


class Setting(RunInput):
    """Any JSON value."""

    value: JsonValue


COLLECTIONS: Pen = {
    "lines": Hosts.with_initial_data(hosts=["alpha", "beta", "gamma"]),
    "lines_of_integers": Seeds,
    "lines_of_floats": Weights.with_initial_data(weights=[0.5, 0.25]),
    "lines_of_dates": Holidays.with_initial_data(holidays={date(2026, 5, 1)}),
    "pairs": Labels.with_initial_data(labels={"team": "shop", "tier": "gold"}),
    "pairs_of_integers": Quotas.with_initial_data(quotas={"eu": 100, "us": 250}),
    "json_list": Matrix.with_initial_data(matrix=[[1, 0], [0, 1]]),
    "json_anything": Extra.with_initial_data(payload={"retry": True, "after": [1, 2, 5]}),
    "json_asked_for": Words,
    "json_value": Setting,
    "plain_list": list[str],
}
