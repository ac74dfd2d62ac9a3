"""Text from people and flows notifies nobody and forges no layout."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.bot.blockkit.markdown import for_message, for_modal
from signoff.bot.blockkit.markup import at, bold, clean, code, either, escape, lines, plain, span

MENTIONS = ["<!channel>", "<@U123>", "<#C1|x>", "<!subteam^S1>", "[x](https://e.x|<!here>)", "<https://e.x|y>"]
DELIMITERS = ["&", "&lt;", "`", "```", "*", "_", "~", ">", "\n", "\r"]
UNSEEN = ["\u202e", "\u2066", "\x00", "\x1b", "\ufeff"]
HOSTILE = st.lists(
    st.sampled_from([*MENTIONS, *DELIMITERS, *UNSEEN, "a b", "é", "👍🏽"]) | st.text(max_size=5), max_size=40
).map("".join)
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")
MENTION = re.compile(r"<[!@#]")
HALF_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


@settings(deadline=None)
@given(HOSTILE, st.integers(2, 80))
def test_escaped_text_contains_no_slack_markup(text: str, limit: int) -> None:
    """It is one line within the limit, without control characters, brackets or incomplete entities."""
    escaped = escape(text, limit)

    assert len(escaped) <= limit
    assert not set(escaped) & set("<>\n")
    assert not FORBIDDEN.search(escaped)
    assert not HALF_ENTITY.search(escaped)


@settings(deadline=None)
@given(HOSTILE)
def test_escaped_text_still_says_the_same(text: str) -> None:
    """Readers see the original text, apart from invisible characters."""
    escaped = escape(text, 10_000).replace("\u200b", "")
    seen = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    assert seen == " ".join(clean(text).split()).replace("\u200b", "")


@settings(deadline=None)
@given(HOSTILE, st.integers(2, 80))
def test_text_cannot_end_its_code_span(text: str, limit: int) -> None:
    """A code span contains no backticks except the two around it."""
    shown = code(text, limit)

    assert shown.count("`") in (0, 2)
    assert not MENTION.search(shown)
    assert not HALF_ENTITY.search(shown)


@settings(deadline=None)
@given(HOSTILE, st.integers(1, 80))
def test_plain_text_fits_and_has_no_control_characters(text: str, limit: int) -> None:
    """Text for `plain_text` objects stays within its limit, and one-line text has no line breaks."""
    assert len(plain(text, limit)) <= limit
    assert "\n" not in plain(text, limit)
    assert len(lines(text, limit)) <= limit
    assert not FORBIDDEN.search(plain(text, limit) + lines(text, limit))


@settings(deadline=None)
@given(HOSTILE, st.integers(30, 200))
def test_a_description_mentions_nobody(text: str, limit: int) -> None:
    """In messages and in modals, a description mentions no person, no channel and not everybody."""
    assert not MENTION.search(for_message(text, limit).text)
    assert not MENTION.search(for_modal(text, limit).text)
    assert len(for_message(text, limit).text) <= limit
    assert len(for_modal(text, limit).text) <= limit


@settings(deadline=None)
@given(HOSTILE)
def test_every_bracket_in_a_modals_description_belongs_to_a_link(text: str) -> None:
    """The only markup with brackets that Markdown becomes in a modal is a link to a web address."""
    left = re.sub(r"<https?://[^<>|]+\|[^<>|]*>", "", for_modal(text, 3000).text)

    assert not set(left) & set("<>")


@pytest.mark.parametrize(
    ("markdown", "mrkdwn"),
    [
        ("**bold** and *italic* and ~~gone~~", "*bold* and _italic_ and ~gone~"),
        ("## Heading ##", "*Heading*"),
        ("- one\n* two", "• one\n• two"),
        ("[docs](https://example.com/a?b=1&c=2)", "<https://example.com/a?b=1&amp;c=2|docs>"),
        ("`a < b` < c", "`a &lt; b` &lt; c"),
        ("```python\nx = '<!here>'\n```", "```\nx = '&lt;!here&gt;'\n```"),
        ("| a | bc |\n|:---|---:|\n| 1 | <2 |", "```\na  bc\n1  &lt;2\n```"),
        (
            "| id | owner | *note* |\n|---|---|---|\n| 1 | greta.1@a.long.one.example.com | a *b* |\n| 2 | x | |",
            "• *id:* 1 · *owner:* greta.1@a.long.one.example.com · *note:* a b\n• *id:* 2 · *owner:* x",
        ),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("one\ntwo\n\n\nthree", "one\ntwo\n\nthree"),
        ("**two\nlines**", "*two*\n*lines*"),
        ("3. c\n4. d\n   - e\n\n     f", "3. c\n4. d\n    • e\n\n        f"),
        ("> quoted\n> twice", "&gt; quoted\n&gt; twice"),
        ("Title\n=====\n***", "*Title*\n———"),
        ("![chart](https://example.com/c.png)", "<https://example.com/c.png|chart>"),
        ("[mail](mailto:a@example.com)", "mail (mailto:a@example.com)"),
        ("&copy; <b>2026</b>", "© &lt;b&gt;2026&lt;/b&gt;"),
    ],
)
def test_markdown_is_translated_for_modals(markdown: str, mrkdwn: str) -> None:
    """Formatting, headings, lists, quotations, links, code and tables look in a modal as they do on the card."""
    assert for_modal(markdown, 3000).text == mrkdwn


@pytest.mark.parametrize(
    ("markdown", "mrkdwn"),
    [
        (r"\*not bold\* \~nor gone\~", "\u200b*\u200bnot bold\u200b*\u200b \u200b~\u200bnor gone\u200b~\u200b"),
        (r"\> not quoted", "\u200b&gt; not quoted"),
        ("~~~\nstill ``` code\n~~~", "```\nstill ˋˋˋ code\n```"),
        ("`` a ` b ``", "`a ˋ b`"),
        ("[a|b](https://example.com/c|d)", "<https://example.com/c%7Cd|a¦b>"),
        ("[run](javascript:alert(1))", "[run](javascript:alert(1))"),
    ],
)
def test_text_that_is_not_markdown_is_not_mrkdwn_either(markdown: str, mrkdwn: str) -> None:
    """Literal text stays literal, and code and links end where they end in Markdown."""
    assert for_modal(markdown, 3000).text == mrkdwn


@settings(deadline=None)
@given(st.integers(40, 400))
def test_a_shortened_description_leaves_no_code_fence_open(limit: int) -> None:
    """Wherever a description is cut, the text after it is not code."""
    text = "Intro\n```\n" + "line of code\n" * 50 + "```\nOutro"

    assert for_message(text, limit).text.count("```") % 2 == 0
    assert for_message(text.replace("```", "~~~"), limit).text.count("~~~") % 2 == 0
    assert for_modal(text, limit).text.count("```") % 2 == 0


def test_bold_text_cannot_end_early() -> None:
    """Asterisks in a label cannot end the bold of the label."""
    assert bold("*a* <b>") == "*\u200b*\u200ba\u200b*\u200b &lt;b&gt;*"


def test_times_are_shown_in_the_readers_zone() -> None:
    """A time becomes Slack's date markup, with UTC as a fallback."""
    moment = datetime(2026, 5, 1, 9, 5, tzinfo=UTC)

    assert at(moment) == "<!date^1777626300^{date_short_pretty} at {time}|May 1, 2026, 09:05 UTC>"


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "less than a minute"), (12, "12 min"), (240, "4 h"), (255, "4 h 15 min"), (4560, "3 d 4 h")],
)
def test_durations_are_shown_in_two_units(minutes: int, shown: str) -> None:
    """Of days, hours and minutes, a duration shows the two largest units."""
    assert span(timedelta(minutes=minutes)) == shown


@pytest.mark.parametrize(
    ("names", "phrase"), [([], ""), (["Ana"], "Ana"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_names_are_joined_as_people_say_them(names: list[str], phrase: str) -> None:
    """The last of several names follows an "or"."""
    assert either(names) == phrase


def test_a_hundred_kilobytes_are_cleaned_quickly() -> None:
    """Long text is cut before it is translated."""
    assert len(for_modal("**a " * 25_000, 3000).text) <= 3000
    assert len(for_message("<!channel> " * 10_000, 12_000).text) <= 12_000


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", "\u2800\u3164 \u200d", "\ufe0f\u00ad"])
def test_a_line_in_which_nothing_can_be_seen_is_empty(text: str) -> None:
    """Its object can then be given another name."""
    assert plain(text, 80) == ""
    assert plain(f"a{text}b", 80)[-1] == "b"
