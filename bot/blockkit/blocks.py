"""Slack's blocks as plain dicts, one small function each.

All functions expect text that is safe to show, as `bot.blockkit.markup` makes it. The limits are from
https://docs.slack.dev/reference/block-kit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Block = dict[str, Any]
Style = Literal["primary", "danger"]

MESSAGE_BLOCKS = 50
MODAL_BLOCKS = 100
VIEW_BYTES = 250_000
SECTION_TEXT = 3000
SECTION_FIELDS = 10
FIELD_TEXT = 2000
HEADER_TEXT = 150
BUTTON_TEXT = 75
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
OPTION_TEXT = 75
LABEL_TEXT = 2000
PLACEHOLDER_TEXT = 150
MODAL_TITLE = 24
INPUT_TEXT = 3000
MARKDOWN_TEXT = 12_000
ERROR_TEXT = 2000
MESSAGE_TEXT = 13_000
"""All text of a message together. Slack answers `msg_blocks_too_long` from about 13,200 characters on."""


@dataclass(frozen=True, slots=True)
class Message:
    """What `chat.postMessage` and `chat.update` take.

    Attributes:
        text: The blocks in one sentence, for the notification and for screen readers.
        metadata: Identifies the message, so that it can be found again in the channel.
    """

    text: str
    blocks: Sequence[Block]
    metadata: Mapping[str, Any] | None = None


def plain_text(text: str) -> Block:
    """A text object that Slack shows as it is."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Block:
    """A text object in Slack's markup. `verbatim` keeps Slack from turning bare words into links or mentions."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain_text(text)}


def markdown(text: str) -> Block:
    """Standard Markdown, for messages only."""
    return {"type": "markdown", "text": text}


def section(text: Block, accessory: Block | None = None) -> Block:
    """A paragraph, with at most one element beside it."""
    block = {"type": "section", "text": text}
    return block if accessory is None else {**block, "accessory": accessory}


def fields(cells: Sequence[Block]) -> Block:
    """Text objects in two columns, row by row."""
    return {"type": "section", "fields": list(cells)}


def context(*texts: Block) -> Block:
    """Small print."""
    return {"type": "context", "elements": list(texts)}


def divider() -> Block:
    """A horizontal line."""
    return {"type": "divider"}


def actions(elements: Sequence[Block]) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(
    label: str, action_id: str, value: str, style: Style | None = None, *, confirm: Block | None = None
) -> Block:
    """A button that passes `value` to the listener of `action_id`.

    Args:
        confirm: The dialog in which Slack first asks whether the person is sure, as `confirmation_dialog` makes it.
    """
    block: Block = {"type": "button", "text": plain_text(label), "action_id": action_id, "value": value}
    added = {"style": style, "confirm": confirm}
    return {**block, **{name: part for name, part in added.items() if part is not None}}


def confirmation_dialog(title: str, text: str, yes: str, no: str, style: Style | None = None) -> Block:
    """The dialog that Slack shows before it reports a press, with these two buttons."""
    block = {"title": plain_text(title), "text": plain_text(text), "confirm": plain_text(yes), "deny": plain_text(no)}
    return block if style is None else {**block, "style": style}


def option(label: str, value: str) -> Block:
    """One choice of a select, of checkboxes or of radio buttons."""
    return {"text": plain_text(label), "value": value}


def input_block(block_id: str, label: str, element: Block, *, optional: bool, hint: str | None = None) -> Block:
    """A labelled input of a modal."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label),
        "element": element,
        "optional": optional,
    }
    return block if hint is None else {**block, "hint": plain_text(hint)}
