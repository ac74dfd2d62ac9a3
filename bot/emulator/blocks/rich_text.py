"""Rich text: the structured text that Slack's composer produces."""

from signoff.bot.emulator.blocks.objects import MAX_URL
from signoff.bot.emulator.blocks.schema import (
    Array,
    Boolean,
    Enum,
    Integer,
    Object,
    Schema,
    String,
    TaggedUnion,
    object_of_type,
)

STYLE = Object(
    {
        name: Boolean()
        for name in ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
    }
)
STYLED: dict[str, Schema] = {"style": STYLE}

INLINE = TaggedUnion(
    dict(
        [
            object_of_type("text", ("type", "text"), **STYLED, text=String(min_length=1)),
            object_of_type(
                "link",
                ("type", "url"),
                **STYLED,
                url=String(MAX_URL, min_length=1),
                text=String(),
                unsafe=Boolean(),
            ),
            object_of_type(
                "emoji",
                ("type", "name"),
                name=String(min_length=1),
                unicode=String(),
                skin_tone=Integer(),
                url=String(),
            ),
            object_of_type("user", ("type", "user_id"), **STYLED, user_id=String(min_length=1)),
            object_of_type("channel", ("type", "channel_id"), **STYLED, channel_id=String(min_length=1)),
            object_of_type("usergroup", ("type", "usergroup_id"), **STYLED, usergroup_id=String(min_length=1)),
            object_of_type("broadcast", ("type", "range"), **STYLED, range=Enum(("here", "channel", "everyone"))),
            object_of_type("color", ("type", "value"), value=String(min_length=1)),
            object_of_type(
                "date",
                ("type", "timestamp", "format"),
                timestamp=Integer(),
                format=String(min_length=1),
                url=String(MAX_URL),
                fallback=String(),
            ),
        ]
    )
)
SECTION = object_of_type("rich_text_section", ("type", "elements"), elements=Array(INLINE))
BORDER = Integer(minimum=0, maximum=1)
ELEMENTS = TaggedUnion(
    dict(
        [
            SECTION,
            object_of_type(
                "rich_text_list",
                ("type", "elements", "style"),
                elements=Array(TaggedUnion(dict([SECTION])), min_items=1),
                style=Enum(("bullet", "ordered")),
                indent=Integer(minimum=0, maximum=8),
                offset=Integer(minimum=0),
                border=BORDER,
            ),
            object_of_type(
                "rich_text_preformatted",
                ("type", "elements"),
                elements=Array(INLINE.only("text", "link")),
                border=BORDER,
                language=String(),
            ),
            object_of_type("rich_text_quote", ("type", "elements"), elements=Array(INLINE), border=BORDER),
        ]
    )
)
RICH_TEXT = Object(
    {"type": Enum(("rich_text",)), "block_id": String(255), "elements": Array(ELEMENTS, min_items=1)},
    required=("type", "elements"),
)
"""The rich text block. A rich text input's initial value has the same form."""
