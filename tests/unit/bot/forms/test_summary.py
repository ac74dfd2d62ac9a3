"""Entries of a list in one line each."""

from typing import Any

from pydantic import BaseModel

from signoff.bot.forms import Field, Form
from signoff.bot.forms.elements.entry_list import EntryList
from signoff.bot.forms.summary import summaries_of


class Address(BaseModel):
    """Where somebody lives."""

    city: str
    street: str = ""


class Child(BaseModel):
    """A guest's child."""

    name: str
    age: int


class Guest(BaseModel):
    """Somebody who comes."""

    name: str
    seats: int = 1
    home: Address | None = None
    office: Address | None = None
    children: list[Child] = []
    tags: list[str] = []


class Party(BaseModel):
    """The guests of a party."""

    guests: list[Guest]
    days: list[Address]


def summaries(name: str, *entries: dict[str, Any]) -> list[str]:
    """The summary of each entry in one of the lists of the party."""
    form = Form.of(Party.model_json_schema())
    [listed] = [part for part in form.parts if isinstance(part, Field) and part.name == name]
    assert isinstance(listed.element, EntryList)
    return [each.text for each in summaries_of(form, listed.element, list(entries), 500)]


def test_each_value_of_an_entry_has_its_label() -> None:
    """A number alone does not say what it counts."""
    assert summaries("guests", {"name": "a", "seats": 3}, {"name": "b"}) == [
        "Name: a · Seats: 3",
        "Name: b · Seats: 1",
    ]


def test_models_and_lists_within_an_entry_say_what_they_are() -> None:
    """Two cities are told apart by what they belong to, and entries within an entry are put in parentheses."""
    children = [{"name": name, "age": 4} for name in ("Lin", "Bo", "Cy", "Di")]
    guest = {"name": "*Mei*", "home": {"city": "Kyoto"}, "office": {"city": "Osaka"}, "children": children}
    [shown] = summaries("guests", guest)
    assert shown.replace("\u200b", "") == (
        "Name: *Mei* · Seats: 1 · Home › City: Kyoto · Office › City: Osaka"
        " · Children: (Name: Lin · Age: 4), (Name: Bo · Age: 4), (Name: Cy · Age: 4) and 1 more"
    )
