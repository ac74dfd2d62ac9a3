"""Flows whose forms take more than one modal."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model, model_validator

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.flows.flow import Flow

POLICY = Policy(channel="#orders")


class Card(BaseModel):
    """Paid at once"""

    method: Literal["card"]
    number: str = Field(min_length=4)


class Invoice(BaseModel):
    """Paid later"""

    method: Literal["invoice"]
    company: str
    days: int = Field(default=30, multiple_of=5)


class Address(BaseModel):
    """Where to"""

    street: str
    city: str = "Vienna"


class Payment(RunInput):
    """How it is paid."""

    by: Annotated[Card | Invoice, Field(discriminator="method", title="Pay by")]
    ship_to: Address | None = None
    limit: int | Literal["none"] = "none"


class Visit(BaseModel):
    """One stop"""

    city: str
    nights: int = Field(default=1, ge=1)


class Guest(BaseModel):
    """One person"""

    name: str = Field(pattern="^[A-Z]")
    age: int | None = None
    visits: list[Visit] = []

    @model_validator(mode="after")
    def _children_stay(self) -> "Guest":
        if self.age is not None and self.age < 3 and self.visits:
            raise ValueError("Somebody this young does not travel.")
        return self


class Party(RunInput):
    """The guests of a party."""

    guests: list[Guest] = Field(min_length=1, max_length=2)
    note: str = ""


QUESTIONS: dict[str, Any] = {f"q{number}": (int, Field(multiple_of=2)) for number in range(300)}
Survey: Any = create_model("Survey", __base__=RunInput, **QUESTIONS)


@flow(name="pay")
def pay() -> dict[str, Any]:
    """Ask how something is paid."""
    answer = pause_flow_run(
        wait_for_input=Payment.with_initial_data(description="How?", by=Invoice(method="invoice", company="Acme")),
        policy=POLICY,
    )
    return answer.model_dump(mode="json")


@flow(name="invite")
def invite() -> dict[str, Any]:
    """Ask who comes."""
    answer = pause_flow_run(wait_for_input=Party, policy=POLICY)
    return answer.model_dump(mode="json")


@flow(name="survey")
def survey() -> int:
    """Ask three hundred questions."""
    answer = pause_flow_run(wait_for_input=Survey, policy=POLICY)
    return sum(answer.model_dump().values())


FLOWS: list[Flow[Any, Any]] = [pay, invite, survey]
