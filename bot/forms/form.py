"""A form: the fields of a JSON Schema, drawn as Slack's inputs and read back as JSON values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from signoff.bot.blockkit.blocks import Block
from signoff.bot.forms.elements.choices import MultiChoice, SingleChoice
from signoff.bot.forms.elements.entry_list import WRAPPED, EntryList, entries_of
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.error_targets import LocatedError, Target, locate, relevant
from signoff.bot.forms.field import Field
from signoff.bot.forms.parsing import Part, parts_of, parts_of_kind
from signoff.bot.forms.paths import Location, Path
from signoff.bot.forms.reading import Reading, chosen_kind, read
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Schema

_MODALS = 3
"""How many modals Slack stacks: a form, an entry of one of its lists, and an entry of one of that one's."""

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one schema in its order, and the sections of the nested models that hold some of them.

    Which fields there are depends on the values: each variant of a union has its own. Those of a variant, and those
    of a list's entries, are parsed when they are first needed. Methods that take `values` also take the `raw_input`
    that a draft holds beside them.

    Attributes:
        parts: The parts that are there whatever the values are.
        root: The schema that `$ref` refers to.
        modals: How many more modals can be opened on top of this form's.
    """

    parts: tuple[Part, ...]
    root: Schema = field(default_factory=dict, repr=False, compare=False)
    modals: int = 0
    _kinds: dict[tuple[str, int], tuple[Part, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _entries: dict[int, tuple[EntryList, "Form"]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, schema: Schema) -> "Form":
        """The form for the JSON Schema of an object, as `model_json_schema()` makes it.

        Raises:
            UnsupportedField: A field must not be asked for in Slack.
        """
        return cls._of(schema, schema, _MODALS - 1)

    @classmethod
    def _of(cls, schema: Schema, root: Schema, modals: int) -> "Form":
        return cls(tuple(parts_of(schema, root, lists=modals > 0)), root, modals)

    def of_entry(self, listed: EntryList) -> "Form":
        """The form of one entry of a list of this form. An entry that is no object is its field `WRAPPED`."""
        known = self._entries.get(id(listed))
        if known is None:
            # With the list itself, so that nothing else gets its id.
            known = self._entries[id(listed)] = listed, self._parsed_entry(listed)
        return known[1]

    def _parsed_entry(self, listed: EntryList) -> "Form":
        schema = listed.items
        if listed.is_wrapped:
            schema = {
                "properties": {WRAPPED: {**listed.items, "title": listed.noun.capitalize()}},
                "required": [WRAPPED],
            }
        return self._of(schema, self.root, self.modals - 1)

    def only(self, field: Field) -> "Form":
        """The form of one field alone."""
        return replace(self, parts=(field,))

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that are asked for in any case."""
        return tuple(part for part in self.parts if isinstance(part, Field))

    def layout(self, values: Mapping[str, Any], raw_input: Mapping[str, Any] = _NOTHING) -> tuple[Part, ...]:
        """What is asked for where this is filled in: with the parts of the kinds that are chosen."""
        return tuple(self._with_kinds(self.parts, values, raw_input))

    def _with_kinds(
        self, parts: Iterable[Part], values: Mapping[str, Any], raw_input: Mapping[str, Any]
    ) -> Iterator[Part]:
        for part in parts:
            yield part
            if isinstance(part, Field) and isinstance(part.element, Union):
                number = chosen_kind(part, part.element, values, raw_input)
                if number is not None:
                    yield from self._with_kinds(self._of_kind(part, part.element, number), values, raw_input)

    def _of_kind(self, part: Field, kinds: Union, number: int) -> tuple[Part, ...]:
        known = self._kinds.get((part.block_id, number))
        if known is None:
            inner = parts_of_kind(part, number, kinds.kinds[number], self.root, lists=self.modals > 0)
            known = self._kinds[part.block_id, number] = tuple(inner)
        return known

    @staticmethod
    def block_id(path: Path) -> str:
        """The id of the block that asks for the field at `path`, outside of unions."""
        location = Location()
        for name in path:
            location = location.at(name)
        return location.block_id

    def matching(
        self, block_id: str, query: str, values: Mapping[str, Any] = _NOTHING, raw_input: Mapping[str, Any] = _NOTHING
    ) -> list[Block]:
        """The options that the select in a block offers for what a person typed into it.

        They are what the `block_suggestion` of an external select is answered with.
        """
        for part in self.layout(values, raw_input):
            if (
                isinstance(part, Field)
                and part.block_id == block_id
                and isinstance(part.element, SingleChoice | MultiChoice)
            ):
                return part.element.matching(query)
        return []

    def read(self, state_values: Any, initial: Mapping[str, Any], raw_input: Mapping[str, Any] = _NOTHING) -> Reading:
        """What Slack reports in `view.state.values`, over the values that the form was drawn with.

        A value left as it was drawn is read as the initial value itself, whatever Slack's input cannot show
        of it (microseconds, the order of a list). A field without a block keeps its initial value.
        """
        return read(self.layout(initial, raw_input), state_values, initial, raw_input)

    def locate(
        self, path: Sequence[str | int], values: Mapping[str, Any] = _NOTHING, raw_input: Mapping[str, Any] = _NOTHING
    ) -> Target:
        """The field that holds what stands at `path`, and what of the path leads on from there."""
        found = locate(self.layout(values, raw_input), path)
        if found.field is None or not isinstance(found.field.element, EntryList) or not found.rest:
            return found
        return replace(found, label=self._label_in_list(found, found.field.element, values))

    def _label_in_list(self, found: Target, listed: EntryList, values: Mapping[str, Any]) -> str:
        """`People 3 › Name` for what stands in the third entry."""
        number, *rest = found.rest
        entries = entries_of(None if found.field is None else found.field.value(values))
        if not isinstance(number, int) or not 0 <= number < len(entries):
            return found.label or ""
        path = [WRAPPED, *rest] if listed.is_wrapped else rest
        inner = self.of_entry(listed).locate(path, listed.wrap(entries[number])).label
        return " › ".join(filter(None, [f"{found.label} {number + 1}", inner]))

    def faults(
        self,
        errors: Iterable[tuple[Sequence[str | int], str]],
        values: Mapping[str, Any],
        raw_input: Mapping[str, Any] = _NOTHING,
    ) -> list[LocatedError]:
        """What is wrong, by path, with what is filled in: where it stands in this form."""
        return relevant([LocatedError(self.locate(path, values, raw_input), message) for path, message in errors])

    def field(self, path: Sequence[str | int]) -> Field | None:
        """The field that holds what stands at `path`, a position within its value included."""
        return self.locate(path).field

    def label(self, path: Sequence[str | int]) -> str | None:
        """What the field or the nested model at `path` is called."""
        return self.locate(path).label

    def list_in(self, block_id: str, values: Mapping[str, Any], raw_input: Mapping[str, Any]) -> Field | None:
        """The list whose entries stand under that id, if one does."""
        for part in self.layout(values, raw_input):
            if isinstance(part, Field) and part.block_id == block_id and isinstance(part.element, EntryList):
                return part
        return None

    def is_missing_anything(self, values: Mapping[str, Any]) -> bool:
        """Whether a field that has to be filled in is not."""
        return any(
            isinstance(part, Field) and part.required and part.value(values) is UNSET for part in self.layout(values)
        )
