"""Text that is too long is cut where nothing is torn apart, and says how much is missing."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.bot.blockkit.excerpts import MRKDWN, Excerpt, excerpt, pieces, shorten
from signoff.bot.blockkit.markdown import for_message, for_modal

WHOLE = ["👩‍👩‍👧‍👦", "🇦🇹", "👍🏽", "🏳️‍🌈", "e\u0301\u0323", ":tada:", ":wave::skin-tone-3:"]
NOTE = re.compile(r"… \([\d,]+ more characters?\)$")
JSON = "Run this:\n" + json.dumps({f"key_{number}": "value" * 5 for number in range(400)})
COUNT = re.compile(r"\(([\d,]+) more characters?\)$")


def said_to_be_missing(text: str) -> int:
    """The number at the end of a cut text."""
    found = COUNT.search(text)
    assert found is not None, text[-80:]
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("cut", [for_message, for_modal])
def test_a_long_line_after_a_short_one_does_not_disappear(cut: Callable[[str, int], Excerpt]) -> None:
    """It is cut within, and the number of missing characters is that of the source."""
    shown = cut(JSON, 3000)

    assert shown.text.startswith('Run this:\n{"key_0"')
    assert 2800 < len(shown.text) <= 3000
    assert shown.missing == said_to_be_missing(shown.text) > 9000


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WHOLE, "a", " ", "word"]), min_size=1, max_size=40), st.integers(60, 160))
def test_no_character_and_no_emoji_code_is_torn(parts: list[str], limit: int) -> None:
    """Whatever people see as one thing is shown as a whole or not at all."""
    text = "".join(parts)
    shown = excerpt(text, limit)
    kept = NOTE.sub("", shown.text) if shown.missing else shown.text
    # A word may be cut between any two letters, and so is one part for each of them.
    units = [unit for part in parts for unit in (list(part) if part == "word" else [part])]

    assert len(shown.text) <= limit
    assert kept.rstrip() in {"".join(units[:number]).rstrip() for number in range(len(units) + 1)}


def test_entities_links_and_code_stay_whole() -> None:
    """In mrkdwn, half of one would be something else."""
    text = "x" * 30 + " <https://example.com/a|docs> &lt;b&gt; `some code` <@U0ANA>"

    for limit in range(32, len(text)):
        shown = shorten(text, limit, MRKDWN)
        assert len(shown) <= limit
        assert shown.count("<") == shown.count(">")
        assert shown.count("`") % 2 == 0
        assert not re.search(r"&(?!lt;|gt;)", shown)


@pytest.mark.parametrize("fence", ["```", "~~~", "`````", "`" * 200])
def test_code_that_is_cut_is_closed(fence: str) -> None:
    """And it is shown, however its fence is written."""
    text = f"Intro\n{fence}\n{'x = 1 ' * 900}\n{fence}\nOutro"
    shown = for_message(text, 1000).text

    assert "x = 1 x = 1" in shown
    assert shown.split("\n\n(")[0].split("\n")[-1] == fence[:20]
    assert for_modal(text, 1000).text.count("```") == 2


def test_a_link_that_does_not_fit_is_left_out() -> None:
    """Half of its address would lead somewhere else."""
    text = "See " + "x " * 480 + "[the notes](https://example.com/very/long/address) before you answer. " + "y" * 3000

    for limit in range(1000, 1080):
        for shown in (for_message(text, limit).text, for_modal(text, limit).text):
            assert ("https://example.com/very/long/address" in shown) == ("example" in shown)


def test_blank_space_does_not_hide_what_follows() -> None:
    """Where nothing is shown, the number of characters is."""
    shown = for_modal("\n" * 9000 + "Delete everything", 3000)

    assert shown.missing > 0
    assert "more characters" in shown.text


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WHOLE, "a\n", " ", "word" * 30]), max_size=80).map("".join), st.integers(70, 300))
def test_pieces_make_up_the_whole(text: str, size: int) -> None:
    """Nothing is lost between two pages."""
    parts = list(pieces(text, size))

    assert "".join(parts) == text
    assert all(0 < len(part) <= size for part in parts)


@pytest.mark.timeout(20)
def test_a_megabyte_is_taken_apart_quickly() -> None:
    """The time grows with the length, whatever the text."""
    for text in ("x" * 1_000_000, ":a" * 500_000, "<" * 1_000_000, "[" * 200_000):
        assert "".join(pieces(text, 3000, MRKDWN)) == text
        for_message(text, 12_000)
