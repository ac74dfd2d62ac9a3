"""What a person is asked for, a model for each row of the table or a part of it."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    EmailStr,
    Field,
    HttpUrl,
    NaiveDatetime,
    create_model,
    model_validator,
)

from signoff import RunInput
from signoff.input import Accepts, AwareTime, SlackChannel, SlackUser, UploadedFile

Airport = Enum("Airport", {f"A{n}": f"Airport {n:03}" for n in range(60)})  # type: ignore[misc]
Part = Enum("Part", {f"P{n}": f"Part {n:03}" for n in range(240)})  # type: ignore[misc]
Customer = Enum("Customer", {f"C{n}": f"Customer {n:04}" for n in range(1200)})  # type: ignore[misc]


def taken(*values: Any) -> AfterValidator:
    """A rule that only the model knows: none of these."""

    def check(value: Any) -> Any:
        for one in value if isinstance(value, list | set) else [value]:
            if (one.value if isinstance(one, Enum) else one) in values:
                raise ValueError("That is taken.")
        return value

    return AfterValidator(check)


class Text(RunInput):
    ticket: str = Field(pattern=r"^SHOP-\d+$")


class LongText(RunInput):
    notes: Annotated[str, taken("Two\nlines")] = Field(max_length=400)


class Numbers(RunInput):
    whole: int = Field(ge=1, le=12)
    broken: float = Field(gt=0, lt=1)


class Multiples(RunInput):
    shirts: int = Field(multiple_of=6)
    price: Decimal = Field(ge=0, decimal_places=2)


class YesOrNo(RunInput):
    tested: Annotated[bool, taken(False)]
    documented: bool


class Box(RunInput):
    read: Annotated[bool, taken(False)] = False
    notify: bool = True


class Verdict(RunInput):
    color: Annotated[Literal["red", "green"], taken("green")]


class Radio(RunInput):
    size: Annotated[Literal["xs", "s", "m", "l", "xl", "xxl"], taken("xxl")]


class Select(RunInput):
    start: Annotated[Airport, taken("Airport 007")]


class Groups(RunInput):
    part: Annotated[Part, taken("Part 107")]


class Search(RunInput):
    customer: Annotated[Customer, taken("Customer 0007")]


class Boxes(RunInput):
    drop: list[Literal["name", "email", "born"]] = Field(min_length=2)


class Several(RunInput):
    stops: Annotated[list[Airport], taken("Airport 007")] = Field(min_length=1, max_length=3)


class Release(RunInput):
    release: str
    after: list[int] = Field(default=[], max_length=2)


class Days(RunInput):
    day: Annotated[date, taken(date(2026, 5, 1))]
    alarm: Annotated[time, taken(time(9))]


class Moments(RunInput):
    opens: Annotated[AwareDatetime, taken(datetime(2026, 5, 1, 8, tzinfo=UTC))]
    closes: NaiveDatetime
    daily: AwareTime


class Durations(RunInput):
    wait: timedelta = Field(ge=timedelta(minutes=1))
    rest: timedelta


class Addresses(RunInput):
    email: EmailStr
    notes: HttpUrl


class Identifiers(RunInput):
    order: UUID
    host: IPv4Address
    target: Annotated[Path, taken(Path("/"))]
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")


class People(RunInput):
    owner: Annotated[SlackUser, taken("U0ANARUIZ1")]
    helpers: list[SlackUser]


class Channels(RunInput):
    tell: Annotated[SlackChannel, taken("C0RELEASE1")]
    also: list[SlackChannel]


class Lines(RunInput):
    hosts: list[str] = Field(min_length=2)
    seeds: list[int]
    quotas: dict[str, int]


class Address(BaseModel):
    zip_code: str = Field(pattern=r"^\d{4}$", title="ZIP")


class Client(BaseModel):
    name: str
    address: Address


class Nested(RunInput):
    client: Client


class Perhaps(RunInput):
    billing: Address | None = None


class Card(BaseModel):
    kind: Literal["card"]
    number: str = Field(pattern=r"^\d{4}$")


class Transfer(BaseModel):
    kind: Literal["transfer"]
    iban: str = Field(title="IBAN", pattern=r"^[A-Z]{2}\d+$")


class Tagged(RunInput):
    payment: Card | Transfer = Field(discriminator="kind")


class Untagged(RunInput):
    start: Annotated[date, taken(date(2026, 5, 1))] | int


class Json(RunInput):
    payload: Any


class Upload(RunInput):
    orders: Annotated[UploadedFile, Accepts("csv", max_bytes=1000)]


class Line(BaseModel):
    article: str
    pieces: Annotated[int, taken(13)] = Field(default=1, ge=1)


class Basket(RunInput):
    lines: list[Line] = Field(min_length=2, max_length=3)


class Range(RunInput):
    least: int
    most: int

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if self.least > self.most:
            raise ValueError("The least must not be more than the most.")
        return self


_HALLS: dict[str, Any] = {f"hall_{number:03}": (Annotated[int, taken(13)], 1) for number in range(120)}
Halls: type[RunInput] = create_model("Halls", __base__=RunInput, **_HALLS)
