"""What a prompt asks, in the order in which people read it: the question, what it is about, and what it is called."""

from dataclasses import dataclass

from signoff.bot.blockkit.markdown import as_line
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.verdict import BARE
from signoff.store.records.prompts import Prompt

_MARKS = ("?", "？", "؟")
_LONGEST = 150
"""How long a card's header can be."""

_LINK = ("](", "://")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a prompt asks.

    Attributes:
        question: One line of clean, unescaped text, however long. Never empty.
        description: The rest, as Markdown; may be empty.
        title: The prompt's title, if the question is another; otherwise empty.
    """

    question: str
    description: str
    title: str = ""


def asked_by(prompt: Prompt) -> Asked:
    """The question of a prompt: its title, or what ends as a question does, be it the first line of its description or
    of its model's docstring.

    The title of a prompt is often no more than the name of a model, such as "Approval".
    """
    title = _title(prompt) or plain(f"{prompt.flow} is waiting for an answer", 300)
    if title.endswith(_MARKS):
        return Asked(title, prompt.description)
    first, _, rest = prompt.description.strip().partition("\n")
    if line := _as_question(first):
        return Asked(line, rest.strip("\n"), title)
    if line := _as_question(_docstring(prompt).strip().partition("\n")[0]):
        return Asked(line, prompt.description, title)
    return Asked(title, prompt.description)


def _title(prompt: Prompt) -> str:
    """The title as clean text. That of a plain type, or of nothing, is the first line of a description in Markdown."""
    title = prompt.title
    is_name = prompt.schema is not None and [*prompt.schema.get("properties", ())] != [BARE]
    if is_name or any(part in title for part in _LINK):
        return plain(title, len(title))
    return as_line(title, len(title)) or plain(title, len(title))


def _docstring(prompt: Prompt) -> str:
    """That of the model, in whose place the prompt may have a description of its own."""
    described = (prompt.schema or {}).get("description")
    return described if isinstance(described, str) else ""


def _as_question(line: str) -> str:
    """One line of Markdown as clean text, if it is a question that fits into a header; otherwise empty."""
    # A header shows no links, and nobody should lose one.
    if len(line) > 2 * _LONGEST or any(part in line for part in _LINK):
        return ""
    text = as_line(line, 2 * _LONGEST)
    return text if text.endswith(_MARKS) and len(text) <= _LONGEST else ""
