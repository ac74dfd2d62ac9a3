"""The blocks, and which of them each surface shows. Limits are those of Slack's reference of each block."""

from signoff.bot.emulator.blocks.elements import ACCESSORIES, ACTIONS, FILE_INPUT, IMAGE, INPUTS
from signoff.bot.emulator.blocks.objects import LONGEST_URL, SLACK_FILE, any_text, plain
from signoff.bot.emulator.blocks.rich_text import RICH_TEXT
from signoff.bot.emulator.blocks.schema import (
    ByType,
    Flag,
    Items,
    Object,
    OneOf,
    Rule,
    Schema,
    Text,
    exactly_one,
    typed,
)
from signoff.bot.emulator.wire import Json

LONGEST_MARKDOWN = 12_000
BLOCK: dict[str, Schema] = {"block_id": Text(255)}


def section_says_something(block: Json) -> list[tuple[str, str]]:
    """A section has text, or fields, or both."""
    return [] if "text" in block or "fields" in block else [("", "must define either `text` or `fields`")]


def no_dispatch_of_files(block: Json) -> list[tuple[str, str]]:
    """A file input cannot dispatch (docs of the input block)."""
    dispatches = block.get("dispatch_action") and block["element"]["type"] == "file_input"
    return [("/element/type", "unsupported type: file_input")] if dispatches else []


def distinct_action_ids(elements_key: str) -> Rule:
    """Action ids are unique within their block."""

    def rule(block: Json) -> list[tuple[str, str]]:
        seen: set[str] = set()
        repeated = []
        for place, element in enumerate(block[elements_key]):
            action_id = element.get("action_id")
            if action_id and action_id in seen:
                message = f'`action_id` "{action_id}" already exists for another element'
                repeated.append((f"/{elements_key}/{place}/action_id", message))
            seen.add(action_id or "")
        return repeated

    return rule


CELL = ByType({**dict([typed("raw_text", ("type", "text"), text=Text(shortest=1))]), "rich_text": RICH_TEXT})
COLUMN = Object({"align": OneOf(("left", "center", "right")), "is_wrapped": Flag()})
ALL = ByType(
    {
        **dict(
            [
                typed(
                    "section",
                    ("type",),
                    section_says_something,
                    **BLOCK,
                    text=any_text(3000),
                    fields=Items(any_text(2000), most=10, least=1),
                    accessory=ACCESSORIES,
                    expand=Flag(),
                ),
                typed("header", ("type", "text"), **BLOCK, text=plain(150)),
                typed("divider", ("type",), **BLOCK),
                typed(
                    "context",
                    ("type", "elements"),
                    **BLOCK,
                    elements=Items(ByType({**any_text(3000).schemas, **dict([IMAGE])}), most=10, least=1),
                ),
                typed(
                    "actions",
                    ("type", "elements"),
                    distinct_action_ids("elements"),
                    **BLOCK,
                    elements=Items(ACTIONS, most=25, least=1),
                ),
                typed(
                    "input",
                    ("type", "label", "element"),
                    no_dispatch_of_files,
                    **BLOCK,
                    label=plain(2000),
                    hint=plain(2000),
                    element=INPUTS,
                    optional=Flag(),
                    dispatch_action=Flag(),
                ),
                typed(
                    "image",
                    ("type", "alt_text"),
                    exactly_one("image_url", "slack_file"),
                    **BLOCK,
                    image_url=Text(LONGEST_URL, shortest=1),
                    slack_file=SLACK_FILE,
                    alt_text=Text(2000, shortest=1),
                    title=plain(2000),
                ),
                typed("markdown", ("type", "text"), **BLOCK, text=Text(LONGEST_MARKDOWN, shortest=1)),
                typed(
                    "table",
                    ("type", "rows"),
                    **BLOCK,
                    rows=Items(Items(CELL, most=20, least=1), most=100, least=1),
                    column_settings=Items(COLUMN, most=20),
                ),
                typed(
                    "file",
                    ("type", "external_id", "source"),
                    **BLOCK,
                    external_id=Text(shortest=1),
                    source=OneOf(("remote",)),
                ),
            ]
        ),
        "rich_text": RICH_TEXT,
    }
)
_EVERYWHERE = ("section", "header", "divider", "context", "actions", "input", "image", "rich_text")


def _without_files(blocks: ByType) -> ByType:
    """A file input stands in modals only."""
    inputs = ByType({name: schema for name, schema in INPUTS.schemas.items() if name != FILE_INPUT[0]})
    block = blocks.schemas["input"]
    return ByType({**blocks.schemas, "input": Object({**block.fields, "element": inputs}, block.required, block.rules)})


IN_MESSAGES = _without_files(ALL)
IN_MODALS = ALL.only(*_EVERYWHERE)
IN_HOMES = _without_files(ALL.only(*_EVERYWHERE))
