"""Finding elements in blocks."""

from collections.abc import Iterator

from signoff.bot.emulator.protocol import Json, new_id

STATELESS = frozenset({"button", "feedback_buttons", "icon_button", "image", "overflow", "workflow_button"})
"""Elements that `state.values` does not contain."""


_WITH_ELEMENTS = {
    "actions": "elements",
    "card": "actions",
    "context_actions": "elements",
    "input": "element",
    "section": "accessory",
}
"""The keys under which blocks have their interactive elements."""
_WITH_BLOCKS = {"carousel": "elements", "container": "child_blocks"}
"""The keys under which blocks have blocks."""


def all_blocks(blocks: list[Json] | None) -> Iterator[Json]:
    """The blocks and those within them, in reading order."""
    for block in blocks or []:
        yield block
        yield from all_blocks(block.get(_WITH_BLOCKS.get(block["type"], "")))


def elements(blocks: list[Json] | None) -> Iterator[tuple[Json, Json]]:
    """Each block with each of its interactive elements and images, in reading order."""
    for block in all_blocks(blocks):
        held = block.get(_WITH_ELEMENTS.get(block["type"], ""), [])
        for element in [held] if isinstance(held, dict) else held:
            yield block, element


def inputs(blocks: list[Json] | None) -> Iterator[Json]:
    """The input blocks, in reading order."""
    return (block for block in all_blocks(blocks) if block["type"] == "input")


def find_element(blocks: list[Json] | None, action_id: str, block_id: str | None) -> tuple[Json, Json] | None:
    """The block and element with this action id, in the given block if there is one."""
    for block, element in elements(blocks):
        if element.get("action_id") == action_id and block_id in {None, block["block_id"]}:
            return block, element
    return None


def with_ids(blocks: list[Json] | None) -> list[Json] | None:
    """The blocks, with generated ids for blocks and elements that have none, as Slack returns them."""
    return [_with_ids(block) for block in blocks] if blocks else blocks


def _with_ids(block: Json) -> Json:
    block = block | {"block_id": block.get("block_id") or new_id("")[:5]}
    if (key := _WITH_ELEMENTS.get(block["type"])) in block:
        held = block[key]
        block[key] = _with_action_id(held) if isinstance(held, dict) else [_with_action_id(element) for element in held]
    if key := _WITH_BLOCKS.get(block["type"]):
        block[key] = with_ids(block[key])
    return block


def _with_action_id(element: Json) -> Json:
    if element["type"] == "image":
        return element
    return element | {"action_id": element.get("action_id") or new_id("")[:5]}
