"""Rich text: the structured text that Slack's composer makes."""

from signoff.bot.emulator.blocks.objects import LONGEST_URL
from signoff.bot.emulator.blocks.schema import ByType, Flag, Items, Object, OneOf, Schema, Text, Whole, typed

STYLE = Object(
    {
        name: Flag()
        for name in ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
    }
)
STYLED: dict[str, Schema] = {"style": STYLE}

INLINE = ByType(
    dict(
        [
            typed("text", ("type", "text"), **STYLED, text=Text(shortest=1)),
            typed(
                "link",
                ("type", "url"),
                **STYLED,
                url=Text(LONGEST_URL, shortest=1),
                text=Text(),
                unsafe=Flag(),
            ),
            typed("emoji", ("type", "name"), name=Text(shortest=1), unicode=Text(), skin_tone=Whole(), url=Text()),
            typed("user", ("type", "user_id"), **STYLED, user_id=Text(shortest=1)),
            typed("channel", ("type", "channel_id"), **STYLED, channel_id=Text(shortest=1)),
            typed("usergroup", ("type", "usergroup_id"), **STYLED, usergroup_id=Text(shortest=1)),
            typed("broadcast", ("type", "range"), **STYLED, range=OneOf(("here", "channel", "everyone"))),
            typed("color", ("type", "value"), value=Text(shortest=1)),
            typed(
                "date",
                ("type", "timestamp", "format"),
                timestamp=Whole(),
                format=Text(shortest=1),
                url=Text(LONGEST_URL),
                fallback=Text(),
            ),
        ]
    )
)
SECTION = typed("rich_text_section", ("type", "elements"), elements=Items(INLINE))
BORDER = Whole(least=0, most=1)
ELEMENTS = ByType(
    dict(
        [
            SECTION,
            typed(
                "rich_text_list",
                ("type", "elements", "style"),
                elements=Items(ByType(dict([SECTION])), least=1),
                style=OneOf(("bullet", "ordered")),
                indent=Whole(least=0, most=8),
                offset=Whole(least=0),
                border=BORDER,
            ),
            typed(
                "rich_text_preformatted",
                ("type", "elements"),
                elements=Items(INLINE.only("text", "link")),
                border=BORDER,
                language=Text(),
            ),
            typed("rich_text_quote", ("type", "elements"), elements=Items(INLINE), border=BORDER),
        ]
    )
)
RICH_TEXT = Object(
    {"type": OneOf(("rich_text",)), "block_id": Text(255), "elements": Items(ELEMENTS, least=1)},
    required=("type", "elements"),
)
"""The rich text block, and the initial value of a rich text input."""
