"""A made-up value that a JSON Schema accepts, to find out whether a person could enter one.

An object gets what a form submits: every property that is required or has a default. Where a schema allows several
things, the caller may choose among them, so that it can try the next one if the first one is of no use.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from signoff.flows.schema.parts import Schema, has_fields, is_null, kind_of, options_of, target, unwrap

Path = tuple[str | int, ...]
"""Where a value is: names of properties and positions in lists."""

Place = tuple[Path, int]
"""Where there is a choice: the path, and how many other choices have to be made there before it."""

_MAX_PARTS = 20_000
_MAX_ITEMS = 1_000
_ANYTHING: tuple[Any, ...] = ("a", 1, True, [], {}, None)
_TEXTS: Mapping[str, str] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T14:30:00Z",
    "time": "14:30:00Z",
    "duration": "PT1H",
    "email": "ana@example.com",
    "idn-email": "ana@example.com",
    "name-email": "Ana <ana@example.com>",
    "uri": "https://example.com/",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "ipv4": "192.0.2.10",
    "ipv6": "2001:db8::1",
    "ipvanyaddress": "192.0.2.10",
    "ipv4network": "192.0.2.0/24",
    "ipv4interface": "192.0.2.0/24",
    "ipv6network": "2001:db8::/32",
    "ipv6interface": "2001:db8::/32",
    "binary": "YWFh",
    "base64": "YWFh",
    "base64url": "YWFh",
    "slack-user": "U024BE7LH",
    "slack-channel": "C024BE91L",
}


class NoValue(Exception):
    """A schema accepts no value at all.

    Attributes:
        path: Where a value would have to be.
        reason: Why there cannot be one, as the end of a sentence.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason


class TooLarge(Exception):
    """A sample would take too long to make."""


class Sampler:
    """Makes one sample.

    Args:
        root: The schema.
        chosen: The alternative to begin with, by the place of the choice; the first one where nothing is given.

    Attributes:
        offered: For each choice of the sample, the number of the alternative taken, and how many there are.
        described: The paths of the objects whose properties the schema lists.
    """

    def __init__(self, root: Schema, chosen: Mapping[Place, int]) -> None:
        self.offered: dict[Place, tuple[int, int]] = {}
        self.described: set[Path] = set()
        self._root = root
        self._chosen = chosen
        self._levels: Counter[Path] = Counter()
        self._parts_left = _MAX_PARTS

    def make(self) -> Any:
        """The sample, as JSON.

        Raises:
            NoValue: If the schema accepts none.
            TooLarge: If that would take too long to find out.
        """
        return self._value(self._root, (), frozenset(), 0)

    def _value(self, part: Any, path: Path, above: frozenset[str], number: int) -> Any:
        """A value of `part`, another one for each `number` where that is possible.

        Args:
            above: The references around `part`. The smallest value never needs one of them within itself.
        """
        self._parts_left -= 1
        if self._parts_left < 0:
            raise TooLarge
        if part is False:
            raise NoValue(path, "nothing is a value of it")
        if not isinstance(part, Mapping):
            return self._choose(path, [partial(_itself, each) for each in _ANYTHING])
        if isinstance(name := part.get("$ref"), str):
            if name in above:
                raise NoValue(path, f"each {name.rpartition('/')[2]} has to contain another one, without end")
            beside = {key: value for key, value in part.items() if key != "$ref"}
            return self._value({**target(name, self._root), **beside}, path, above | {name}, number)
        if (values := _listed(part)) is not None:
            if not values:
                raise NoValue(path, "it has no options")
            # Null last: an input for several options does not offer it.
            values = sorted(values, key=lambda value: value is None)
            turned = [*values[number % len(values) :], *values[: number % len(values)]]
            return self._choose(path, [partial(_itself, each) for each in turned])
        for word in ("anyOf", "oneOf", "allOf"):
            members = part.get(word)
            if isinstance(members, list) and members and (word != "allOf" or len(members) == 1):
                beside = {key: value for key, value in part.items() if key not in (word, "discriminator")}
                alternatives = [
                    {**beside, **member} if isinstance(member, Mapping) else member
                    for member in sorted(members, key=lambda member: not is_null(member))
                ]
                return self._choose(path, [partial(self._value, each, path, above, number) for each in alternatives])
        return self._of_kind(part, path, above, number)

    def _of_kind(self, part: Schema, path: Path, above: frozenset[str], number: int) -> Any:
        match kind_of(part):
            case "object":
                return self._object(part, path, above)
            case "array":
                return self._array(part, path, above)
            case "string":
                return _text(part, path, number)
            case "integer" | "number" as kind:
                return _number(part, path, number, whole=kind == "integer")
            case "boolean":
                return number % 2 == 1
            case "null":
                return None
            case _:
                return self._choose(path, [partial(_itself, each) for each in _ANYTHING])

    def _choose(self, path: Path, alternatives: Sequence[Callable[[], Any]]) -> Any:
        place = (path, self._levels[path])
        self._levels[path] += 1
        refused: NoValue | None = None
        for number in range(self._chosen.get(place, 0), len(alternatives)):
            try:
                value = alternatives[number]()
            except NoValue as error:
                refused = refused or error
                continue
            self.offered[place] = number, len(alternatives)
            return value
        raise refused or NoValue(path, "nothing is a value of it")

    def _object(self, part: Schema, path: Path, above: frozenset[str]) -> dict[str, Any]:
        properties, required = part.get("properties") or {}, part.get("required") or ()
        made: dict[str, Any] = {}
        if properties:
            self.described.add(path)
        for name, inner in properties.items():
            here = (*path, name)
            alternatives: list[Callable[[], Any]] = [partial(self._value, inner, here, above, 0)]
            if isinstance(inner, Mapping) and "default" in inner:
                alternatives = [partial(_itself, inner["default"]), *alternatives]
            elif name not in required and not has_fields(unwrap(inner, self._root).schema):
                # A model is shown as a section, and of a section something is always filled in.
                alternatives = [*alternatives, partial(_itself, _LEFT_OUT)]
            value = self._choose(here, alternatives)
            if value is not _LEFT_OUT:
                made[name] = value
        more, least = part.get("additionalProperties", True), part.get("minProperties") or 0
        for number in range(_few(least) - len(made)):
            made[f"name-{number}"] = self._value(more, (*path, f"name-{number}"), above, number)
        if len(made) > part.get("maxProperties", math.inf):
            raise NoValue(path, f"it can hold no more than {part['maxProperties']} values")
        return made

    def _array(self, part: Schema, path: Path, above: frozenset[str]) -> list[Any]:
        first = part.get("prefixItems") or []
        least, most = part.get("minItems") or 0, part.get("maxItems", math.inf)
        items = part.get("items", True)
        if least > most:
            raise NoValue(path, f"it needs at least {least} entries and can have at most {most}")
        options = None if first else self._options(items)
        # Slack's inputs for several options, and sets, take each option only once.
        if options is not None and len(options) < least:
            raise NoValue(path, f"it needs at least {least} of {len(options)} choices")
        wanted = [*first, *[items] * (_few(least) - len(first))]
        return [
            self._value(each, (*path, place), above, 0 if place < len(first) else place)
            for place, each in enumerate(wanted)
        ]

    def _options(self, items: Any) -> list[Any] | None:
        seen: set[str] = set()
        while isinstance(items, Mapping) and isinstance(name := items.get("$ref"), str) and name not in seen:
            seen.add(name)
            items = target(name, self._root)
        listed = _listed(items) if isinstance(items, Mapping) else None
        return None if listed is None else [value for value in listed if value is not None]


