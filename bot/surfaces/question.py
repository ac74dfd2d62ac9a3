"""What a prompt asks, in the order in which people read it: the question, what it is about, and what it is called."""

from dataclasses import dataclass

from signoff.bot.blockkit.markdown import as_line
from signoff.bot.blockkit.markup import plain
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
    """The question of a prompt: its title, or the first line of its description if only that ends as a question does.

    The title of a prompt is often no more than the name of a model, such as "Approval".
    """
    title = plain(prompt.title, len(prompt.title)) or plain(f"{prompt.flow} is waiting for an answer", 300)
    first, _, rest = prompt.description.strip().partition("\n")
    # A header shows no links, and nobody should lose one.
    if title.endswith(_MARKS) or len(first) > 2 * _LONGEST or any(part in first for part in _LINK):
        return Asked(title, prompt.description)
    line = as_line(first, 2 * _LONGEST)
    if line.endswith(_MARKS) and len(line) <= _LONGEST:
        return Asked(line, rest.strip("\n"), title)
    return Asked(title, prompt.description)
