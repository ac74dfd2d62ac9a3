"""Modals: the form of a prompt, the reason of a rejection, and the statement that a prompt is settled."""

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
from signoff.bot.blockkit.markdown import for_modal
from signoff.bot.blockkit.markup import bold, lines, plain
from signoff.bot.forms import ACTION, Form
from signoff.bot.forms.editor_state import NEW, EditorState
from signoff.bot.forms.error_targets import LocatedError
from signoff.bot.forms.layout import rows_of
from signoff.bot.forms.pages import Page, page_with
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.modal_metadata import ModalMetadata
from signoff.bot.surfaces.values import value_blocks
from signoff.bot.surfaces.wording import fields_in_outcome, form_of, outcome_line, refusal, title_of
from signoff.flows.approval.validation import FieldError
from signoff.store.records import Prompt

_REASON = "reason"


def answer_modal(
    prompt: Prompt, editor: EditorState, errors: Sequence[FieldError] = (), *, first: int = 0, note: str = ""
) -> Block:
    """The modal that asks for the prompt's answer, or for an entry in it; `errors` stand at its top.

    Args:
        first: Which row of the form is to be seen: the page is drawn that has it.
        note: A sentence on what is filled in.

    Raises:
        TooLarge: One input is larger than a modal of Slack's.
    """
    values, raw_input = editor.draft.values, editor.draft.raw_input
    page = page_with(rows_of(editor.form, values, raw_input), first)
    faults = editor.form.faults([(error.path, error.message) for error in errors], values, raw_input)
    head = _asked(prompt, editor.form) if editor.parent is None and page.number == 1 else []
    view = _modal(
        _title(prompt, editor),
        [*_told(faults), *_noted(note), *head, *page.blocks, *_way_back(page)] or _heading(prompt),
    )
    return view | {
        "callback_id": action_ids.ANSWER_MODAL,
        "private_metadata": str(ModalMetadata(prompt.id, editor.steps, page.first)),
        "submit": plain_text(_submit(editor, page)),
        "close": plain_text("Close"),
        # So that the bot knows which modals are open.
        "notify_on_close": True,
    }


def answer_errors(
    prompt: Prompt, editor: EditorState, errors: Sequence[FieldError], *, first: int = 0
) -> dict[str, Any]:
    """What a submission that is not valid is acked with: the modal stays open and says what is wrong.

    Every error stands under its field. Where one belongs to none on this page, all stand at the top of the modal,
    which is drawn again with what was typed: Slack does not take both at once. It shows the page of the first error.
    """
    values, raw_input = editor.draft.values, editor.draft.raw_input
    rows = rows_of(editor.form, values, raw_input)
    inputs = {block["block_id"] for block in page_with(rows, first).blocks if block["type"] == "input"}
    under: dict[str, list[str]] = {}
    elsewhere = []
    for fault in editor.form.faults([(error.path, error.message) for error in errors], values, raw_input):
        block_id = None if fault.at.field is None else fault.at.field.block_id
        if block_id in inputs:
            under.setdefault(str(block_id), []).append(fault.message)
        else:
            elsewhere.append(block_id)
    if elsewhere or not under:
        wrong = {*elsewhere, *under}
        erring = next((number for number, row in enumerate(rows) if row.field.block_id in wrong), first)
        return {"response_action": "update", "view": answer_modal(prompt, editor, errors, first=erring)}
    return {
        "response_action": "errors",
        "errors": {block_id: lines("\n".join(told), ERROR_TEXT) for block_id, told in under.items()},
    }


def reject_modal(prompt: Prompt) -> Block:
    """The modal that asks why the prompt is rejected."""
    element = {"type": "plain_text_input", "action_id": ACTION, "multiline": True, "max_length": INPUT_TEXT}
    blocks = [*_heading(prompt), input_block(_REASON, "Reason", element, optional=False)]
    return _modal("Reject", blocks) | {
        "callback_id": action_ids.REJECT_MODAL,
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
        blocks += value_blocks(form, prompt.answer, prompt.initial_values, without=fields_in_outcome(prompt, form))
    return _modal("Already settled", blocks) | {"close": plain_text("Close")}


def refused_modal(prompt: Prompt, mentions: Mapping[str, str]) -> Block:
    """The statement that this person may not answer, and who may."""
    blocks = [*_heading(prompt), section(mrkdwn(refusal(prompt, mentions)))]
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
    return blocks if blocks or form.parts else _heading(prompt)


def _title(prompt: Prompt, editor: EditorState) -> str:
    if editor.parent is None:
        title = title_of(prompt)
        return title if len(title) <= MODAL_TITLE else prompt.flow
    return f"{'Add' if editor.parent.number == NEW else 'Edit'} {editor.parent.entry_list.noun}"


def _submit(editor: EditorState, page: Page) -> str:
    if not page.is_last:
        return "Next"
    if editor.parent is not None:
        return "Done"
    return "Submit" if editor.form.parts else "Resume"


def _way_back(page: Page) -> list[Block]:
    """Which page this is, and the button to the one before."""
    if page.of == 1:
        return []
    told = context(plain_text(f"Page {page.number} of {page.of}"))
    return [told] if page.number == 1 else [told, buttons([button("Back", action_ids.BACK, "back")])]


def _noted(note: str) -> list[Block]:
    return [context(plain_text(note))] if note else []


def _told(faults: Sequence[LocatedError]) -> list[Block]:
    told = [_named(fault) for fault in faults]
    return [section(plain_text(lines("\n".join(told), SECTION_TEXT)))] if told else []


def _named(fault: LocatedError) -> str:
    label = fault.at.label
    return f"⚠️ {fault.message}" if label is None else f"⚠️ {label}: {fault.message}"
