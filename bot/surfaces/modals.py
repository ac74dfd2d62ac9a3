"""Draws modals: a prompt's form, the reason for a rejection, and statements such as how a prompt was settled."""

from collections.abc import Mapping, Sequence
from typing import Any

from signoff.bot.blockkit.blocks import (
    ERROR_TEXT,
    HEADER_TEXT,
    INPUT_TEXT,
    MODAL_TITLE,
    SECTION_TEXT,
    Block,
    button,
    context,
    fields,
    header,
    input_block,
    mrkdwn,
    plain_text,
    section,
)
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.fingerprint import fingerprint
from signoff.bot.blockkit.markdown import for_modal
from signoff.bot.blockkit.markup import bold, excerpt_of, lines, plain
from signoff.bot.forms import ACTION, Form
from signoff.bot.forms.editor_state import NEW, EditorState
from signoff.bot.forms.error_targets import LocatedError
from signoff.bot.forms.layout import rows_of
from signoff.bot.forms.pages import Page, page_with
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.confirmation import WORD_BLOCK, word_input
from signoff.bot.surfaces.entered import typed
from signoff.bot.surfaces.modal_metadata import ModalMetadata
from signoff.bot.surfaces.omissions import NOTHING_OMITTED, Omitted, omission_notice
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.tally import own_vote
from signoff.bot.surfaces.values import value_blocks
from signoff.bot.surfaces.wording import fields_in_outcome, form_of, outcome_line, question_excerpt, refusal
from signoff.flows.approval.validation import FieldError
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Vote

_REASON = "reason"
_REASON_TEXT = 1500
_MAX_BELOW = 2
"""How many modals may be below one that opens another."""


def answer_modal(
    prompt: Prompt, editor: EditorState, errors: Sequence[FieldError] = (), *, first: int = 0, note: str = ""
) -> Block:
    """The modal that asks for the prompt's answer, or for an entry of a list in it.

    Args:
        errors: Shown at the top.
        first: The number of a row. The page with that row is drawn.
        note: A sentence about what is filled in.

    Raises:
        TooLarge: If one input is too large for a modal.
    """
    values, raw_input = editor.draft.values, editor.draft.raw_input
    rows = rows_of(editor.form, values, raw_input)
    page = page_with(rows, first)
    located = editor.form.locate_errors([(error.path, error.message) for error in errors], values, raw_input)
    head, omitted = _question(prompt, editor.form) if editor.parent is None else ([], NOTHING_OMITTED)
    # What has no field has no input either, and is submitted as it is.
    omitted += Omitted(sum(row.missing for row in rows), sum(1 for _ in editor.form.unnamed(values)))
    blocks = [
        *_error_lines(located),
        *_note(note),
        *(head if page.number == 1 else []),
        *page.blocks,
        *(word_input(prompt, editor.form) if page.is_last and editor.parent is None else []),
        # A modal on top of two others is the last one that Slack opens.
        *omission_notice(omitted, prompt.id, can_open=len(editor.steps) < _MAX_BELOW),
        *_page_navigation(page),
    ]
    view = _modal(_title(prompt, editor), blocks or _heading(prompt))
    return view | {
        "callback_id": action_ids.ANSWER_MODAL,
        "private_metadata": str(ModalMetadata(Claim.of(prompt), editor.steps, page.first)),
        "submit": plain_text(_submit(editor, page)),
        "close": plain_text("Close"),
        # Responses keeps track of the open modals.
        "notify_on_close": True,
    }


def form_hash(prompt: Prompt, editor: EditorState) -> str:
    """The hash of a form as its person sees it on all of its pages: the question, and every field, filled in."""
    rows = rows_of(editor.form, editor.draft.values, editor.draft.raw_input)
    head, _ = _question(prompt, editor.form)
    blocks = [*head, *(block for row in rows for block in row.blocks), *word_input(prompt, editor.form)]
    return fingerprint({"title": _title(prompt, editor), "blocks": blocks})


def answer_errors(
    prompt: Prompt, editor: EditorState, errors: Sequence[FieldError], *, first: int = 0
) -> dict[str, Any]:
    """The response to an invalid submission: the modal stays open and shows the errors.

    Each error is shown under its field. If one belongs to no input on this page, all are shown at the top of the modal
    instead, because Slack takes either errors or a new view. The modal then shows the page of the first error.
    """
    values, raw_input = editor.draft.values, editor.draft.raw_input
    rows = rows_of(editor.form, values, raw_input)
    inputs = {block["block_id"] for block in page_with(rows, first).blocks if block["type"] == "input"}
    under: dict[str, list[str]] = {}
    elsewhere = []
    for error in editor.form.locate_errors([(each.path, each.message) for each in errors], values, raw_input):
        block_id = None if error.target.field is None else error.target.field.block_id
        if block_id in inputs:
            under.setdefault(str(block_id), []).append(error.message)
        else:
            elsewhere.append(block_id)
    if elsewhere or not under:
        with_error = {*elsewhere, *under}
        first = next((number for number, row in enumerate(rows) if row.field.block_id in with_error), first)
        return {"response_action": "update", "view": answer_modal(prompt, editor, errors, first=first)}
    return {
        "response_action": "errors",
        "errors": {block_id: lines("\n".join(messages), ERROR_TEXT) for block_id, messages in under.items()},
    }


def word_error(message: str) -> dict[str, Any]:
    """The response to the submission of a form without the word that confirms it."""
    return {"response_action": "errors", "errors": {WORD_BLOCK: lines(message, ERROR_TEXT)}}


