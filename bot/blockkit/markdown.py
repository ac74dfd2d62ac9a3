"""Markdown descriptions, for a message (Slack's `markdown` block) and for a modal, which has only mrkdwn."""

import re
from itertools import zip_longest

from signoff.bot.blockkit.markup import clean

_MENTION = re.compile(r"<(?=[!@#])")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK = re.compile(r"!?\[([^\]\n]*)\]\((https?://[^\s()<>|]+)\)")
_BOLD = re.compile(r"(?<![\w*])(\*\*|__)(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])")
_STRIKE = re.compile(r"~~(?=\S)(.+?)(?<=\S)~~")
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?)(?: +#+)?$")
_BULLET = re.compile(r"^(\s*)[-*+] +")
_HALF_TOKEN = re.compile(r"(?:&[a-z]{0,3}|<https?://[^>]*)$")
_SHORTENED = "…"
_ROW = re.compile(r"^ {0,3}\|.*\|\s*$")
_RULE = re.compile(r":?-+:?")
_KEPT = "\x00"


def for_message(text: str, limit: int) -> str:
    """`text` for a `markdown` block: standard Markdown in which nothing mentions anybody.

    A zero-width space parts `<` from what would make it a mention, in code too, where an entity would be
    shown as it is written.
    """
    return _fit(_MENTION.sub("<\u200b", clean(text).strip()), limit)


def for_modal(text: str, limit: int) -> str:
    """`text` as mrkdwn: bold, italic, struck through, links, headings, lists and code.

    Tables are put in code, the only place in mrkdwn where their columns line up.
    """
    shown: list[str] = []
    fence: str | None = None
    table: list[str] = []
    for line in clean(text[: 2 * limit]).strip().split("\n"):
        if fence is None and _ROW.match(line):
            table.append(line)
            continue
        shown += _aligned(table)
        table = []
        marks = _FENCE.match(line)
        if marks and (fence is None or marks[1].startswith(fence)):
            fence = marks[1] if fence is None else None
            shown.append("```")
        else:
            shown.append(_inline(line) if fence is None else _entities(line))
    return _fit("\n".join([*shown, *_aligned(table), *(["```"] if fence else [])]), limit)


def _aligned(table: list[str]) -> list[str]:
    """The rows of a table with their columns under each other, in code."""
    if not table:
        return []
    rows = [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in table]
    rows = [row for row in rows if not all(_RULE.fullmatch(cell) for cell in row)]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows]
    return ["```", *(_entities(row.rstrip()) for row in drawn), "```"]


def _inline(line: str) -> str:
    kept: list[str] = []

    def keep(markup: str) -> str:
        kept.append(markup)
        return f"{_KEPT}{len(kept) - 1}{_KEPT}"

    line = _CODE_SPAN.sub(lambda code: keep(f"`{_entities(code[2].strip().replace('`', 'ˋ'))}`"), line)
    line = _LINK.sub(lambda link: keep(f"<{_entities(link[2])}|{_entities(link[1]) or link[2]}>"), line)
    line = _entities(line)
    line = _BULLET.sub(r"\1• ", line)
    line = _ITALIC.sub(r"_\1_", line)
    line = _BOLD.sub(r"*\2*", line)
    line = _STRIKE.sub(r"~\1~", line)
    line = _HEADING.sub(lambda heading: "*" + heading[1].strip("*") + "*", line)
    return re.sub(f"{_KEPT}(\\d+){_KEPT}", lambda place: kept[int(place[1])], line)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fit(text: str, limit: int) -> str:
    """`text` within `limit`, cut between two lines where it can be, with an open code fence closed."""
    if len(text) <= limit:
        return text
    room = limit - len(f"\n```\n{_SHORTENED}")
    cut = text[:room].rpartition("\n")[0] or _HALF_TOKEN.sub("", text[:room])
    if sum(bool(_FENCE.match(line)) for line in cut.split("\n")) % 2:
        cut += "\n```"
    return f"{cut}\n{_SHORTENED}"
