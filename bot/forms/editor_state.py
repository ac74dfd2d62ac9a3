"""The form that a person is editing: a prompt's own, or that of one entry in one of its lists."""

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
"""The block id of a list, and the number of one of its entries, or `NEW`."""

PathError = tuple[tuple[str | int, ...], str]
"""The path of a value in a form, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The list that an entry belongs to, and the form that holds the list.

    Attributes:
        editor: The form that holds the list.
        field: The list's field in that form.
        entry_list: The field's element.
        number: The entry's position in the list, or `NEW`.
    """

    editor: "EditorState"
    field: Field
    entry_list: EntryList
    number: int

    @property
    def draft_key(self) -> str:
        """The key of the entry's draft in the raw input of the form that holds the list."""
        return f"{self.field.block_id}~{'new' if self.number == NEW else self.number}"

    @property
    def entries(self) -> list[Any]:
        """The entries that are in the list now."""
        return entries_of(self.field.value(self.editor.draft.values))


@dataclass(frozen=True, slots=True)
class EditorState:
    """A form, and what has been filled in so far.

    Slack stacks up to three modals: a prompt's form, the form of an entry, and that of an entry in the entry. Each
    editor knows the one below it, so that a change in the topmost form ends up in the one draft of the prompt.

    Attributes:
        parent: The list that the form's entry belongs to; `None` for the prompt's own form.
    """

    form: Form
    draft: Draft
    parent: Parent | None = None

    @classmethod
    def at(cls, form: Form, draft: Draft, steps: Sequence[Step]) -> "EditorState | None":
        """Follow `steps` from the prompt's own form. `None` if they lead nowhere, because an entry is gone."""
        editor: EditorState | None = cls(form, draft)
        for block_id, number in steps:
            editor = None if editor is None else editor.entry(block_id, number)
        return editor

    def entry(self, block_id: str, number: int) -> "EditorState | None":
        """The editor of one entry of the list with that block id; `None` if there is no such list or entry."""
        field = self.form.list_in(block_id, self.draft.values, self.draft.raw_input)
        if field is None or not isinstance(field.element, EntryList):
            return None
        parent = Parent(self, field, field.element, number)
        if number != NEW and not 0 <= number < len(parent.entries):
            return None
        draft = Draft.of_json(self.draft.raw_input.get(parent.draft_key))
        if draft is None:
            draft = Draft() if number == NEW else Draft(field.element.wrap(parent.entries[number]))
        return EditorState(self.form.of_entry(field.element), draft, parent)

    @property
    def has_room(self) -> bool:
        """Whether the list still has room for this entry."""
        parent = self.parent
        return parent is None or parent.number != NEW or parent.entry_list.has_room(parent.entries)

    @property
    def row_of_list(self) -> int:
        """The number of the last row of the list in the parent's form."""
        if self.parent is None:
            return 0
        outer, block_id = self.parent.editor, self.parent.field.block_id
        rows = rows_of(outer.form, outer.draft.values, outer.draft.raw_input)
        return max((number for number, row in enumerate(rows) if row.field.block_id == block_id), default=0)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps with which `at` finds this form again."""
        if self.parent is None:
            return ()
        return (*self.parent.editor.steps, (self.parent.field.block_id, self.parent.number))

    def with_draft(self, draft: Draft) -> "EditorState":
        """This editor with another draft. The drafts of the forms below hold it too."""
        if self.parent is None:
            return replace(self, draft=draft)
        outer = self.parent.editor
        raw_input = {**outer.draft.raw_input, self.parent.draft_key: draft.as_json()}
        parent = replace(self.parent, editor=outer.with_draft(replace(outer.draft, raw_input=raw_input)))
        return replace(self, draft=draft, parent=parent)

    def finished(self) -> "EditorState":
        """The editor of the parent's form, with this entry in its list."""
        assert self.parent is not None  # noqa: S101 - only entries are finished
        parent, entry = self.parent, self.parent.entry_list.unwrap(self.draft.values)
        entries = parent.entries
        if parent.number == NEW:
            return parent.editor.with_entries(parent.field, [*entries, entry])
        entries = [entry if number == parent.number else each for number, each in enumerate(entries)]
        return parent.editor.with_entries(parent.field, entries)

    def without_entry(self) -> "EditorState":
        """The editor of the parent's form, with this entry removed from its list."""
        assert self.parent is not None  # noqa: S101 - only entries are removed
        rest = [each for number, each in enumerate(self.parent.entries) if number != self.parent.number]
        return self.parent.editor.with_entries(self.parent.field, rest)

    def with_entries(self, field: Field, entries: list[Any]) -> "EditorState":
        """This editor with other entries in one of its lists.

        Entry drafts of that list are dropped: their keys are positions, which may now belong to other entries.
        """
        values = _copied(self.draft.values)
        put(values, field.path, entries if entries or field.empty is UNSET else copy.copy(field.empty))
        raw_input = {
            key: value for key, value in self.draft.raw_input.items() if not key.startswith(f"{field.block_id}~")
        }
        return self.with_draft(Draft(values, raw_input))

    def errors_here(
        self, errors: Sequence[tuple[tuple[str | int, ...], str]]
    ) -> list[tuple[tuple[str | int, ...], str]]:
        """Those errors of the prompt's answer that belong to this form, with their paths relative to it."""
        if self.parent is None:
            return list(errors)
        parent, found = self.parent, []
        outer = parent.editor
        number = len(parent.entries) if parent.number == NEW else parent.number
        for path, message in outer.errors_here(errors):
            target = outer.form.locate(path, outer.draft.values, outer.draft.raw_input)
            is_in_list = target.field is not None and target.field.block_id == parent.field.block_id
            if is_in_list and target.rest[:1] == (number,):
                rest = target.rest[1:]
                found.append(((WRAPPED, *rest) if parent.entry_list.is_wrapped else rest, message))
        return found

    @property
    def whole(self) -> Draft:
        """The draft of the prompt's own form. It holds the drafts of its entries."""
        return self.draft if self.parent is None else self.parent.editor.whole


def _copied(value: Any) -> Any:
    """A copy whose nested mappings can be changed. Everything else is shared."""
    return {name: _copied(each) for name, each in value.items()} if isinstance(value, dict) else value
