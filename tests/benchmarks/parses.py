"""How often a schema is parsed while a person answers a prompt, in a real workspace with the real bot."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from pydantic import BaseModel, Field

from signoff import Policy, RunInput, flow, suspend_flow_run
from signoff.bot.forms import Form
from signoff.bot.service import Service
from signoff.testing import Emulator
from tests.integration.bot.running_service import RunningService, settings_for

CHANNEL = "#releases"


class Card(BaseModel):
    """Paid by card."""

    kind: Literal["card"]
    number: str = Field(pattern=r"^\d{16}$")


class Cash(BaseModel):
    """Paid in cash."""

    kind: Literal["cash"]
    coins: list[int] = Field(default=[])


class Line(BaseModel):
    """One line of the order."""

    article: str
    pieces: int = Field(default=1, ge=1)


class Order(RunInput):
    """A union, a list of models, and a field that only the model can judge."""

    ticket: str = Field(pattern=r"^SHOP-\d+$")
    payment: Card | Cash = Field(discriminator="kind")
    lines: list[Line] = Field(default=[])


@flow(name="order")
def order() -> None:
    """Ask for an order."""
    asked = Order.with_initial_data(payment=Cash(kind="cash"), lines=[Line(article="Mug"), Line(article="Cap")])
    suspend_flow_run(wait_for_input=asked, policy=Policy(channel=CHANNEL))


class Count:
    """How many schemas were parsed since it was last asked."""

    def __init__(self) -> None:
        self._count = 0

    def one_more(self) -> None:
        """Count one."""
        self._count += 1

    def since(self) -> int:
        """The number, which starts anew."""
        count, self._count = self._count, 0
        return count


def parses_of_each_act() -> Iterator[tuple[str, int]]:
    """What was done, and how many schemas were parsed for it: those of entries and of kinds count too."""
    with tempfile.TemporaryDirectory() as folder, Emulator() as slack, counting() as count:
        settings = settings_for(slack.api_url, f"sqlite:///{folder}/signoff.db")
        with Service(settings, [order], with_bot=True, grace=1.0) as started:
            service = RunningService(slack, started)
            slack.deliver_to(service.request_url)
            ana = slack.person("ana")

            def done(act: Callable[[], Any]) -> int:
                act()
                service.until_all_is_said()
                return count.since()

            prompt, _ = service.ask_in(CHANNEL, order)
            yield "the card is drawn", done(lambda: None)
            yield "“Answer…” is pressed", done(lambda: (ana.press("Answer…", CHANNEL), ana.wait_for_modal()))
            yield "a wrong value is submitted", done(lambda: ana.submit({"Ticket": "17"}))
            assert ana.wait_for_modal().errors
            yield "the right one is submitted", done(lambda: ana.submit({"Ticket": "SHOP-17"}))
            yield "the card is redrawn", done(lambda: service.card(prompt, CHANNEL, open_=False))


@contextmanager
def counting() -> Iterator[Count]:
    """Counts every schema that is parsed, in whatever thread."""
    count, parse = Count(), Form._of.__func__  # type: ignore[attr-defined]

    def counted(cls: type[Form], *arguments: Any) -> Form:
        count.one_more()
        form: Form = parse(cls, *arguments)
        return form

    Form._of = classmethod(counted)  # type: ignore[assignment]
    try:
        yield count
    finally:
        Form._of = classmethod(parse)  # type: ignore[assignment]
