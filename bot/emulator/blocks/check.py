"""Refuses what Slack would refuse, with Slack's error names and a pointer to each fault."""

import json
from collections.abc import Iterable
from typing import Any

from signoff.bot.emulator.blocks import surfaces
from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.blocks.schema import Fault
from signoff.bot.emulator.wire import Json, SlackError

MOST_CHARACTERS = 13_200
"""All texts of a message's blocks together. Slack does not document it; measured by others at about this."""
LARGEST_VIEW = 250_000
"""Bytes (docs of `views.open`)."""
LARGEST_METADATA = 16_000
"""Bytes of a message's metadata."""


def standalone_faults(blocks: Any, pointer: str) -> list[Fault]:
    """The faults of an array of blocks."""
    return list(surfaces.block_faults(blocks, pointer))


def message_faults(message: Any, pointer: str) -> list[Fault]:
    """The faults of a message's blocks."""
    if not isinstance(message, dict):
        return [Fault(pointer, "must provide an object", "invalid_type")]
    return list(surfaces.block_faults(message.get("blocks", []), f"{pointer}/blocks"))


def view_faults(view: Any, pointer: str) -> list[Fault]:
    """The faults of a view."""
    return list(surfaces.view_faults(view, pointer))


def checked_content(content: Content) -> Content:
    """The content, if Slack would take it.

    Raises `invalid_blocks`, `msg_blocks_too_long`, `invalid_attachments`, `invalid_metadata_format` or
    `metadata_too_large`.
    """
    if content.blocks is not None:
        _refuse("invalid_blocks", standalone_faults(content.blocks, "/blocks"))
        if characters(content.blocks) > MOST_CHARACTERS:
            raise SlackError("msg_blocks_too_long")
        if sum(block["type"] == "table" for block in content.blocks) > 1:
            # Under this name although it is in the blocks (docs of the table block).
            raise SlackError("invalid_attachments", response_metadata={"messages": ["[ERROR] only_one_table_allowed"]})
    if content.attachments is not None and not isinstance(content.attachments, list):
        raise SlackError("invalid_attachments")
    if content.metadata:
        _check_metadata(content.metadata)
    return content


def checked_view(view: Any, wanted_type: str) -> Json:
    """The view, if Slack would take it there. Raises `invalid_arguments` or `view_too_large`."""
    if view is None:
        raise SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: view"]})
    size = len(json.dumps(view, ensure_ascii=False, separators=(",", ":")).encode())
    if size > LARGEST_VIEW:
        raise SlackError("view_too_large")
    faults = view_faults(view, "/view")
    if not faults and view["type"] != wanted_type:
        faults = [Fault("/view/type", "must be a valid enum value")]
    _refuse("invalid_arguments", faults)
    checked: Json = view
    return checked


def characters(value: Any) -> int:
    """How many characters the texts in it have together."""
    if isinstance(value, list):
        return sum(characters(item) for item in value)
    if isinstance(value, dict):
        own = value.get("text")
        below = sum(characters(item) for item in value.values() if not isinstance(item, str))
        return below + (len(own) if isinstance(own, str) else 0)
    return 0


def _check_metadata(metadata: Any) -> None:
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_payload"), dict)
        or not isinstance(metadata.get("event_type"), str)
        or not metadata["event_type"]
    ):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata).encode()) > LARGEST_METADATA:
        raise SlackError("metadata_too_large")


def _refuse(error: str, faults: Iterable[Fault]) -> None:
    if lines := [fault.line() for fault in faults]:
        raise SlackError(
            error,
            errors=[line.removeprefix("[ERROR] ") for line in lines],
            response_metadata={"messages": lines},
        )
