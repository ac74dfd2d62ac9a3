"""List entries are edited in forms of their own, and nothing is lost on the way back."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from signoff.bot.forms import Form
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import NEW, EditorState
from signoff.bot.forms.layout import blocks_of, rows_of
from signoff.bot.forms.pages import page_with
from signoff.bot.surfaces.modal_metadata import ModalMetadata


class Stop(BaseModel):
    """One stop"""

    city: str


class Trip(BaseModel):
    """One trip"""

    name: str
    stops: list[Stop] = []


class Plan(BaseModel):
    """All trips"""

    trips: list[Trip] = Field(max_length=2)
    tags: list[int | Stop] = []


FORM = Form.of(Plan.model_json_schema())
VALUES: dict[str, Any] = {"trips": [{"name": "South", "stops": [{"city": "Graz"}]}], "tags": [4]}


def entry(editor: EditorState | None, block_id: str, number: int) -> EditorState:
    """The editor of an entry that exists."""
    found = None if editor is None else editor.entry(block_id, number)
    assert found is not None
    return found


def test_an_entry_is_put_into_its_list() -> None:
    """A new entry goes to the end and an edited one stays in place, in nested lists too."""
    trip = entry(EditorState(FORM, Draft(VALUES)), "/trips", 0)
    stop = entry(trip, "/stops", NEW).with_draft(Draft({"city": "Linz"}))
    trip = stop.finished()

    assert trip.draft.values["stops"] == [{"city": "Graz"}, {"city": "Linz"}]
    assert trip.whole.values == VALUES
    assert trip.finished().draft.values["trips"] == [{"name": "South", "stops": [{"city": "Graz"}, {"city": "Linz"}]}]


def test_an_unfinished_entry_is_stored_beside_the_values() -> None:
    """Its steps find it again in the stored draft, and it is not part of the answer."""
    trip = entry(EditorState(FORM, Draft(VALUES)), "/trips", NEW)
    typed = entry(trip.with_draft(Draft({"name": "North"})), "/stops", NEW).with_draft(Draft({"city": "Bergen"}))
    stored = Draft.of_json(typed.whole.as_json())
    assert stored is not None
    assert stored.values == VALUES

    found = EditorState.at(FORM, stored, typed.steps)

    assert found is not None
    assert found.draft.values == {"city": "Bergen"}
    assert found.parent is not None
    assert found.parent.editor.draft.values == {"name": "North"}


def test_a_draft_of_an_earlier_version_is_read() -> None:
    """Prompts may stay open, and people's drafts with them, while Signoff is updated."""
    assert Draft.of_json({"values": {"note": "a"}, "kept": {"/trips": "b"}}) == Draft({"note": "a"}, {"/trips": "b"})


def test_an_entry_that_is_not_an_object_becomes_a_field() -> None:
    """The list gets the value, not an object with the field."""
    editor = EditorState(FORM, Draft(VALUES))
    number = entry(editor, "/tags", 0)
    assert number.draft.values == {"value": 4}

    done = entry(editor, "/tags", NEW).with_draft(Draft({"value": {"city": "Wels"}})).finished()

    assert done.draft.values["tags"] == [4, {"city": "Wels"}]


def test_the_last_entry_that_is_removed_leaves_an_empty_list() -> None:
    """The drafts of its entries are dropped, because their numbers now belong to other entries."""
    trip = entry(EditorState(FORM, Draft(VALUES, {"/trips~1": {"values": {}, "raw_input": {}}})), "/trips", 0)

    rest = trip.without_entry()

    assert rest.draft == Draft({"trips": [], "tags": [4]}, {})


def test_a_full_list_takes_no_more() -> None:
    """There is no button to add another entry, and a forged press adds none."""
    full = EditorState(FORM, Draft({"trips": [{"name": "a"}, {"name": "b"}]}))

    assert "/trips~add" not in [block.get("block_id") for block in blocks_of(FORM, full.draft.values)]
    assert not entry(full, "/trips", NEW).has_room
    assert entry(full, "/trips", 1).has_room


def test_errors_of_an_entry_find_their_way_to_it() -> None:
    """An entry's form shows its own errors only. Outside, the label says which entry it is."""
    errors: list[tuple[tuple[str | int, ...], str]] = [
        (("trips", 0, "stops", 0, "city"), "Unknown."),
        (("trips", 1, "name"), "Missing."),
        (("tags",), "Too few."),
    ]
    editor = EditorState(FORM, Draft(VALUES))
    trip = entry(editor, "/trips", 0)

    assert trip.errors_here(errors) == [(("stops", 0, "city"), "Unknown.")]
    assert entry(trip, "/stops", 0).errors_here(errors) == [(("city",), "Unknown.")]
    assert FORM.locate(errors[0][0], VALUES).label == "Trips 1 › Stops 1 › City"


@pytest.mark.parametrize(
    "steps", [[("/trips", 1)], [("/trips", -2)], [("/tags~k0", 0)], [("", 0)], [("/trips", 0)] * 3]
)
def test_steps_to_an_entry_that_does_not_exist_find_nothing(steps: list[tuple[str, int]]) -> None:
    """The steps come from Slack, so they are a claim."""
    assert EditorState.at(FORM, Draft(VALUES), steps) is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=4)))
def test_modal_metadata_is_read_whatever_it_claims(claim: Any) -> None:
    """A claim that makes no sense is read as a prompt that does not exist."""

    for claimed in (claim, json.dumps(claim)):
        metadata = ModalMetadata.read(claimed)
        assert ModalMetadata.read(str(metadata)) == metadata


@settings(deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=200), st.data())
def test_pages_hold_every_row_once(sizes: list[int], data: st.DataObject) -> None:
    """Rows of any size stay in order, and the page with a given row contains that row."""
    schema = {"properties": {f"f{number}": {"type": "string"} for number in range(len(sizes))}}
    rows = rows_of(Form.of(schema), {f"f{number}": "ü" * size for number, size in enumerate(sizes)})
    pages = [page_with(rows, 0)]
    while not pages[-1].is_last:
        pages.append(page_with(rows, pages[-1].after))

    assert [row for page in pages for row in page.rows] == rows
    assert [page.number for page in pages] == list(range(1, pages[-1].of + 1))
    position = data.draw(st.integers(0, len(rows) - 1))
    page = page_with(rows, position)
    assert page.first <= position < page.after
    assert page_with(rows, 10**9) == pages[-1]
