"""Nothing of a description is hidden by its Markdown: nobody approves what they were not shown (invariant 12)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.bot.blockkit.markdown import for_message, for_modal
from tests.support.growth import assert_linear

HIDDEN = [
    "Run this:\n```DELETE FROM users\nWHERE id = 1\n```",
    "~~~DELETE FROM users\nWHERE id = 1\n~~~",
    "```DELETE\nusers\n```",
    "> ```DELETE users\n> now\n> ```",
    "1. ```DELETE users\n   now\n   ```",
    "[ok]: https://example.com 'DELETE users'",
    "[//]: # (DELETE users)",
    "[^1]: DELETE users",
    "[ok](https://example.com 'DELETE users')",
    '![ok](https://example.com/a.png "DELETE users")',
    "| a |\n|---|\n| users | DELETE |",
    # Each of its words is to be seen, though not as often.
    "[ok]: https://example.com 'DELETE users'\n\nDELETE users",
]
MARKS = [
    "\n",
    "\n\n",
    " ",
    "```",
    "~~~",
    "`",
    "[",
    "]",
    "](",
    ")",
    "]: ",
    "|",
    "|---|",
    "- ",
    "# ",
    "> ",
    "    ",
    "1. ",
]
MARKS += ["**", "_", "<", "!", '"', "https://example.com/", "\\", "&", "---"]
NUMBERED = re.compile(r"word\d+end")


@pytest.mark.parametrize("text", HIDDEN)
def test_what_markdown_would_hide_is_shown_as_it_is_written(text: str) -> None:
    """On the card, where Slack renders the Markdown, and in the form."""
    in_modal = for_modal(text, 3000).text
    wanted = text.count("DELETE")
    assert in_modal.count("DELETE") == wanted
    shown = for_message(text, 3000).text
    assert for_modal(shown, 3000).text.count("DELETE") == wanted
    info = [line for line in shown.split("\n") if re.match(r"[> \d.]*(```+|~~~+)[^`~]", line)]
    assert info == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("```sql\nSELECT 1\n```", "```\nSELECT 1\n```"),
        ("1. a\n1. b", "1. a\n2. b"),
        ("| a | b |\n|---|---|\n| c | d |", "```\na  b\nc  d\n```"),
        ("see [a (b)](https://example.com)", "see <https://example.com|a (b)>"),
        ("R&amp;D *is* a_b __c__", "R&amp;D _is_ a_b *c*"),
    ],
)
def test_what_hides_nothing_stays_formatted(text: str, shown: str) -> None:
    """The language of a code block is not part of the text, and lists may be renumbered."""
    assert for_modal(text, 3000).text == shown
    assert for_message(text, 3000).text == text


@given(st.lists(st.one_of(st.sampled_from(MARKS), st.just("WORD")), min_size=2, max_size=16))
def test_every_word_of_any_markdown_is_to_be_seen(parts: list[str]) -> None:
    """Whatever it is made of."""
    text = "".join(f"word{number}end" if part == "WORD" else part for number, part in enumerate(parts))
    shown = for_modal(text, 30_000).text
    assert set(NUMBERED.findall(text)) <= set(NUMBERED.findall(shown))


@pytest.mark.parametrize("part", ["```a\n", "[a]: b\n", "|a", "[a](b 'c')", "~~~x y\n~~~\n"])
def test_looking_for_hidden_text_takes_time_in_proportion_to_its_length(part: str) -> None:
    """A card is drawn while others wait."""
    assert_linear(lambda number: for_message(part * (number // len(part)), 20 * number), small=1000)
