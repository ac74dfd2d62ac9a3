"""Markdown descriptions, for messages and for modals.

A message has Slack's `markdown` block, which takes standard Markdown. A modal has only mrkdwn, so the Markdown is
parsed and written again in that: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from signoff.bot.blockkit.excerpts import ELLIPSIS, MARKDOWN, MRKDWN, Excerpt, cut_at, more_characters
from signoff.bot.blockkit.markup import clean, plain

# Without autolinks, because Slack's own `<https://evil.example|Approve>` would become one.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("autolink")
_MENTION = re.compile(r"<(?=[!@#])")
_DELIMITER = re.compile(r"(?<!\w)[*_~`](?=\S)|(?<=\S)[*_~`](?!\w)")
"""A character that mrkdwn would take for the beginning or the end of formatting."""

_WEB = ("http://", "https://")
_FENCE = "```"
_FENCES = ("```", "~~~")
_MAX_FENCE = 20
"""How long the fence may be that ends what was cut. Slack's users write three characters."""

_MAX_LINK = 2000
"""A longer link is shown as text, because it might not fit."""

_CLOSED = f"\n{_FENCE}"
_CODE_MARK = re.compile(r"(?<!\u200b)`(?!\u200b)")
_EMPHASIS = {"strong": "*", "em": "_", "s": "~"}


def for_message(text: str, limit: int) -> Excerpt:
    """`text` for a `markdown` block: standard Markdown in which nothing mentions anybody.

    A zero-width space separates `<` from what would make it a mention. An entity would not do: within code, Slack
    shows it as it is written.
    """
    shown = _MENTION.sub("<\u200b", clean(text).strip())
    if len(shown) <= limit:
        return Excerpt(shown)
    room = max(limit - len(_note(len(shown))) - _MAX_FENCE - 3, 1)
    cut = shown[: cut_at(shown, room, MARKDOWN)].rstrip()
    missing = len(shown) - len(cut)
    # Behind a fence, an ellipsis would make it another one.
    gap = "\n" if cut.rpartition("\n")[2].lstrip().startswith(_FENCES) else ""
    return Excerpt((_closed(f"{cut}{gap}{ELLIPSIS}") + _note(missing))[:limit], missing)


def for_modal(text: str, limit: int) -> Excerpt:
    """`text` as mrkdwn, which has no headings, tables or nested lists.

    Headings become bold, and tables become code, the only place in mrkdwn where columns line up.
    """
    # Parsing takes time, and what follows would not be shown anyway.
    begun = text[: 2 * limit]
    unread = len(text) - len(begun)
    shown = "\n".join(_blocks(SyntaxTreeNode(_PARSER.parse(clean(begun).strip())).children))
    if len(shown) <= limit and not unread:
        return Excerpt(shown)
    room = max(limit - len(_note(len(shown) + unread)) - len(_CLOSED) - 1, 1)
    cut = shown[: cut_at(shown, room, MRKDWN)].rstrip()
    missing = len(shown) - len(cut) + unread
    ends = f"{cut}{ELLIPSIS}"
    # There are no fences but our own, and no longer code either: `_text` and `_code` break up the others.
    if cut.count(_FENCE) % 2:
        ends += _CLOSED
    elif _code_marks(cut) % 2:
        ends += "`"
    return Excerpt((ends + _note(missing))[:limit], missing)


def _note(missing: int) -> str:
    return f"\n\n({more_characters(missing)})"


def _code_marks(mrkdwn: str) -> int:
    """How many marks begin or end code within a line, since the last code block."""
    return len(_CODE_MARK.findall(mrkdwn.rpartition(_FENCE)[2]))


def as_line(text: str, limit: int) -> str:
    """`text`, which is Markdown, as one line without formatting."""
    nodes = SyntaxTreeNode(_PARSER.parse(clean(text[: 4 * limit]).strip())).children
    return plain(" ".join(_texts(nodes)), limit)


def _texts(nodes: Sequence[SyntaxTreeNode]) -> Iterator[str]:
    for node in nodes:
        if node.type == "inline":
            yield _plain(node.children)
        elif node.children:
            yield from _texts(node.children)
        else:
            yield node.content


def _blocks(nodes: Sequence[SyntaxTreeNode], indent: str = "") -> Iterator[str]:
    """The lines of some blocks. Two blocks are separated by an empty line if they are in the source."""
    end: int | None = None
    for node in nodes:
        start, next_end = _lines_of(node)
        if end is not None and start > end:
            yield ""
        end = next_end
        yield from _block(node, indent)


def _lines_of(node: SyntaxTreeNode) -> tuple[int, int]:
    """The source lines of a block. A container may claim blank lines at its end, so its last child decides."""
    start, end = node.map or (0, 0)
    while node.children and node.children[-1].map and node.type not in ("paragraph", "heading", "table"):
        node = node.children[-1]
        end = (node.map or (0, end))[1]
    return start, end


