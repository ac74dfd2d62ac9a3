"""Which field an error belongs to, by its path.

pydantic names the kind of a union in the path of an error, by its tag, its class or its type, and for a union
without a tag gives the errors of every kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from signoff.bot.forms.elements.unions import KindOf
from signoff.bot.forms.field import Field
from signoff.bot.forms.parsing import Part, Section
from signoff.bot.forms.paths import Path


@dataclass(frozen=True, slots=True)
class Located:
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
class Fault:
    """Something wrong, and where it stands."""

    at: Located
    message: str


def relevant(faults: Sequence[Fault]) -> list[Fault]:
    """The faults without those of kinds that were not chosen; a union that has no others does not fit."""
    kept = [fault for fault in faults if not fault.at.is_elsewhere]
    told = {fault.at.field.path for fault in kept if fault.at.field is not None}
    for fault in faults:
        one = fault.at.field
        if fault.at.is_elsewhere and one is not None and not any(path[: len(one.path)] == one.path for path in told):
            kept.append(Fault(Located(one, fault.at.label), "This does not fit."))
            told.add(one.path)
    return kept


def locate(sheet: Sequence[Part], path: Sequence[str | int]) -> Located:
    """Follow `path` through the parts that are asked for."""
    known = {part.path[:length] for part in sheet for length in range(1, len(part.path) + 1)}
    choosers = {part.path: part for part in sheet if isinstance(part, Field) and isinstance(part.element, KindOf)}
    at: Path = ()
    rest = tuple(path)
    while rest:
        step, here = rest[0], (*at, str(rest[0]))
        if isinstance(step, str) and here in known:
            at, rest = here, rest[1:]
        elif at in choosers and len(rest) > 0:
            if _is_other_kind(choosers[at], step, sheet):
                return Located(choosers[at], choosers[at].full_label, rest, is_elsewhere=True)
            rest = rest[1:]
        else:
            break
    return _at(sheet, at, rest)


def _at(sheet: Sequence[Part], at: Path, rest: tuple[str | int, ...]) -> Located:
    fields = [part for part in sheet if isinstance(part, Field) and part.path == at]
    if fields:
        # Of a chooser and the value chosen, the value.
        return Located(fields[-1], fields[-1].full_label, rest)
    sections = [part for part in sheet if isinstance(part, Section) and part.path == at]
    return Located(None, sections[-1].label if sections else None, rest)


def _is_other_kind(chooser: Field, step: str | int, sheet: Sequence[Part]) -> bool:
    kinds = chooser.element.kinds if isinstance(chooser.element, KindOf) else ()
    chosen = next(
        (
            number
            for number in range(len(kinds))
            for part in sheet
            if isinstance(part, Field) and part.spot.pointer.startswith(f"{chooser.spot.pointer}~k{number}")
        ),
        None,
    )
    called = [number for number, kind in enumerate(kinds) if kind.is_called(step)]
    return bool(called) and chosen is not None and chosen not in called
