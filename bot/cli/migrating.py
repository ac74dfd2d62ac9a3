"""`signoff db`: the tables."""

import typer

from signoff.bot.cli.logs import log_to_stderr

app = typer.Typer(name="db", no_args_is_help=True)


@app.callback()
def _db() -> None:
    """Look after the database."""


@app.command()
def upgrade() -> None:
    """Bring the tables up to date, or make them. `run`, `worker`, `serve` and `demo` do so by themselves."""
    from signoff.bot.cli.database import opened
    from signoff.store import migrations

    log_to_stderr()
    with opened() as db:
        before, after = migrations.upgrade(db)
        where = db.shown_url
    if before == after:
        typer.echo(f"{where} is up to date: revision {after}.")
    else:
        typer.echo(f"{where} was upgraded: {before or 'empty'} → {after}.")
