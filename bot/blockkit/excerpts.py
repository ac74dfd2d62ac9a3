"""The beginning of a text that is too long: cut where nothing is torn apart, with the number of characters left out."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

ELLIPSIS = "…"

PLAIN = re.compile(r":[\w+'-]{1,60}:(?::skin-tone-[2-6]:)?")
"""What must stay in one piece in plain text: emoji codes."""

MRKDWN = re.compile(
    r"<[^<>]{0,4000}>|&[a-z]{1,4};|\u200b[*_~`]\u200b|`{3,}|(?<!\u200b)`[^`\n]{1,200}`"
    rf"|{PLAIN.pattern}"
)
"""What must stay in one piece in mrkdwn: links and mentions, entities, escaped delimiters, code and emoji codes."""

MARKDOWN = re.compile(
    r"!?\[[^\]\n]{0,500}\]\([^)\n]{0,2000}\)|<?https?://[^\s>]{1,2000}>?|&#?\w{1,10};|`{3,}|~{3,}|(`{1,2})[^`\n]{1,200}\1"
    rf"|{PLAIN.pattern}"
)
"""The same for Markdown."""

_NEAR = 40
"""How many characters a cut may move back to fall between two words."""

_MARKS = "<&\u200b"
_LONGEST = 4200
"""How many characters a pattern above can match."""

_MAX_CLUSTER = 64
"""How many code points one character may have. Text with longer ones is torn apart, so that it does not vanish."""

_REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]*$")
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a text.

    Attributes:
        text: What is shown. If characters are missing, it says how many.
        missing: How many characters of the text are not shown.
    """

    text: str
    missing: int = 0


def more_characters(number: int) -> str:
    """`9,812 more characters`."""
    return f"{number:,} more character{'' if number == 1 else 's'}"


def excerpt(text: str, limit: int, whole: re.Pattern[str] = PLAIN) -> Excerpt:
    """`text` within `limit` characters. What is cut ends with `… (9,812 more characters)`.

    Args:
        whole: Matches what must stay in one piece.
    """
    if len(text) <= limit:
        return Excerpt(text)
    end = cut_at(text, max(limit - len(_note(len(text))), 1), whole)
    note = _note(len(text) - end)
    return Excerpt((text[:end].rstrip() + note)[:limit], len(text) - end)


def _note(missing: int) -> str:
    return f"{ELLIPSIS} ({more_characters(missing)})"


def shorten(text: str, limit: int, whole: re.Pattern[str] = PLAIN) -> str:
    """`text` within `limit` characters, for labels and names. What is cut ends in an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: cut_at(text, limit - 1, whole)].rstrip() + ELLIPSIS


def pieces(text: str, size: int, whole: re.Pattern[str] = PLAIN) -> Iterator[str]:
    """`text` in pieces of at most `size` characters. Where there are lines, a piece ends with one."""
    start = 0
    while start < len(text):
        end = cut_at(text, size, whole, start)
        end = end if end > start else start + size
        if end < len(text):
            line_end = text.rfind("\n", start + size // 2, end)
            end = line_end + 1 if line_end > 0 else end
        yield text[start:end]
        start = end


def cut_at(text: str, room: int, whole: re.Pattern[str], start: int = 0) -> int:
    """The last position, at most `room` characters after `start`, at which nothing is torn apart."""
    furthest = start + room
    if len(text) <= furthest:
        return len(text)
    spans = (found.span() for found in whole.finditer(text, start, furthest + _LONGEST))
    near = [(begin, stop) for begin, stop in spans if stop > furthest - _NEAR]
    end = min([begin for begin, stop in near if begin < furthest < stop], default=furthest)
    end = _between_characters(text, start, end)
    if not text[end].isspace():
        gaps = (at for at in range(end, max(end - _NEAR, start + 1), -1) if text[at - 1].isspace())
        end = next((at for at in gaps if not any(begin < at < stop for begin, stop in near)), end)
    # One thing that is longer than the room is torn apart, rather than not shown at all. Half of an entity or of a link
    # would be something else.
    return furthest if end == start and text[start] not in _MARKS else end


def _between_characters(text: str, start: int, end: int) -> int:
    """The end of the last character before `end`. People see one where there are several code points."""
    earliest = max(end - _MAX_CLUSTER, start)
    at = end
    while at > earliest and (_extends(text[at]) or text[at - 1] == _JOINER):
        at -= 1
    if _REGIONAL.fullmatch(text[at]):
        # Two regional indicators make a flag.
        flags = _REGIONAL.search(text, max(at - _MAX_CLUSTER, start), at)
        at -= len(flags[0]) % 2 if flags else 0
    return at if at > earliest else end


def _extends(character: str) -> bool:
    """Whether a code point belongs to the character before it."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character == _JOINER
        or "\ufe00" <= character <= "\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )
