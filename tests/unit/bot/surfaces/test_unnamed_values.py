"""Values that a model allows and its schema does not name are shown as well: they are approved with the others."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.surfaces.cards import card
from signoff.bot.surfaces.full_text import OpenPage, full_text_modal
from signoff.bot.surfaces.modals import answer_modal, settled_modal
from signoff.bot.surfaces.wording import form_of
from tests.support.prompts import prompt_for, settled


class Open(BaseModel):
    """A model that allows more than it names."""

    model_config = ConfigDict(extra="allow")


class Server(Open):
    """One machine"""

    name: str


class Card(Open):
    """Paid at once"""

    method: Literal["card"]


class Invoice(Open):
    """Paid later"""

    method: Literal["invoice"]


class Change(Open):
    """What is to be changed."""

    approved: bool
    server: Server
    spare: Server | None = None
    others: list[Server] = []
    paid: Annotated[Card | Invoice, Field(discriminator="method")]


UNNAMED = ("MODE", "DISK", "PORT", "USER", "FEES")
VALUES: dict[str, Any] = {
    "server": {"name": "db", "DISK": "wipe"},
    "spare": {"name": "db2", "PORT": 1},
    "others": [{"name": "db3", "USER": ["root"]}],
    "paid": {"method": "card", "FEES": {"of": 9}},
    "MODE": "force",
}


@pytest.mark.parametrize("surface", ["card", "full text", "settled card", "settled modal"])
def test_every_value_is_shown_wherever_it_is(surface: str) -> None:
    """Invariant 12: at the top, in a model, in an optional one, in a list and in a union."""
    prompt = prompt_for(Change, VALUES)
    ended = prompt_for(Change, VALUES, **settled(answer={**VALUES, "approved": True}))
    draw: dict[str, Callable[[], object]] = {
        "card": lambda: card(prompt, {}).blocks,
        "full text": lambda: full_text_modal(prompt, VALUES, OpenPage()),
        "settled card": lambda: card(ended, {}).blocks,
        "settled modal": lambda: settled_modal(ended),
    }
    text = json.dumps(draw[surface]())
    assert [name for name in UNNAMED if name not in text] == []
    assert "method" not in text


def test_a_form_says_that_there_are_more_values() -> None:
    """It has no input for them, and “Show all” opens them."""
    prompt = prompt_for(Change, VALUES)
    editor = EditorState(form_of(prompt), Draft(VALUES))
    text = json.dumps(answer_modal(prompt, editor), ensure_ascii=False)
    assert "*Not shown here:* 4 more values." in text
    plain = EditorState(form_of(prompt), Draft({"server": {"name": "db"}, "paid": {"method": "card"}}))
    assert "Not shown here" not in json.dumps(answer_modal(prompt, plain))


def test_a_value_of_another_variant_is_summed_up_alone() -> None:
    """Not with the rest of the answer, which has no field in that summary."""
    changed = {**VALUES, "paid": {"method": "invoice"}}
    ended = prompt_for(Change, VALUES, **settled(answer={**changed, "approved": True}))
    text = json.dumps(card(ended, {}).blocks)
    assert text.count("FEES") == 1
    assert text.count("MODE") == 1
