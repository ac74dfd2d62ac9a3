"""Finding elements in blocks."""

from collections.abc import Iterator

from signoff.bot.emulator.protocol import Json, new_id

STATELESS = frozenset({"button", "overflow", "image", "workflow_button"})
"""Elements that `state.values` does not contain."""


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of a block, and its images."""
    match block.get("type"):
        case "actions":
            return list(block.get("elements", []))
        case "section":
            return [block["accessory"]] if "accessory" in block else []
        case "input":
            return [block["element"]]
        case _:
            return []


def elements(blocks: list[Json] | None) -> Iterator[tuple[Json, Json]]:
    """Each (block, element) in reading order."""
    for block in blocks or []:
        for element in elements_of(block):
            yield block, element


def find_element(blocks: list[Json] | None, action_id: str, block_id: str | None) -> tuple[Json, Json] | None:
    """The block and element with this action id, in the given block if there is one."""
    for block, element in elements(blocks):
        if element.get("action_id") == action_id and block_id in {None, block["block_id"]}:
            return block, element
    return None


def with_ids(blocks: list[Json] | None) -> list[Json] | None:
    """The blocks, with generated ids for blocks and elements that have none, as Slack returns them."""
    if not blocks:
        return blocks
    completed = []
    for block in blocks:
        block = block | {"block_id": block.get("block_id") or new_id("")[:5]}
        match block.get("type"):
            case "actions":
                block["elements"] = [_with_action_id(element) for element in block["elements"]]
            case "section" if "accessory" in block:
                block["accessory"] = _with_action_id(block["accessory"])
            case "input":
                block["element"] = _with_action_id(block["element"])
        completed.append(block)
    return completed


def _with_action_id(element: Json) -> Json:
    if element["type"] == "image":
        return element
    return element | {"action_id": element.get("action_id") or new_id("")[:5]}
