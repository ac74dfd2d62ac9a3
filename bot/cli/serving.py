"""Commands that go on until SIGINT or SIGTERM."""

import errno
import logging
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from signoff.bot.cli.failures import CommandFailed
from signoff.bot.cli.logs import log_to_stderr
from signoff.bot.cli.options import FlowFiles

logger = logging.getLogger(__name__)

DbFile = Annotated[
    Path | None, typer.Option("--db", metavar="FILE", help="Keep the record in this file, and go on with it.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="The port of the page; 0 takes a free one.")]
OpenPage = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]
Concurrency = Annotated[int | None, typer.Option("--concurrency", min=1, help="How many runs may be running at once.")]
Grace = Annotated[
    float | None,
    typer.Option("--grace", metavar="SECONDS", min=0, help="How long running steps may go on at the end."),
]

MaxInMemory = Annotated[
    int | None,
    typer.Option("--max-in-memory", min=1, help="How many runs may be in memory, paused ones included."),
]
# The name of `--max-in-memory` in earlier versions.
MaxHeld = Annotated[int | None, typer.Option("--max-held", min=1, hidden=True)]


def demo(db: DbFile = None, port: Port = 4000, open_page: OpenPage = False) -> None:
    """See it all at work, with a Slack workspace on this machine and three example flows."""
    from signoff.bot import demo

    log_to_stderr(logging.INFO)
    try:
        demo.demo(db=db, port=port, open_page=open_page)
    except sqlite3.Error as error:
        raise CommandFailed(f"{db} cannot be used: {error}. Give another file with --db.") from None
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise CommandFailed(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from None


def serve(
    files: FlowFiles,
    concurrency: Concurrency = None,
    max_in_memory: MaxInMemory = None,
    grace: Grace = None,
    max_held: MaxHeld = None,
) -> None:
    """Serve Slack and work on runs of these flows: bot, worker and clock in one process."""
    from signoff.bot import service
    from signoff.bot.settings import load_settings

    log_to_stderr(logging.INFO)
    settings = load_settings(concurrency=concurrency, max_in_memory=_new_or_old(max_in_memory, max_held), grace=grace)
    service.serve(settings, files, with_bot=True, with_worker=True)


def bot() -> None:
    """Serve Slack and keep the deadlines; runs are left to workers."""
    from signoff.bot import service
    from signoff.bot.settings import load_settings

    log_to_stderr(logging.INFO)
    service.serve(load_settings(), [], with_bot=True, with_worker=False)


def worker(
    files: FlowFiles,
    concurrency: Concurrency = None,
    max_in_memory: MaxInMemory = None,
    grace: Grace = None,
    max_held: MaxHeld = None,
) -> None:
    """Work on runs of these flows and keep the deadlines; Slack is left to a bot."""
    from signoff.bot import service
    from signoff.bot.settings import load_settings

    log_to_stderr(logging.INFO)
    settings = load_settings(concurrency=concurrency, max_in_memory=_new_or_old(max_in_memory, max_held), grace=grace)
    service.serve(settings, files, with_bot=False, with_worker=True)


def _new_or_old(max_in_memory: int | None, max_held: int | None) -> int | None:
    """The limit, under its own name or the one of earlier versions."""
    if max_held is not None:
        logger.warning("The option --max-held is now called --max-in-memory; the old name will stop working.")
    return max_held if max_in_memory is None else max_in_memory