_LEFT_OUT = object()


def _itself(value: Any) -> Any:
    return value


def _few(number: int) -> int:
    if number > _MAX_ITEMS:
        raise TooLarge
    return number


def _listed(part: Schema) -> list[Any] | None:
    """The values that a schema lists; `None` if it lists none."""
    if "const" in part:
        return [part["const"]]
    if isinstance(listed := part.get("enum"), list):
        return listed
    options = options_of(part)
    return None if options is None else [value for value, _ in options]


def _text(part: Schema, path: Path, number: int) -> str:
    shortest, longest = part.get("minLength") or 0, part.get("maxLength", math.inf)
    if shortest > longest:
        raise NoValue(path, f"it needs at least {shortest} characters and can have at most {longest}")
    form = str(part.get("format"))
    if form in _TEXTS:
        # A picker of times gives them a zone only if one is required.
        has_zone = part.get("zone") != "none" if form == "date-time" else part.get("zone") == "required"
        return _TEXTS[form] if has_zone else _TEXTS[form].removesuffix("Z")
    text = f"a{number or ''}"
    if not part.get("minLength") and longest < len(text):
        return text[: int(longest)]
    return text.ljust(_few(shortest), "a")


def _number(part: Schema, path: Path, number: int, *, whole: bool) -> float:
    """A number within the bounds of `part`, and a multiple of what it says. Exact, as JSON Schema has it."""
    low, low_is_open = _bound(part, "minimum", "exclusiveMinimum", max)
    high, high_is_open = _bound(part, "maximum", "exclusiveMaximum", min)
    multiple = part.get("multipleOf")
    step = Fraction(repr(multiple)) if isinstance(multiple, int | float) and multiple > 0 else None
    if whole:
        # The least common multiple of a fraction and 1 is its numerator.
        step = Fraction(1 if step is None else step.numerator)
    if step is None:
        return _between(low, high, low_is_open or high_is_open, path, number)
    if low is None and high is not None:
        value = math.floor(high / step) * step
        value -= step * (number + (high_is_open and value == high))
    else:
        value = Fraction(0) if low is None else math.ceil(low / step) * step
        value += step * (number + (low_is_open and value == low))
    if high is not None and (value > high or (high_is_open and value == high)):
        if number == 0:
            raise NoValue(path, "no number is within its bounds")
        return _number(part, path, 0, whole=whole)
    return int(value) if value.denominator == 1 else float(value)


def _bound(
    part: Schema, closed: str, opened: str, stricter: Callable[[Fraction, Fraction], Fraction]
) -> tuple[Fraction | None, bool]:
    """A bound, and whether it is excluded."""
    found = {word: Fraction(repr(part[word])) for word in (closed, opened) if _is_finite(part.get(word))}
    if not found:
        return None, False
    bound = found[closed] if opened not in found else found[opened]
    if len(found) > 1:
        bound = stricter(found[closed], found[opened])
    return bound, found.get(opened) == bound


def _is_finite(bound: Any) -> bool:
    return isinstance(bound, int | float) and not isinstance(bound, bool) and math.isfinite(bound)


def _between(low: Fraction | None, high: Fraction | None, is_open: bool, path: Path, number: int) -> float:
    match low, high:
        case None, None:
            return number
        case Fraction(), None:
            return float(low + number + is_open)
        case None, Fraction():
            return float(high - number - is_open)
    assert low is not None  # noqa: S101 - for the type checker
    assert high is not None  # noqa: S101
    if low > high or (low == high and is_open):
        raise NoValue(path, "no number is within its bounds")
    return float(low + (high - low) * (number + 1) / (number + 2))
