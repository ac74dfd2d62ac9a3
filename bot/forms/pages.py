"""Splits the rows of a form into pages that fit into Slack's modals."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from signoff.bot.blockkit.blocks import MODAL_BLOCKS, VIEW_BYTES, Block
from signoff.bot.forms.errors import TooLarge
from signoff.bot.forms.layout import Row

_OTHER_BLOCKS = 8
"""Room for the title, the description, the errors and the Back button."""

_OTHER_BYTES = 50_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a form.

    Attributes:
        first: The number of its first row in the form.
        number: The number of the page, from 1.
        of: The number of pages.
    """

    rows: tuple[Row, ...]
    first: int
    number: int
    of: int

    @property
    def after(self) -> int:
        """The number of the first row after this page."""
        return self.first + len(self.rows)

    @property
    def is_last(self) -> bool:
        """Whether this is the last page."""
        return self.number == self.of

    @property
    def blocks(self) -> list[Block]:
        """The blocks of its rows."""
        return [block for row in self.rows for block in row.blocks]


def page_with(rows: Sequence[Row], position: int) -> Page:
    """The page with the row at `position`; the last page if there is no such row.

    Raises:
        TooLarge: If one row alone is larger than a modal.
    """
    starts = _starts(rows)
    number = max(sum(start <= position for start in starts), 1)
    first = starts[number - 1]
    end = starts[number] if number < len(starts) else len(rows)
    return Page(tuple(rows[first:end]), first, number, len(starts))


def _starts(rows: Sequence[Row]) -> list[int]:
    starts, blocks, size = [0], 0, 0
    for position, row in enumerate(rows):
        more, larger = len(row.blocks), len(json.dumps(row.blocks))
        if larger > VIEW_BYTES - _OTHER_BYTES or more > MODAL_BLOCKS - _OTHER_BLOCKS:
            raise TooLarge(
                f"The field {row.field.full_label!r} is larger than the 250 kB that a modal in Slack can hold: "
                "give it fewer choices or a shorter value."
            )
        blocks, size = blocks + more, size + larger
        if position and (blocks > MODAL_BLOCKS - _OTHER_BLOCKS or size > VIEW_BYTES - _OTHER_BYTES):
            starts.append(position)
            blocks, size = more, larger
    return starts
