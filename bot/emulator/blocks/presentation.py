"""Blocks that present something: alerts, cards, tasks, data tables and charts, and the buttons below an answer.

The limits come from Slack's reference of each block, or from what others have measured where it gives none.
"""

from collections.abc import Iterator

from signoff.bot.emulator.blocks.elements import BUTTON, IMAGE
from signoff.bot.emulator.blocks.objects import CONFIRM, MAX_URL, any_text, plain
from signoff.bot.emulator.blocks.rich_text import RICH_TEXT
from signoff.bot.emulator.blocks.schema import (
    Array,
    Enum,
    Integer,
    Number,
    Object,
    Schema,
    String,
    TaggedUnion,
    object_of_type,
)
from signoff.bot.emulator.blocks.text_length import characters
from signoff.bot.emulator.protocol import Json

MAX_DATA_TABLE_TEXT = 20_000
"""Characters in all cells of one data table."""

BLOCK_ID: dict[str, Schema] = {"block_id": String(255)}
ANY_IMAGE = TaggedUnion(dict([IMAGE]))
ANY_BUTTON = TaggedUnion(dict([BUTTON]))

ALERT = object_of_type(
    "alert",
    ("type", "text"),
    **BLOCK_ID,
    text=any_text(200),
    level=Enum(("default", "info", "warning", "error", "success")),
)


def shows_something(card: Json) -> list[tuple[str, str]]:
    """A card has at least a picture, a title, text or buttons."""
    if card.keys() & {"hero_image", "title", "actions", "body"}:
        return []
    return [("", "must define at least one of `hero_image`, `title`, `actions` or `body`")]


CARD = object_of_type(
    "card",
    ("type",),
    shows_something,
    **BLOCK_ID,
    hero_image=ANY_IMAGE,
    icon=ANY_IMAGE,
    title=any_text(150),
    subtitle=any_text(150),
    body=any_text(200),
    subtext=any_text(200),
    actions=Array(ANY_BUTTON, max_items=3, min_items=1),
)
CAROUSEL = object_of_type(
    "carousel", ("type", "elements"), **BLOCK_ID, elements=Array(TaggedUnion(dict([CARD])), max_items=10, min_items=1)
)

_FEEDBACK = Object(
    {"text": plain(75), "value": String(2000), "accessibility_label": String(75)}, required=("text", "value")
)
CONTEXT_ACTIONS = object_of_type(
    "context_actions",
    ("type", "elements"),
    **BLOCK_ID,
    elements=Array(
        TaggedUnion(
            dict(
                [
                    object_of_type(
                        "feedback_buttons",
                        ("type", "positive_button", "negative_button"),
                        action_id=String(255),
                        positive_button=_FEEDBACK,
                        negative_button=_FEEDBACK,
                    ),
                    object_of_type(
                        "icon_button",
                        ("type", "icon", "text"),
                        action_id=String(255),
                        icon=Enum(("trash",)),  # the only one so far (docs of the element)
                        text=plain(75),
                        value=String(2000),
                        confirm=CONFIRM,
                        accessibility_label=String(75),
                        visible_to_user_ids=Array(String(min_length=1), max_items=10),
                    ),
                ]
            )
        ),
        max_items=5,
        min_items=1,
    ),
)

_TASK: dict[str, Schema] = {
    **BLOCK_ID,
    "type": Enum(("task_card",)),
    "task_id": String(min_length=1),
    "title": String(min_length=1),
    "details": RICH_TEXT,
    "output": RICH_TEXT,
    "sources": Array(
        TaggedUnion(
            dict([object_of_type("url", ("type", "url", "text"), url=String(MAX_URL, min_length=1), text=String())])
        )
    ),
    "status": Enum(("pending", "in_progress", "complete", "error")),
}
TASK_CARD = "task_card", Object(_TASK, required=("type", "task_id", "title"))
# The tasks of a plan may leave out their type, as in the examples of the docs.
PLAN = object_of_type(
    "plan",
    ("type", "title"),
    **BLOCK_ID,
    title=String(min_length=1),
    tasks=Array(Object(_TASK, required=("task_id", "title"))),
)

CELLS = TaggedUnion(
    {
        **dict(
            [
                object_of_type("raw_text", ("type", "text"), text=String(min_length=1)),
                object_of_type("raw_number", ("type", "value", "text"), value=Number(), text=String(min_length=1)),
            ]
        ),
        "rich_text": RICH_TEXT,
    }
)
"""The cells of tables and data tables."""


def even_rows(table: Json) -> Iterator[tuple[str, str]]:
    """All rows are as long as the header, whose cells are plain."""
    header = table["rows"][0]
    for number, cell in enumerate(header):
        if cell["type"] == "rich_text":
            yield f"/rows/0/{number}/type", "unsupported type: rich_text"
    for number, row in enumerate(table["rows"]):
        if len(row) != len(header):
            yield f"/rows/{number}", f"must provide {len(header)} items"
    if table.get("row_header_column_index", 0) >= len(header):
        yield "/row_header_column_index", f"must be less than {len(header)}"
    if characters(table["rows"]) > MAX_DATA_TABLE_TEXT:
        yield "/rows", f"must be less than {MAX_DATA_TABLE_TEXT + 1} characters"


DATA_TABLE = object_of_type(
    "data_table",
    ("type", "rows", "caption"),
    even_rows,
    **BLOCK_ID,
    rows=Array(Array(CELLS, max_items=20, min_items=1), max_items=201, min_items=2),
    caption=String(min_length=1),
    page_size=Integer(minimum=1, maximum=100),
    row_header_column_index=Integer(minimum=0),
)


def labels_of_the_axis(chart: Json) -> Iterator[tuple[str, str]]:
    """The series have different names, and the points of each have the categories of the axis as labels."""
    categories = chart["axis_config"]["categories"]
    if len(set(categories)) != len(categories):
        yield "/axis_config/categories", "Input contains duplicate items"
    if len({series["name"] for series in chart["series"]}) != len(chart["series"]):
        yield "/series", "Input contains duplicate items"
    for number, series in enumerate(chart["series"]):
        if sorted(point["label"] for point in series["data"]) != sorted(categories):
            yield f"/series/{number}/data", "must have one value for each of the `categories`"


_LABEL = String(20, min_length=1)
_POINTS = Array(Object({"label": _LABEL, "value": Number()}, required=("label", "value")), max_items=20, min_items=1)
_SERIES = Array(Object({"name": _LABEL, "data": _POINTS}, required=("name", "data")), max_items=12, min_items=1)
_AXIS = Object(
    {"categories": Array(_LABEL, max_items=20, min_items=1), "x_label": String(50), "y_label": String(50)},
    required=("categories",),
)
_SEGMENT = Object({"label": _LABEL, "value": Number(above=0)}, required=("label", "value"))
CHARTS = TaggedUnion(
    dict(
        [
            object_of_type("pie", ("type", "segments"), segments=Array(_SEGMENT, max_items=12, min_items=1)),
            *(
                object_of_type(
                    kind, ("type", "series", "axis_config"), labels_of_the_axis, series=_SERIES, axis_config=_AXIS
                )
                for kind in ("bar", "area", "line")
            ),
        ]
    )
)
DATA_VISUALIZATION = object_of_type(
    "data_visualization", ("type", "title", "chart"), **BLOCK_ID, title=String(50, min_length=1), chart=CHARTS
)
