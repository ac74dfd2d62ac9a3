"""Draws the modals that start a run, and the one that cancels it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from signoff.bot.blockkit.blocks import (
    ERROR_TEXT,
    MODAL_TITLE,
    OPTION_TEXT,
    SECTION_TEXT,
    Block,
    context,
    input_block,
    mrkdwn,
    option,
    plain_text,
    section,
)
from signoff.bot.blockkit.markup import bold, escape, lines, plain
from signoff.bot.forms import ACTION, Form, TooLarge, UnsupportedField
from signoff.bot.forms.elements.files import FileInput
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.error_targets import LocatedError
from signoff.bot.forms.field import Field
from signoff.bot.forms.layout import rows_of
from signoff.bot.forms.pages import page_with
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.entered import chosen, typed
from signoff.flows.approval.validation import FieldError
from signoff.store.records.runs import FlowRun

MAX_METADATA = 3000
MAX_FLOWS = 100
"""How many options a select takes."""

_MAX_CARRIED = 2500
_LINK_NAMES = frozenset({"link", "message_link", "permalink", "url"})
_FLOW = "flow"
_REASON = "reason"
_REASON_TEXT = 500
_TYPE_THEM = "Type them after the flow's name, as in `/approvals run FLOW name=value`."


@dataclass(frozen=True, slots=True)
class RunDraft:
    """What the modal that asks for parameters says of itself. It is a claim.

    Attributes:
        flow: The flow's name.
        values: The parameters with which the form was opened.
        chosen: The chosen variants of unions, by block id.
    """

    flow: str
    values: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """The text that `read` reads."""
        return json.dumps([self.flow, self.values, self.chosen], ensure_ascii=False, separators=(",", ":"))

    @property
    def fits(self) -> bool:
        """Whether a modal can carry it."""
        return len(str(self)) <= MAX_METADATA

    @classmethod
    def read(cls, claimed: object) -> Self:
        """Read a modal's claim. One that makes no sense becomes a flow that does not exist."""
        try:
            match json.loads(str(claimed)):
                case [str() as flow, dict() as values, dict() as chosen]:
                    return cls(flow, values, {key: n for key, n in chosen.items() if isinstance(n, int)})
        except (ValueError, RecursionError):
            pass
        return cls("")


