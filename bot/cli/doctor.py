"""`signoff doctor`."""

import typer

from signoff.bot.cli.logs import log_to_stderr
from signoff.bot.cli.options import AsJson


def doctor(as_json: AsJson = False) -> None:
    """Check the settings, the database, the tokens and their scopes. Exits with 1 if something is wrong."""
    from signoff.bot.cli.as_json import print_json
    from signoff.bot.cli.doctor_checks import Check, examine

    log_to_stderr()
    checks: list[Check] = []
    for check in examine():
        checks.append(check)
        if not as_json:
            sign = typer.style("✓", fg="green") if check.ok else typer.style("✗", fg="red")
            typer.echo(f"{sign} {check.name}: {check.told}")
    if as_json:
        print_json([{"check": check.name, "ok": check.ok, "message": check.told} for check in checks])
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
