"""Messages and views as wholes: what their blocks must hold together."""

from collections.abc import Iterator
from typing import Any

from signoff.bot.emulator.blocks.layout import IN_HOMES, IN_MESSAGES, IN_MODALS, LONGEST_MARKDOWN
from signoff.bot.emulator.blocks.objects import plain
from signoff.bot.emulator.blocks.schema import ByType, Fault, Flag, Items, Object, OneOf, Schema, Text
from signoff.bot.emulator.wire import Json

MOST_IN_A_MESSAGE = 50
MOST_IN_A_VIEW = 100
LONGEST_TITLE = 24

COMMON: dict[str, Schema] = {
    "private_metadata": Text(3000),
    "callback_id": Text(255),
    "external_id": Text(255),
}


def _blocks(allowed: ByType, most: int) -> Items:
    return Items(allowed, most=most, least=1)


def submit_where_inputs_are(view: Json) -> list[tuple[str, str]]:
    """A modal with an input needs a way to send it."""
    if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        return [("", "must define `submit` to use an `input` block in modals")]
    return []


MODAL = Object(
    {
        "type": OneOf(("modal",)),
        "title": plain(LONGEST_TITLE),
        "submit": plain(LONGEST_TITLE),
        "close": plain(LONGEST_TITLE),
        "blocks": _blocks(IN_MODALS, MOST_IN_A_VIEW),
        "clear_on_close": Flag(),
        "notify_on_close": Flag(),
        **COMMON,
    },
    required=("type", "title", "blocks"),
    rules=(submit_where_inputs_are,),
)
HOME = Object(
    {"type": OneOf(("home",)), "blocks": _blocks(IN_HOMES, MOST_IN_A_VIEW), **COMMON}, required=("type", "blocks")
)
VIEW = ByType({"modal": MODAL, "home": HOME})


def block_faults(blocks: Any, pointer: str) -> Iterator[Fault]:
    """Every fault of a message's blocks, which stand at `pointer`."""
    found = list(Items(IN_MESSAGES, most=MOST_IN_A_MESSAGE).faults(blocks, pointer))
    yield from found
    if not found:
        yield from repeated_block_ids(blocks, pointer)
        yield from too_much_markdown(blocks, pointer)


def view_faults(view: Any, pointer: str) -> Iterator[Fault]:
    """Every fault of a view, which stands at `pointer`."""
    found = list(VIEW.faults(view, pointer))
    yield from found
    if not found:
        yield from repeated_block_ids(view["blocks"], f"{pointer}/blocks")


def repeated_block_ids(blocks: list[Json], pointer: str) -> Iterator[Fault]:
    """Block ids are unique within a message or view."""
    seen: set[str] = set()
    for place, block in enumerate(blocks):
        block_id = block.get("block_id", "")
        if block_id and block_id in seen:
            message = f'`block_id` "{block_id}" already exists for another block'
            yield Fault(f"{pointer}/{place}/block_id", message)
        seen.add(block_id)


def too_much_markdown(blocks: list[Json], pointer: str) -> Iterator[Fault]:
    """Markdown blocks share one allowance."""
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > LONGEST_MARKDOWN:
        yield Fault(pointer, f"markdown blocks must be less than {LONGEST_MARKDOWN + 1} characters together")