@dataclass(frozen=True, slots=True)
class Carried:
    """The message from which a run is started, as the modal that asks for the flow carries it. It is a claim.

    Attributes:
        text: Its text; empty if it is too long to be carried.
        link: Its address.
    """

    text: str = ""
    link: str = ""

    def __str__(self) -> str:
        """The text that `read` reads."""
        said = json.dumps([self.text, self.link], ensure_ascii=False)
        return said if len(said) <= _MAX_CARRIED else json.dumps(["", self.link], ensure_ascii=False)

    @classmethod
    def read(cls, claimed: object) -> Self:
        """Read a modal's claim. One that makes no sense is no message."""
        try:
            match json.loads(str(claimed)):
                case [str() as text, str() as link]:
                    return cls(text, link)
        except (ValueError, RecursionError):
            pass
        return cls()

    def fill_in(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that the message fills in: a text gets what it says, and one that is named so its address.

        The text is the first that is required, or else the first. Choices, dates and the like are no texts.
        """
        known: Mapping[str, Any] = schema.get("properties", {})
        texts = [name for name, part in known.items() if _is_text(part)]
        links = [name for name in texts if name.casefold() in _LINK_NAMES]
        others = [name for name in texts if name not in links]
        required = [name for name in others if name in schema.get("required", ())]
        filled = {name: self.link for name in links[:1] if self.link}
        return filled | {name: self.text or self.link for name in (required or others)[:1] if self.text or self.link}


def _is_text(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "string" and not part.keys() & {"enum", "const", "format"}


def parameters_form(schema: Mapping[str, Any]) -> Form:
    """The form for the parameters of a flow.

    Raises:
        FormError: If they cannot be asked for in one modal.
    """
    form = Form.of(schema, in_one=True)
    if any(isinstance(part, Field) and isinstance(part.element, FileInput) for part in form.parts):
        raise UnsupportedField("A run cannot be started with a file.")
    return form


def run_modal(
    form: Form,
    draft: RunDraft,
    errors: Sequence[FieldError] = (),
    *,
    values: Mapping[str, Any] | None = None,
    note: str = "",
) -> Block:
    """The modal that asks for the parameters of a run.

    Args:
        errors: Shown at the top.
        values: What was filled in; by default what it is opened with.
        note: A sentence about what is filled in.

    Raises:
        FormError: If it does not fit into one modal.
    """
    shown = draft.values if values is None else values
    rows = rows_of(form, shown, draft.chosen)
    if page_with(rows, 0).of > 1:
        raise TooLarge(f"The flow has more parameters than a form in Slack can hold. {_TYPE_THEM}")
    if not draft.fits:
        raise TooLarge(f"The parameters are longer than a form in Slack can carry. {_TYPE_THEM}")
    located = form.locate_errors([(error.path, error.message) for error in errors], shown, draft.chosen)
    told = "\n".join(_said(each) for each in located)
    return _modal(
        "Start a run",
        [
            section(mrkdwn(f"{bold(draft.flow)} {'asks for these' if rows else 'takes no'} parameters.")),
            *([section(plain_text(lines(told, SECTION_TEXT)))] if told else []),
            *([context(plain_text(note))] if note else []),
            *(_quiet(row.field, block) for row in rows for block in row.blocks),
        ],
    ) | {
        "callback_id": action_ids.RUN_MODAL,
        "private_metadata": str(draft),
        "submit": plain_text("Start"),
        "close": plain_text("Close"),
    }


def run_errors(form: Form, draft: RunDraft, values: Mapping[str, Any], errors: Sequence[FieldError]) -> dict[str, Any]:
    """The response to a submission with errors: each is shown under its input if it has one, else all at the top."""
    inputs = {
        block["block_id"]
        for row in rows_of(form, values, draft.chosen)
        for block in row.blocks
        if block["type"] == "input"
    }
    under: dict[str, list[str]] = {}
    for error in form.locate_errors([(each.path, each.message) for each in errors], values, draft.chosen):
        block_id = None if error.target.field is None else error.target.field.block_id
        if block_id not in inputs:
            return {"response_action": "update", "view": run_modal(form, draft, errors, values=values)}
        under.setdefault(str(block_id), []).append(error.message)
    shown = {block_id: lines("\n".join(said), ERROR_TEXT) for block_id, said in under.items()}
    return {"response_action": "errors", "errors": shown}


def choose_flow_modal(names: Sequence[str], carried: str = "", *, note: str = "") -> Block:
    """The modal that asks of which flow a run is to be started.

    Args:
        carried: What the next modal is filled in with, as the modal's `private_metadata`.
        note: A sentence about that.
    """
    shown = [name for name in names if len(name) <= OPTION_TEXT][:MAX_FLOWS]
    element = {
        "type": "static_select",
        "action_id": ACTION,
        "options": [option(plain(name, OPTION_TEXT), name) for name in shown],
    }
    more = len(names) - len(shown)
    told = [f"{more} more are not listed. Type `/approvals run FLOW` for one of them."] if more else []
    return _modal(
        "Start a run",
        [
            input_block(_FLOW, "Flow", element, optional=False),
            *(context(mrkdwn(text)) for text in [*told, *([note] if note else [])]),
        ],
    ) | {
        "callback_id": action_ids.CHOOSE_FLOW_MODAL,
        "private_metadata": carried,
        "submit": plain_text("Next"),
        "close": plain_text("Close"),
    }


def flow_chosen(state_values: Mapping[str, Any]) -> str:
    """The name that was chosen in that modal; empty if none was."""
    return chosen(state_values, _FLOW)


def started_modal(flow: str, run: FlowRun) -> Block:
    """The statement that a run was started."""
    return _modal("Started", [section(mrkdwn(started(flow, run)))]) | {"close": plain_text("Close")}


def started(flow: str, run: FlowRun) -> str:
    """That a run was started, as mrkdwn."""
    return f"Started {bold(flow)} as {escape(run.name)}. Its cards appear in a moment."


def said_modal(title: str, text: str) -> Block:
    """A statement, as mrkdwn, that takes the place of one of these modals."""
    return _modal(title, [section(mrkdwn(text[:SECTION_TEXT]))]) | {"close": plain_text("Close")}


def cancel_modal(run: FlowRun, questions: Sequence[str]) -> Block:
    """The modal that asks whether a run is really to be cancelled.

    Args:
        questions: What the run asks at present, as far as the person may see it.
    """
    element = {"type": "plain_text_input", "action_id": ACTION, "multiline": True, "max_length": _REASON_TEXT}
    asked = "".join(f"\n• {escape(question, 200)}" for question in questions[:5])
    told = f"\nThese questions end with it:{asked}" if asked else ""
    text = f"This ends the run {bold(run.name)} of {escape(run.flow, 80)}. It cannot be taken back.{told}"
    return _modal(
        "Cancel the run?",
        [
            section(mrkdwn(text)),
            input_block(_REASON, "Reason", element, optional=True, hint="Its cards and its requester are told."),
        ],
    ) | {
        "callback_id": action_ids.CANCEL_MODAL,
        "private_metadata": run.id,
        "submit": plain_text("Cancel the run"),
        "close": plain_text("Keep it"),
    }


def cancel_reason_in(state_values: Mapping[str, Any]) -> str:
    """The reason that was typed into that modal; empty if there is none."""
    return typed(state_values, _REASON)


def _modal(title: str, blocks: list[Block]) -> Block:
    return {"type": "modal", "title": plain_text(plain(title, MODAL_TITLE)), "blocks": blocks}


def _said(error: LocatedError) -> str:
    label = error.target.label
    return f"⚠️ {error.message}" if label is None else f"⚠️ {label}: {error.message}"


def _quiet(field_: Field, block: Block) -> Block:
    """An input that reports no changes, because nothing is stored before it is submitted; but a union's does, because
    other fields have to appear.
    """
    if block["type"] != "input" or isinstance(field_.element, Union):
        return block
    return {name: value for name, value in block.items() if name != "dispatch_action"}
