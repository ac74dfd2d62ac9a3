"""Texts and blocks as Slack returns them: `&`, `<` and `>` escaped, `emoji` and `verbatim` filled in.

What an app gets back is therefore not always what it sent. Comparing the two is a mistake that this is meant to show.
"""

import re
from typing import Any

_MARKUP = re.compile(r"<(?:[@#!]|https?:|mailto:|tel:)[^<>\n]*>")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")
_DEFAULTS = {"plain_text": {"emoji": True}, "mrkdwn": {"verbatim": False}}


def returned_text(text: str) -> str:
    """A mrkdwn text with `&`, `<` and `>` escaped, except in references, links and entities."""
    escaped, end = [], 0
    for markup in _MARKUP.finditer(text):
        escaped += [_escape(text[end : markup.start()]), markup.group()]
        end = markup.end()
    return "".join([*escaped, _escape(text[end:])])


def returned(value: Any) -> Any:
    """Blocks, a view or a state value object with all of its text objects in the form in which Slack returns them."""
    if isinstance(value, list):
        return [returned(item) for item in value]
    if not isinstance(value, dict):
        return value
    defaults = _DEFAULTS.get(value.get("type", ""))
    if defaults is None or not isinstance(value.get("text"), str):
        return {name: returned(item) for name, item in value.items()}
    escape = returned_text if value["type"] == "mrkdwn" else _escape
    return {**defaults, **value, "text": escape(value["text"])}


def displayed(text: str) -> str:
    """A plain text as people see it: the inverse of escaping."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _escape(text: str) -> str:
    return _BARE_AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
