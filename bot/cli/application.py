"""The commands in their order, and the one place where an error becomes a sentence and an exit code."""

import sys
from collections.abc import Callable
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated

import typer

from signoff.bot.cli import answering, doctor, migrating, prompts, running, scheduled, serving
from signoff.bot.cli.failures import explained, unforeseen

Command = Callable[..., None]

PANELS: dict[str, tuple[Command, ...]] = {
    "Serve": (serving.demo, serving.serve, serving.bot, serving.worker),
    "Runs": (running.run, running.runs, running.retry, running.cancel, scheduled.schedules),
    "Prompts": (prompts.pending, answering.answer, prompts.history),
}

app = typer.Typer(
    name="signoff",
    help="A flow asks, a person answers in Slack, the flow goes on.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback of Typer's would show the values of variables, secrets among them.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(migrating.app, rich_help_panel="Installation")
app.command(rich_help_panel="Installation")(doctor.doctor)


def main() -> None:
    """Run the command line; what is wrong is said in a sentence on stderr, and by the exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that cannot show a letter shows another one in its place.
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except Exception as error:  # noqa: BLE001 - whatever it is, a user reads a sentence
        failure = explained(error) or unforeseen(error)
        for line in failure.lines:
            print(line, file=sys.stderr)  # noqa: T201
        sys.exit(failure.exit_code)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("signoff"))
        raise typer.Exit


@app.callback()
def _signoff(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A flow asks, a person answers in Slack, the flow goes on."""
