"""One field of a form, and the choice of the element that asks for it."""

from dataclasses import dataclass
from typing import Any

from bot.blocks import INPUT_TEXT, LABEL_TEXT, OPTION_TEXT, PLACEHOLDER_TEXT
from bot.forms.choices import (
    MOST_BUTTONS,
    MOST_OPTIONS,
    YES_OR_NO,
    OneOf,
    SomeOf,
    Tick,
    labelled,
)
from bot.forms.element import UNSET, Choice, Element
from bot.forms.errors import Undrawable
from bot.forms.numbers import Number
from bot.forms.schema import Property, Schema, kind_of, options_of, unwrap
from bot.forms.text import JsonText, Text, as_json
from bot.forms.times import Day, Moment
from bot.markup import plain, shorten

Path = tuple[str, ...]

_LONG_TEXT = 150
_MULTILINE = "multiline"


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a person is asked for.

    Attributes:
        path: Where the value stands: the name of the field.
        placeholder: An example, shown while the input is empty.
        required: Whether the model needs a value from outside: it has no default.
        default: The value that the model takes by itself, where the schema names it.
        empty: What an input left empty means; `UNSET` where it means nothing and the input must be filled
            in, or where only the model knows (a `default_factory`).
    """

    path: Path
    label: str
    hint: str | None
    placeholder: str | None
    element: Element
    required: bool
    default: Any
    empty: Any

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.path[-1]

    def may_be_empty(self, value: Any) -> bool:
        """Whether the input may be left empty, where it stands filled in with `value`."""
        if self.empty is not UNSET:
            return True
        return not self.required and self.default is UNSET and value is UNSET


def field_of(path: Path, schema: Schema, root: Schema, *, required: bool) -> Field:
    """The field for the property of `root` at `path`.

    Raises:
        Undrawable: It is a secret.
    """
    wanted = unwrap(schema, root)
    name = path[-1]
    if wanted.schema.get("format") == "password" or wanted.schema.get("writeOnly"):
        raise Undrawable(
            f"The field {name!r} is a secret, and Slack keeps what is typed: "
            "let the flow read the secret from where it is kept, and ask for its name instead."
        )
    notes = wanted.annotations
    label = plain(str(notes.get("title") or name.replace("_", " ").title()), LABEL_TEXT) or "Value"
    default = notes.get("default", UNSET)
    element = _element(wanted, root)
    hint = plain(str(notes.get("description") or wanted.schema.get("description") or ""), LABEL_TEXT)
    if isinstance(element, JsonText):
        hint = shorten(f"{hint} (JSON)" if hint else "JSON", LABEL_TEXT)
    return Field(
        path=path,
        label=label,
        hint=hint or None,
        placeholder=_placeholder(wanted),
        element=element,
        required=required,
        default=default,
        empty=_meaning_of_empty(wanted, element),
    )


def _meaning_of_empty(wanted: Property, element: Element) -> Any:
    if isinstance(element, Tick):
        return False
    if wanted.nullable:
        return None
    if isinstance(element, SomeOf) and not wanted.schema.get("minItems"):
        return []
    is_any_text = isinstance(element, Text) and wanted.schema.keys().isdisjoint(("format", "minLength", "pattern"))
    return "" if is_any_text and "default" in wanted.annotations else UNSET


def _element(wanted: Property, root: Schema) -> Element:
    """The element that asks for values of `wanted`; JSON text where there is none of its own."""
    schema = wanted.schema
    options = options_of(schema)
    if options:
        return _one_of(labelled(options), wanted) or JsonText()
    match kind_of(schema):
        case "boolean" if "default" in wanted.annotations and not wanted.nullable:
            return Tick()
        case "boolean":
            return OneOf(YES_OR_NO, wanted.nullable, radio=True)
        case "integer" | "number" as kind:
            return _number(schema, whole=kind == "integer")
        case "string":
            return _string(schema)
        case "array":
            return _some_of(schema, root) or JsonText()
        case _:
            return JsonText()


def _placeholder(wanted: Property) -> str | None:
    examples = wanted.annotations.get("examples")
    if not isinstance(examples, list) or not examples:
        return None
    example = examples[0] if isinstance(examples[0], str) else as_json(examples[0])
    return plain(example, PLACEHOLDER_TEXT) or None


def _one_of(choices: tuple[Choice, ...], wanted: Property) -> Element | None:
    number = len(choices) + wanted.nullable
    if number <= MOST_BUTTONS and _are_short(choices):
        return OneOf(choices, wanted.nullable, radio=True)
    return OneOf(choices, wanted.nullable, radio=False) if number <= MOST_OPTIONS else None


def _some_of(schema: Schema, root: Schema) -> Element | None:
    items = schema.get("items")
    options = options_of(unwrap(items, root).schema) if isinstance(items, dict) else None
    if not options or len(options) > MOST_OPTIONS:
        return None
    choices = labelled(options)
    boxes = len(choices) <= MOST_BUTTONS and _are_short(choices)
    return SomeOf(choices, schema.get("maxItems"), boxes)


def _are_short(choices: tuple[Choice, ...]) -> bool:
    """Whether no label had to be cut to fit."""
    return all(not isinstance(choice.value, str) or len(choice.value) <= OPTION_TEXT for choice in choices)


def _number(schema: Schema, *, whole: bool) -> Element:
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    step = 1 if whole else 0
    if isinstance(above, int | float):
        least = max(above + step, least if least is not None else above + step)
    if isinstance(below, int | float):
        most = min(below - step, most if most is not None else below - step)
    return Number(whole, least, most)


def _string(schema: Schema) -> Element:
    match schema.get("format"):
        case "date":
            return Day()
        case "date-time":
            return Moment()
    longest = schema.get("maxLength", INPUT_TEXT)
    multiline = schema.get("element") == _MULTILINE or ("maxLength" in schema and longest > _LONG_TEXT)
    return Text(multiline, schema.get("minLength", 0), longest)
