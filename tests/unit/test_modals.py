"""Modals ask for what is missing, keep what was typed, and say plainly when it is too late."""

from typing import Any

import pytest
from pydantic import BaseModel, create_model

from bot.blocks import Block
from bot.emulator.blocks.check import view_faults
from bot.forms import Form, TooLarge
from bot.modals import answer_errors, answer_modal, reason_in, reject_modal, settled_modal
from bot.wording import form_of, refused
from flows.validation import FieldError
from store.records import Outcome, Prompt
from tests.unit.models import Approval, DataSet
from tests.unit.prompts import MENTIONS, prompt_for, settled


def checked(view: Block) -> Block:
    """The view, if Slack takes it."""
    assert [fault.line() for fault in view_faults(view, "")] == []
    return view


def answering(prompt: Prompt, values: dict[str, Any], *errors: FieldError) -> Block:
    """The modal for the prompt's answer."""
    return checked(answer_modal(prompt, form_of(prompt), values, errors))


def inputs(view: Block) -> list[str]:
    """The labels of a view's inputs."""
    return [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]


def test_the_modal_asks_for_every_field() -> None:
    """Inputs stand in the order of the model, filled in with what is known."""
    view = answering(prompt_for(DataSet), {"rows": 12})

    assert inputs(view) == ["Rows", "Columns to drop", "Since", "Publish"]
    assert view["blocks"][1]["element"]["initial_value"] == "12"
    assert view["blocks"][1]["hint"]["text"] == "How many users to draw"


def test_the_modal_carries_the_prompts_id_and_nothing_else() -> None:
    """What is believed of a submission is looked up by this id."""
    prompt = prompt_for(DataSet)

    assert answering(prompt, {})["private_metadata"] == prompt.id
    assert checked(reject_modal(prompt))["private_metadata"] == prompt.id


def test_a_description_stands_above_the_inputs() -> None:
    """The prompt's Markdown is shown as far as a modal can."""
    view = answering(prompt_for(DataSet, description="**Which** <!channel>?"), {})

    assert view["blocks"][1]["text"]["text"] == "*Which* &lt;!channel&gt;?"


def test_field_errors_stand_under_their_fields() -> None:
    """All errors of a field are told under it, those of a position in its list too."""
    prompt = prompt_for(DataSet)
    errors = [
        FieldError(("rows",), "Too many."),
        FieldError(("rows",), "Not even."),
        FieldError(("drop", 1), "Unknown."),
    ]

    assert answer_errors(prompt, form_of(prompt), {}, errors) == {
        "response_action": "errors",
        "errors": {"/rows": "Too many.\nNot even.", "/drop": "Unknown."},
    }


@pytest.mark.parametrize("path", [(), ("gone",)])
def test_errors_of_the_whole_stand_at_the_top_and_keep_what_was_typed(path: tuple[str, ...]) -> None:
    """An error that belongs to no input redraws the modal with every error and the values typed."""
    prompt = prompt_for(DataSet)
    errors = [FieldError(path, "Rows and columns do not match."), FieldError(("rows",), "Too many.")]

    answer = answer_errors(prompt, form_of(prompt), {"rows": 7}, errors)

    view = checked(answer["view"])
    assert answer["response_action"] == "update"
    assert view["blocks"][0]["text"]["text"] == "⚠️ Rows and columns do not match.\n⚠️ Rows: Too many."
    assert view["blocks"][2]["element"]["initial_value"] == "7"


def test_a_value_too_long_for_slack_is_kept_and_not_asked_for() -> None:
    """A text that Slack's input cannot hold is not cut: it stays as it is, and an error on it stands at the top."""
    prompt = prompt_for(Approval, {"version": "1" * 5000})
    form = form_of(prompt)
    view = answering(prompt, dict(prompt.initial))

    assert "Version" not in inputs(view)
    assert form.read({}, prompt.initial).values == prompt.initial
    assert "view" in answer_errors(prompt, form, prompt.initial, [FieldError(("version",), "Too long.")])


def test_a_form_beyond_slacks_limits_is_refused_with_what_to_do() -> None:
    """More fields than a modal holds is an error that says so."""
    fields: dict[str, Any] = {f"field_{number}": (int, ...) for number in range(120)}
    model: type[BaseModel] = create_model("Wide", **fields)
    prompt = prompt_for(model)

    with pytest.raises(TooLarge, match=r"120 fields.*ask for fewer fields at once"):
        answer_modal(prompt, form_of(prompt), {})


def test_a_form_of_many_bytes_is_refused_with_what_to_do() -> None:
    """A view that Slack would call too large is an error that says so."""
    fields: dict[str, Any] = {f"field_{number}": (str, ...) for number in range(90)}
    prompt = prompt_for(create_model("Long", **fields))

    with pytest.raises(TooLarge, match="250 kB"):
        answer_modal(prompt, form_of(prompt), dict.fromkeys(fields, "x" * 3000))


def test_a_prompt_without_fields_is_resumed() -> None:
    """The modal of a prompt that asks for nothing still shows what is asked, with a button to resume."""
    view = answering(prompt_for(None), {})

    assert view["submit"]["text"] == "Resume"
    assert view["blocks"][0]["text"]["text"] == "Release 1.4 to production?"


def test_a_rejection_asks_for_its_reason() -> None:
    """The reject modal has one required input, read back without the space around it."""
    block = checked(reject_modal(prompt_for(Approval)))["blocks"][-1]
    reported = {block["block_id"]: {block["element"]["action_id"]: {"value": " too late \n"}}}

    assert block["optional"] is False
    assert reason_in(reported) == "too late"
    assert reason_in({}) == ""


def test_too_late_is_told_with_who_and_what() -> None:
    """A modal of a prompt that was settled meanwhile turns into a statement of who answered with what."""
    answer = {"approved": True, "version": "1.5", "at": None, "reason": ""}
    view = checked(settled_modal(prompt_for(Approval, {"version": "1.4"}, **settled(answer=answer))))
    said = str(view["blocks"])

    assert "submit" not in view
    assert "*Approved* by <@U0ANA>" in said
    assert "1.5  (was 1.4)" in said


def test_too_late_is_told_with_the_reason() -> None:
    """The statement of a rejection gives its reason."""
    view = checked(settled_modal(prompt_for(Approval, **settled(Outcome.REJECTED, reason="Not *now*"))))

    assert view["blocks"][-1]["fields"][1] == {"type": "plain_text", "text": "Not *now*"}


def test_a_refusal_says_who_may_answer() -> None:
    """Somebody who may not answer is told who may."""
    told = refused(prompt_for(Approval), MENTIONS)

    assert told == "You may not answer “Release 1.4 to production?”. <@U0ANA> or @ben may answer."


def test_an_error_of_a_forged_path_is_told_at_the_top() -> None:
    """A path that names no field of the form is no exception."""
    assert Form.of({}).field(("nothing", 0)) is None
