"""Rejects what Slack rejects, with Slack's error names and a pointer to each violation."""

import json
from collections.abc import Iterable
from typing import Any

from signoff.bot.emulator.blocks import surfaces
from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.blocks.schema import Violation
from signoff.bot.emulator.blocks.text_length import characters
from signoff.bot.emulator.protocol import Json, SlackError

MAX_TEXT_TOTAL = 13_200
"""Characters in all texts of a message's blocks. Slack does not document the limit; others have measured this one."""
MAX_VIEW_BYTES = 250_000
"""Bytes (docs of `views.open`)."""
MAX_METADATA_BYTES = 16_000
"""Bytes of a message's metadata (docs of message metadata)."""


def blocks_violations(blocks: Any, pointer: str) -> list[Violation]:
    """The violations in an array of blocks."""
    return list(surfaces.block_violations(blocks, pointer))


def message_violations(message: Any, pointer: str) -> list[Violation]:
    """The violations in a message's blocks."""
    if not isinstance(message, dict):
        return [Violation(pointer, "must provide an object", "invalid_type")]
    return list(surfaces.block_violations(message.get("blocks", []), f"{pointer}/blocks"))


def view_violations(view: Any, pointer: str) -> list[Violation]:
    """The violations in a view."""
    return list(surfaces.view_violations(view, pointer))


def checked_content(content: Content) -> Content:
    """The content, if Slack would accept it.

    Raises `invalid_blocks`, `msg_blocks_too_long`, `invalid_attachments`, `invalid_metadata_format` or
    `metadata_too_large`.
    """
    if content.blocks is not None:
        _reject("invalid_blocks", blocks_violations(content.blocks, "/blocks"))
        # A data table has a limit of its own.
        if characters([block for block in content.blocks if block["type"] != "data_table"]) > MAX_TEXT_TOTAL:
            raise SlackError("msg_blocks_too_long")
        if sum(block["type"] == "table" for block in content.blocks) > 1:
            # Slack uses this name although the table is in the blocks (docs of the table block).
            raise SlackError("invalid_attachments", response_metadata={"messages": ["[ERROR] only_one_table_allowed"]})
    if content.attachments is not None and not isinstance(content.attachments, list):
        raise SlackError("invalid_attachments")
    if content.metadata:
        _check_metadata(content.metadata)
    return content


def checked_view(view: Any, wanted_type: str) -> Json:
    """The view, if Slack would accept it as this type. Raises `invalid_arguments` or `view_too_large`."""
    if view is None:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: view"]})
    size = len(json.dumps(view, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    violations = view_violations(view, "/view")
    if not violations and view["type"] != wanted_type:
        violations = [Violation("/view/type", "must be a valid enum value")]
    _reject("invalid_arguments", violations)
    checked: Json = view
    return checked


def _check_metadata(metadata: Any) -> None:
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_payload"), dict)
        or not isinstance(metadata.get("event_type"), str)
        or not metadata["event_type"]
    ):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata).encode()) > MAX_METADATA_BYTES:
        raise SlackError("metadata_too_large")


def _reject(error: str, violations: Iterable[Violation]) -> None:
    if lines := [violation.line() for violation in violations]:
        raise SlackError(
            error,
            errors=[line.removeprefix("[ERROR] ") for line in lines],
            response_metadata={"messages": lines},
        )
