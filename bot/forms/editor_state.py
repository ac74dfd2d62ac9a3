"""The form that stands open: a prompt's own, or that of an entry of one of its lists."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from signoff.bot.forms.draft import Draft
from signoff.bot.forms.elements.entry_list import WRAPPED, EntryList, entries_of
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.bot.forms.layout import rows_of
from signoff.bot.forms.paths import put
from signoff.bot.forms.unset import UNSET

NEW = -1
"""The number of an entry that is not in its list yet."""

Step = tuple[str, int]
"""The block id of a list, and the number of its entry, `NEW` for another one."""


@dataclass(frozen=True, slots=True)
class Parent:
    """What an entry stands in."""

    place: "EditorState"
    field: Field
    listed: EntryList
    number: int

    @property
    def key(self) -> str:
        """Under which the entry's draft is kept."""
        return f"{self.field.block_id}~{'new' if self.number == NEW else self.number}"

    @property
    def entries(self) -> list[Any]:
        """The list as it is."""
        return entries_of(self.field.value(self.place.draft.values))


@dataclass(frozen=True, slots=True)
class EditorState:
    """A form, and what is filled in there so far.

    Attributes:
        around: The list that the form's entry belongs to; `None` for the prompt's own form.
    """

    form: Form
    draft: Draft
    around: Parent | None = None

    @classmethod
    def at(cls, form: Form, draft: Draft, steps: Sequence[Step]) -> "EditorState | None":
        """The place that `steps` lead to from the prompt's own form; `None` where there is none such (any more)."""
        place: EditorState | None = cls(form, draft)
        for block_id, number in steps:
            place = None if place is None else place.entry(block_id, number)
        return place

    def entry(self, block_id: str, number: int) -> "EditorState | None":
        """The place of an entry of the list that stands under that id."""
        field = self.form.list_in(block_id, self.draft.values, self.draft.raw_input)
        if field is None or not isinstance(field.element, EntryList):
            return None
        around = Parent(self, field, field.element, number)
        if number != NEW and not 0 <= number < len(around.entries):
            return None
        draft = Draft.of_json(self.draft.raw_input.get(around.key))
        if draft is None:
            draft = Draft() if number == NEW else Draft(field.element.wrap(around.entries[number]))
        return EditorState(self.form.of_entry(field.element), draft, around)

    @property
    def has_room(self) -> bool:
        """Whether the list takes this entry."""
        around = self.around
        return around is None or around.number != NEW or around.listed.has_room(around.entries)

    @property
    def row_of_list(self) -> int:
        """Which row of the form around has the end of the list."""
        if self.around is None:
            return 0
        outer = self.around.place
        rows = rows_of(outer.form, outer.draft.values, outer.draft.raw_input)
        return max((n for n, row in enumerate(rows) if row.field.block_id == self.around.field.block_id), default=0)

    @property
    def steps(self) -> tuple[Step, ...]:
        """How this place is found again."""
        if self.around is None:
            return ()
        return (*self.around.place.steps, (self.around.field.block_id, self.around.number))

    def with_draft(self, draft: Draft) -> "EditorState":
        """This place with something else filled in; the places around it keep that."""
        if self.around is None:
            return replace(self, draft=draft)
        outer = self.around.place
        raw_input = {**outer.draft.raw_input, self.around.key: draft.as_json()}
        around = replace(self.around, place=outer.with_draft(replace(outer.draft, raw_input=raw_input)))
        return replace(self, draft=draft, around=around)

    def finished(self) -> "EditorState":
        """The place around this entry, with the entry in its list."""
        assert self.around is not None  # noqa: S101 - only an entry is finished
        around, entry = self.around, self.around.listed.unwrap(self.draft.values)
        entries = around.entries
        if around.number == NEW:
            return around.place.with_entries(around.field, [*entries, entry])
        return around.place.with_entries(
            around.field, [entry if number == around.number else each for number, each in enumerate(entries)]
        )

    def without_entry(self) -> "EditorState":
        """The place around this entry, without the entry."""
        assert self.around is not None  # noqa: S101 - only an entry is removed
        raw_input = [each for number, each in enumerate(self.around.entries) if number != self.around.number]
        return self.around.place.with_entries(self.around.field, raw_input)

    def with_entries(self, field: Field, entries: list[Any]) -> "EditorState":
        """This place with other entries in a list; drafts of entries that may be others by now are gone."""
        values = _copied(self.draft.values)
        put(values, field.path, entries if entries or field.empty is UNSET else copy.copy(field.empty))
        raw_input = {
            key: value for key, value in self.draft.raw_input.items() if not key.startswith(f"{field.block_id}~")
        }
        return self.with_draft(Draft(values, raw_input))

    def inside(self, errors: Sequence[tuple[tuple[str | int, ...], str]]) -> list[tuple[tuple[str | int, ...], str]]:
        """Of errors in the prompt's own form, those in this one, with their paths from here."""
        if self.around is None:
            return list(errors)
        around, found = self.around, []
        number = len(around.entries) if around.number == NEW else around.number
        for path, message in around.place.inside(errors):
            at = around.place.form.locate(path, around.place.draft.values, around.place.draft.raw_input)
            if at.field is not None and at.field.block_id == around.field.block_id and at.rest[:1] == (number,):
                found.append(((WRAPPED, *at.rest[1:]) if around.listed.is_wrapped else at.rest[1:], message))
        return found

    @property
    def whole(self) -> Draft:
        """What is filled in in the prompt's own form, with this place's draft in it."""
        return self.draft if self.around is None else self.around.place.whole


def _copied(value: Any) -> Any:
    """Mappings copied, so that one can be put into; what they hold is shared."""
    return {name: _copied(each) for name, each in value.items()} if isinstance(value, dict) else value
