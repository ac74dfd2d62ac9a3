"""Schemas that were not written by pydantic make forms too."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.bot.forms import Form
from signoff.bot.forms.layout import blocks_of, rows_of
from signoff.bot.forms.pages import page_with
from tests.unit.bot.forms.slack import check, submitted_as_drawn

PLAIN = st.none() | st.booleans() | st.integers(-5, 5000) | st.floats(-9, 9) | st.text(max_size=5)
TYPES = ["string", "integer", "number", "boolean", "array", "object", "null"]
FORMATS = ["date", "date-time", "time", "duration", "email", "uri", "uuid", "unheard-of"]


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas that contain other schemas, sensible or not."""
    anywhere = inner | st.booleans()
    words: dict[str, st.SearchStrategy[Any]] = {
        "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), max_size=3),
        "format": st.sampled_from(FORMATS),
        "enum": st.lists(PLAIN, max_size=4, unique_by=repr),
        "const": PLAIN,
        "items": anywhere,
        "properties": st.dictionaries(st.text(max_size=3), anywhere, max_size=3),
        "additionalProperties": anywhere,
        "required": st.lists(st.text(max_size=3), max_size=2),
        "anyOf": st.lists(anywhere, max_size=3),
        "oneOf": st.lists(anywhere, max_size=3),
        "allOf": st.lists(anywhere, max_size=2),
        "$ref": st.sampled_from(["#", "#/$defs/a", "#/nowhere", "https://example.com/schema"]),
        "minimum": st.integers(-5, 5),
        "maximum": st.floats(-5, 5),
        "exclusiveMinimum": st.floats(-5, 5),
        "minLength": st.integers(0, 5000),
        "maxLength": st.integers(0, 5000),
        "minItems": st.integers(0, 5),
        "maxItems": st.integers(0, 5),
        "title": PLAIN,
        "description": PLAIN,
        "examples": st.lists(PLAIN, max_size=2),
        "default": PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.text(max_size=2), PLAIN, max_size=2),
    }
    return st.fixed_dictionaries({}, optional=words)


SCHEMAS: st.SearchStrategy[Any] = st.recursive(st.just({}), schemas, max_leaves=8)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.text(max_size=4), SCHEMAS | st.booleans(), min_size=1, max_size=4), SCHEMAS)
def test_any_schema_of_an_object_makes_a_form(properties: dict[str, Any], shared: Any) -> None:
    """Slack accepts each page of the form, and its inputs can be read."""
    form = Form.of({"type": "object", "properties": properties, "$defs": {"a": shared}})
    rows, first = rows_of(form, {}, {}), 0
    while first < len(rows):
        page = page_with(rows, first)
        check(page.blocks)
        first = page.after
    blocks = blocks_of(form, {})

    assert set(form.read(submitted_as_drawn(blocks), {}).errors) <= {field.path for field in form.fields}
