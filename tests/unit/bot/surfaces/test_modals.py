"""Modals ask for what is missing, keep what was typed, and say when it is too late."""

import json
from typing import Any, Literal

import pytest
from pydantic import create_model

from signoff.bot.blockkit.blocks import VIEW_BYTES, Block
from signoff.bot.emulator.blocks.validation import view_violations
from signoff.bot.forms import Form, TooLarge
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.modal_metadata import ModalMetadata
from signoff.bot.surfaces.modals import answer_errors, answer_modal, reason_in, reject_modal, settled_modal
from signoff.bot.surfaces.wording import form_of, refusal
from signoff.flows.approval.validation import FieldError
from signoff.store.records.prompts import Outcome, Prompt
from tests.support.models import Approval, DataSet
from tests.support.prompts import MENTIONS, prompt_for, settled


def checked(view: Block) -> Block:
    """The view, after asserting that Slack accepts it."""
    assert [fault.line() for fault in view_violations(view, "")] == []
    return view


def answering(prompt: Prompt, values: dict[str, Any], *errors: FieldError) -> Block:
    """The modal for the prompt's answer."""
    return checked(answer_modal(prompt, EditorState(form_of(prompt), Draft(values)), errors))


def refused_with(prompt: Prompt, values: dict[str, Any], *errors: FieldError) -> dict[str, Any]:
    """The response to a submission of these values with these errors."""
    return answer_errors(prompt, EditorState(form_of(prompt), Draft(values)), errors)


def inputs(view: Block) -> list[str]:
    """The labels of a view's inputs."""
    return [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]


def test_the_modal_asks_for_every_field() -> None:
    """The inputs are in the order of the model, filled in with the known values."""
    view = answering(prompt_for(DataSet), {"rows": 12})

    assert inputs(view) == ["Rows", "Columns to drop", "Since", "Publish"]
    assert view["blocks"][1]["element"]["initial_value"] == "12"
    assert view["blocks"][1]["hint"]["text"] == "How many users to draw"


def test_the_modal_carries_the_prompts_id_and_nothing_else() -> None:
    """Everything else is looked up by this id, and by the place in the form."""
    prompt = prompt_for(DataSet)

    assert ModalMetadata.read(answering(prompt, {})["private_metadata"]) == ModalMetadata(Claim(prompt.id))
    assert checked(reject_modal(prompt))["private_metadata"] == prompt.id


def test_the_description_is_above_the_inputs() -> None:
    """The prompt's Markdown is translated for the modal."""
    view = answering(prompt_for(DataSet, description="**Which** <!channel>?"), {})

    assert view["blocks"][1]["text"]["text"] == "*Which* &lt;!channel&gt;?"


def test_field_errors_are_shown_under_their_fields() -> None:
    """Each input shows all errors of its field, including those of list items."""
    prompt = prompt_for(DataSet)
    errors = [
        FieldError(("rows",), "Too many."),
        FieldError(("rows",), "Not even."),
        FieldError(("drop", 1), "Unknown."),
    ]

    assert refused_with(prompt, {}, *errors) == {
        "response_action": "errors",
        "errors": {"/rows": "Too many.\nNot even.", "/drop": "Unknown."},
    }


@pytest.mark.parametrize("path", [(), ("gone",)])
def test_errors_of_the_whole_answer_are_shown_at_the_top(path: tuple[str, ...]) -> None:
    """An error without an input redraws the modal, with all errors and with everything that was typed."""
    prompt = prompt_for(DataSet)
    errors = [FieldError(path, "Rows and columns do not match."), FieldError(("rows",), "Too many.")]

    answer = refused_with(prompt, {"rows": 7}, *errors)

    view = checked(answer["view"])
    assert answer["response_action"] == "update"
    assert view["blocks"][0]["text"]["text"] == "⚠️ Rows and columns do not match.\n⚠️ Rows: Too many."
    assert view["blocks"][2]["element"]["initial_value"] == "7"


def test_a_value_that_is_too_long_for_slack_stays_unchanged() -> None:
    """It has no input and is not cut, and an error on it is shown at the top."""
    prompt = prompt_for(Approval, {"version": "1" * 5000})
    form = form_of(prompt)
    view = answering(prompt, dict(prompt.initial_values))

    assert "Version" not in inputs(view)
    assert form.read({}, prompt.initial_values).values == prompt.initial_values
    assert "view" in refused_with(prompt, dict(prompt.initial_values), FieldError(("version",), "Too long."))


