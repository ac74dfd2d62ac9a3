"""The blocks, and which surface allows which. The limits come from Slack's reference of each block."""

from signoff.bot.emulator.blocks.elements import ACCESSORIES, ACTIONS, FILE_INPUT, IMAGE, INPUTS
from signoff.bot.emulator.blocks.objects import MAX_URL, SLACK_FILE, any_text, plain
from signoff.bot.emulator.blocks.presentation import (
    ALERT,
    ANY_IMAGE,
    CARD,
    CAROUSEL,
    CELLS,
    CONTEXT_ACTIONS,
    DATA_TABLE,
    DATA_VISUALIZATION,
    PLAN,
    TASK_CARD,
)
from signoff.bot.emulator.blocks.rich_text import RICH_TEXT
from signoff.bot.emulator.blocks.schema import (
    Array,
    Boolean,
    Enum,
    Object,
    Rule,
    Schema,
    String,
    TaggedUnion,
    exactly_one,
    object_of_type,
)
from signoff.bot.emulator.protocol import Json

MAX_MARKDOWN = 12_000
BLOCK: dict[str, Schema] = {"block_id": String(255)}


def text_or_fields(block: Json) -> list[tuple[str, str]]:
    """A section has text, or fields, or both."""
    return [] if "text" in block or "fields" in block else [("", "must define either `text` or `fields`")]


def no_dispatching_file_input(block: Json) -> list[tuple[str, str]]:
    """A file input cannot have `dispatch_action` (docs of the input block)."""
    dispatches = block.get("dispatch_action") and block["element"]["type"] == "file_input"
    return [("/element/type", "unsupported type: file_input")] if dispatches else []


def distinct_action_ids(elements_key: str) -> Rule:
    """Action ids are unique within their block."""

    def rule(block: Json) -> list[tuple[str, str]]:
        seen: set[str] = set()
        repeated = []
        for index, element in enumerate(block[elements_key]):
            action_id = element.get("action_id")
            if action_id and action_id in seen:
                message = f'`action_id` "{action_id}" already exists for another element'
                repeated.append((f"/{elements_key}/{index}/action_id", message))
            seen.add(action_id or "")
        return repeated

    return rule


COLUMN = Object({"align": Enum(("left", "center", "right")), "is_wrapped": Boolean()})
PLAIN = TaggedUnion(
    {
        **dict(
            [
                object_of_type(
                    "section",
                    ("type",),
                    text_or_fields,
                    **BLOCK,
                    text=any_text(3000),
                    fields=Array(any_text(2000), max_items=10, min_items=1),
                    accessory=ACCESSORIES,
                    expand=Boolean(),
                ),
                object_of_type("header", ("type", "text"), **BLOCK, text=plain(150)),
                object_of_type("divider", ("type",), **BLOCK),
                object_of_type(
                    "context",
                    ("type", "elements"),
                    **BLOCK,
                    elements=Array(TaggedUnion({**any_text(3000).schemas, **dict([IMAGE])}), max_items=10, min_items=1),
                ),
                object_of_type(
                    "actions",
                    ("type", "elements"),
                    distinct_action_ids("elements"),
                    **BLOCK,
                    elements=Array(ACTIONS, max_items=25, min_items=1),
                ),
                object_of_type(
                    "input",
                    ("type", "label", "element"),
                    no_dispatching_file_input,
                    **BLOCK,
                    label=plain(2000),
                    hint=plain(2000),
                    element=INPUTS,
                    optional=Boolean(),
                    dispatch_action=Boolean(),
                ),
                object_of_type(
                    "image",
                    ("type", "alt_text"),
                    exactly_one("image_url", "slack_file"),
                    **BLOCK,
                    image_url=String(MAX_URL, min_length=1),
                    slack_file=SLACK_FILE,
                    alt_text=String(2000, min_length=1),
                    title=plain(2000),
                ),
                object_of_type("markdown", ("type", "text"), **BLOCK, text=String(MAX_MARKDOWN, min_length=1)),
                object_of_type(
                    "table",
                    ("type", "rows"),
                    **BLOCK,
                    rows=Array(Array(CELLS, max_items=20, min_items=1), max_items=100, min_items=1),
                    column_settings=Array(COLUMN, max_items=20),
                ),
                object_of_type(
                    "file",
                    ("type", "external_id", "source"),
                    **BLOCK,
                    external_id=String(min_length=1),
                    source=Enum(("remote",)),
                ),
            ]
        ),
        "rich_text": RICH_TEXT,
    }
)
"""The blocks that can be in a container, and the markdown block."""


def collapsible_if_collapsed(container: Json) -> list[tuple[str, str]]:
    """A container has a title. Only a collapsible one starts collapsed, and only another one has a divider."""
    is_collapsible = container.get("is_collapsible", False)
    faults = []
    if not container.keys() & {"title", "rich_text_title"}:
        faults.append(("", "must define either `title` or `rich_text_title`"))
    if container.get("default_collapsed") and not is_collapsible:
        faults.append(("/default_collapsed", "must define `is_collapsible` to use `default_collapsed`"))
    if container.get("has_header_divider") and is_collapsible:
        faults.append(("/has_header_divider", "must not define both `is_collapsible` and `has_header_divider`"))
    return faults


def _container(blocks: TaggedUnion) -> tuple[str, Object]:
    children = TaggedUnion({name: schema for name, schema in blocks.schemas.items() if name != "markdown"})
    return object_of_type(
        "container",
        ("type", "child_blocks"),
        collapsible_if_collapsed,
        **BLOCK,
        title=plain(150),
        rich_text_title=RICH_TEXT,
        subtitle=any_text(150),
        child_blocks=Array(children, max_items=10, min_items=1),
        width=Enum(("narrow", "standard", "wide", "full")),
        icon=ANY_IMAGE,
        is_collapsible=Boolean(),
        default_collapsed=Boolean(),
        has_header_divider=Boolean(),
    )


def _without_files(blocks: TaggedUnion) -> TaggedUnion:
    """The same blocks without the file input, which only modals allow."""
    inputs = TaggedUnion({name: schema for name, schema in INPUTS.schemas.items() if name != FILE_INPUT[0]})
    block = blocks.schemas["input"]
    return TaggedUnion(
        {**blocks.schemas, "input": Object({**block.fields, "element": inputs}, block.required, block.rules)}
    )


def _with_container(blocks: TaggedUnion, *more: tuple[str, Object]) -> TaggedUnion:
    return TaggedUnion({**blocks.schemas, **dict([_container(blocks), *more])})


_IN_VIEWS = PLAIN.only("section", "header", "divider", "context", "actions", "input", "image", "rich_text")
# For some of the newer blocks Slack documents no surface. Messages take those that its examples post.
IN_MESSAGES = _with_container(
    _without_files(PLAIN),
    CARD,
    CAROUSEL,
    CONTEXT_ACTIONS,
    DATA_TABLE,
    DATA_VISUALIZATION,
    PLAN,
    TASK_CARD,
)
IN_MODALS = _with_container(_IN_VIEWS, ALERT)
IN_HOMES = _with_container(_without_files(_IN_VIEWS))
