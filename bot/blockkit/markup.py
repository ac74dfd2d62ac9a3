"""Makes text from people and flows safe for Slack, so that it notifies nobody and forges no layout.

Wherever possible, such text goes into a `plain_text` object through `plain` or `lines`, because Slack shows that as it
is. `escape` is for text within Slack's own markup.
"""

import re
from datetime import UTC, date, datetime, timedelta

from signoff.bot.blockkit.excerpts import MRKDWN, Excerpt, excerpt, shorten
from signoff.store.sentences import sentence

_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of writing
    "\ufff9-\ufffb\ufeff\U000e0000-\U000e007f]"  # annotations, byte order mark, tags
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NOTHING = re.compile("[\u00ad\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u2800\u3164\ufe00-\ufe0f\uffa0 ]*")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_DELIMITER = re.compile(r"(?<!\w)([*_~`])|([*_~`])(?!\w)")
_SEPARATED = re.compile("\u200b([*_~`])\u200b")
_ADDRESS = re.compile(r"https?://[!-;=?-{}~]{1,1000}")


def clean(text: str) -> str:
    """`text` without invisible characters that affect the text around them. Line breaks are kept."""
    if text.isascii() and text.isprintable():
        return text
    text = _BREAKS.sub("\n", text)
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _UNSEEN.sub("", text))


def plain(text: str, limit: int) -> str:
    """`text` as one line, for a `plain_text` object. Empty if nothing in it can be seen."""
    line = " ".join(clean(text).split())
    return "" if not line.isascii() and _NOTHING.fullmatch(line) else shorten(line, limit)


def lines(text: str, limit: int) -> str:
    """`text` with its line breaks, for a `plain_text` object. What is cut says how much is missing."""
    return excerpt_of(text, limit).text


def excerpt_of(text: str, limit: int) -> Excerpt:
    """The beginning of `text` with its line breaks, for a `plain_text` object."""
    return excerpt(clean(text).strip("\n"), limit)


def escape(text: str, limit: int = 3000) -> str:
    """`text` as one line for mrkdwn, without mentions, links or formatting.

    mrkdwn has no escape for its delimiters, so zero-width spaces separate them from what they would format. The limit
    applies to the escaped text. Neither an entity nor a separated delimiter is cut in two.
    """
    return shorten(escaped(plain(text, limit)), limit, MRKDWN)


def escaped(line: str) -> str:
    """A clean line as mrkdwn that shows it as it is."""
    return _DELIMITER.sub(lambda found: f"\u200b{found[0]}\u200b", line).translate(_ENTITIES)


def unescaped(mrkdwn: str) -> str:
    """The line that `escaped` was given."""
    text = _SEPARATED.sub(lambda found: found[1], mrkdwn)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def bold(text: str, limit: int = 300) -> str:
    """`text` in bold, as mrkdwn."""
    shown = escape(text, limit - 2)
    return f"*{shown}*" if shown else ""


def code(text: str, limit: int = 300) -> str:
    """`text` as a code span in mrkdwn. A backtick, which would end it, becomes a modifier letter."""
    line = " ".join(clean(text).replace("`", "ˋ").split()).translate(_ENTITIES)
    return f"`{shorten(line, limit, MRKDWN)}`" if line else ""


def link_to(address: str, text: str) -> str:
    """`text` as a link, as mrkdwn; empty if `address` is not a web address that a link can hold."""
    if not _ADDRESS.fullmatch(address):
        return ""
    return f"<{address.translate(_ENTITIES)}|{escape(text, 100)}>"


def at(moment: datetime, *, seconds: bool = False) -> str:
    """`moment` as mrkdwn that Slack shows in the reader's own time zone.

    Args:
        seconds: Whether they are shown.
    """
    time = "{time_secs}" if seconds else "{time}"
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} at {time}|{utc(moment)}>"


def utc(moment: datetime) -> str:
    """`moment` in UTC, for texts that Slack does not localise."""
    moment = moment.astimezone(UTC)
    return f"{day_in_words(moment)}, {moment:%H:%M} UTC"


def day_in_words(day: date) -> str:
    """`day` as Slack shows it in English, such as `May 1, 2026`, so that a card has one form of dates."""
    return f"{day:%b} {day.day}, {day.year}"


def span(duration: timedelta) -> str:
    """`duration` in its two largest units, such as `3 d 4 h` or `12 min`."""
    minutes = max(0, int(duration.total_seconds() // 60))
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min")]
    shown = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(shown) or "less than a minute"


def sentences(*parts: str | None) -> str:
    """The non-empty parts, joined as sentences. A full stop is added to a part that ends without punctuation."""
    texts = [part.strip() for part in parts if part and part.strip()]
    return " ".join([*map(sentence, texts[:-1]), *texts[-1:]])


def either(names: list[str]) -> str:
    """`names` as a phrase, such as `Ana, Ben or Cleo`."""
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def together(names: list[str]) -> str:
    """`names` as a phrase, such as `Ana, Ben and Cleo`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""
