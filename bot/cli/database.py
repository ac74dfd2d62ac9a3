"""How a command opens the database that `DATABASE_URL` names, and finds what it is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from signoff.bot.cli.failures import CommandFailed
from signoff.flows.database.url import database_url
from signoff.store import migrations
from signoff.store.database import Database, sqlite_file

if TYPE_CHECKING:
    from signoff.store.records.prompts import Prompt
    from signoff.store.records.runs import FlowRun


@contextmanager
def migrated() -> Iterator[Database]:
    """The database, created if it is missing and brought up to date."""
    with opened() as db:
        migrations.upgrade(db)
        yield db


@contextmanager
def existing() -> Iterator[Database]:
    """The database as it is. A missing file is not created, so a mistyped path leaves no empty database behind.

    Raises:
        CommandFailed: If there is none.
        store.errors.DatabaseOutdated: If it is not up to date.
    """
    with opened() as db:
        file = sqlite_file(db)
        if file is not None and not file.exists():
            raise CommandFailed(
                f"There is no database at {db.shown_url}. Start a run with `signoff run`, "
                "or set DATABASE_URL to another database."
            )
        migrations.check(db)
        yield db


@contextmanager
def opened() -> Iterator[Database]:
    """The database, whatever state it is in."""
    db = Database(database_url())
    try:
        yield db
    finally:
        db.close()


def run_and_prompts(db: Database, named: str) -> "tuple[FlowRun, list[Prompt]]":
    """The prompt of that id and its run; or the run of that name or id, and its prompts.

    Raises:
        CommandFailed: If there is neither.
    """
    from signoff.store.errors import NoSuchPrompt, NoSuchRun
    from signoff.store.prompts.prompts import get, of_run
    from signoff.store.runs import runs

    try:
        prompt = get(db, named)
    except NoSuchPrompt as no_prompt:
        try:
            run = runs.get(db, named)
        except NoSuchRun as no_run:
            raise CommandFailed(f"{no_prompt} {no_run}") from None
        return run, of_run(db, run.id)
    return runs.get(db, prompt.run_id), [prompt]
