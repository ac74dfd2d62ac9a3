"""Markdown descriptions, for messages and for modals.

A message has Slack's `markdown` block, which takes standard Markdown. A modal has only mrkdwn, so the Markdown is
parsed and written again in that: https://docs.slack.dev/messaging/formatting-message-text
"""

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import zip_longest
from urllib.parse import unquote

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

_NARROW = 36
"""How many characters of code a phone shows in a line."""

_MAY_HIDE = re.compile(r"\]:|\||\]\([^)\n]*[\"'(]")
"""What a text has in it if Markdown hides something of it; also some that hides nothing."""

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"^[\s>*+-]*\d+[.)]", re.MULTILINE)
_LIST_MARK = re.compile(r"[^\s>]")
_FENCE_RUN = re.compile(r"`+")
_LANGUAGES = re.compile(
    r"bash|c|c\#|c\+\+|cpp|cs|css|csv|dart|diff|docker|dockerfile|go|graphql|hcl|html|http|ini|java"
    r"|javascript|js|json|jsx|kotlin|latex|lua|make|makefile|markdown|md|mermaid|nginx|patch|perl|php"
    r"|plaintext|powershell|prisma|proto|protobuf|py|python|r|rb|rs|ruby|rust|scala|sh|shell|sql|svelte"
    r"|swift|terraform|text|tf|toml|ts|tsx|txt|typescript|vue|xml|yaml|yml|zsh",
    re.IGNORECASE,
)
"""Names that may follow the opening fence of code. They say how to color it, not what it is."""

_MAX_LINK = 2000
"""A longer link is shown as text, because it might not fit."""

_CLOSED = f"\n{_FENCE}"
_CODE_MARK = re.compile(r"(?<!\u200b)`(?!\u200b)")
_EMPHASIS = {"strong": "*", "em": "_", "s": "~"}


def for_message(text: str, limit: int) -> Excerpt:
    """`text` for a `markdown` block: standard Markdown in which nothing mentions anybody, and nothing is hidden.

    A zero-width space separates `<` from what would make it a mention. An entity would not do: within code, Slack
    shows it as it is written.
    """
    text = clean(text).strip()
    # Parsing takes time, and what follows would not be shown anyway.
    begun = _MENTION.sub("<\u200b", text[: 2 * limit])
    unread = max(len(text) - 2 * limit, 0)
    shown = _with_visible_fences(begun)
    if _MAY_HIDE.search(shown) and _hides(shown, _rendered(shown)):
        shown = _as_written(shown)
    if len(shown) <= limit and not unread:
        return Excerpt(shown)
    room = max(limit - len(_note(len(shown) + unread)) - _MAX_FENCE - 3, 1)
    cut = shown[: cut_at(shown, room, MARKDOWN)].rstrip()
    missing = len(shown) - len(cut) + unread
    # Behind a fence, an ellipsis would make it another one.
    gap = "\n" if cut.rpartition("\n")[2].lstrip().startswith(_FENCES) else ""
    return Excerpt((_closed(f"{cut}{gap}{ELLIPSIS}") + _note(missing))[:limit], missing)


def for_modal(text: str, limit: int) -> Excerpt:
    """`text` as mrkdwn, which has no headings, tables or nested lists.

    Headings become bold, and tables become code, the only place in mrkdwn where columns line up. Slack breaks lines of
    code too, so a table that is wider than a phone becomes a list with the names of the columns.
    """
    # Parsing takes time, and what follows would not be shown anyway.
    begun = text[: 2 * limit]
    unread = len(text) - len(begun)
    source = _with_visible_fences(clean(begun).strip())
    shown = _rendered(source)
    if _hides(source, shown):
        shown = _rendered(_as_written(source))
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


def _rendered(markdown: str) -> str:
    return "\n".join(_blocks(SyntaxTreeNode(_PARSER.parse(markdown)).children))


def _with_visible_fences(markdown: str) -> str:
    """`markdown` in which nothing but the name of a language follows the opening fence of code.

    Whatever else follows it would not be shown, such as the first line of what somebody has put between two fences.
    """
    if not any(fence in markdown for fence in _FENCES):
        return markdown
    lines = markdown.split("\n")
    # From the last one up, so that the numbers of the other lines stay the same.
    for token in reversed(_PARSER.parse(markdown)):
        if token.type == "fence" and token.map and token.info.strip() and not _LANGUAGES.fullmatch(token.info.strip()):
            before, fence, info = lines[token.map[0]].partition(token.markup)
            inside = _LIST_MARK.sub(" ", before)
            lines[token.map[0] : token.map[0] + 1] = [f"{before}{fence}", f"{inside}{info.strip()}"]
    return "\n".join(lines)


def _hides(markdown: str, rendered: str) -> bool:
    """Whether a word of the text is not to be seen once it is rendered.

    Markdown shows neither the definition of a link, nor a link's title, nor a cell that its table has no column for.
    """
    if not _MAY_HIDE.search(markdown):
        return False
    has_code = any(fence in markdown for fence in _FENCES)
    languages = " ".join(each.info for each in (_PARSER.parse(markdown) if has_code else ()) if each.type == "fence")
    # Markdown numbers lists itself.
    wanted = _words(_NUMBER.sub("", markdown))
    return not wanted <= _words(f"{rendered} {languages}")


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(unquote(unescape(text))))


def _as_written(markdown: str) -> str:
    """`markdown` as code, which shows it as it is."""
    longest = max((len(found) for found in _FENCE_RUN.findall(markdown)), default=0)
    fence = "`" * max(longest + 1, len(_FENCE))
    return f"{fence}\n{markdown}\n{fence}"


def _note(missing: int) -> str:
    return f"\n\n({more_characters(missing)})"


def _code_marks(mrkdwn: str) -> int:
    """How many marks begin or end code within a line, since the last code block."""
    return len(_CODE_MARK.findall(mrkdwn.rpartition(_FENCE)[2]))


def as_line(text: str, limit: int) -> str:
    """`text`, which is Markdown, as one line without formatting."""
    return _as_line(text[: 4 * limit], limit)


# One card has the same line in several places: parsing it for each was a third of the time that it takes to send it.
@functools.lru_cache(maxsize=64)
def _as_line(text: str, limit: int) -> str:
    nodes = SyntaxTreeNode(_PARSER.parse(_with_visible_fences(clean(text).strip()))).children
    return plain(" · ".join(filter(None, _texts(nodes))), limit)


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
    """The rows of a table as code, with their columns aligned, if they are narrow enough."""
    rows = [
        [" ".join(_plain(cell.children).split()) for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    if sum(widths) + 2 * (len(widths) - 1) > _NARROW and len(rows) > 1:
        yield from _wide_table(rows[0], rows[1:])
        return
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in rows]
    yield from _code([row.rstrip() for row in drawn])


def _wide_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """One line for each row: `• *id:* 1 · *name:* Ana`. Empty cells are left out."""
    for row in rows:
        named = zip_longest(names, row, fillvalue="")
        cells = [f"*{_text(name)}:* {_text(cell)}" if name else _text(cell) for name, cell in named if cell]
        yield f"• {' · '.join(cells) or '–'}"


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
