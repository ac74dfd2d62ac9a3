"""A form: the fields of a JSON Schema, drawn as Slack's inputs and read back as JSON values."""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.blocks import SECTION_TEXT, Block, context, input_block, mrkdwn, plain_text, section
from bot.forms.choices import OneOf, SomeOf
from bot.forms.element import UNSET, Unreadable
from bot.forms.field import Field
from bot.forms.parsing import Section, parts_of
from bot.forms.places import Path, drop, put, value_at
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
        "external_select",
        "multi_static_select",
        "multi_external_select",
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
    """The fields of one schema, in its order, and the nested models that hold some of them."""

    fields: tuple[Field, ...]
    sections: tuple[Section, ...]

    @classmethod
    def of(cls, schema: Schema) -> "Form":
        """The form for the JSON Schema of an object, as `model_json_schema()` makes it.

        Raises:
            Undrawable: A field must not be asked for in Slack.
        """
        parts = list(parts_of(schema))
        return cls(
            tuple(part for part in parts if isinstance(part, Field)),
            tuple(part for part in parts if isinstance(part, Section)),
        )

    def field(self, path: tuple[str | int, ...]) -> Field | None:
        """The field that holds what stands at `path`, a position within its value included."""
        return next((one for one in self.fields if path[: len(one.path)] == one.path), None)

    def label(self, path: tuple[str | int, ...]) -> str | None:
        """What the field or the nested model at `path` is called."""
        one = self.field(path)
        if one is not None:
            return one.full_label
        return next((part.label for part in self.sections if part.path == path), None)

    @staticmethod
    def block_id(path: Path) -> str:
        """The id of the block that asks for the field at `path`: a JSON Pointer, hashed where too long."""
        pointer = "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
        if len(pointer) <= _LONGEST_BLOCK_ID:
            return pointer
        return "#" + hashlib.sha256(pointer.encode(errors="surrogatepass")).hexdigest()

    def blocks(self, values: Mapping[str, Any]) -> list[Block]:
        """One input for each field, filled in with `values` and the defaults, under the headings of its models.

        A value that Slack's input cannot hold unchanged is not asked for: a line says that it is kept.
        """
        blocks: list[Block] = []
        headings = {part.path: part for part in self.sections}
        for one in self.fields:
            for depth in range(1, len(one.path)):
                part = headings.pop(one.path[:depth], None)
                blocks += [] if part is None else _heading(part)
            blocks.append(self._block(one, one.value(values)))
        return blocks

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

    def matching(self, block_id: str, query: str) -> list[Block]:
        """The options that the select in a block offers for what a person typed into it.

        They are what the `block_suggestion` of an external select is answered with.
        """
        for one in self.fields:
            if self.block_id(one.path) == block_id and isinstance(one.element, OneOf | SomeOf):
                return one.element.matching(query)
        return []

    def read(self, state_values: Mapping[str, Any], initial: Mapping[str, Any]) -> Reading:
        """What Slack reports in `view.state.values`, over the values that the form was drawn with.

        A value left as it was drawn is read as the initial value itself, whatever Slack's input cannot show
        of it (microseconds, the order of a list). A field without a block keeps its initial value.
        """
        reading = Reading(copy.deepcopy(dict(initial)))
        for one in self.fields:
            state = state_values.get(self.block_id(one.path), {}).get(ACTION)
            if not isinstance(state, Mapping):
                continue
            try:
                value = _read(one, state, one.value(initial))
            except Unreadable as error:
                reading.errors[one.path] = str(error)
                continue
            if value is UNSET:
                drop(reading.values, one.path)
            else:
                put(reading.values, one.path, value)
        self._complete(reading.values)
        return reading

    def _complete(self, values: dict[str, Any]) -> None:
        """Give the model an empty value for each nested one that it needs and that has its own defaults."""
        for part in self.sections:
            if part.required and value_at(values, part.path) is UNSET:
                put(values, part.path, {})


def _read(one: Field, state: Mapping[str, Any], drawn: Any) -> Any:
    """The value of a field that was drawn with `drawn`; `UNSET` where the model has its own."""
    value = one.element.read(state)
    if value is UNSET and not one.may_be_empty(drawn):
        raise Unreadable("Fill this in.")
    if value is UNSET:
        return drawn if drawn in _EMPTY else one.empty
    if drawn is UNSET or isinstance(value, bool):
        return value
    return drawn if one.element.draw(value) == one.element.draw(drawn) else value


def _heading(part: Section) -> list[Block]:
    blocks = [section(mrkdwn(bold(part.label)))]
    return [*blocks, context(plain_text(part.hint))] if part.hint else blocks
