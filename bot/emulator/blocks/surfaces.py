"""Messages and views as a whole: constraints across their blocks."""

from collections.abc import Iterator
from typing import Any

from signoff.bot.emulator.blocks.layout import IN_HOMES, IN_MESSAGES, IN_MODALS, MAX_MARKDOWN
from signoff.bot.emulator.blocks.objects import plain
from signoff.bot.emulator.blocks.schema import Array, Boolean, Enum, Object, Schema, String, TaggedUnion, Violation
from signoff.bot.emulator.blocks.walk import all_blocks
from signoff.bot.emulator.protocol import Json

MAX_BLOCKS_IN_MESSAGE = 50
MAX_BLOCKS_IN_VIEW = 100
MAX_CHARTS = 2
MAX_TITLE = 24

COMMON: dict[str, Schema] = {
    "private_metadata": String(3000),
    "callback_id": String(255),
    "external_id": String(255),
}


def _blocks(allowed: TaggedUnion, max_items: int) -> Array:
    return Array(allowed, max_items=max_items, min_items=1)


def submit_with_inputs(view: Json) -> list[tuple[str, str]]:
    """A modal with an input needs a submit button."""
    if "submit" not in view and any(block["type"] == "input" for block in all_blocks(view["blocks"])):
        return [("", "must define `submit` to use an `input` block in modals")]
    return []


MODAL = Object(
    {
        "type": Enum(("modal",)),
        "title": plain(MAX_TITLE),
        "submit": plain(MAX_TITLE),
        "close": plain(MAX_TITLE),
        "blocks": _blocks(IN_MODALS, MAX_BLOCKS_IN_VIEW),
        "clear_on_close": Boolean(),
        "notify_on_close": Boolean(),
        **COMMON,
    },
    required=("type", "title", "blocks"),
    rules=(submit_with_inputs,),
)
HOME = Object(
    {"type": Enum(("home",)), "blocks": _blocks(IN_HOMES, MAX_BLOCKS_IN_VIEW), **COMMON}, required=("type", "blocks")
)
VIEW = TaggedUnion({"modal": MODAL, "home": HOME})


def block_violations(blocks: Any, pointer: str) -> Iterator[Violation]:
    """Yield every violation in a message's blocks, which are at `pointer`."""
    found = list(Array(IN_MESSAGES, max_items=MAX_BLOCKS_IN_MESSAGE).violations(blocks, pointer))
    yield from found
    if not found:
        yield from repeated_block_ids(blocks, pointer)
        yield from too_much_markdown(blocks, pointer)
        yield from too_many_charts(blocks, pointer)


def view_violations(view: Any, pointer: str) -> Iterator[Violation]:
    """Yield every violation in a view, which is at `pointer`."""
    found = list(VIEW.violations(view, pointer))
    yield from found
    if not found:
        yield from repeated_block_ids(view["blocks"], f"{pointer}/blocks")


def repeated_block_ids(blocks: list[Json], pointer: str) -> Iterator[Violation]:
    """Block ids are unique within a message or view."""
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        for nested in all_blocks([block]):
            block_id = nested.get("block_id", "")
            if block_id and block_id in seen:
                message = f'`block_id` "{block_id}" already exists for another block'
                yield Violation(f"{pointer}/{index}/block_id", message)
            seen.add(block_id)


def too_much_markdown(blocks: list[Json], pointer: str) -> Iterator[Violation]:
    """All markdown blocks of a message share one limit."""
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MAX_MARKDOWN:
        yield Violation(pointer, f"markdown blocks must be less than {MAX_MARKDOWN + 1} characters together")


def too_many_charts(blocks: list[Json], pointer: str) -> Iterator[Violation]:
    """A message has at most two charts."""
    if sum(block["type"] == "data_visualization" for block in blocks) > MAX_CHARTS:
        yield Violation(pointer, f"no more than {MAX_CHARTS} data_visualization blocks allowed")
