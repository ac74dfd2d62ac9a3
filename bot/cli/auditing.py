"""`signoff audit`: whether the ledger is as it was written, and the whole of it for an auditor."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import click

from signoff.bot.cli.failures import FAILED, CommandFailed, WrongUsage
from signoff.bot.cli.logs import log_to_stderr

if TYPE_CHECKING:
    from signoff.store.audit import Checked

_PROGRESS_EVERY = 1000
"""After how many prompts or lines somebody at a terminal is told how far it has come."""

T = TypeVar("T")


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """The moment that `--since` names. Without a time zone it is meant in UTC, as everything is printed."""
    from signoff.bot.cli.moments import moment

    if value is None:
        return None
    found = moment(value)
    if found is None:
        raise click.BadParameter(
            f"{value!r} is neither a date nor an age. Write 2026-05-01, 2026-05-01T12:00, or 90d for the last 90 days."
        )
    return found


@click.group()
def audit() -> None:
    """Check the ledger, or export it."""


@audit.command()
@click.argument("named", metavar="[PROMPT]", required=False)
@click.option("--all", "every", is_flag=True, help="Check the ledger of every prompt.")
def verify(named: str | None, every: bool) -> None:
    """Check that no line of the ledger was changed, removed, added or moved, and that prompts ended as it says.

    PROMPT is its id, or the beginning of its id. Nothing is written. Exits with 1 if the ledger is not as it was
    written, with a sentence for each fault.
    """
    from signoff.bot.cli.database import existing
    from signoff.store import audit as ledger_audit
    from signoff.store.prompts.prompts import get

    if every == (named is not None):
        raise WrongUsage("Name one prompt, or check them all with --all.")
    log_to_stderr()
    with existing() as db:
        if named is not None:
            found, count = iter([ledger_audit.check(db, get(db, named).id)]), 1
        else:
            found, count = ledger_audit.check_all(db), ledger_audit.count_prompts(db)
        sys.exit(_report(_with_progress(found, "Checked", "prompts", count)))


def _report(found: "Iterable[Checked]") -> int:
    """Say what is wrong, and how much was checked. Returns the exit code."""
    from signoff.bot.cli.as_text import short

    prompts = lines = from_before = faults = 0
    for each in found:
        prompts, lines, from_before = prompts + 1, lines + each.lines, from_before + each.is_from_before
        faults += len(each.faults)
        for fault in each.faults:
            click.echo(f"Prompt {short(each.prompt_id)}: {fault}")
    checked = f"{_count(lines, 'line')} of {_count(prompts, 'prompt')}"
    if from_before:
        checked += (
            f"; {_count(from_before, 'prompt')} had lines before the ledger was chained, and of these lines it is "
            "known only that they are as the upgrade found them"
        )
    if faults:
        click.echo(f"The ledger is not as it was written: {_count(faults, 'fault')} in {checked}.")
        return FAILED
    click.echo(f"The ledger is as it was written: {checked}.")
    return 0


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


@audit.command()
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV, for spreadsheets, and not JSON Lines.")
@click.option(
    "--since", metavar="WHEN", callback=_moment, help="Only what happened since a date, or an age such as 90d."
)
@click.option("--flow", metavar="NAME", help="Only the prompts of this flow.")
@click.option(
    "--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file, not to stdout."
)
def export(as_csv: bool, since: datetime | None, flow: str | None, output: Path | None) -> None:
    """Write the ledger, a line for each event, oldest first.

    What looks like a token, a password or a key is written as ***.
    """
    from signoff.bot.cli.database import existing
    from signoff.bot.cli.ledger_export import csv_lines, json_lines
    from signoff.store import audit as ledger_audit

    log_to_stderr()
    with existing() as db:
        exported = _with_progress(ledger_audit.export(db, since=since, flow=flow), "Wrote", "lines")
        texts = csv_lines(exported) if as_csv else json_lines(exported)
        with _written(output) as file:
            for text in texts:
                file.write(text)


@contextmanager
def _written(output: Path | None) -> Iterator[IO[str]]:
    """Where to write. A file gets its name when it is complete, so that half an export is never taken for a whole."""
    if output is None:
        yield sys.stdout
        return
    unfinished = output.with_name(f"{output.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.replace(output)
    except OSError as error:
        raise CommandFailed(f"Cannot write {output}: {error.strerror or error}.") from None
    finally:
        unfinished.unlink(missing_ok=True)


def _with_progress(found: Iterable[T], done: str, noun: str, total: int | None = None) -> Iterator[T]:
    """The same, and somebody at a terminal sees how far it has come."""
    is_watched = sys.stderr.isatty()
    number = 0
    for number, each in enumerate(found, 1):
        yield each
        if is_watched and number % _PROGRESS_EVERY == 0:
            click.echo(f"\r{done} {number:,}{'' if total is None else f' of {total:,}'} {noun}", nl=False, err=True)
    if is_watched and number >= _PROGRESS_EVERY:
        click.echo("\r\033[K", nl=False, err=True)
