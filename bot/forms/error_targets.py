"""Finds the field that a validation error belongs to.

pydantic puts the variant of a union into the path of an error, as a tag, a class or a type. For a union without a tag
it reports the errors of every variant, and people should see only those of the variant that they chose.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import Field
from signoff.bot.forms.parsing import Part, Section
from signoff.bot.forms.paths import Path


@dataclass(frozen=True, slots=True)
class Target:
    """What a path leads to.

    Attributes:
        field: The field that holds the value; `None` if the path leads to a model as a whole, or nowhere.
        label: The label of what is there; `None` for the whole form.
        rest: The rest of the path, within the field's value.
        is_elsewhere: Whether the path leads into a variant that was not chosen.
    """

    field: Field | None
    label: str | None
    rest: tuple[str | int, ...] = ()
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class LocatedError:
    """An error, and what it belongs to."""

    target: Target
    message: str


def relevant(errors: Sequence[LocatedError]) -> list[LocatedError]:
    """The errors without those of variants that were not chosen. A union that has no others gets a general one."""
    found = [error for error in errors if not error.target.is_elsewhere]
    with_error = {error.target.field.path for error in found if error.target.field is not None}
    for error in errors:
        field = error.target.field
        if not error.target.is_elsewhere or field is None:
            continue
        if not any(path[: len(field.path)] == field.path for path in with_error):
            found.append(LocatedError(Target(field, error.target.label), "This does not match any of the choices."))
            with_error.add(field.path)
    return found


def locate(layout: Sequence[Part], path: Sequence[str | int]) -> Target:
    """Follow `path` through the parts of a form."""
    known = {part.path[:length] for part in layout for length in range(1, len(part.path) + 1)}
    unions = {part.path: part for part in layout if isinstance(part, Field) and isinstance(part.element, Union)}
    at: Path = ()
    rest = tuple(path)
    while rest:
        step, here = rest[0], (*at, str(rest[0]))
        if isinstance(step, str) and here in known:
            at, rest = here, rest[1:]
        elif at in unions:
            if _is_other_variant(unions[at], step, layout):
                return Target(unions[at], unions[at].full_label, rest, is_elsewhere=True)
            rest = rest[1:]
        else:
            break
    return _at(layout, at, rest)


def _at(layout: Sequence[Part], at: Path, rest: tuple[str | int, ...]) -> Target:
    fields = [part for part in layout if isinstance(part, Field) and part.path == at]
    if fields:
        # A union and the value of its variant have the same path. The value comes last.
        return Target(fields[-1], fields[-1].full_label, rest)
    sections = [part for part in layout if isinstance(part, Section) and part.path == at]
    return Target(None, sections[-1].label if sections else None, rest)


def _is_other_variant(union: Field, step: str | int, layout: Sequence[Part]) -> bool:
    """Whether a step of a path names variants of a union, but not the chosen one, whose parts are in the layout."""
    variants = union.element.variants if isinstance(union.element, Union) else ()
    pointers = [part.location.pointer for part in layout if isinstance(part, Field)]
    chosen = next((n for n in range(len(variants)) if _has_part(pointers, union.location.variant(n).pointer)), None)
    named = [number for number, variant in enumerate(variants) if variant.is_called(step)]
    return bool(named) and chosen is not None and chosen not in named


def _has_part(pointers: Sequence[str], variant: str) -> bool:
    # The pointer of variant 1 is also the beginning of that of variant 10.
    return any(pointer == variant or pointer.startswith((f"{variant}/", f"{variant}~")) for pointer in pointers)
