"""Records as text, for a person at a terminal.

Control characters are removed from the text of flows and people, because a terminal would obey them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from signoff.bot.blockkit.markup import plain, span, together, utc
from signoff.store.records.prompts import Outcome, Prompt

_LONGEST = 300
_GIST = 100
_NOBODYS = (Outcome.TIMED_OUT, Outcome.UNANSWERABLE)
_PIPE_WIDTH = 240
"""The width of a table that goes to a file or another program."""


def short(id_: str) -> str:
    """The beginning of an id. Every command accepts it in place of the id."""
    return id_[:8]


def ago(moment: datetime, now: datetime) -> str:
    """`12 min ago`."""
    return f"{span(now - moment)} ago"


def until(moment: datetime | None, now: datetime) -> str:
    """`in 3 h`, `passed`, or `never`."""
    if moment is None:
        return "never"
    return f"in {span(moment - now)}" if moment > now else "passed"


def question(prompt: Prompt) -> str:
    """What is asked: the question and the beginning of the description."""
    from signoff.bot.blockkit.markdown import as_line
    from signoff.bot.surfaces.question import asked_by

    asked = asked_by(prompt)
    return " – ".join(filter(None, [plain(asked.question, _LONGEST), as_line(asked.description, _GIST)]))


def value_as_text(value: Any) -> str:
    """A JSON value on one line; text is not quoted."""
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return plain(shown, _LONGEST)


def values_as_text(values: Mapping[str, Any]) -> str:
    """`size=large, color=red`."""
    return ", ".join(f"{name}={value_as_text(value) or '(empty)'}" for name, value in values.items())


def outcome_as_text(prompt: Prompt) -> str:
    """How a prompt ended, and with what: `submitted by Ana at May 1, 2026, 12:00 UTC: size=large`."""
    details = prompt.reason or values_as_text(prompt.answer or {})
    return ended_as_text(prompt) + (f": {plain(details, _LONGEST)}" if details else "")


def votes_as_text(prompt: Prompt) -> str:
    """The tally, and a line for each vote; empty if the first answer settles the prompt."""
    from signoff.bot.surfaces.tally import in_short

    if prompt.policy_fault is not None or not prompt.policy.takes_votes:
        return ""
    votes = (
        f"{vote.verdict} by {vote.voter} at {utc(vote.at)}: {vote.reason or values_as_text(vote.answer or {})}".rstrip(
            ": "
        )
        for vote in prompt.votes
    )
    return "\n".join([in_short(prompt), *votes])


def ended_as_text(prompt: Prompt) -> str:
    """How a prompt ended: `submitted by Ana at May 1, 2026, 12:00 UTC`."""
    from signoff.bot.surfaces.deadline import after_deadline
    from signoff.flows.approval.quorum import deciders

    is_act = prompt.settled_by is not None and prompt.outcome not in _NOBODYS
    names = [vote.voter for vote in deciders(prompt)]
    if not names and prompt.settled_by is not None:
        names = [prompt.settled_by.name_and_claim]
    by = f" by {together(names)}" if is_act else ""
    at = "" if prompt.settled_at is None else f" at {utc(prompt.settled_at)}"
    ended = "open" if prompt.outcome is None else prompt.outcome.replace("_", " ")
    followed = after_deadline(prompt)
    if prompt.held is not None:
        followed = f"takes effect at {utc(prompt.held.until)}, unless it is undone"
    return plain(f"{ended}{by}{at}" + (f" ({followed})" if followed else ""), _LONGEST)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Print a table, or the sentence `empty` if it has no rows."""
    # Imported late: most commands print no table, or print JSON.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*(Text(plain(cell, _LONGEST)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPE_WIDTH)
    console.print(table if table.row_count else Text(empty))
