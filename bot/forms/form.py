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
from signoff.bot.forms.parsing import Part, Section, parts_of, parts_of_variant
from signoff.bot.forms.paths import Location, Path, value_at
from signoff.bot.forms.reading import Reading, chosen_variant, read
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Schema

_MODALS = 3
"""How many modals Slack stacks: a form, an entry of one of its lists, and an entry of a list in that entry."""

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
    _variants: dict[tuple[str, int], tuple[Part, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _entries: dict[int, tuple[EntryList, "Form"]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, schema: Schema, *, in_one: bool = False) -> "Form":
        """The form for the JSON Schema of an object, as `model_json_schema()` returns it.

        Args:
            in_one: Whether it is all in one modal: then entries of lists are asked for as text.

        Raises:
            UnsupportedField: If a field must not be asked for in Slack.
        """
        return cls._of(schema, schema, 0 if in_one else _MODALS - 1)

    @classmethod
    def _of(cls, schema: Schema, root: Schema, modals: int) -> "Form":
        return cls(tuple(parts_of(schema, root, lists=modals > 0)), root, modals)

    def of_entry(self, listed: EntryList) -> "Form":
        """The form of one entry of a list. An entry that is not an object becomes a field named `WRAPPED`."""
        known = self._entries.get(id(listed))
        if known is None:
            # The list is stored too, so that no other object can get its id.
            known = self._entries[id(listed)] = listed, self._parse_entry(listed)
        return known[1]

    def _parse_entry(self, listed: EntryList) -> "Form":
        schema = listed.items
        if listed.is_wrapped:
            schema = {
                "properties": {WRAPPED: {**listed.items, "title": listed.noun.capitalize()}},
                "required": [WRAPPED],
            }
        return self._of(schema, self.root, self.modals - 1)

    def only(self, field: Field) -> "Form":
        """A form with nothing but this field."""
        return replace(self, parts=(field,))

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that are there whatever the values are."""
        return tuple(part for part in self.parts if isinstance(part, Field))

    def layout(self, values: Mapping[str, Any], raw_input: Mapping[str, Any] = _NOTHING) -> tuple[Part, ...]:
        """The parts that are asked for with these values, including those of the chosen variants."""
        return tuple(self._with_variants(self.parts, values, raw_input))

    def unnamed(self, values: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
        """The values that have no field, since a model may allow more than its schema names.

        Yields:
            The name of the top-level value that each belongs to, its label, and the value itself.
        """
        parts = self.layout(values)
        paths = [part.path for part in parts]
        for path, label, constants in _objects(parts, values):
            held = value_at(values, path) if path else values
            if isinstance(held, Mapping):
                named = {each[len(path)] for each in paths if len(each) > len(path) and each[: len(path)] == path}
                for name, value in held.items():
                    if name not in named and name not in constants:
                        yield str(path[0] if path else name), f"{label}{name}", value

    def _with_variants(
        self, parts: Iterable[Part], values: Mapping[str, Any], raw_input: Mapping[str, Any]
    ) -> Iterator[Part]:
        for part in parts:
            yield part
            if isinstance(part, Field) and isinstance(part.element, Union):
                number = chosen_variant(part, part.element, values, raw_input)
                if number is not None:
                    yield from self._with_variants(self._of_variant(part, part.element, number), values, raw_input)

    def _of_variant(self, part: Field, union: Union, number: int) -> tuple[Part, ...]:
        known = self._variants.get((part.block_id, number))
        if known is None:
            inner = parts_of_variant(part, number, union.variants[number], self.root, lists=self.modals > 0)
            known = self._variants[part.block_id, number] = tuple(inner)
        return known

    @staticmethod
    def block_id(path: Path) -> str:
        """The id of the block that asks for the field at `path`, which is not in a union."""
        location = Location()
        for name in path:
            location = location.at(name)
        return location.block_id

    def matching(
        self, block_id: str, query: str, values: Mapping[str, Any] = _NOTHING, raw_input: Mapping[str, Any] = _NOTHING
    ) -> list[Block]:
        """The options that an external select offers for what a person typed into it.

        They are the response to its `block_suggestion`.
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
        """Read what Slack reports in `view.state.values`, on top of the values that the form was drawn with.

        An input that was not changed keeps its initial value in full, including what Slack's input cannot show, such
        as microseconds. A field without a block keeps its initial value too.
        """
        return read(self.layout(initial, raw_input), state_values, initial, raw_input)

    def locate(
        self, path: Sequence[str | int], values: Mapping[str, Any] = _NOTHING, raw_input: Mapping[str, Any] = _NOTHING
    ) -> Target:
        """The field that holds the value at `path`, and the rest of the path within that field."""
        found = locate(self.layout(values, raw_input), path)
        if found.field is None or not isinstance(found.field.element, EntryList) or not found.rest:
            return found
        return replace(found, label=self._label_in_list(found, found.field.element, values))

    def _label_in_list(self, found: Target, listed: EntryList, values: Mapping[str, Any]) -> str:
        """A label such as `People 3 › Name` for a value in the third entry."""
        number, *rest = found.rest
        entries = entries_of(None if found.field is None else found.field.value(values))
        if not isinstance(number, int) or not 0 <= number < len(entries):
            return found.label or ""
        path = [WRAPPED, *rest] if listed.is_wrapped else rest
        inner = self.of_entry(listed).locate(path, listed.wrap(entries[number])).label
        return " › ".join(filter(None, [f"{found.label} {number + 1}", inner]))

    def locate_errors(
        self,
        errors: Iterable[tuple[Sequence[str | int], str]],
        values: Mapping[str, Any],
        raw_input: Mapping[str, Any] = _NOTHING,
    ) -> list[LocatedError]:
        """The errors in these values, each with the field that it belongs to."""
        return relevant([LocatedError(self.locate(path, values, raw_input), message) for path, message in errors])

    def field(self, path: Sequence[str | int]) -> Field | None:
        """The field that holds the value at `path`."""
        return self.locate(path).field

    def label(self, path: Sequence[str | int]) -> str | None:
        """The label of the field or the nested model at `path`."""
        return self.locate(path).label

    def list_in(self, block_id: str, values: Mapping[str, Any], raw_input: Mapping[str, Any]) -> Field | None:
        """The list with that block id, if there is one."""
        for part in self.layout(values, raw_input):
            if isinstance(part, Field) and part.block_id == block_id and isinstance(part.element, EntryList):
                return part
        return None

    def is_missing_anything(self, values: Mapping[str, Any]) -> bool:
        """Whether a required field has no value."""
        return any(
            isinstance(part, Field) and part.required and part.value(values) is UNSET for part in self.layout(values)
        )


def _objects(parts: Iterable[Part], values: Mapping[str, Any]) -> Iterator[tuple[Path, str, Iterable[str]]]:
    """The objects whose values the parts show: where each is, how labels in it begin, and what has no field in it."""
    found: dict[Path, tuple[str, Iterable[str]]] = {(): ("", ())}
    for part in parts:
        # The fields of a variant have a section with the path of the union.
        if isinstance(part, Section):
            found.setdefault(part.path, (f"{part.label} › ", ()))
        elif isinstance(part.element, Union):
            number = chosen_variant(part, part.element, values, _NOTHING)
            variant = None if number is None else part.element.variants[number]
            if variant is not None and variant.is_model:
                found[part.path] = f"{part.full_label} › ", variant.constants
    for path, (label, constants) in found.items():
        yield path, label, constants
