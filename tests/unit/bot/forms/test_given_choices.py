"""Choices that a flow gives at the pause are drawn and read like those of a type."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import create_model

from signoff import RunInput
from signoff.bot.forms import Form
from signoff.bot.forms.layout import blocks_of
from signoff.flows.approval.validation import Valid, validate
from signoff.flows.durable.question import Question
from tests.support.prompts import prompt_for
from tests.unit.bot.forms.slack import check, submitted_as_drawn

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    int: st.integers(-(10**9), 10**9),
    date: st.dates(),
}


@pytest.mark.parametrize("annotation", VALUES)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_what_is_chosen_is_read_back_and_fits(annotation: Any, data: st.DataObject) -> None:
    """This holds for one choice, an optional one and several, whatever their values and labels."""
    values = data.draw(st.lists(VALUES[annotation], min_size=1, max_size=130, unique=True))
    choices = data.draw(st.sampled_from([values, {value: data.draw(TEXTS) for value in values}]))
    model = create_model(
        "Model",
        __base__=RunInput,
        one=(annotation, ...),
        perhaps=(annotation | None, None),
        some=(list[annotation], ...),
    )
    question = Question.of(model.with_choices(one=choices, perhaps=choices, some=choices))
    prompt = prompt_for(None, schema=question.schema)
    filled = {
        "one": data.draw(st.sampled_from(values)),
        "perhaps": data.draw(st.sampled_from([None, *values])),
        "some": [value for value in values if data.draw(st.booleans())],
    }
    written = json.loads(json.dumps(filled, default=str))
    form = Form.of(prompt.schema or {})
    blocks = blocks_of(form, written)
    check(blocks)

    reading = form.read(submitted_as_drawn(blocks), {})

    assert reading.errors == {}
    assert reading.values == written
    assert isinstance(validate(prompt, reading.values), Valid)
    assert question.answer(reading.values).one == filled["one"]
