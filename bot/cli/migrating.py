"""`signoff db`: the tables."""

import click

from signoff.bot.cli.logs import log_to_stderr


@click.group()
def db() -> None:
    """Create or upgrade the database."""


@db.command()
def upgrade() -> None:
    """Create the tables, or bring them up to date.

    `demo`, `serve`, `bot`, `worker` and `run` do this when they start.
    """
    from signoff.bot.cli.database import opened
    from signoff.store import migrations

    log_to_stderr()
    with opened() as db:
        before, after = migrations.upgrade(db)
        where = db.shown_url
    if before == after:
        click.echo(f"{where} is up to date at revision {after}.")
    else:
        click.echo(f"Upgraded {where} from {before or 'empty'} to revision {after}.")
