"""Reading the whole ledger: is every hash chain intact, and what are its lines. Nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, case, exists, func, select

from signoff.store.database import Database
from signoff.store.ledger_chain import BEGINNING, BEGINNING_OF_EARLIER, content_hash, line_hash
from signoff.store.records.ledger import LedgerLine
from signoff.store.records.prompts import Outcome
from signoff.store.rows import ledger_line
from signoff.store.tables import flow_runs, ledger, ledger_heads, prompts

PROMPTS_AT_ONCE = 200
LINES_AT_ONCE = 1000

_HOW_IT_ENDED = ("outcome", "settled_by", "settled_by_name", "settled_claim", "reason")


@dataclass(frozen=True, slots=True)
class Checked:
    """The chain of one prompt.

    Attributes:
        lines: How many lines it has.
        is_from_before: Whether the prompt had lines before there were chains, which an upgrade chained as they were.
        faults: What is wrong with it, as sentences; none if it holds.
        can_be_read: Whether every value of its lines can be.
    """

    prompt_id: str
    lines: int
    is_from_before: bool
    faults: tuple[str, ...]
    can_be_read: bool = True


@dataclass(frozen=True, slots=True)
class ExportedLine:
    """A line of the ledger, and which question it is about."""

    line: LedgerLine
    flow: str
    run_id: str
    run_name: str
    title: str


def count_prompts(db: Database) -> int:
    """How many prompts `check_all` checks."""
    with db.read() as reading:
        return int(reading.execute(select(func.count()).select_from(prompts)).scalar_one())


def check(db: Database, prompt_id: str) -> Checked:
    """Check the chain of one prompt."""
    (checked,) = _check(db, [prompt_id])
    return checked


def check_all(db: Database) -> Iterator[Checked]:
    """Check the chain of every prompt, and look for lines whose prompt is missing."""
    query = select(prompts.c.id).order_by(prompts.c.id).limit(PROMPTS_AT_ONCE)
    last = ""
    while True:
        with db.read() as reading:
            ids = list(reading.execute(query.where(prompts.c.id > last)).scalars())
        yield from _check(db, ids)
        if len(ids) < PROMPTS_AT_ONCE:
            break
        last = ids[-1]
    yield from _orphans(db)


def _check(db: Database, ids: Sequence[str]) -> Iterator[Checked]:
    try:
        with db.read() as reading:
            rows = reading.execute(_chains().where(prompts.c.id.in_(ids))).all()
    except (ValueError, TypeError):
        # A value that is no JSON or no time, as only SQLite lets somebody write it.
        if len(ids) > 1:
            for each in ids:
                yield from _check(db, [each])
        else:
            yield Checked(ids[0], 0, False, ("A line cannot be read, so it was changed.",), can_be_read=False)
        return
    for prompt_id, lines in groupby(rows, key=lambda row: str(row.of)):
        yield _checked(prompt_id, list(lines))


def export(db: Database, *, since: datetime | None = None, flow: str | None = None) -> Iterator[ExportedLine]:
    """Every line, in the order in which they were written; a page at a time is in memory.

    Args:
        since: Leave out what happened before.
        flow: The name of the flow that has asked; `None` for all flows.
    """
    run = flow_runs.c["flow", "id", "name"]
    query = (
        select(ledger, prompts.c.title, *(column.label(f"run_{column.name}") for column in run))
        .join_from(ledger, prompts)
        .join(flow_runs, flow_runs.c.id == prompts.c.run_id)
        .order_by(ledger.c.id)
        .limit(LINES_AT_ONCE)
    )
    if since is not None:
        query = query.where(ledger.c.at >= since)
    if flow is not None:
        query = query.where(flow_runs.c.flow == flow)
    last = -1
    while True:
        with db.read() as reading:
            page = reading.execute(query.where(ledger.c.id > last)).all()
        for row in page:
            yield ExportedLine(ledger_line(row), row.run_flow, row.run_id, row.run_name, row.title)
        if len(page) < LINES_AT_ONCE:
            return
        last = page[-1].id


def _chains() -> Select[Any]:
    # One statement, so that a line and the head that it changes are seen together.
    return (
        select(
            prompts.c.id.label("of"),
            ledger_heads.c.number.label("head_number"),
            ledger_heads.c.hash.label("head_hash"),
            *(prompts.c[name].label(f"is_{name}") for name in _HOW_IT_ENDED),
            # It may be large, so it is read once and not with every line.
            case((ledger.c.event.in_([*Outcome]), prompts.c.answer)).label("is_answer"),
            ledger,
        )
        .select_from(prompts)
        .outerjoin(ledger_heads, ledger_heads.c.prompt_id == prompts.c.id)
        .outerjoin(ledger, ledger.c.prompt_id == prompts.c.id)
        .order_by(prompts.c.id, ledger.c.number, ledger.c.id)
    )


def _orphans(db: Database) -> Iterator[Checked]:
    """The lines of prompts that do not exist. The database refuses that, unless somebody has told it not to."""
    query = (
        select(ledger.c.prompt_id, func.count().label("lines"))
        .where(~exists().where(prompts.c.id == ledger.c.prompt_id))
        .group_by(ledger.c.prompt_id)
        .order_by(ledger.c.prompt_id)
    )
    with db.read() as reading:
        for row in reading.execute(query):
            yield Checked(row.prompt_id, row.lines, False, ("The prompt itself is missing, and its lines are there.",))


def _checked(prompt_id: str, rows: Sequence[Any]) -> Checked:
    """What the rows of `_chains` say about one prompt."""
    lines = [row for row in rows if row.id is not None]
    if not lines:
        return Checked(prompt_id, 0, False, ("All of its lines are missing.",))
    is_from_before = _is_intact(lines[0], BEGINNING_OF_EARLIER, 1)
    beginning = BEGINNING_OF_EARLIER if is_from_before else BEGINNING
    faults = (*_faults(lines, beginning), *_faults_at_the_end(lines[-1], rows[0].head_number, rows[0].head_hash))
    if not faults:
        # A ledger that was changed proves nothing about the prompt.
        faults = tuple(_faults_of_ending(lines, is_from_before=is_from_before))
    return Checked(prompt_id, len(lines), is_from_before, faults)


def _faults_of_ending(lines: Sequence[Any], *, is_from_before: bool) -> Iterator[str]:
    """Where a prompt itself, which cards and flows read, says something else of how it ended than its ledger.

    Args:
        lines: With the columns of their prompt.
        is_from_before: Whether the line that settled it, or part of that, may never have been written.
    """
    row, settling = lines[0], [line for line in lines if line.event in set(Outcome)]
    if not settling:
        if row.is_outcome is not None and not is_from_before:
            yield f"The prompt is recorded as {row.is_outcome}, and no line says that it ended."
        return
    line = settling[-1]
    if row.is_outcome is None:
        yield f"Line {line.number} says that the prompt ended ({line.event}), and it is recorded as open."
        return
    said = f"and line {line.number} says something else"
    if row.is_outcome != line.event:
        yield f"The prompt is recorded as {row.is_outcome}, and line {line.number} says {line.event}."
    told: Mapping[str, Any] = line.detail
    for name, recorded in (("answer", line.is_answer), ("reason", row.is_reason)):
        if recorded != told.get(name) and (name in told or not is_from_before):
            yield f"The prompt is recorded with another {name} than the one in line {line.number}."
    by = (row.is_settled_by, row.is_settled_by_name, row.is_settled_claim)
    if by != (line.actor, told.get("name", row.is_settled_by_name), told.get("claim")):
        yield f"The prompt is recorded as settled by {row.is_settled_by_name} ({row.is_settled_by}), {said}."


def _faults(lines: Sequence[Any], previous: str) -> Iterator[str]:
    """What is wrong with lines, which are in the order of their numbers.

    Args:
        previous: What stands for the hash before the first of them.
    """
    numbers = [line.number for line in lines]
    # Ids ascend in the order in which the lines of a prompt were written.
    written = sorted(lines, key=lambda line: int(line.id))
    if moved := [line.number for line, then in zip(lines, written, strict=True) if line is not then]:
        yield f"Lines {', '.join(map(str, moved))} are not in the order in which they were written."
    expected = 1
    for number, line in zip(numbers, written, strict=True):
        if number < expected:
            yield f"Line {number} is there more than once."
            continue
        if number > expected:
            yield f"{_missing(expected, number - 1)}, so line {number} cannot be checked."
        elif not _is_intact(line, previous, number):
            told = f"Line {number} ({line.event}, {line.at:%Y-%m-%d %H:%M:%S} UTC) was changed"
            yield f"{told}." if number == 1 else f"{told}, or line {number - 1} was changed together with its hash."
        expected, previous = number + 1, line.hash


def _faults_at_the_end(last: Any, number: int | None, recorded: str | None) -> Iterator[str]:
    """What is wrong with the last line.

    Args:
        number: The number of the last line, as it is recorded outside of the ledger; `None` if it is not.
        recorded: Its hash in the same way.
    """
    if number is None:
        yield "It is not recorded any more where the ledger ends, so lines may be missing at the end."
    elif number > last.number:
        yield f"{_missing(last.number + 1, number)} at the end."
    elif number < last.number:
        yield f"{_lines(number + 1, last.number)} at the end {_was(number + 1, last.number)} not added by Signoff."
    elif recorded != last.hash:
        yield (
            f"Line {number}, the last one, has another hash than the one that was recorded for it: a line was changed, "
            "and the hashes after it were made again."
        )


def _missing(first: int, last: int) -> str:
    return f"{_lines(first, last)} {'is' if first == last else 'are'} missing"


def _lines(first: int, last: int) -> str:
    return f"Line {first}" if first == last else f"Lines {first} to {last}"


def _was(first: int, last: int) -> str:
    return "was" if first == last else "were"


def _is_intact(line: Any, previous: str, number: int) -> bool:
    """Whether a line has the hash that follows from its content and the line before."""
    content = content_hash(line.prompt_id, line.at, line.event, line.actor, line.detail)
    return bool(line_hash(previous, number, content) == line.hash)