def test_a_form_that_exceeds_slacks_limits_has_pages() -> None:
    """Every field is on one page, in order, and the last page submits."""
    fields: dict[str, Any] = {f"field_{number}": (int, ...) for number in range(300)}
    prompt = prompt_for(create_model("Wide", **fields))
    editor = EditorState(form_of(prompt), Draft())
    views = [checked(answer_modal(prompt, editor))]
    while views[-1]["submit"]["text"] == "Next":
        shown = len([label for view in views for label in inputs(view)])
        views.append(checked(answer_modal(prompt, editor, first=shown)))

    assert [label for view in views for label in inputs(view)] == [f"Field {number}" for number in range(300)]
    assert ["Back" in str(view["blocks"]) for view in views] == [False, True, True, True]


def test_a_page_holds_no_more_bytes_than_slack_takes() -> None:
    """Long values need more pages."""
    fields: dict[str, Any] = {f"field_{number}": (str, ...) for number in range(90)}
    prompt = prompt_for(create_model("Long", **fields))
    view = answering(prompt, dict.fromkeys(fields, "ü" * 3000))

    assert 5 < len(inputs(view)) < 20
    assert len(json.dumps(view)) < VIEW_BYTES


def test_an_error_on_another_page_shows_that_page() -> None:
    """The page has the error and everything that was typed."""
    fields: dict[str, Any] = {f"field_{number}": (int, ...) for number in range(150)}
    prompt = prompt_for(create_model("Wide", **fields))
    answer = refused_with(prompt, {"field_120": 7}, FieldError(("field_120",), "Too many."))
    view = checked(answer["view"])

    assert "Field 120" in inputs(view)
    assert view["blocks"][0]["text"]["text"] == "⚠️ Field 120: Too many."


def test_an_input_that_is_too_large_for_slack_is_an_error() -> None:
    """Pages are split between inputs, so the error names the input and says what to do."""
    choice: Any = Literal[tuple(f"{number} {'ü' * 70}" for number in range(900))]
    prompt = prompt_for(create_model("Large", it=(choice, ...)))

    with pytest.raises(TooLarge, match=r"'It' is larger than the 250 kB.*give it fewer choices"):
        answering(prompt, {})


def test_a_prompt_without_fields_is_resumed() -> None:
    """The modal shows the prompt's title and a button to resume."""
    view = answering(prompt_for(None), {})

    assert view["submit"]["text"] == "Resume"
    assert view["blocks"][0]["text"]["text"] == "Release 1.4 to production?"


def test_a_rejection_asks_for_its_reason() -> None:
    """The reject modal has one required input. Surrounding space is removed from the reason."""
    block = checked(reject_modal(prompt_for(Approval)))["blocks"][-1]
    reported = {block["block_id"]: {block["element"]["action_id"]: {"value": " too late \n"}}}

    assert block["optional"] is False
    assert reason_in(reported) == "too late"
    assert reason_in({}) == ""


def test_a_late_person_is_told_who_answered_and_what() -> None:
    """The modal of a settled prompt says who answered, and with what."""
    answer = {"approved": True, "version": "1.5", "at": None, "reason": ""}
    view = checked(settled_modal(prompt_for(Approval, {"version": "1.4"}, **settled(answer=answer))))
    said = str(view["blocks"])

    assert "submit" not in view
    assert "*Approved* by <@U0ANA>" in said
    assert "1.5  (was 1.4)" in said


def test_a_late_person_is_told_the_reason_of_a_rejection() -> None:
    """The reason is shown as plain text."""
    view = checked(settled_modal(prompt_for(Approval, **settled(Outcome.REJECTED, reason="Not *now*"))))

    assert view["blocks"][-1]["fields"][1] == {"type": "plain_text", "text": "Not *now*"}


def test_a_refusal_says_who_may_answer() -> None:
    """A person who may not answer is told who may."""
    told = refusal(prompt_for(Approval), MENTIONS, may_see=True)

    assert told == "You may not answer “Release 1.4 to production?”. <@U0ANA> or @ben may answer."


def test_a_forged_path_leads_to_no_field() -> None:
    """It raises no exception."""
    assert Form.of({}).field(("nothing", 0)) is None