def reject_modal(prompt: Prompt) -> Block:
    """The modal that asks why the prompt is rejected."""
    element = {"type": "plain_text_input", "action_id": ACTION, "multiline": True, "max_length": INPUT_TEXT}
    blocks = [*_heading(prompt), input_block(_REASON, "Reason", element, optional=False)]
    return _modal("Reject", blocks) | {
        "callback_id": action_ids.REJECT_MODAL,
        "private_metadata": str(Claim.of(prompt)),
        "submit": plain_text("Reject"),
        "close": plain_text("Close"),
        # Responses keeps track of the open modals.
        "notify_on_close": True,
    }


def reason_in(state_values: Mapping[str, Any]) -> str:
    """The reason that was typed into the reject modal; empty if there is none."""
    return typed(state_values, _REASON)


def reason_error(message: str) -> dict[str, Any]:
    """The response to a submission of the reject modal whose reason is invalid."""
    return {"response_action": "errors", "errors": {_REASON: lines(message, ERROR_TEXT)}}


def settled_modal(prompt: Prompt) -> Block:
    """The statement how, by whom and with what the prompt was settled."""
    form = form_of(prompt)
    blocks = [*_heading(prompt), section(mrkdwn(outcome_line(prompt, form)))]
    omitted = Omitted(question_excerpt(prompt, SECTION_TEXT).missing)
    if prompt.reason:
        reason = excerpt_of(prompt.reason, _REASON_TEXT)
        blocks.append(fields([mrkdwn(bold("Reason")), plain_text(reason.text or "–")]))
        omitted += Omitted(reason.missing)
    if prompt.answer is not None:
        without = fields_in_outcome(prompt, form)
        rows, left = value_blocks(form, prompt.answer, prompt.initial_values, without=without)
        blocks, omitted = [*blocks, *rows], omitted + left
    blocks += omission_notice(omitted, prompt.id)
    return _modal("Already settled", blocks) | {"close": plain_text("Close")}


def voted_modal(prompt: Prompt, vote: Vote) -> Block:
    """The statement that a person's vote counts, and that more are needed."""
    blocks = [*_heading(prompt), section(mrkdwn(own_vote(prompt, form_of(prompt), vote)))]
    return _modal("Your vote counts", blocks) | {"close": plain_text("Close")}


def refused_modal(prompt: Prompt, mentions: Mapping[str, str], *, may_see: bool, reason: str = "") -> Block:
    """The statement that this person may not answer.

    Args:
        may_see: Whether they may know what the prompt asks, and who may answer.
        reason: Why, as a sentence, if it is not because of whom the policy names.
    """
    heading = _heading(prompt) if may_see else []
    blocks = [*heading, section(mrkdwn(refusal(prompt, mentions, may_see=may_see, reason=reason)))]
    return _modal("You may not answer", blocks) | {"close": plain_text("Close")}


def over_modal() -> Block:
    """The statement that a prompt is settled, for somebody who may not know more."""
    return _modal(
        "Already settled", [section(plain_text("This prompt is over. Nothing of what you entered counts."))]
    ) | {"close": plain_text("Close")}


def failed_modal(text: str) -> Block:
    """The statement that something went wrong, for a modal without an input to show it under."""
    return _modal("Nothing was decided", [section(plain_text(lines(text, SECTION_TEXT)))]) | {
        "close": plain_text("Close")
    }


def _modal(title: str, blocks: list[Block]) -> Block:
    return {"type": "modal", "title": plain_text(plain(title, MODAL_TITLE) or "Signoff"), "blocks": blocks}


def _heading(prompt: Prompt) -> list[Block]:
    title = asked_by(prompt).question
    return [
        header(title) if len(title) <= HEADER_TEXT else section(mrkdwn(question_excerpt(prompt, SECTION_TEXT).text))
    ]


def _question(prompt: Prompt, form: Form) -> tuple[list[Block], Omitted]:
    """The prompt's title, if it is too long for the title of the modal or the only content; and the description."""
    title = asked_by(prompt).question
    blocks = _heading(prompt) if len(title) > MODAL_TITLE else []
    text = for_modal(asked_by(prompt).description, SECTION_TEXT)
    if text.text:
        blocks.append(section(mrkdwn(text.text)))
    missing = question_excerpt(prompt, SECTION_TEXT).missing if len(title) > HEADER_TEXT else 0
    return blocks if blocks or form.parts else _heading(prompt), Omitted(missing + text.missing)


def _title(prompt: Prompt, editor: EditorState) -> str:
    """The question, or the beginning of it: a longer one is in full in the form."""
    if editor.parent is None:
        return asked_by(prompt).question
    return f"{'Add' if editor.parent.number == NEW else 'Edit'} {editor.parent.entry_list.noun}"


def _submit(editor: EditorState, page: Page) -> str:
    if not page.is_last:
        return "Next"
    if editor.parent is not None:
        return "Done"
    return "Submit" if editor.form.parts else "Resume"


def _page_navigation(page: Page) -> list[Block]:
    """The number of the page, and the button to the previous one."""
    if page.of == 1:
        return []
    text = context(plain_text(f"Page {page.number} of {page.of}"))
    return [text] if page.number == 1 else [text, buttons([button("Back", action_ids.BACK, "back")])]


def _note(note: str) -> list[Block]:
    return [context(plain_text(note))] if note else []


def _error_lines(errors: Sequence[LocatedError]) -> list[Block]:
    text = "\n".join(map(_error_line, errors))
    return [section(plain_text(lines(text, SECTION_TEXT)))] if text else []


def _error_line(error: LocatedError) -> str:
    label = error.target.label
    return f"⚠️ {error.message}" if label is None else f"⚠️ {label}: {error.message}"
