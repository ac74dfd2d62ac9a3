"""What people enter into a form cannot keep the bot from everybody else's answers."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, Field

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.bot.service import Service
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Invalid, Settled
from signoff.store.records.actors import Actor
from signoff.testing import Emulator
from tests.integration.bot.asking import approve
from tests.integration.bot.running_service import RunningService, opened, refused, settings_for

MEI = Actor("U0MEITANA1", "Mei")
ORDERS = Policy(channel="#orders", approvers=["U0MEITANA1"])
BACKTRACKS = r"^([a-zA-Z0-9]+\s?)*$"
"""Python's `re` takes hours to find that 35 characters do not match this, and no other thread runs meanwhile."""


class Leaf(BaseModel):
    """A part of a tree."""

    next: "Leaf | Twig | None" = None
    size: int = 0


class Twig(BaseModel):
    """Another part of a tree, with the same fields."""

    next: "Leaf | Twig | None" = None
    size: int = 0


class Tree(RunInput):
    """A tree, which is typed as JSON."""

    parts: list[Leaf | Twig]


@flow(name="label")
def label() -> str:
    """Ask for a text with a model that no other process can import."""

    class Label(RunInput):
        words: str = Field(pattern=BACKTRACKS)
        name: str = Field(pattern=r"^\p{L}+$")

    answer = pause_flow_run(wait_for_input=Label, policy=ORDERS)
    return f"{answer.words} {answer.name}"


@flow(name="plant")
def plant() -> str:
    """Ask for something that contains itself."""
    answer = pause_flow_run(wait_for_input=Tree, policy=ORDERS)
    return f"{len(answer.parts)} parts"


@pytest.fixture
def service(slack: Emulator, sqlite_url: str) -> Iterator[RunningService]:
    """The bot and a worker with the flows above."""
    with Service(settings_for(slack.api_url, sqlite_url), [approve, label, plant], with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def nested(levels: int) -> Any:
    """So many parts in each other."""
    value: dict[str, Any] = {"size": 1}
    for _ in range(levels):
        value = {"next": value}
    return [value]


def test_a_text_for_a_pattern_is_refused_at_once(service: RunningService) -> None:
    """With the pattern, which both engines read alike; a name in any alphabet is taken."""
    prompt = opened(service, label)
    mei = service.slack.person("mei")
    errors = refused(service, {"Words": "a" * 35 + "!", "Name": "R2"})
    assert sorted(errors.values()) == [
        f"Enter text that matches the pattern {BACKTRACKS}.",
        r"Enter text that matches the pattern ^\p{L}+$.",
    ]
    _, other = service.ask_in("#releases", approve)
    service.slack.person("ana").press("Approve", message=other)
    mei.submit({"Words": "red and 2 blue", "Name": "Zoë"})
    assert service.over(prompt).result == "red and 2 blue Zoë"


def test_a_value_that_contains_itself_is_refused_at_once(service: RunningService) -> None:
    """pydantic takes twice the time for each level of this model; a value that people mean is taken."""
    prompt = service.ask(plant)
    desk = Desk(service.db)
    refusal = desk.submit(prompt.id, MEI, {"parts": nested(40)}, via="cli")
    assert isinstance(refusal, Invalid)
    assert [str(error) for error in refusal.errors] == ["This is nested too deeply to be checked."]
    assert isinstance(desk.submit(prompt.id, MEI, {"parts": nested(4)}, via="cli"), Settled)
    assert service.over(prompt).result == "1 parts"
