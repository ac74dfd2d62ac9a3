"""Choices, a few and thousands, one and several."""

from enum import Enum, IntEnum
from typing import Literal

from pydantic import Field

from signoff import RunInput
from tests.golden.zoo.pen import Pen

AIRPORTS = Enum("AIRPORTS", {f"A{n}": f"Airport {n:03}" for n in range(30)})  # type: ignore[misc]
PARTS = Enum("PARTS", {f"P{n}": f"Part {n:03}" for n in range(240)})  # type: ignore[misc]
CUSTOMERS = Enum("CUSTOMERS", {f"C{n}": f"Customer {n:04}" for n in range(1200)})  # type: ignore[misc]


class Priority(IntEnum):
    """Numbers with names."""

    LOW = 1
    NORMAL = 2
    HIGH = 3


class Color(Enum):
    """Eight colors."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    INDIGO = "indigo"
    VIOLET = "violet"
    OFF_WHITE = "off_white"


class Triage(RunInput):
    """A few words to press."""

    decision: Literal["approve", "needs_work", "reject"]


class Shirt(RunInput):
    """Two choices, of which one is made beforehand."""

    size: Literal["small", "medium", "large"]
    color: Color


class Urgency(RunInput):
    """An enum of numbers."""

    urgency: Priority


class Mixed(RunInput):
    """Values of several types."""

    answer: Literal["all", 10, 100, True, "none"]


class Perhaps(RunInput):
    """A choice that may be left open."""

    lane: Literal["left", "right"] | None = None


class Wordy(RunInput):
    """Choices too long for buttons."""

    plan: Literal[
        "Ship the new checkout to everybody tonight, and watch the error rate until midnight",
        "Ship the new checkout to one customer in ten, and look at the figures on Monday",
        "Ship nothing",
    ]


class Selected(RunInput):
    """A few choices in a select, because the field says so."""

    color: Color = Field(default=Color.BLUE, json_schema_extra={"element": "select"})


class Flight(RunInput):
    """Thirty choices."""

    start: AIRPORTS
    end: AIRPORTS | None = None


class Spare(RunInput):
    """240 choices, in groups."""

    part: PARTS


class Account(RunInput):
    """1200 choices, which are searched."""

    customer: CUSTOMERS


class Columns(RunInput):
    """Several of a few."""

    drop: list[Literal["name", "email", "born", "address"]] = Field(default=[], title="Columns to drop")


class Team(RunInput):
    """From two to three of them."""

    members: set[Color] = Field(min_length=2, max_length=3)


class Trips(RunInput):
    """Several of thirty."""

    stops: list[AIRPORTS] = Field(min_length=1, max_length=5)


class Parts(RunInput):
    """Several of 240."""

    parts: list[PARTS] = Field(default=[])


class Customers(RunInput):
    """Several of 1200."""

    customers: set[CUSTOMERS] = Field(min_length=1)


class OpenReleases(RunInput):
    """What is open is known only when the run asks."""

    release: str = Field(description="What is open now")
    after: list[int] = Field(default=[])


CHOICES: Pen = {
    "choice_verdict": Triage,
    "choice_radio": Shirt.with_initial_data("Which shirt for **Mei**?", size="large"),
    "choice_numbers": Urgency.with_initial_data(urgency=Priority.HIGH),
    "choice_mixed": Mixed,
    "choice_optional": Perhaps,
    "choice_long": Wordy,
    "choice_select": Selected,
    "choice_of_30": Flight.with_initial_data(start="Airport 007"),
    "choice_of_240": Spare.with_initial_data(part="Part 123"),
    "choice_of_1200": Account.with_initial_data(customer="Customer 0815"),
    "choices_checkboxes": Columns.with_initial_data(drop=["email"]),
    "choices_some": Team.with_initial_data(members={Color.RED, Color.GREEN}),
    "choices_of_30": Trips,
    "choices_of_240": Parts.with_initial_data(parts=["Part 001", "Part 239"]),
    "choices_of_1200": Customers.with_initial_data(customers={"Customer 0002"}),
    "choices_of_the_moment": OpenReleases.with_choices(release=["1.4.0", "1.5.0-rc.1"], after=[1, 2, 3]),
    "choices_with_labels": OpenReleases.with_choices(
        release={"1.4.0": "1.4.0, the last of April", "1.5.0": "1.5.0, with the new checkout"}
    ).with_initial_data("Which **release** goes out?", release="1.5.0"),
    "plain_choice": Literal["left", "right"],
}
