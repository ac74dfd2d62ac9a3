"""The forms' property tests with thousands of models: `uv run pytest -m soak tests/unit/bot/forms` (ten minutes)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.bot.forms import test_answerable, test_desk, test_round_trip
from tests.unit.bot.forms.test_round_trip import THOROUGH
from tests.unit.bot.forms.zoo import cases

pytestmark = pytest.mark.soak

MANY = settings(THOROUGH, max_examples=2500)
PROMISES: dict[Any, list[st.SearchStrategy[Any]]] = {
    test_round_trip.test_what_is_filled_in_reads_back_as_an_equal_model: [cases()],
    test_round_trip.test_a_form_left_as_it_was_drawn_reads_back_its_initial_values: [cases()],
    test_round_trip.test_initial_values_of_any_type_are_drawn: [cases(), st.data()],
    test_round_trip.test_a_forged_state_gives_errors_and_never_an_exception: [cases(), st.data()],
    test_desk.test_what_is_filled_in_passes_the_desk_as_an_equal_model: [cases()],
    test_desk.test_one_wrong_input_is_an_error_of_that_input_alone: [cases(), st.data()],
    test_answerable.test_whatever_is_not_refused_can_be_answered: [test_answerable.asked_models()],
}
"""Each with its strategy."""


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__.removeprefix("test_"))
def test_a_promise_holds_for_many_models(promise: Any) -> None:
    """Every property holds for 2,500 models."""
    MANY(given(*PROMISES[promise])(promise.hypothesis.inner_test))()
