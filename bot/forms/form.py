"""A form: the fields of a JSON Schema, drawn as Slack's inputs and read back as JSON values."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.blocks import SECTION_TEXT, Block, input_block, mrkdwn, plain_text, section
from bot.forms.element import UNSET, Unreadable
from bot.forms.field import Field, Path, field_of
from bot.forms.schema import Schema
from bot.markup import bold

ACTION = "value"
"""The `action_id` of every input; the block id says which field it is."""

_WITH_PLACEHOLDER = frozenset(
    {
        "plain_text_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "datepicker",
        "timepicker",
        "static_select",
        "multi_static_select",
    }
)
_EMPTY: tuple[Any, ...] = (None, "", [], {})
"""The values that leave an input empty."""

_LONGEST_BLOCK_ID = 255


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person filled in.

    Attributes:
        values: The initial values and what was filled in over them. An input left empty has the value that
            stands for "empty": null, an empty text, an empty list; or none, where the model has its own.
        errors: What could not be read, by the path of its field.
    """

    values: dict[str, Any]
    errors: dict[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one schema, in its order."""

    fields: tuple[Field, ...]

    @classmethod
    def of(cls, schema: Schema) -> "Form":
        """The form for the JSON Schema of an object, as `model_json_schema()` makes it.

        Raises:
            Undrawable: A field must not be asked for in Slack.
        """
        required = set(schema.get("required", ()))
        properties: Mapping[str, Schema | bool] = schema.get("properties", {})
        return cls(
            tuple(field_of((name,), part, schema, required=name in required) for name, part in properties.items())
        )

    def field(self, path: tuple[str | int, ...]) -> Field | None:
        """The field that holds what stands at `path`, a position within its value included."""
        return next((one for one in self.fields if path[: len(one.path)] == one.path), None)

    @staticmethod
    def block_id(path: Path) -> str:
        """The id of the block that asks for the field at `path`: a JSON Pointer, hashed where too long."""
        pointer = "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
        if len(pointer) <= _LONGEST_BLOCK_ID:
            return pointer
        return "#" + hashlib.sha256(pointer.encode(errors="surrogatepass")).hexdigest()

    def value(self, one: Field, values: Mapping[str, Any]) -> Any:
        """The value of a field in `values`, else its default, else `UNSET`."""
        return values.get(one.name, one.default)

    def blocks(self, values: Mapping[str, Any]) -> list[Block]:
        """One input for each field, filled in with `values` and the defaults.

        A value that Slack's input cannot hold unchanged is not asked for: a line says that it is kept.
        """
        return [self._block(one, self.value(one, values)) for one in self.fields]

    def _block(self, one: Field, value: Any) -> Block:
        element = one.element.draw(value)
        if element is None:
            notice = f"{bold(one.label)}\nSlack cannot hold this value for editing. It is kept as it is."
            return section(mrkdwn(notice[:SECTION_TEXT]))
        if one.placeholder and element["type"] in _WITH_PLACEHOLDER:
            element["placeholder"] = plain_text(one.placeholder)
        return input_block(
            self.block_id(one.path),
            one.label,
            {**element, "action_id": ACTION},
            optional=one.may_be_empty(value),
            hint=one.hint,
        )

    def read(self, state_values: Mapping[str, Any], initial: Mapping[str, Any]) -> Reading:
        """What Slack reports in `view.state.values`, over the values that the form was drawn with.

        A value left as it was drawn is read as the initial value itself, whatever Slack's input cannot show
        of it (microseconds, the order of a list). A field without a block keeps its initial value.
        """
        reading = Reading(copy.deepcopy(dict(initial)))
        for one in self.fields:
            state = state_values.get(self.block_id(one.path), {}).get(ACTION)
            if state is None:
                continue
            try:
                self._read(one, state, reading.values)
            except Unreadable as error:
                reading.errors[one.path] = str(error)
        return reading

    def _read(self, one: Field, state: Mapping[str, Any], values: dict[str, Any]) -> None:
        drawn = self.value(one, values)
        value = one.element.read(state)
        if value is UNSET and not one.may_be_empty(drawn):
            raise Unreadable("Fill this in.")
        if value is UNSET:
            value = drawn if drawn in _EMPTY else one.empty
        elif drawn is not UNSET and one.element.draw(value) == one.element.draw(drawn):
            value = drawn
        if value is UNSET:
            values.pop(one.name, None)
        else:
            values[one.name] = value