def _block(node: SyntaxTreeNode, indent: str) -> Iterator[str]:
    match node.type:
        case "paragraph":
            yield from (f"{indent}{_unquoted(line)}" for line in _inline(node.children).split("\n"))
        case "heading":
            text = _inline(node.children, without="strong")
            yield f"*{text}*" if text else ""
        case "bullet_list" | "ordered_list":
            yield from _list(node, indent)
        case "blockquote":
            yield from (f"&gt; {line}" for line in _blocks(node.children))
        case "fence" | "code_block":
            yield from _code(node.content.removesuffix("\n").split("\n"))
        case "table":
            yield from _table(node)
        case _:
            yield "———"  # a horizontal rule, the only other block


def _list(node: SyntaxTreeNode, indent: str) -> Iterator[str]:
    number = int(node.attrs.get("start", 1))
    end: int | None = None
    for item in node.children:
        start, next_end = _lines_of(item)
        if end is not None and start > end:
            yield ""
        end = next_end
        marker = "•" if node.type == "bullet_list" else f"{number}."
        number += 1
        lines = list(_blocks(item.children, f"{indent}    ")) or [""]
        yield f"{indent}{marker} {lines[0].removeprefix(f'{indent}    ')}"
        yield from lines[1:]


def _table(node: SyntaxTreeNode) -> Iterator[str]:
    """The rows of a table as code, with their columns aligned."""
    rows = [
        [" ".join(_plain(cell.children).split()) for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows]
    yield from _code([row.rstrip() for row in drawn])


def _code(lines: Sequence[str]) -> Iterator[str]:
    yield _FENCE
    yield from (_entities(line.replace(_FENCE, "ˋˋˋ")) for line in lines)
    yield _FENCE


def _inline(nodes: Sequence[SyntaxTreeNode], without: str = "") -> str:
    return "".join(_span(node, without) for node in nodes)


def _span(node: SyntaxTreeNode, without: str) -> str:
    match node.type:
        case "text":
            return _text(node.content)
        case "softbreak" | "hardbreak":
            return "\n"
        case "code_inline":
            code = _entities(node.content.strip().replace("`", "ˋ"))
            return f"`{code}`" if code else ""
        case "link":
            return _link(str(node.attrs.get("href", "")), _plain(node.children))
        case "image":
            return _link(str(node.attrs.get("src", "")), _plain(node.children))
        case "strong" | "em" | "s" if node.type != without:
            text, mark = _inline(node.children, without), _EMPHASIS[node.type]
            # In mrkdwn, formatting ends with its line.
            return "\n".join(f"{mark}{line}{mark}" if line.strip() else line for line in text.split("\n"))
        case _:
            return _inline(node.children, without)


def _link(address: str, label: str) -> str:
    """A link to a web address. Of another address, which Slack would not open, the text is shown."""
    label = " ".join(label.split())
    if not address.startswith(_WEB) or len(address) + len(label) > _MAX_LINK:
        return _text(f"{label} ({address})" if address and label != address else label)
    # Neither part may end the markup. The parser has percent-encoded the address, which leaves no such character.
    return f"<{_entities(address.replace('|', '%7C'))}|{_entities(label.replace('|', '¦')) or _entities(address)}>"


def _plain(nodes: Sequence[SyntaxTreeNode]) -> str:
    """The text of inline nodes without formatting."""
    return "".join(
        " " if node.type in ("softbreak", "hardbreak") else _plain(node.children) if node.children else node.content
        for node in nodes
    )


def _text(text: str) -> str:
    """Text that mrkdwn shows as it is. It has no escape for delimiters, so zero-width spaces separate them."""
    return _entities(_DELIMITER.sub(lambda found: f"\u200b{found[0]}\u200b", text))


def _unquoted(line: str) -> str:
    """A line of a paragraph that does not look like a quotation."""
    return f"\u200b{line}" if line.startswith("&gt;") else line


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _closed(markdown: str) -> str:
    """`markdown` with the code fence at its end closed, if it was cut within one.

    A fence inside a list or a quotation ends with that.
    """
    lines = markdown.split("\n")
    last = next((token for token in reversed(_PARSER.parse(markdown)) if token.level == 0), None)
    if last is None or last.type != "fence" or last.map is None:
        return markdown
    start, mark = last.map[0], last.markup
    is_closed = len(lines) > start + 1 and lines[-1].strip().startswith(mark) and not lines[-1].strip().strip(mark[0])
    if is_closed:
        return markdown
    if len(mark) > _MAX_FENCE:
        lines[start] = lines[start].replace(mark, mark[:_MAX_FENCE], 1)
    return "\n".join([*lines, mark[:_MAX_FENCE]])
