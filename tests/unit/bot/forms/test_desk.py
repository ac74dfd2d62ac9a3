"""What a person fills in is accepted or refused by the desk, which has the last word, field by field."""

import json

from hypothesis import assume, given
from hypothesis import strategies as st

from signoff.bot.forms import ACTION, Form
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.layout import blocks_of
from signoff.flows.approval.validation import Valid, validate
from tests.unit.bot.forms.asked import asked, wrongly_filled
from tests.unit.bot.forms.slack import filled_in, submitted_as_drawn
from tests.unit.bot.forms.test_round_trip import THOROUGH, fields_in
from tests.unit.bot.forms.zoo import Case, cases


@THOROUGH
@given(cases())
def test_what_is_filled_in_passes_the_desk_as_an_equal_model(case: Case) -> None:
    """The model that the flow gets from the answer equals the one that was filled in."""
    with asked(case) as prompt:
        reading = filled_in(Form.of(prompt.schema or {}), case.values)
        checked = validate(prompt, reading.values)

    assert reading.errors == {}
    assert isinstance(checked, Valid), checked
    assert case.model.model_validate_json(json.dumps(checked.answer)) == case.instance


@THOROUGH
@given(cases(), st.data())
def test_one_wrong_input_is_an_error_of_that_input_alone(case: Case, data: st.DataObject) -> None:
    """All other fields are filled in correctly, so every error must be on that one."""
    with asked(case) as prompt:
        form = Form.of(prompt.schema or {})
        inputs = {
            block["block_id"]: block["element"] for block in blocks_of(form, case.values) if block["type"] == "input"
        }
        fields = [
            one for one in fields_in(form, case.values) if one.block_id in inputs and not isinstance(one.element, Union)
        ]
        assume(fields)
        one = data.draw(st.sampled_from(fields))
        state = submitted_as_drawn(blocks_of(form, case.values))
        state[one.block_id] = {ACTION: data.draw(wrongly_filled(inputs[one.block_id]["type"]))}
        reading = form.read(state, case.values)
        checked = validate(prompt, reading.values)

    assert set(reading.errors) <= {one.path}
    wrong = [] if isinstance(checked, Valid) else [error.path for error in checked]
    told = [form.locate(path, reading.values, reading.raw_input) for path in wrong]
    # pydantic tells of every kind of a union what is wrong with it; only the chosen one was filled in.
    chosen = [each.field and each.field.path for each in told if not each.is_elsewhere]
    assert set(chosen) == ({one.path} if wrong else set()), wrong
