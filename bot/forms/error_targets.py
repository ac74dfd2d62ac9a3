"""Which field an error belongs to, by its path.

pydantic names the kind of a union in the path of an error, by its tag, its class or its type, and for a union
without a tag gives the errors of every kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import Field
from signoff.bot.forms.parsing import Part, Section
from signoff.bot.forms.paths import Path


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path leads.

    Attributes:
        field: The field that holds it; `None` where it is of a model as a whole, or leads nowhere.
        label: What is there; `None` where it is the whole form.
        rest: What of the path leads on within the field's value.
        is_elsewhere: Whether the path is that of a kind that was not chosen.
    """

    field: Field | None
    label: str | None
    rest: tuple[str | int, ...] = ()
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class LocatedError:
    """Something wrong, and where it stands."""

    at: Target
    message: str


def relevant(faults: Sequence[LocatedError]) -> list[LocatedError]:
    """The faults without those of kinds that were not chosen; a union that has no others does not fit."""
    kept = [fault for fault in faults if not fault.at.is_elsewhere]
    told = {fault.at.field.path for fault in kept if fault.at.field is not None}
    for fault in faults:
        field = fault.at.field
        if (
            fault.at.is_elsewhere
            and field is not None
            and not any(path[: len(field.path)] == field.path for path in told)
        ):
            kept.append(LocatedError(Target(field, fault.at.label), "This does not fit."))
            told.add(field.path)
    return kept


def locate(layout: Sequence[Part], path: Sequence[str | int]) -> Target:
    """Follow `path` through the parts that are asked for."""
    known = {part.path[:length] for part in layout for length in range(1, len(part.path) + 1)}
    choosers = {part.path: part for part in layout if isinstance(part, Field) and isinstance(part.element, Union)}
    at: Path = ()
    rest = tuple(path)
    while rest:
        step, here = rest[0], (*at, str(rest[0]))
        if isinstance(step, str) and here in known:
            at, rest = here, rest[1:]
        elif at in choosers and len(rest) > 0:
            if _is_other_kind(choosers[at], step, layout):
                return Target(choosers[at], choosers[at].full_label, rest, is_elsewhere=True)
            rest = rest[1:]
        else:
            break
    return _at(layout, at, rest)


def _at(layout: Sequence[Part], at: Path, rest: tuple[str | int, ...]) -> Target:
    fields = [part for part in layout if isinstance(part, Field) and part.path == at]
    if fields:
        # Of a chooser and the value chosen, the value.
        return Target(fields[-1], fields[-1].full_label, rest)
    sections = [part for part in layout if isinstance(part, Section) and part.path == at]
    return Target(None, sections[-1].label if sections else None, rest)


def _is_other_kind(chooser: Field, step: str | int, layout: Sequence[Part]) -> bool:
    kinds = chooser.element.kinds if isinstance(chooser.element, Union) else ()
    chosen = next(
        (
            number
            for number in range(len(kinds))
            for part in layout
            if isinstance(part, Field) and part.location.pointer.startswith(f"{chooser.location.pointer}~k{number}")
        ),
        None,
    )
    called = [number for number, kind in enumerate(kinds) if kind.is_called(step)]
    return bool(called) and chosen is not None and chosen not in called
