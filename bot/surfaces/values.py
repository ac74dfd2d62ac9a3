"""The values of a prompt as blocks, for cards and modals."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

from signoff.bot.blockkit.blocks import SECTION_FIELDS, Block, context, fields, mrkdwn, plain_text, section
from signoff.bot.forms import Form
from signoff.bot.surfaces.value_rows import Row, rows

_MOST_ROWS = 20
_MOST_TEXT = 5000


def value_blocks(
    form: Form,
    values: Mapping[str, Any],
    before: Mapping[str, Any],
    without: Container[str] = (),
) -> list[Block]:
    """`values` in rows, with what was changed since `before` marked.

    A field in `without` has no row. What exceeds a message is counted in the last line.
    """
    shown: list[Row] = []
    every = [row for row in rows(form, values, before) if row.name not in without]
    room = _MOST_TEXT
    for row in every[:_MOST_ROWS]:
        room -= row.size
        if room < 0 and shown:
            break
        shown.append(row)
    blocks = list(_laid_out(shown))
    if left := len(every) - len(shown):
        blocks.append(context(plain_text(f"and {left} more")))
    return blocks


def _laid_out(rows: list[Row]) -> Iterator[Block]:
    """Short values beside their labels, in two columns; long ones below theirs."""
    cells: list[Block] = []
    for row in rows:
        if cells and (row.is_wide or len(cells) == SECTION_FIELDS):
            yield fields(cells)
            cells = []
        if row.is_wide:
            yield section(mrkdwn(row.label))
            yield section(row.value)
        else:
            cells += [mrkdwn(row.label), row.value]
    if cells:
        yield fields(cells)
