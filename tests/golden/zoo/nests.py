"""Models within models, lists of them, and unions."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from signoff import RunInput
from tests.golden.zoo.pen import Pen


class Address(BaseModel):
    """Where it goes."""

    street: str
    city: str = "Vienna"
    zip_code: str = Field(pattern=r"^\d{4,5}$", title="ZIP")


class Customer(BaseModel):
    """Who ordered."""

    name: str
    address: Address


class Delivery(RunInput):
    """One model in another."""

    address: Address
    express: bool = False


class Order(RunInput):
    """A model in a model in a model."""

    number: int = Field(ge=1)
    customer: Customer


class Billing(RunInput):
    """A model that may be missing, and one that has a default."""

    billing: Address | None = None
    shipping: Address = Address(street="Ring 1", zip_code="1010")


class Line(BaseModel):
    """One line of the order."""

    article: str
    pieces: int = Field(default=1, ge=1)
    price: Decimal = Field(default=Decimal("0.00"), ge=0)


class Basket(RunInput):
    """What is in the basket."""

    lines: list[Line] = Field(min_length=1, max_length=20, description="Everything that is shipped")


class Guests(RunInput):
    """Guests with their own children."""

    class Guest(BaseModel):
        """Somebody who comes."""

        class Child(BaseModel):
            """Somebody small."""

            name: str
            born: date

        name: str
        children: list[Child] = Field(default=[])

    guests: list[Guest] = Field(default=[])


class Card(BaseModel):
    """Paid by card."""

    kind: Literal["card"]
    number: str = Field(pattern=r"^\d{16}$")
    holder: str


class Transfer(BaseModel):
    """Paid by transfer."""

    kind: Literal["transfer"]
    iban: str = Field(title="IBAN", min_length=15, max_length=34)


class Cash(BaseModel):
    """Paid in cash."""

    kind: Literal["cash"]


Payment = Annotated[Card | Transfer | Cash, Field(discriminator="kind")]


class Checkout(RunInput):
    """A union that a tag tells apart."""

    payment: Payment
    note: str = ""


class Refunds(RunInput):
    """A list of a union."""

    refunds: list[Payment] = Field(max_length=3)


class Person(BaseModel):
    """A natural person."""

    first_name: str
    last_name: str


class Company(BaseModel):
    """A company."""

    name: str
    vat_id: str = Field(title="VAT ID")


class Buyer(RunInput):
    """A union without a tag."""

    buyer: Person | Company


class Start(RunInput):
    """A union of plain types."""

    start: date | int | str


class Page(BaseModel):
    """A page that has pages."""

    title: str
    pages: list["Page"] = Field(default=[])


class Site(RunInput):
    """A model that leads back to itself."""

    home: Page


NESTS: Pen = {
    "nested": Delivery,
    "nested_given": Delivery.with_initial_data(address=Address(street="Gasse 2", zip_code="8010")),
    "nested_twice": Order.with_initial_data(number=4711),
    "nested_optional": Billing,
    "nested_optional_given": Billing.with_initial_data(billing=Address(street="Weg 3", zip_code="4020")),
    "models": Basket,
    "models_given": Basket.with_initial_data(
        lines=[Line(article="Shirt, red", pieces=2, price=Decimal("19.90")), Line(article="Mug")]
    ),
    "models_of_models": Guests.with_initial_data(
        guests=[{"name": "Mei", "children": [{"name": "Lin", "born": "2020-02-29"}]}, {"name": "Dmitri"}]
    ),
    "union_tagged": Checkout,
    "union_tagged_given": Checkout.with_initial_data(payment=Transfer(kind="transfer", iban="AT611904300234573201")),
    "union_untagged": Buyer.with_initial_data(buyer=Company(name="Shop GmbH", vat_id="ATU12345678")),
    "union_of_plain_types": Start.with_initial_data(start=date(2026, 5, 1)),
    "unions_in_a_list": Refunds.with_initial_data(refunds=[Cash(kind="cash")]),
    "recursive": Site.with_initial_data(home=Page(title="Start", pages=[Page(title="Shop")])),
}
