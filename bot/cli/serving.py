"""Commands that run until SIGINT or SIGTERM."""

import errno
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from signoff.bot.cli import options
from signoff.bot.cli.failures import CommandFailed
from signoff.bot.cli.logs import log_to_stderr
from signoff.store.sentences import sentence

logger = logging.getLogger(__name__)


def _worker_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options of every command that runs a worker."""
    for option in (
        # The name of `--max-in-memory` in earlier versions.
        click.option("--max-held", type=options.AtLeastOne(), hidden=True),
        click.option(
            "--grace",
            metavar="SECONDS",
            type=click.FloatRange(min=0, max=threading.TIMEOUT_MAX),
            help="How long running steps may take to finish at shutdown.",
        ),
        click.option(
            "--max-in-memory",
            metavar="N",
            type=options.AtLeastOne(),
            help="How many runs to keep in memory at most, paused ones included.",
        ),
        click.option("--concurrency", metavar="N", type=options.AtLeastOne(), help="How many runs to run at once."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("files", metavar="[FILE...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--db", metavar="FILE", type=click.Path(path_type=Path), help="Keep the data in this file.")
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=4000,
    show_default=True,
    help="The port of the page. 0 picks a free one.",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
def demo(files: Sequence[Path], db: Path | None, port: int, open_page: bool) -> None:
    """Try Signoff with a Slack workspace on this machine: with the flows in these files, or with four examples."""
    from signoff.flows.services.signals import ShutdownSignal

    log_to_stderr(logging.INFO)
    try:
        with ShutdownSignal() as shutdown:
            with shutdown.starting_up():
                from signoff.bot import demo
            demo.demo(shutdown, files=files, db=db, port=port, open_page=open_page)
    except sqlite3.Error as error:
        raise CommandFailed(f"{sentence(f'Cannot use {db}: {error}')} Choose another file with --db.") from None
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise CommandFailed(f"Cannot use port {port}: {error.strerror}. Choose another one with --port.") from None


@click.command()
@options.flow_files
@_worker_options
def serve(files: Sequence[Path], **limits: Any) -> None:
    """Connect to Slack and run the flows in these files, in one process."""
    _serve(files, with_bot=True, with_worker=True, **limits)


@click.command()
def bot() -> None:
    """Run the Slack bot. Workers run the flows."""
    _serve((), with_bot=True, with_worker=False)


@click.command()
@options.flow_files
@_worker_options
def worker(files: Sequence[Path], **limits: Any) -> None:
    """Run the flows in these files, and leave Slack to a bot."""
    _serve(files, with_bot=False, with_worker=True, **limits)


def _serve(
    files: Sequence[Path], *, with_bot: bool, with_worker: bool, max_held: int | None = None, **limits: Any
) -> None:
    from signoff.flows.services.signals import ShutdownSignal

    log_to_stderr(logging.INFO)
    if max_held is not None:
        logger.warning("The option --max-held is now called --max-in-memory; the old name will stop working.")
        limits["max_in_memory"] = limits["max_in_memory"] or max_held
    with ShutdownSignal() as shutdown:
        # Importing them takes most of the time that a start takes.
        with shutdown.starting_up():
            from signoff.bot import service
            from signoff.bot.settings import load_settings
        service.serve(load_settings(**limits), files, shutdown, with_bot=with_bot, with_worker=with_worker)
