"""Times are answered with or without a zone, as the model requires."""

from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, NaiveDatetime, create_model

from signoff.bot.forms import Form
from signoff.bot.forms.layout import blocks_of
from signoff.flows.schema.json_schema import schema_of
from signoff.input import AwareTime
from tests.unit.bot.forms.slack import check, submitted_as_drawn

MOMENT = 1777645800  # 2026-05-01 14:30 UTC


def read(annotation: Any, state: dict[str, Any]) -> Any:
    """The value that a model with one field `it` gets from what Slack reports."""
    model = create_model("Model", it=(annotation, ...))
    reading = Form.of(schema_of(model)).read({"/it": {"value": state}}, {})
    assert reading.errors == {}
    return model.model_validate(reading.values).it  # type: ignore[attr-defined]


def test_a_moment_is_answered_as_the_model_requires() -> None:
    """People pick in their own zone. The value is in UTC, by convention also without a zone."""
    picked = {"selected_date_time": MOMENT}
    aware = datetime(2026, 5, 1, 14, 30, tzinfo=UTC)
    assert read(datetime, picked) == aware
    assert read(AwareDatetime, picked) == aware
    assert read(NaiveDatetime, picked) == aware.replace(tzinfo=None)
    assert read(NaiveDatetime | None, picked) == aware.replace(tzinfo=None)


def test_a_time_of_day_is_answered_as_the_model_requires() -> None:
    """A time with a zone is picked in UTC, and the input says so."""
    picked = {"selected_time": "14:30"}
    assert read(time, picked) == time(14, 30)
    assert read(AwareTime, picked) == time(14, 30, tzinfo=UTC)
    block = blocks_of(Form.of(schema_of(create_model("Model", it=(AwareTime, ...)))), {})[0]
    assert block["element"]["timezone"] == "UTC"


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize("annotation", [NaiveDatetime, AwareDatetime, AwareTime])
@given(data=st.data())
def test_initial_values_are_drawn_and_stay_unchanged(annotation: Any, data: st.DataObject) -> None:
    """Submitting a form as it was drawn changes no value, whatever its zone."""
    moments = st.integers(10**9, 10**10 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
    moment = data.draw(moments)
    if annotation is NaiveDatetime:
        value: Any = moment.replace(tzinfo=None)
    elif annotation is AwareDatetime:
        value = moment.astimezone(data.draw(ZONES))
    else:
        value = moment.astimezone(data.draw(ZONES)).timetz().replace(second=0)
    model = create_model("Model", it=(annotation, ...))
    given_ = model(it=value).model_dump(mode="json")
    form = Form.of(schema_of(model))
    blocks = blocks_of(form, given_)
    check(blocks)
    state = submitted_as_drawn(blocks)
    assert form.read(state, given_).values == given_
    filled = model.model_validate(form.read(state, {}).values).it  # type: ignore[attr-defined]
    assert _in_utc(filled) == _in_utc(value)


def _in_utc(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    return datetime.combine(datetime(2001, 1, 1), value).astimezone(UTC).time()  # noqa: DTZ001 - `value` has its zone
