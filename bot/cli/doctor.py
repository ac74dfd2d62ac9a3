"""`signoff doctor`."""

import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path

import click

from signoff.bot.cli import options
from signoff.bot.cli.logs import log_to_stderr


@click.command()
@options.flow_files_if_any
@options.as_json
def doctor(files: tuple[Path, ...], as_json: bool) -> None:
    """Check the database, the settings, the Slack tokens and their scopes.

    With FILE, also the policy that holds for each flow in it. Exits with 1 if there is a problem.
    """
    from signoff.bot.cli.as_json import print_json
    from signoff.bot.cli.doctor_checks import Finding, findings
    from signoff.store.redaction import redacted

    log_to_stderr()
    found: list[Finding] = []
    if files:
        from signoff.bot.cli.doctor_flows import policies_of_flows
    for finding in chain(findings(), policies_of_flows(files) if files else ()):
        # An engine's message, or an address of Slack's Web API, may hold a secret.
        finding = replace(finding, message=redacted(finding.message))
        found.append(finding)
        if not as_json:
            mark = click.style("✓", fg="green") if finding.ok else click.style("✗", fg="red")
            click.echo(f"{mark} {finding.check}: {finding.message}")
    if as_json:
        print_json([{"check": each.check, "ok": each.ok, "message": each.message} for each in found])
    if not all(each.ok for each in found):
        sys.exit(1)
