"""Text that breaks what is not careful, and more fields than a modal holds."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, create_model

from signoff import RunInput
from tests.golden.zoo.pen import Pen

MARKDOWN = """\
Ships the **new** checkout, see [the notes](https://example.com/notes?a=1&b=2).

## What changes

1. `pay()` is _twice_ as fast
2. ~~three~~ two bugs are fixed

| service | version | owner |
|---------|--------:|-------|
| api     |     1.4 | Ana   |
| web     |     2.0 | Ben   |

```python
if ready:
    ship("<everything>")
```

> Not for <!channel>, and not for @here.
"""
PING = "<!channel> <!here> <!everyone> @channel <@U0ANARUIZ1> <#C0ORDERS01> <https://evil.example|safe>"
ARABIC = "هل ننشر الإصدار 1.4 الليلة؟"
SPOOFED = "invoice\u202efdp.exe \u2066hidden\u2069 \u200fmarks\u200e"
FAMILY = "👩‍👩‍👧‍👦 🏳️‍🌈 🇦🇹 👍🏽 ✂️ 🧑🏿‍🚀"
CONTROLS = "bell\x07 null\x00 escape\x1b[31mred\x1b[0m vertical\x0btab delete\x7f line\u2028separator"
TICKS = "`one` ```three\nlines``` *bold* _it_ ~no~ > quote"


class Described(RunInput):
    """A description in Markdown."""

    approved: bool


class Pinging(RunInput):
    """Words that would call everybody."""

    text: str = Field(title=f"Title {PING}", description=f"Hint {PING}", examples=[PING])
    choice: Literal["<!channel>", "<@U0ANARUIZ1>", "`code`"] = "<!channel>"


class RightToLeft(RunInput):
    """Right to left, and marks that turn text around."""

    text: str = Field(title=ARABIC, description=ARABIC, examples=[ARABIC])
    spoofed: str = Field(title=SPOOFED)


class Emoji(RunInput):
    """Emoji of several characters."""

    mood: Literal["👍🏽", "👎🏿", "🤷‍♀️"]
    family: str = Field(default=FAMILY, title=FAMILY, description=":warning: :not_an_emoji:")


class Control(RunInput):
    """Control characters."""

    text: str = Field(default=CONTROLS, title=f"Title {CONTROLS}", description=f"Hint {CONTROLS}")


class Ticks(RunInput):
    """What Slack's markup would make something of."""

    text: str = Field(default=TICKS, title=TICKS, description=TICKS)
    lines: list[str] = Field(default=["- a list", "> a quote", "1. one", "```"])


class Huge(RunInput):
    """A hundred kilobytes."""

    body: str = Field(title="T" * 5000, description="A hint of many words. " * 5000)


class Titled(RunInput):
    """Titles and descriptions that are empty or only blanks."""

    plain_name: str = Field(title="", description="   ")
    camelCase: str = Field(title="\u200b")  # noqa: N815
    HTTP_URL: str = "https://example.com"
    a: int = 1


class Aliased(RunInput):
    """Names that no Python variable has."""

    model_config = ConfigDict(title="What the *order* holds", populate_by_name=True)

    count: int = Field(alias="how many?", ge=1)
    path: str = Field(alias="a/b~c", default="x")
    empty: str = Field(alias=" ", default="y")


def _many(number: int) -> type[RunInput]:
    fields: dict[str, Any] = {
        f"reading_{position:03}": (
            (float, Field(ge=0, le=100, description=f"The sensor in hall {position}"))
            if position % 3
            else (bool, False)
        )
        for position in range(number)
    }
    made: type[RunInput] = create_model(f"Readings{number}", __base__=RunInput, __doc__="What was measured.", **fields)
    return made


FORTY, MANY = _many(40), _many(300)
GIVEN: dict[str, Any] = {f"reading_{position:03}": 50.0 for position in range(1, 300) if position % 3}

ODDITIES: Pen = {
    "odd_markdown": Described.with_initial_data(MARKDOWN),
    "odd_long_markdown": Described.with_initial_data(MARKDOWN * 200),
    "odd_pings": Pinging.with_initial_data(PING, text=PING),
    "odd_right_to_left": RightToLeft.with_initial_data(ARABIC, text=ARABIC, spoofed=SPOOFED),
    "odd_emoji": Emoji.with_initial_data(FAMILY),
    "odd_control_characters": Control.with_initial_data(CONTROLS),
    "odd_markup": Ticks.with_initial_data(TICKS),
    "odd_100_kb": Huge.with_initial_data("word " * 20_000, body="Ship it. " * 11_000),
    "odd_titles": Titled,
    "odd_names": Aliased,
    "many_40": FORTY.with_initial_data(reading_001=12.5),
    "many_300": MANY.with_initial_data(None, **GIVEN),
    "nothing": None,
}
