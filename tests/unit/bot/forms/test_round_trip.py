"""Drawing a form, filling it in and reading it back loses nothing."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from signoff.bot.forms import Form
from signoff.bot.forms.field import Field
from signoff.bot.forms.layout import blocks_of
from tests.unit.bot.forms.slack import check, filled_in, submitted_as_drawn
from tests.unit.bot.forms.zoo import Case, cases

THOROUGH = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def fields_in(form: Form, values: dict[str, Any], raw_input: dict[str, Any] | None = None) -> list[Field]:
    """The fields that are asked for with these values."""
    return [part for part in form.layout(values, raw_input or {}) if isinstance(part, Field)]


@THOROUGH
@given(cases())
def test_what_is_filled_in_reads_back_as_an_equal_model(case: Case) -> None:
    """A form filled in with a model's values reads back as that model, and Slack accepts the form."""
    reading = filled_in(Form.of(case.model.model_json_schema()), case.values)

    assert reading.errors == {}
    assert case.model.model_validate(reading.values) == case.instance


@THOROUGH
@given(cases())
def test_a_form_left_as_it_was_drawn_reads_back_its_initial_values(case: Case) -> None:
    """Submitting an unchanged modal gives the initial values."""
    form = Form.of(case.model.model_json_schema())

    reading = form.read(submitted_as_drawn(blocks_of(form, case.values)), case.values)

    assert reading.errors == {}
    assert reading.values == case.values


@THOROUGH
@given(cases(), st.data())
def test_initial_values_of_any_type_are_drawn(case: Case, data: st.DataObject) -> None:
    """Slack accepts the form, and its values read back, even if the model would refuse them."""
    form = Form.of(case.model.model_json_schema())
    initial = {name: data.draw(JUNK) for name in case.values}
    blocks = blocks_of(form, initial)
    check(blocks)

    reading = form.read(submitted_as_drawn(blocks), initial)

    assert set(reading.errors) <= {one.path for one in fields_in(form, initial)}


@THOROUGH
@given(cases(), st.data())
def test_a_forged_state_gives_errors_and_never_an_exception(case: Case, data: st.DataObject) -> None:
    """It gives values or errors by field, and the model has the last word."""
    form = Form.of(case.model.model_json_schema())
    keys = st.sampled_from(
        ["value", "selected_option", "selected_options", "selected_date", "selected_date_time", "type"]
    )
    inner = JUNK | st.lists(st.fixed_dictionaries({"value": JUNK}), max_size=2)
    initial = data.draw(st.sampled_from([{}, case.values]))
    raw_input = data.draw(st.dictionaries(st.sampled_from([one.block_id for one in fields_in(form, initial)]), JUNK))
    fields = fields_in(form, initial, raw_input)
    forged: dict[str, Any] = {
        one.block_id: data.draw(JUNK | st.fixed_dictionaries({"value": st.dictionaries(keys, inner) | JUNK}))
        for one in fields
    }

    reading = form.read(forged, initial, raw_input)

    assert set(reading.errors) <= {one.path for one in fields}
    faults: list[ErrorDetails] = []
    try:
        case.model.model_validate(reading.values)
    except ValidationError as error:
        faults = error.errors()
    assert all(form.locate(fault["loc"], reading.values, reading.raw_input).label for fault in faults)
