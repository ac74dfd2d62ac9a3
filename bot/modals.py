"""Modals: the form of a prompt, the reason of a rejection, and the statement that a prompt is settled."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot import actions
from bot.blocks import (
    ERROR_TEXT,
    HEADER_TEXT,
    INPUT_TEXT,
    MODAL_BLOCKS,
    MODAL_TITLE,
    SECTION_TEXT,
    VIEW_BYTES,
    Block,
    fields,
    header,
    input_block,
    mrkdwn,
    plain_text,
    section,
)
from bot.forms import ACTION, Form, TooLarge
from bot.markdown import for_modal
from bot.markup import bold, lines, plain
from bot.values import value_blocks
from bot.wording import form_of, outcome_line, refused, title_of, told_by_outcome
from flows.validation import FieldError
from store.records import Prompt

_REASON = "reason"


def answer_modal(prompt: Prompt, form: Form, values: Mapping[str, Any], errors: Sequence[FieldError] = ()) -> Block:
    """The modal that asks for the prompt's answer, filled in with `values`; `errors` stand at its top.

    Raises:
        TooLarge: It has more inputs than a modal of Slack's holds.
    """
    blocks = [*_told(form, errors), *_asked(prompt, form), *form.blocks(values)]
    title = title_of(prompt)
    view = _modal(title if len(title) <= MODAL_TITLE else prompt.flow, blocks) | {
        "callback_id": actions.ANSWER_MODAL,
        "private_metadata": prompt.id,
        "submit": plain_text("Submit" if form.fields else "Resume"),
        "close": plain_text("Close"),
    }
    if len(blocks) > MODAL_BLOCKS:
        raise TooLarge(
            f"The form has {len(form.fields)} fields, and a modal of Slack's holds {MODAL_BLOCKS} blocks: "
            "ask for fewer fields at once."
        )
    if len(json.dumps(view)) > VIEW_BYTES:
        raise TooLarge(
            "The form is larger than the 250 kB that a modal of Slack's holds: "
            "ask for fewer fields or shorter values at once."
        )
    return view


def answer_errors(
    prompt: Prompt, form: Form, values: Mapping[str, Any], errors: Sequence[FieldError]
) -> dict[str, Any]:
    """What a submission that is not valid is acked with: the modal stays open and says what is wrong.

    Every error stands under its field. Where one belongs to none, all stand at the top of the modal, which is
    drawn again with `values`: Slack does not take both at once.
    """
    view = answer_modal(prompt, form, values, errors)
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    under: dict[str, list[str]] = {}
    for error in errors:
        one = form.field(error.path)
        block_id = None if one is None else form.block_id(one.path)
        if block_id not in inputs:
            return {"response_action": "update", "view": view}
        under.setdefault(str(block_id), []).append(error.message)
    return {
        "response_action": "errors",
        "errors": {block_id: lines("\n".join(told), ERROR_TEXT) for block_id, told in under.items()},
    }


def reject_modal(prompt: Prompt) -> Block:
    """The modal that asks why the prompt is rejected."""
    element = {"type": "plain_text_input", "action_id": ACTION, "multiline": True, "max_length": INPUT_TEXT}
    blocks = [*_heading(prompt), input_block(_REASON, "Reason", element, optional=False)]
    return _modal("Reject", blocks) | {
        "callback_id": actions.REJECT_MODAL,
        "private_metadata": prompt.id,
        "submit": plain_text("Reject"),
        "close": plain_text("Close"),
    }


def reason_in(state_values: Mapping[str, Any]) -> str:
    """The reason that was given in the reject modal; empty when there is none."""
    return str(state_values.get(_REASON, {}).get(ACTION, {}).get("value") or "").strip()


def reason_error(message: str) -> dict[str, Any]:
    """What the submission of the reject modal is acked with when its reason will not do."""
    return {"response_action": "errors", "errors": {_REASON: lines(message, ERROR_TEXT)}}


def settled_modal(prompt: Prompt) -> Block:
    """The statement that the prompt is settled: how, by whom, with what."""
    form = form_of(prompt)
    blocks = [*_heading(prompt), section(mrkdwn(outcome_line(prompt, form)))]
    if prompt.reason:
        blocks.append(fields([mrkdwn(bold("Reason")), plain_text(lines(prompt.reason, 1500) or "–")]))
    if prompt.answer is not None:
        blocks += value_blocks(form, prompt.answer, prompt.initial, without=told_by_outcome(prompt, form))
    return _modal("Already settled", blocks) | {"close": plain_text("Close")}


def refused_modal(prompt: Prompt, mentions: Mapping[str, str]) -> Block:
    """The statement that this person may not answer, and who may."""
    blocks = [*_heading(prompt), section(mrkdwn(refused(prompt, mentions)))]
    return _modal("Not yours to answer", blocks) | {"close": plain_text("Close")}


def failed_modal(text: str) -> Block:
    """The statement that something went wrong, where no input is left to say it under."""
    return _modal("Nothing was decided", [section(plain_text(lines(text, SECTION_TEXT)))]) | {
        "close": plain_text("Close")
    }


def _modal(title: str, blocks: list[Block]) -> Block:
    return {"type": "modal", "title": plain_text(plain(title, MODAL_TITLE) or "Signoff"), "blocks": blocks}


def _heading(prompt: Prompt) -> list[Block]:
    return [header(plain(title_of(prompt), HEADER_TEXT))]


def _asked(prompt: Prompt, form: Form) -> list[Block]:
    """The title where it is too long for the modal's own or stands alone, and the description."""
    blocks = _heading(prompt) if len(title_of(prompt)) > MODAL_TITLE else []
    text = for_modal(prompt.description, SECTION_TEXT)
    if text:
        blocks.append(section(mrkdwn(text)))
    return blocks if blocks or form.fields else _heading(prompt)


def _told(form: Form, errors: Sequence[FieldError]) -> list[Block]:
    told = [_named(form, error) for error in errors]
    return [section(plain_text(lines("\n".join(told), SECTION_TEXT)))] if told else []


def _named(form: Form, error: FieldError) -> str:
    label = form.label(error.path)
    return f"⚠️ {error.message}" if label is None else f"⚠️ {label}: {error.message}"
