"""Prompts for generated models that the desk can import, and inputs that were filled in wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from signoff.flows.code.module_loading import model_reference
from signoff.flows.schema.answerable import sample_answer
from signoff.flows.schema.json_schema import schema_of
from signoff.store.records.prompts import Prompt
from tests.support.prompts import prompt_for
from tests.unit.bot.forms.zoo import TEXTS, Case

NAMES = count(1)
TYPED = st.one_of(
    TEXTS, st.sampled_from(["", "x", "-1", "1e400", "99999999999", "0.5", "[", '{"a": ', "1\ntwo", "a: b: c", "\ud800"])
)
CHOSEN = st.sampled_from([None, {"value": "choice-9999"}, {"value": "none"}, {"value": 7}, "choice-0"])
WRONG: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "checkboxes": st.fixed_dictionaries({"selected_options": st.lists(CHOSEN, max_size=2)}),
    "multi_static_select": st.fixed_dictionaries({"selected_options": st.lists(CHOSEN, max_size=2)}),
    "radio_buttons": st.fixed_dictionaries({"selected_option": CHOSEN}),
    "static_select": st.fixed_dictionaries({"selected_option": CHOSEN}),
    "datepicker": st.fixed_dictionaries({"selected_date": st.none() | TYPED}),
    "timepicker": st.fixed_dictionaries({"selected_time": st.none() | TYPED}),
    "datetimepicker": st.fixed_dictionaries({"selected_date_time": st.none() | st.integers() | TYPED}),
}
"""What inputs might report, mostly wrong values, by type of element."""


@contextmanager
def asked(case: Case) -> Iterator[Prompt]:
    """The prompt that asks for the case's model, with nothing filled in."""
    with asked_for(case.model) as prompt:
        yield prompt


@contextmanager
def asked_for(model: type[BaseModel]) -> Iterator[Prompt]:
    """The prompt that asks for a model, with nothing filled in. It fails if a pause would refuse to ask."""
    sample_answer(model, schema_of(model))
    # Each has a name of its own: a model that was once imported is remembered.
    model.__module__, model.__qualname__ = __name__, f"Asked{next(NAMES)}"
    module = sys.modules[__name__]
    setattr(module, model.__qualname__, model)
    try:
        yield replace(prompt_for(None), schema=schema_of(model), model=model_reference(model))
    finally:
        delattr(module, model.__qualname__)


def wrongly_filled(element: str) -> st.SearchStrategy[dict[str, Any]]:
    """What an element of that type might report after it was filled in carelessly."""
    return WRONG.get(element, st.fixed_dictionaries({"value": st.none() | TYPED}))
